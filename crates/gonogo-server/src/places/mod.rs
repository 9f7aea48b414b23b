//! Plain lists of what the package declares: on call, domains, rehearsals.
//!
//! Each is one table of what is so right now. Invariant: nothing here is decided or stored.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use gonogo_model::check::Probe;

use crate::auth::Identity;
use crate::shell::shell;
use crate::shown;
use crate::site::Site;
use crate::web::components::{State as Seen, time};
use crate::web::{Frame, Nav, Shell, page};

/// The pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/oncall", get(on_call))
        .route("/domains/certificates", get(certificates))
        .route("/rehearsals", get(rehearsals))
        .route("/settings", get(|| async { Redirect::to("/account") }))
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    shell: Shell,
    title: String,
    sub: String,
    heads: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    empty: (&'static str, &'static str),
    mistakes: Vec<String>,
    action: Option<(&'static str, &'static str)>,
}

/// One cell: text, where it leads, and a state where it has one.
#[derive(Default)]
struct Cell {
    text: String,
    href: String,
    state: Option<Seen>,
}

fn text(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        ..Cell::default()
    }
}

fn link(text: impl Into<String>, href: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        href: href.into(),
        state: None,
    }
}

fn state(state: Seen, word: impl Into<String>) -> Cell {
    Cell {
        text: word.into(),
        href: String::new(),
        state: Some(state),
    }
}

async fn on_call(who: Identity, State(site): State<Site>, frame: Frame) -> Response {
    let (view, now) = (site.view(), site.clock.now().timestamp());
    let package = &view.plan.package;
    let rows = view.on_call.iter().map(|duty| {
        let person = match &duty.person {
            Some(id) => text(shown::person(package, id)),
            None => state(Seen::Bad, "nobody"),
        };
        let name = package
            .schedules
            .get(&duty.schedule)
            .map_or_else(|| duty.schedule.to_string(), |s| s.name.clone());
        vec![
            text(name),
            person,
            text(
                duty.role
                    .as_ref()
                    .map(|r| shown::role(package, r))
                    .unwrap_or_default(),
            ),
            text(
                duty.until
                    .map_or_else(|| "–".into(), |t| time::clock(t.timestamp(), now)),
            ),
        ]
    });
    page(&ListPage {
        title: "On call".into(),
        sub: "Who would be called now, by schedule.".into(),
        heads: vec!["Schedule", "Person", "Role", "Until"],
        rows: rows.collect(),
        empty: (
            "No schedule",
            "The package declares no schedule: policies call roles and people by name.",
        ),
        mistakes: Vec::new(),
        action: None,
        shell: shell(&site, &view, &who, frame, "On call", Nav::OnCall),
    })
}

pub(crate) async fn certificates(
    who: Identity,
    State(site): State<Site>,
    frame: Frame,
) -> Response {
    let (view, now) = (site.view(), site.clock.now());
    let mut rows: Vec<(i64, Vec<Cell>)> = Vec::new();
    for check in &view.checks {
        let Some(declared) = view.plan.package.checks.get(&check.id) else {
            continue;
        };
        let Probe::Tls(tls) = &declared.probe else {
            continue;
        };
        let left = check
            .certificate
            .as_ref()
            .map(|c| c.not_after.since(now).as_secs() / 86_400);
        let ends = check.certificate.as_ref().map_or_else(
            || "not seen yet".into(),
            |c| time::exact(c.not_after.timestamp()),
        );
        let health = shown::health(check.health);
        rows.push((
            left.unwrap_or(-1),
            vec![
                link(
                    tls.host.to_string(),
                    format!("/signals/checks/{}", check.id),
                ),
                state(health, health.word()),
                text(left.map_or_else(|| "–".into(), |d| format!("{d} d"))),
                text(ends),
                text(
                    check
                        .last
                        .as_ref()
                        .map(|l| l.detail.clone())
                        .unwrap_or_default(),
                ),
            ],
        ));
    }
    rows.sort_by_key(|(left, _)| *left);
    page(&ListPage {
        title: "Domains".into(),
        sub: "Certificates as they are served, the next to end first.".into(),
        heads: vec!["Name", "State", "Left", "Ends", "Last answer"],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        empty: (
            "No certificate is watched",
            "Declare a check with a `tls` probe for each name that customers use.",
        ),
        mistakes: Vec::new(),
        action: None,
        shell: shell(&site, &view, &who, frame, "Domains", Nav::Domains),
    })
}

async fn rehearsals(who: Identity, State(site): State<Site>, frame: Frame) -> Response {
    let view = site.view();
    let rows = view.plan.package.scenarios.values().map(|s| {
        vec![
            text(s.name.clone()),
            text(shown::plural(s.injects.len(), "inject", "injects")),
            text(shown::plural(s.expect.len(), "expectation", "expectations")),
            text(shown::length(s.lasts)),
            text(format!("gonogo rehearse {}", s.id.value)),
        ]
    });
    page(&ListPage {
        title: "Rehearsals".into(),
        sub: "Scenarios of the package. Each is played on the same engine, on a virtual clock, from the command line.".into(),
        heads: vec!["Scenario", "Injects", "Expectations", "Plays", "Command"],
        rows: rows.collect(),
        empty: ("No scenario", "Write one under `scenarios:`: what happens, and what has to come of it."),
        mistakes: Vec::new(),
        action: None,
        shell: shell(&site, &view, &who, frame, "Rehearsals", Nav::Rehearsals),
    })
}
