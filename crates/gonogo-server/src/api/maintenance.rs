//! `/maintenance`: what nobody is called for, from when until when, and why.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_engine::input::Verb;
use gonogo_engine::maintenance::{ByHand, MAX_BY_HAND};
use gonogo_model::maintenance::LONGEST;
use gonogo_model::{Duration, Id};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::words;
use super::answer::{Answer, Body, Name};
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::site::Site;
use crate::view::View;

/// How many things one window may name.
const NAMES_MAX: usize = 100;

/// The windows that are on, then those that come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindows {
    /// All of them.
    pub windows: Vec<MaintenanceWindow>,
}

/// A maintenance window that is on, or the next one of those that are declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// Its id, to end it by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `on`, `ended` before its time, or `planned`.
    pub state: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What it covers, as `component/ledger`; `everything` where it names nothing.
    pub covers: Vec<String>,
    /// Also what needs the components to work.
    pub dependents: bool,
    /// Why.
    pub reason: String,
    /// Who began it, where it is not declared in the package.
    pub by: Option<String>,
    /// What is counted meanwhile stays out of SLOs.
    pub excluded: bool,
    /// The alerts that would fire, and wait for its end.
    pub waiting: Vec<String>,
}

/// Maintenance that begins now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WantedMaintenance {
    /// The alerts of these components.
    pub components: Vec<String>,
    /// The alerts on these checks.
    pub checks: Vec<String>,
    /// These alerts.
    pub alerts: Vec<String>,
    /// Also what needs the components to work.
    pub dependents: bool,
    /// For how long: `30m`.
    pub lasts: String,
    /// Why.
    pub reason: String,
    /// What is counted meanwhile stays out of SLOs.
    pub excluded: bool,
}

/// Why maintenance ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhyEnded {
    /// For the timeline; may be empty.
    pub reason: String,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<MaintenanceWindows> {
    let windows = MaintenanceWindow::all(&site.view(), site.clock.now());
    Ok(Json(MaintenanceWindows { windows }))
}

pub(super) async fn begin(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Body(wanted): Body<WantedMaintenance>,
) -> Answer<MaintenanceWindows> {
    let window = wanted.read(&site)?;
    site.decide(who.actor(), Verb::BeginMaintenance { window })
        .await?;
    let windows = MaintenanceWindow::all(&site.view(), site.clock.now());
    Ok(Json(MaintenanceWindows { windows }))
}

pub(super) async fn end(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(id): Name,
    Body(why): Body<WhyEnded>,
) -> Answer<MaintenanceWindows> {
    let verb = why.read(&site, id)?;
    site.decide(who.actor(), verb).await?;
    let windows = MaintenanceWindow::all(&site.view(), site.clock.now());
    Ok(Json(MaintenanceWindows { windows }))
}

impl WhyEnded {
    /// What is decided, if a window of this name is on.
    pub(crate) fn read(self, site: &Site, id: String) -> Result<Verb, Problem> {
        let windows = MaintenanceWindow::all(&site.view(), site.clock.now());
        if !windows.iter().any(|w| w.id == id && w.state == "on") {
            let message = format!("No maintenance `{id}` is on.");
            return Err(Problem::unknown("unknown_maintenance", message));
        }
        let reason = match self.reason.trim() {
            "" => String::new(),
            _ => words("reason", self.reason)?,
        };
        Ok(Verb::EndMaintenance { id, reason })
    }
}

