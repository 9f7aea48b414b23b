//! The API for programs, under `/api/v1`: what pages show and what buttons do, as JSON.
//!
//! The shapes here are a promise to other people's scripts. They are types of their own, so
//! that the engine can change without them: a field may be added, and none removed, renamed
//! or given another meaning. The command line reads the same types that the handlers write.
//! Invariant: a 2xx to a command means that the journal holds it.

mod act;
mod answer;
mod incident;
mod incidents;
mod problem;
mod state;

use axum::Router;
use axum::routing::{any, get, post};

pub use act::{Acted, Note, Publish, Reason, StepDone, TEXT_CHARS_MAX};
pub use answer::{BODY_BYTES_MAX, Named, incident_number};
pub use incident::{
    AttachedAlert, BlastRadius, Calling, Cause, Engagement, Entry, Incident, IncidentDetail,
    Incidents, Message, Promise, RunbookName, StepRecord, TIMELINE_MAX, Update,
};
pub use problem::{Problem, ProblemBody, ProblemText};
pub use state::{Counts, Headline, HeadlineState, Lag, PackageInForce, Refused, State, Trouble};

use crate::auth::http::protect;
use crate::site::Site;

/// All routes of the API; each needs a session or a token.
pub fn routes(site: &Site) -> Router {
    let incident = |verb: &str| format!("/api/v1/incidents/{{incident}}{verb}");
    let api = Router::new()
        .route("/api/v1/state", get(state::get))
        .route("/api/v1/incidents", get(incidents::list))
        .route(&incident(""), get(incidents::show))
        .route(&incident("/ack"), post(act::acknowledge))
        .route(&incident("/note"), post(act::note))
        .route(&incident("/resolve"), post(act::resolve))
        .route(&incident("/command"), post(act::take_command))
        .route(&incident("/publish"), post(act::publish))
        .route(&incident("/steps"), post(act::step_done))
        .route("/api/{*rest}", any(answer::no_such_route))
        .method_not_allowed_fallback(answer::no_such_method)
        .with_state(site.clone());
    protect(&site.gate, api)
}
