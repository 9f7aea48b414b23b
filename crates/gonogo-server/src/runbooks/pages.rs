//! The list of runbooks, and one to read, to print and to copy commands from.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use gonogo_model::runbook::Runbook;

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::{Markup, markdown};
use crate::web::{Frame, Nav, Shell, page};

/// The pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/runbooks", get(list))
        .route("/runbooks/{id}", get(one))
}

#[derive(Template)]
#[template(path = "runbooks.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    title: String,
    href: String,
    owner: String,
    alerts: usize,
    steps: usize,
    takes: String,
    used: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct RunbookPage {
    shell: Shell,
    title: String,
    sub: String,
    owner: String,
    covers: Vec<(String, String)>,
    access: Vec<String>,
    alerts: Vec<(String, String)>,
    used: Vec<(String, String)>,
    sections: Vec<(String, Markup)>,
}

async fn list(who: Identity, State(site): State<Site>, frame: Frame) -> Response {
    let view = site.view();
    let rows = view
        .plan
        .package
        .runbooks
        .values()
        .map(|r| row(&view, r))
        .collect();
    page(&ListPage {
        rows,
        shell: shell(&site, &view, &who, frame, "Runbooks", Nav::Runbooks),
    })
}

async fn one(
    who: Identity,
    State(site): State<Site>,
    Path(id): Path<String>,
    frame: Frame,
) -> Response {
    let view = site.view();
    let package = &view.plan.package;
    let Some(runbook) = package.runbooks.get(id.as_str()) else {
        return Missing::thing(
            frame,
            format!("runbook {id}"),
            ("See all runbooks", "/runbooks"),
        )
        .into_response();
    };
    let own = row(&view, runbook);
    let names = |a: &&gonogo_model::alert::Alert| {
        a.runbook.as_ref().is_some_and(|r| r.id == runbook.id.value)
    };
    let alerts = package.alerts.values().filter(names);
    page(&RunbookPage {
        title: own.title.clone(),
        sub: format!(
            "{}{}",
            shown::plural(own.steps, "step", "steps"),
            if own.takes.is_empty() {
                String::new()
            } else {
                format!(", about {}", own.takes)
            }
        ),
        owner: own.owner,
        covers: runbook
            .head
            .covers
            .iter()
            .map(|c| {
                (
                    shown::component_name(package, &c.id),
                    format!("/graph/{}", c.id),
                )
            })
            .collect(),
        access: runbook.head.access.clone(),
        alerts: alerts
            .map(|a| {
                (
                    a.name.clone(),
                    crate::signals::href_of(a).unwrap_or_default(),
                )
            })
            .collect(),
        used: own.used,
        sections: runbook
            .sections
            .iter()
            .map(|s| (s.title.clone(), markdown::render(&s.body)))
            .collect(),
        shell: shell(
            &site,
            &view,
            &who,
            frame,
            &runbook.head.title,
            Nav::Runbooks,
        ),
    })
}

fn row(view: &View, runbook: &Runbook) -> Row {
    let package = &view.plan.package;
    let id = &runbook.id.value;
    let uses = |i: &&gonogo_engine::incident::Incident| {
        i.alerts.keys().any(|a| {
            let named = package.alerts.get(a).and_then(|a| a.runbook.as_ref());
            named.is_some_and(|r| r.id == *id)
        })
    };
    let open = view.open_incidents();
    Row {
        title: runbook.head.title.clone(),
        href: format!("/runbooks/{id}"),
        owner: shown::role(package, &runbook.head.owner.id),
        alerts: package
            .alerts
            .values()
            .filter(|a| a.runbook.as_ref().is_some_and(|r| r.id == *id))
            .count(),
        steps: runbook.sections.iter().map(|s| s.steps.len()).sum(),
        takes: runbook.head.takes.map(shown::length).unwrap_or_default(),
        used: open
            .into_iter()
            .filter(uses)
            .map(|i| (i.name(), format!("/incidents/{}#runbook", i.number)))
            .collect(),
    }
}
