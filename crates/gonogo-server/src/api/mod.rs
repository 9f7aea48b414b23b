//! The API for programs, under `/api/v1`: what pages show and what buttons do, as JSON.
//!
//! The shapes here are a promise to other people's scripts. They are types of their own, so
//! that the engine can change without them: a field may be added, and none removed, renamed
//! or given another meaning. The command line reads the same types that the handlers write.
//! Invariant: a 2xx to a command means that the journal holds it.

mod act;
mod agent;
mod alerts;
mod answer;
mod checks;
mod components;
mod dead_letters;
mod deliveries;
mod evidence;
mod flows;
mod freeze;
mod incident;
mod incidents;
mod maintenance;
mod measures;
mod oncall;
mod openapi;
mod problem;
mod reconciliations;
mod reload;
mod sources;
mod state;
mod tokens;

use axum::Router;
use axum::routing::{any, get};

pub use act::{Acted, Note, Publish, Reason, StepDone, TEXT_CHARS_MAX};
pub use agent::{AgentChecks, AgentReport, AgentResult, AgentTaken, RESULTS_MAX};
pub use alerts::{Alert, Alerts};
pub use answer::{BODY_BYTES_MAX, Named, Written, incident_number};
pub(crate) use checks::health;
pub use checks::{Certificate, Check, Checks, LastAnswer};
pub use components::{Component, Components};
pub use dead_letters::{
    DEAD_LETTERS_LISTED_MAX, DEAD_LETTERS_REPLAYED_MAX, DeadLetters, Letter, LettersOutcome,
    ReplayLetters, ReplayOutcome,
};
pub use deliveries::{
    DELIVERIES_LISTED_MAX, Deliveries, Delivery, RangeReplayed, ReplayRange, Resumed,
};
pub use evidence::{KeptEvidence, LISTED_MAX, WantedEvidence};
pub use flows::{Flow, Flows, Item, Mismatch, Tally, WriteOff};
pub use freeze::{Burn, Change, Changes, Freeze, Slo, Slos};
pub use incident::{
    AttachedAlert, BlastRadius, Calling, Cause, Engagement, Entry, Incident, IncidentDetail,
    Incidents, Message, Promise, RunbookName, StepRecord, TIMELINE_MAX, Update,
};
pub use maintenance::{MaintenanceWindow, MaintenanceWindows, WantedMaintenance, WhyEnded};
pub use oncall::{OnCall, TestPage, TestPaged, Turn};
pub use openapi::{Address, OPENAPI};
pub use problem::{Problem, ProblemBody, ProblemText};
pub use reload::Reloaded;
pub use sources::{Clock, DeadLetterCounts, Source, Sources};
pub use state::{Counts, Headline, HeadlineState, Lag, PackageInForce, Refused, State, Trouble};
pub use tokens::{MadeToken, RevokedToken, Token, Tokens, WantedToken};

use crate::auth::http::protect;
use crate::site::Site;
use openapi::Listed;

/// All routes of the API. Each needs a session or a token; its description needs none.
pub fn routes(site: &Site) -> Router {
    let api = listed()
        .router
        .route("/api/{*rest}", any(answer::no_such_route))
        .method_not_allowed_fallback(answer::no_such_method)
        .with_state(site.clone());
    protect(&site.gate, api).route("/api/openapi.json", get(openapi::serve))
}

/// Every address of the API, as it is described.
pub fn addresses() -> Vec<Address> {
    listed().addresses
}

fn listed() -> Listed {
    Listed::default()
        .get("/api/v1/state", state::get)
        .get("/api/v1/incidents", incidents::list)
        .get("/api/v1/incidents/{incident}", incidents::show)
        .post("/api/v1/incidents/{incident}/ack", act::acknowledge)
        .post("/api/v1/incidents/{incident}/note", act::note)
        .post("/api/v1/incidents/{incident}/resolve", act::resolve)
        .post("/api/v1/incidents/{incident}/command", act::take_command)
        .post("/api/v1/incidents/{incident}/publish", act::publish)
        .post("/api/v1/incidents/{incident}/steps", act::step_done)
        .get("/api/v1/alerts", alerts::list)
        .get("/api/v1/alerts/{alert}", alerts::show)
        .get("/api/v1/checks", checks::list)
        .get("/api/v1/agent/checks", agent::checks)
        .post("/api/v1/agent/results", agent::report)
        .get("/api/v1/flows", flows::list)
        .post("/api/v1/flows/{flow}/write-off", flows::write_off)
        .get("/api/v1/sources", sources::list)
        .get("/api/v1/sources/{source}/deliveries", deliveries::list)
        .post("/api/v1/sources/{source}/replay", deliveries::replay)
        .post("/api/v1/sources/{source}/resume", deliveries::resume)
        .post(
            "/api/v1/sources/{source}/dead-letters/replay",
            dead_letters::replay_all,
        )
        .get("/api/v1/components", components::list)
        .get("/api/v1/reconciliations", reconciliations::list)
        .post(
            "/api/v1/reconciliations/{reconciliation}/write-off",
            reconciliations::write_off,
        )
        .get("/api/v1/gauges", measures::gauges)
        .get("/api/v1/skews", measures::skews)
        .get("/api/v1/slos", freeze::slos)
        .get("/api/v1/freeze", freeze::freeze)
        .get("/api/v1/changes", freeze::changes)
        .get("/api/v1/maintenance", maintenance::list)
        .post("/api/v1/maintenance", maintenance::begin)
        .post("/api/v1/maintenance/{maintenance}/end", maintenance::end)
        .get("/api/v1/oncall", oncall::get)
        .post("/api/v1/test-page", oncall::test_page)
        .get("/api/v1/dead-letters", dead_letters::list)
        .post("/api/v1/dead-letters/{id}/replay", dead_letters::replay)
        .get("/api/v1/evidence", evidence::list)
        .post("/api/v1/evidence", evidence::add)
        .get("/api/v1/verdict", evidence::verdict)
        .post("/api/v1/reload", reload::post)
        .get("/api/v1/tokens", tokens::list)
        .post("/api/v1/tokens", tokens::create)
        .delete("/api/v1/tokens/{id}", tokens::revoke)
}
