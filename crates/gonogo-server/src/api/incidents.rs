//! `GET /incidents` and `GET /incidents/{incident}`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::answer::{Answer, Asked, IncidentNumber};
use super::incident::{Incident, IncidentDetail, Incidents, TIMELINE_MAX};
use super::problem::Problem;
use crate::auth::Identity;
use crate::site::Site;

/// Which incidents are listed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    state: Option<Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Open,
    Resolved,
}

/// From where a timeline is listed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    #[serde(default)]
    after: i64,
}

pub(super) async fn list(
    State(site): State<Site>,
    _: Identity,
    Asked(which): Asked<Which>,
) -> Answer<Incidents> {
    let view = site.view();
    let mut found = Vec::new();
    if which.state != Some(Standing::Resolved) {
        found.extend(view.open_incidents());
    }
    if which.state != Some(Standing::Open) {
        let closed = |i: &&_| !is_open(i);
        found.extend(view.incidents.values().rev().filter(closed));
    }
    let incidents = found.iter().map(|i| Incident::of(&view, i)).collect();
    Ok(Json(Incidents { incidents }))
}

pub(super) async fn show(
    State(site): State<Site>,
    _: Identity,
    IncidentNumber(number): IncidentNumber,
    Asked(from): Asked<From>,
) -> Answer<IncidentDetail> {
    let view = site.view();
    let incident = view.incidents.get(&number).ok_or_else(|| unknown(number))?;
    let timeline = site
        .store
        .blocking(move |s| s.history(&number.to_string(), from.after, TIMELINE_MAX))
        .await?;
    Ok(Json(IncidentDetail::of(&view, incident, timeline)))
}

/// There is no incident with this number.
pub(super) fn unknown(number: u64) -> Problem {
    Problem::unknown(
        "unknown_incident",
        format!("There is no incident INC-{number}."),
    )
    .help("`gonogo incident list` shows those there are.")
}

/// Does it go on, by itself and not as part of another?
fn is_open(incident: &gonogo_engine::incident::Incident) -> bool {
    incident.is_open() && incident.merged_into.is_none()
}
