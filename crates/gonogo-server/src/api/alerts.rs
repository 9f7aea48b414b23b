//! `GET /alerts`: what is watched for, and what it says right now.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_engine::alerting::{AlertState, Holds, Stage};
use gonogo_model::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Asked, Name, Named};
use super::freeze::Change;
use super::problem::Problem;
use crate::auth::Identity;
use crate::explained::{changed_before, explain};
use crate::site::Site;
use crate::view::View;

/// The alerts of the package, those that fire first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    /// All that match.
    pub alerts: Vec<Alert>,
}

/// An alert and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id in the package; with the package it is the dedup key.
    pub id: String,
    /// What happened, as a sentence.
    pub name: String,
    /// `SEV1` to `SEV4`.
    pub severity: String,
    /// `page` or `ticket`.
    pub urgency: String,
    /// The component it is about.
    pub component: Option<Named>,
    /// The team that is told.
    pub team: Option<Named>,
    /// `firing`, `pending` or `idle`.
    pub stage: String,
    /// Since when its condition holds.
    pub since: Option<Timestamp>,
    /// What its condition says: `yes`, `no` or `cannot_tell`.
    pub holds: String,
    /// How many things it is about.
    pub count: u64,
    /// Their keys, the first few.
    pub keys: Vec<String>,
    /// The numbers, in a sentence.
    pub detail: String,
    /// When it last fired.
    pub fired_at: Option<Timestamp>,
    /// When it last resolved.
    pub resolved_at: Option<Timestamp>,
    /// How often it fired.
    pub episodes: u32,
    /// The number of the incident that it belongs to, or last did.
    pub incident: Option<u64>,
    /// The maintenance window that it waits for, though it would fire.
    #[serde(default)]
    pub maintenance: Option<String>,
    /// What it means for customers.
    pub impact: Option<String>,
    /// The first safe thing to do.
    pub first_step: Option<String>,
    /// What to follow.
    pub runbook: Option<String>,
    /// When it holds, in a sentence.
    pub rule: String,
    /// The time that it looks at, where it looks at one.
    pub window: Option<String>,
    /// What is asked or matched, as the package writes it.
    pub query: Option<String>,
    /// Where the package says so: `signals/alerts.yaml:12`.
    pub declared_at: String,
    /// What changed in the six hours before it last fired, the nearest first.
    pub changed_before: Vec<Change>,
}

/// One alert, with what it looks at over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// The alert.
    pub alert: Alert,
    /// What it looks at; none for a date, a comparison or a table.
    pub chart: Option<Chart>,
}

/// A line over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// Where the condition begins to hold, where that is a value of this line.
    pub bound: Option<f64>,
    /// In order of time.
    pub points: Vec<Point>,
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The number; none where nothing was measured.
    pub value: Option<f64>,
}

/// Which alerts are listed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    stage: Option<Wanted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Firing,
    Pending,
    Idle,
}

pub(super) async fn list(
    State(site): State<Site>,
    _: Identity,
    Asked(which): Asked<Which>,
) -> Answer<Alerts> {
    let view = site.view();
    let mut found: Vec<(&Id, &AlertState)> = view
        .alerts
        .iter()
        .filter(|(_, state)| {
            which
                .stage
                .is_none_or(|wanted| wanted == stage(state.stage))
        })
        .collect();
    found.sort_by_key(|(id, state)| (std::cmp::Reverse(rank(state.stage)), *id));
    let alerts = found
        .into_iter()
        .filter_map(|(id, state)| Alert::of(&view, id, state))
        .collect();
    Ok(Json(Alerts { alerts }))
}

pub(super) async fn show(State(site): State<Site>, _: Identity, Name(id): Name) -> Answer<Whole> {
    let view = site.view();
    let found = view.alerts.iter().find(|(known, _)| known.as_str() == id);
    let alert = found.and_then(|(id, state)| Alert::of(&view, id, state));
    let declared = found.and_then(|(id, _)| view.plan.alerts.get(id));
    let (Some(alert), Some(declared)) = (alert, declared) else {
        let message = format!("The package has no alert `{id}`.");
        return Err(Problem::unknown("unknown_alert", message));
    };
    let picture = explain(&view, declared).picture;
    let chart = picture.map(|picture| Chart {
        title: picture.title.to_owned(),
        bound: picture.bound.map(|(bound, _)| bound),
        points: picture
            .points
            .into_iter()
            .map(|(at, value)| Point { at, value })
            .collect(),
    });
    Ok(Json(Whole { alert, chart }))
}

impl Alert {
    fn of(view: &View, id: &Id, state: &AlertState) -> Option<Self> {
        let declared = view.plan.alerts.get(id)?;
        let component = view.plan.component_of(id);
        let (stage, since) = match state.stage {
            Stage::Idle => ("idle", None),
            Stage::Pending { since } => ("pending", Some(since)),
            Stage::Firing { since } => ("firing", Some(since)),
        };
        let holds = match state.reading.holds {
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::CannotTell => "cannot_tell",
        };
        let explained = explain(view, declared);
        let before = changed_before(state).into_iter();
        Some(Self {
            id: id.to_string(),
            name: declared.name.clone(),
            severity: declared.severity.word().to_owned(),
            urgency: declared.urgency.word().to_owned(),
            component: component.map(|c| Named::component(view, c)),
            team: view.plan.team_of(declared).map(|t| Named::team(view, &t)),
            stage: stage.to_owned(),
            since: since.map(Time::timestamp),
            holds: holds.to_owned(),
            count: state.reading.count,
            keys: state.reading.keys.clone(),
            detail: state.reading.detail.clone(),
            fired_at: state.fired_at.map(Time::timestamp),
            resolved_at: state.resolved_at.map(Time::timestamp),
            episodes: state.episodes,
            incident: state.incident,
            maintenance: state.maintenance.clone(),
            impact: declared.impact.clone(),
            first_step: declared.first_step.clone(),
            runbook: declared.runbook.as_ref().map(|r| r.id.to_string()),
            rule: explained.rule,
            window: explained.window,
            query: explained.query,
            declared_at: explained.place,
            changed_before: before.map(|(change, _)| Change::of(change)).collect(),
        })
    }
}

fn stage(stage: Stage) -> Wanted {
    match stage {
        Stage::Idle => Wanted::Idle,
        Stage::Pending { .. } => Wanted::Pending,
        Stage::Firing { .. } => Wanted::Firing,
    }
}

fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Idle => 0,
        Stage::Pending { .. } => 1,
        Stage::Firing { .. } => 2,
    }
}
