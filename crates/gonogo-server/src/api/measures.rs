//! `GET /gauges` and `GET /skews`: numbers that are watched, and values that have to agree.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Named};
use crate::auth::Identity;
use crate::signals::measure::{gauge_standing, skew_standing};
use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Colour;

/// The gauges of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauges {
    /// All of them.
    pub gauges: Vec<Gauge>,
}

/// A gauge and its last number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauge {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The component that it tells about.
    pub component: Named,
    /// `ok`, `bad` or `unknown`.
    pub state: String,
    /// The number as a decimal; null where it is unknown.
    pub number: Option<String>,
    /// What it counts.
    pub unit: Option<String>,
    /// Why it is unknown, where it is.
    pub why: Option<String>,
    /// When the last number came.
    pub read_at: Option<Timestamp>,
    /// What its alerts say.
    pub alerts: Vec<Said>,
}

/// The skews of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skews {
    /// All of them.
    pub skews: Vec<Skew>,
}

/// A skew and both of its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The component that has to follow.
    pub component: Named,
    /// `ok`, `warn` (they may differ for a while), `bad` or `unknown`.
    pub state: String,
    /// The value that should be; null where it is unknown.
    pub expected: Option<String>,
    /// The value that is; null where it is unknown.
    pub actual: Option<String>,
    /// In a sentence.
    pub detail: String,
    /// Since when they differ.
    pub differs_since: Option<Timestamp>,
    /// By when they have to agree.
    pub agree_by: Option<Timestamp>,
    /// What its alerts say.
    pub alerts: Vec<Said>,
}

/// What an alert says right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The alert.
    pub alert: String,
    /// The numbers.
    pub detail: String,
}

pub(super) async fn gauges(State(site): State<Site>, _: Identity) -> Answer<Gauges> {
    let (view, now) = (site.view(), site.clock.now());
    let declared = view.plan.package.gauges.values();
    let gauges = declared.filter_map(|gauge| {
        let id = &gauge.id.value;
        let state = view.gauges.get(id)?;
        let number = state.current(gauge, now);
        Some(Gauge {
            id: id.to_string(),
            name: gauge.name.clone(),
            component: Named::component(&view, &gauge.component.id),
            state: word(gauge_standing(&view, gauge, state, now).0),
            number: number.map(|n| n.to_string()),
            unit: gauge.unit.clone(),
            why: number.is_none().then(|| state.unknown(now)),
            read_at: state.told_at.map(Time::timestamp),
            alerts: said(&view, view.plan.alerts_of_gauge(id)),
        })
    });
    Ok(Json(Gauges {
        gauges: gauges.collect(),
    }))
}

pub(super) async fn skews(State(site): State<Site>, _: Identity) -> Answer<Skews> {
    let (view, now) = (site.view(), site.clock.now());
    let declared = view.plan.package.skews.values();
    let skews = declared.filter_map(|skew| {
        let id = &skew.id.value;
        let state = view.skews.get(id)?;
        let expected = state.expected.current(skew, &skew.expected, now);
        let actual = state.actual.current(skew, &skew.actual, now);
        let by = state.differs_since.map(|at| at + skew.agree_within);
        Some(Skew {
            id: id.to_string(),
            name: skew.name.clone(),
            component: Named::component(&view, &skew.component.id),
            state: word(skew_standing(skew, state, now).0),
            expected: expected.map(str::to_owned),
            actual: actual.map(str::to_owned),
            detail: state.read(skew, now).detail,
            differs_since: state.differs_since.map(Time::timestamp),
            agree_by: by.map(Time::timestamp),
            alerts: said(&view, view.plan.alerts_of_skew(id)),
        })
    });
    Ok(Json(Skews {
        skews: skews.collect(),
    }))
}

fn word(state: Colour) -> String {
    match state {
        Colour::Ok => "ok",
        Colour::Warn => "warn",
        Colour::Bad => "bad",
        Colour::Unknown => "unknown",
    }
    .to_owned()
}

fn said(view: &View, alerts: &[gonogo_model::Id]) -> Vec<Said> {
    let one = |id: &gonogo_model::Id| Said {
        alert: id.to_string(),
        detail: view
            .reading(id)
            .map(|r| r.detail.clone())
            .unwrap_or_default(),
    };
    alerts.iter().map(one).collect()
}
