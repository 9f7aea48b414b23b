//! `GET /checks`: what was asked, and what was answered.

use axum::Json;
use axum::extract::State;
use gonogo_engine::check::Health;
use gonogo_engine::input::{CheckResult, CheckVerdict};
use gonogo_engine::places::PlaceState;
use gonogo_model::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Named};
use crate::auth::Identity;
use crate::site::Site;
use crate::view::{CheckView, View};

/// The checks of the package, the worst first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// All of them.
    pub checks: Vec<Check>,
}

/// A check and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The component it tells about.
    pub component: Option<Named>,
    /// `ok`, `failing` or `unknown`.
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// The last answer.
    pub last: Option<LastAnswer>,
    /// The certificate that was served last.
    pub certificate: Option<Certificate>,
    /// What each place says, where it is asked from several.
    pub places: Vec<Place>,
}

/// What a place says of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The place.
    pub place: String,
    /// `ok`, `failing` or `unknown`.
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// When it answered last.
    pub at: Option<Timestamp>,
    /// What it said, in a sentence.
    pub detail: String,
    /// When its agent was last heard of.
    pub heard_at: Option<Timestamp>,
}

/// What a check was answered last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastAnswer {
    /// When.
    pub at: Timestamp,
    /// `ok`, `failing` or `unknown`.
    pub verdict: String,
    /// The stable reason: `ok`, `timeout`, `cert_expired` ...
    pub code: String,
    /// The numbers, in a sentence.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

/// A served certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Who signed it.
    pub issuer: String,
    /// Its serial number, in hex.
    pub serial: String,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Checks> {
    let view = site.view();
    let mut found: Vec<&CheckView> = view.checks.iter().collect();
    found.sort_by_key(|c| (std::cmp::Reverse(c.health), c.id.clone()));
    let checks = found.into_iter().map(|c| Check::of(&view, c)).collect();
    Ok(Json(Checks { checks }))
}

/// The word for what is known about a check.
pub(crate) fn health(health: Health) -> &'static str {
    match health {
        Health::Ok => "ok",
        Health::Unknown => "unknown",
        Health::Failing => "failing",
    }
}

impl Check {
    fn of(view: &View, check: &CheckView) -> Self {
        let declared = view.plan.package.checks.get(&check.id);
        let Named { id, name } = Named::new(&check.id, declared.map(|c| &c.name));
        Self {
            id,
            name,
            component: declared.map(|c| Named::component(view, &c.component.id)),
            state: health(check.health).to_owned(),
            since: check.since.timestamp(),
            last: check.last.as_ref().map(LastAnswer::of),
            certificate: check.certificate.as_ref().map(|c| Certificate {
                not_before: c.not_before.timestamp(),
                not_after: c.not_after.timestamp(),
                issuer: c.issuer.clone(),
                serial: c.serial.clone(),
            }),
            places: check.places.iter().map(|p| Place::of(view, p)).collect(),
        }
    }
}

impl Place {
    fn of(view: &View, (id, place): (&Id, &PlaceState)) -> Self {
        let last = place.last.as_ref();
        Self {
            place: id.to_string(),
            state: health(place.health).to_owned(),
            since: place.since.timestamp(),
            at: last.map(|l| l.at.timestamp()),
            detail: last.map(|l| l.detail.clone()).unwrap_or_default(),
            heard_at: view.agents.get(id).map(|a| a.heard_at.timestamp()),
        }
    }
}

impl LastAnswer {
    fn of(result: &CheckResult) -> Self {
        let verdict = match result.verdict {
            CheckVerdict::Ok => "ok",
            CheckVerdict::Failing => "failing",
            CheckVerdict::Unknown => "unknown",
        };
        Self {
            at: result.at.timestamp(),
            verdict: verdict.to_owned(),
            code: result.code.clone(),
            detail: result.detail.clone(),
            took_ms: result.took.as_millis(),
        }
    }
}
