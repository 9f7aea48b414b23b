//! `/alerts/{id}`: one alert, explained.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use gonogo_engine::reading::in_words;
use jiff::Timestamp;

use super::{Explained, changed_before, explain};
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::signals::{href_of, standing};
use crate::site::Site;
use crate::web::components::{Markup, Severity, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

/// The addresses of alerts.
pub fn routes() -> Router<Site> {
    Router::new().route("/alerts/{id}", get(show))
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    shell: Shell,
    id: String,
    name: String,
    severity: Severity,
    state: Colour,
    word: &'static str,
    since: Option<Timestamp>,
    detail: String,
    keys: Vec<String>,
    more: u64,
    explained: Explained,
    picture: Option<Markup>,
    changes: Vec<Changed>,
    fired: Option<Timestamp>,
    resolved: Option<Timestamp>,
    episodes: u32,
    incident: Option<u64>,
    component: Option<(String, String)>,
    evidence: Option<String>,
    runbook: Option<(String, String)>,
    impact: String,
    first_step: String,
}

/// A change before the alert began.
struct Changed {
    at: Timestamp,
    before: String,
    kind: &'static str,
    name: String,
    label: String,
    component: Option<(String, String)>,
}

async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let found = view
        .plan
        .alerts
        .iter()
        .find(|(known, _)| known.as_str() == id);
    let Some((id, declared)) = found else {
        return Err(Missing::thing(
            frame,
            "alert of that name",
            ("All signals", "/signals"),
        ));
    };
    let state = view.alerts.get(id);
    let (colour, word, since) = standing(state);
    let explained = explain(&view, declared);
    let component =
        |id: &gonogo_model::Id| (shown::component_name(package, id), format!("/graph/{id}"));
    let changes: Vec<Changed> = state
        .map(changed_before)
        .unwrap_or_default()
        .into_iter()
        .map(|(change, began)| Changed {
            at: change.at.timestamp(),
            before: in_words(began.since(change.at)),
            kind: change.kind.word(),
            name: change.name.clone(),
            label: change.label.clone(),
            component: change.component.as_ref().map(component),
        })
        .collect();
    let now = site.clock.now().timestamp();
    let marks = changes
        .iter()
        .map(|c| (c.at, format!("{}: {}", c.name, c.label)));
    let picture = explained
        .picture
        .as_ref()
        .map(|p| p.svg(now, marks.collect()));
    let reading = state.map(|s| &s.reading);
    let keys = reading.map(|r| r.keys.clone()).unwrap_or_default();
    let runbook = declared.runbook.as_ref();
    let template = AlertPage {
        id: id.to_string(),
        name: declared.name.clone(),
        severity: shown::severity(declared.severity),
        state: colour,
        word,
        since,
        detail: reading.map(|r| r.detail.clone()).unwrap_or_default(),
        more: match keys.len() as u64 {
            0 => 0,
            named => reading.map_or(0, |r| r.count.saturating_sub(named)),
        },
        keys,
        explained,
        picture,
        changes,
        fired: state.and_then(|s| s.fired_at).map(|t| t.timestamp()),
        resolved: state.and_then(|s| s.resolved_at).map(|t| t.timestamp()),
        episodes: state.map_or(0, |s| s.episodes),
        incident: state.and_then(|s| s.incident),
        component: view.plan.component_of(id).map(component),
        evidence: href_of(declared),
        runbook: runbook
            .and_then(|r| package.runbooks.get(&r.id))
            .map(shown::runbook_link),
        impact: declared.impact.clone().unwrap_or_default(),
        first_step: declared.first_step.clone().unwrap_or_default(),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
    };
    Ok(page(&template))
}