impl WantedMaintenance {
    /// What is decided, if the package has what is named.
    pub(crate) fn read(self, site: &Site) -> Result<ByHand, Problem> {
        let view = site.view();
        let plan = &view.plan;
        let lasts = Duration::parse(self.lasts.trim())
            .map_err(|why| Problem::invalid("wrong_length", format!("`lasts`: {why}.")))?;
        if lasts <= Duration::ZERO || lasts > LONGEST {
            let message = format!("Maintenance lasts longer than nothing, and at most {LONGEST}.");
            return Err(Problem::invalid("wrong_length", message));
        }
        let named = [&self.components, &self.checks, &self.alerts];
        let count: usize = named.iter().map(|names| names.len()).sum();
        if count == 0 || count > NAMES_MAX {
            let message =
                format!("Name at least one component, check or alert, and at most {NAMES_MAX}.");
            return Err(Problem::invalid("covers_nothing", message));
        }
        if view.maintenance.by_hand.len() >= MAX_BY_HAND {
            let message = format!("{MAX_BY_HAND} windows are on already; end one first.");
            return Err(Problem::conflict("too_many", message));
        }
        let reason = words("reason", self.reason)?;
        let found = |names: &[String], what: &str, known: &dyn Fn(&Id) -> bool| {
            let one = |name: &String| {
                let id = Id::parse(name).ok().filter(|id| known(id));
                id.ok_or_else(|| {
                    let message = format!("The package has no {what} `{name}`.");
                    Problem::invalid("unknown_name", message)
                })
            };
            names.iter().map(one).collect::<Result<Vec<Id>, Problem>>()
        };
        let package = &plan.package;
        Ok(ByHand {
            components: found(&self.components, "component", &|id| {
                package.components.contains_key(id)
            })?,
            checks: found(&self.checks, "check", &|id| package.checks.contains_key(id))?,
            alerts: found(&self.alerts, "alert", &|id| plan.alerts.contains_key(id))?,
            dependents: self.dependents,
            until: site.clock.now() + lasts,
            reason,
            excluded: self.excluded,
            ..ByHand::default()
        })
    }
}

impl MaintenanceWindow {
    /// The windows that are on, then those that come.
    pub(crate) fn all(view: &View, now: Time) -> Vec<Self> {
        let plan = &view.plan;
        let waiting = |id: &str| -> Vec<String> {
            let waits = view.alerts.iter();
            let waits = waits.filter(|(_, s)| s.maintenance.as_deref() == Some(id));
            waits.map(|(id, _)| id.to_string()).collect()
        };
        let by_hand = view
            .maintenance
            .by_hand
            .iter()
            .filter(|(_, w)| now < w.until);
        let by_hand = by_hand.map(|(id, w)| Self {
            id: id.clone(),
            name: format!("Begun by {}", w.by),
            state: "on".into(),
            from: w.from.timestamp(),
            until: w.until.timestamp(),
            covers: covers(w.components.iter(), w.checks.iter(), w.alerts.iter()),
            dependents: w.dependents,
            reason: w.reason.clone(),
            by: Some(w.by.clone()),
            excluded: w.excluded,
            waiting: waiting(id),
        });
        let declared = view.maintenance.declared.iter().filter_map(|(id, span)| {
            let window = plan.package.maintenance.get(id)?;
            let what = window.what.as_ref();
            let state = match span.is_on(now) {
                true => "on",
                false if span.ended => "ended",
                false => "planned",
            };
            Some(Self {
                id: id.to_string(),
                name: window.name.clone(),
                state: state.into(),
                from: span.from.timestamp(),
                until: span.until.timestamp(),
                covers: what.map_or_else(
                    || vec!["everything".into()],
                    |w| {
                        covers(
                            w.components.iter().map(|r| &r.id),
                            w.checks.iter().map(|r| &r.id),
                            w.alerts.iter().map(|r| &r.id),
                        )
                    },
                ),
                dependents: what.is_some_and(|w| w.dependents),
                reason: window.reason.clone(),
                by: None,
                excluded: window.excluded,
                waiting: waiting(id.as_str()),
            })
        });
        let mut all: Vec<Self> = by_hand.chain(declared).collect();
        all.sort_by_key(|w| (w.state != "on", w.from));
        all
    }
}

fn covers<'a>(
    components: impl Iterator<Item = &'a Id>,
    checks: impl Iterator<Item = &'a Id>,
    alerts: impl Iterator<Item = &'a Id>,
) -> Vec<String> {
    let components = components.map(|id| format!("component/{id}"));
    let checks = checks.map(|id| format!("check/{id}"));
    let alerts = alerts.map(|id| format!("alert/{id}"));
    components.chain(checks).chain(alerts).collect()
}
