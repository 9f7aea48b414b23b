//! `/`: is anything wrong, since when, who has it, and what to do first.
//!
//! And if nothing is: how fresh that is, who is on call, and what changed lately.

mod own;
pub mod slo;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gonogo_engine::alerting::AlertState;
use gonogo_engine::incident::Incident;
use gonogo_model::alert::Alert;
use jiff::Timestamp;

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::items::Moment;
use crate::web::components::{Severity, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

use own::Own;
use slo::budgets;

/// How many lines of what happened lately.
const RECENT: u32 = 10;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    incidents: Vec<OpenIncident>,
    calm: String,
    tickets: Vec<Ticket>,
    launch: Option<(String, Timestamp)>,
    on_call: Vec<OnCallRow>,
    budgets: Vec<slo::Budget>,
    own: Own,
    recent: Vec<Moment>,
}

/// An open incident as the overview shows it.
struct OpenIncident {
    href: String,
    number: u64,
    severity: Severity,
    title: String,
    since: Timestamp,
    state: Colour,
    word: &'static str,
    who: String,
    impact: String,
    first_step: String,
    runbook: Option<(String, String)>,
    promise: Option<Timestamp>,
}

/// Something that fires and wakes nobody.
struct Ticket {
    id: String,
    name: String,
    href: String,
    severity: Severity,
    since: Option<Timestamp>,
    detail: String,
    first_step: String,
    runbook: Option<(String, String)>,
}

struct OnCallRow {
    schedule: String,
    person: String,
    role: String,
    until: Option<Timestamp>,
}

/// `GET /`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
) -> Result<Response, Missing> {
    let recent = site.store.blocking(|s| s.recent_history(RECENT)).await;
    let recent = recent.map_err(Missing::store(&frame))?;
    let view = site.view();
    let template = OverviewPage {
        incidents: view
            .open_incidents()
            .iter()
            .map(|i| open(&view, i))
            .collect(),
        calm: calm(&view),
        tickets: tickets(&view),
        launch: launch(&view),
        on_call: on_call(&view),
        budgets: budgets(&view),
        own: Own::of(&site, &view)
            .await
            .map_err(Missing::store(&frame))?,
        recent: recent.iter().map(|(_, row)| with_link(row)).collect(),
        shell: shell(&site, &view, &who, frame, "Overview", Nav::Overview),
    };
    Ok(page(&template))
}

fn open(view: &View, incident: &Incident) -> OpenIncident {
    let (state, word) = shown::phase(incident);
    let lead = shown::lead(view, incident);
    let said = |text: Option<&String>| text.cloned().unwrap_or_default();
    OpenIncident {
        href: format!("/incidents/{}", incident.number),
        number: incident.number,
        severity: shown::severity(incident.severity),
        title: incident.title.clone(),
        since: incident.opened_at.timestamp(),
        state,
        word,
        who: shown::who_has(view, incident).sentence,
        impact: said(lead.and_then(|a| a.impact.as_ref())),
        first_step: said(lead.and_then(|a| a.first_step.as_ref())),
        runbook: shown::runbook_of(view, incident),
        promise: incident.promise.as_ref().map(|p| p.due.timestamp()),
    }
}

fn tickets(view: &View) -> Vec<Ticket> {
    let of = |(alert, state): &(&Alert, &AlertState)| Ticket {
        id: alert.id.value.to_string(),
        name: alert.name.clone(),
        href: crate::signals::href_of(alert).unwrap_or_default(),
        severity: shown::severity(alert.severity),
        since: state.fired_at.map(|t| t.timestamp()),
        detail: state.reading.detail.clone(),
        first_step: alert.first_step.clone().unwrap_or_default(),
        runbook: alert
            .runbook
            .as_ref()
            .and_then(|r| view.plan.package.runbooks.get(&r.id))
            .map(shown::runbook_link),
    };
    shown::for_working_hours(view).iter().map(of).collect()
}

/// What is said where no incident is open: how much vouches for that.
fn calm(view: &View) -> String {
    let checks = view.checks.len();
    let ok = view
        .checks
        .iter()
        .filter(|c| shown::health(c.health) == Colour::Ok)
        .count();
    let last = view.incidents.values().filter_map(|i| i.resolved_at).max();
    let before = match last {
        None => "There has been none since this journal began.".to_owned(),
        Some(at) => format!(
            "The last one was over {} ago.",
            shown::since(at, view.at.timestamp())
        ),
    };
    let flows = view.flows.iter().filter(|f| f.overdue == 0).count();
    format!(
        "{ok} of {} answer well, and nothing is overdue in {flows} of {}. {before}",
        shown::plural(checks, "check", "checks"),
        shown::plural(view.flows.len(), "flow", "flows"),
    )
}

fn launch(view: &View) -> Option<(String, Timestamp)> {
    let header = view.plan.package.header.as_ref()?;
    let launch = header.launch.as_ref()?;
    let director = shown::role(&view.plan.package, &launch.director.id);
    Some((director, launch.at.0))
}

fn on_call(view: &View) -> Vec<OnCallRow> {
    let package = &view.plan.package;
    let row = |on: &crate::view::OnCall| OnCallRow {
        schedule: shown::capital(&shown::words(on.schedule.as_str())),
        person: on
            .person
            .as_ref()
            .map(|p| shown::person(package, p))
            .unwrap_or_default(),
        role: on
            .role
            .as_ref()
            .map(|r| shown::role(package, r))
            .unwrap_or_default(),
        until: on.until.map(|t| t.timestamp()),
    };
    view.on_call.iter().map(row).collect()
}

fn with_link(row: &crate::store::HistoryRow) -> Moment {
    let href = row.incident.as_ref().map(|n| format!("/incidents/{n}"));
    Moment {
        href: href.unwrap_or_default(),
        ..shown::moment(row)
    }
}
