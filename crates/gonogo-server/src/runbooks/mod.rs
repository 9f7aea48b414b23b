//! `/runbooks`: is there one, what is it for, and what does it say.
//!
//! Rendered from the package in force, for reading on a phone and for printing.

pub mod steps;
mod trust;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use gonogo_model::Id;
use gonogo_model::runbook::{Runbook, Section};

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Markup, Severity, State as Seen, markdown};
use crate::web::{Frame, Nav, Shell, page};
use trust::Trust;

/// The addresses of runbooks.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/runbooks", get(list))
        .route("/runbooks/{id}", get(show))
}

#[derive(Template)]
#[template(path = "runbooks/list.html")]
struct RunbooksPage {
    shell: Shell,
    rows: Vec<Row>,
    none: bool,
    query: TableQuery,
    window: Window,
}

struct Row {
    id: String,
    title: String,
    owner: String,
    covers: String,
    steps: usize,
    takes: String,
    alerts: usize,
    incidents: Vec<u64>,
    trust: Option<(Seen, &'static str)>,
}

#[derive(Template)]
#[template(path = "runbooks/runbook.html")]
struct RunbookPage {
    shell: Shell,
    title: String,
    before: Markup,
    /// What tells whether it is this one: the sections before the first with a step.
    about: Vec<Part>,
    /// What to do, from the first section with a step on.
    parts: Vec<Part>,
    owner: String,
    holder: String,
    takes: String,
    access: Vec<String>,
    covers: Vec<(String, String)>,
    alerts: Vec<(String, Severity, String)>,
    incidents: Vec<(u64, String)>,
    digest: String,
    steps: usize,
    trust: Option<Trust>,
}

/// A section of a runbook.
struct Part {
    anchor: String,
    title: String,
    body: Markup,
    steps: usize,
}

impl RunbookPage {
    fn sub(&self) -> String {
        let steps = shown::plural(self.steps, "step", "steps");
        match self.takes.as_str() {
            "" => steps,
            takes => format!("{steps}, about {takes}"),
        }
    }
}

async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let query = TableQuery::from_uri(&frame.uri);
    let runbooks = &view.plan.package.runbooks;
    let board = trust::board(&site).await;
    let mut rows: Vec<Row> = runbooks.values().map(|r| row(&view, r)).collect();
    for (row, id) in rows.iter_mut().zip(runbooks.keys()) {
        row.trust = trust::word(board.as_deref(), id);
    }
    rows.retain(|r| query.matches(&[&r.id, &r.title, &r.owner, &r.covers]));
    match query.sort.as_str() {
        "owner" => rows.sort_by_key(|r| r.owner.to_lowercase()),
        "trust" => rows.sort_by_key(|r| r.trust.map(|(_, word)| word)),
        "steps" => rows.sort_by_key(|r| r.steps),
        "title" => rows.sort_by_key(|r| r.title.to_lowercase()),
        _ => rows.sort_by_key(|r| (r.incidents.is_empty(), r.title.to_lowercase())),
    }
    if query.descending {
        rows.reverse();
    }
    let window = query.window(rows.len());
    let template = RunbooksPage {
        none: runbooks.is_empty(),
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Runbooks", Nav::Runbooks),
    };
    page(&template)
}

fn row(view: &View, runbook: &Runbook) -> Row {
    let package = &view.plan.package;
    let covers: Vec<String> = runbook
        .head
        .covers
        .iter()
        .map(|c| shown::component_name(package, &c.id))
        .collect();
    Row {
        id: runbook.id.value.to_string(),
        title: runbook.head.title.clone(),
        owner: shown::role(package, &runbook.head.owner.id),
        covers: shown::list(&covers),
        steps: runbook.sections.iter().map(|s| s.steps.len()).sum(),
        takes: runbook.head.takes.map(shown::length).unwrap_or_default(),
        alerts: alerts_with(view, &runbook.id.value).count(),
        incidents: incidents_with(view, &runbook.id.value)
            .into_iter()
            .map(|(n, _)| n)
            .collect(),
        trust: None,
    }
}

async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let board = trust::board(&site).await;
    let view = site.view();
    let package = &view.plan.package;
    let found = Id::parse(&id).ok().and_then(|id| package.runbooks.get(&id));
    let Some(runbook) = found else {
        return Err(Missing::thing(
            frame,
            "runbook of that name",
            ("All runbooks", "/runbooks"),
        ));
    };
    let id = &runbook.id.value;
    let head = &runbook.head;
    let now = site.clock.now().timestamp();
    let holder = package
        .roles
        .get(&head.owner.id)
        .and_then(|r| r.holder_at(now));
    let alert = |a: &gonogo_model::alert::Alert| {
        let href = crate::signals::href_of(a).unwrap_or_default();
        (a.name.clone(), shown::severity(a.severity), href)
    };
    let (about, parts) = parts(runbook);
    let template = RunbookPage {
        title: head.title.clone(),
        before: markdown::render(before(&runbook.body)),
        about,
        parts,
        owner: shown::role(package, &head.owner.id),
        holder: holder
            .map(|p| shown::person(package, &p.id))
            .unwrap_or_default(),
        takes: head.takes.map(shown::length).unwrap_or_default(),
        access: head.access.clone(),
        covers: head
            .covers
            .iter()
            .map(|c| {
                (
                    shown::component_name(package, &c.id),
                    format!("/graph/{}", c.id),
                )
            })
            .collect(),
        alerts: alerts_with(&view, id).map(alert).collect(),
        incidents: incidents_with(&view, id),
        digest: package
            .digest
            .as_ref()
            .map(|d| d.short().to_owned())
            .unwrap_or_default(),
        steps: runbook.sections.iter().map(|s| s.steps.len()).sum(),
        trust: Trust::of(board.as_deref(), id),
        shell: shell(&site, &view, &who, frame, &head.title, Nav::Runbooks),
    };
    Ok(page(&template))
}

/// What stands between the title, which the page has already, and the first section.
fn before(body: &str) -> &str {
    let text = body.trim_start();
    let text = match text.strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    match text.strip_prefix("## ") {
        Some(_) => "",
        None => text.split("\n## ").next().unwrap_or_default(),
    }
}

/// Whoever was woken needs the first step first; what it is about stands beside it.
fn parts(runbook: &Runbook) -> (Vec<Part>, Vec<Part>) {
    let mut about: Vec<Part> = runbook.sections.iter().zip(1..).map(part).collect();
    let first = about.iter().position(|p| p.steps > 0).unwrap_or(0);
    let parts = about.split_off(first);
    (about, parts)
}

fn part((section, number): (&Section, usize)) -> Part {
    Part {
        anchor: format!("part-{number}"),
        title: section.title.clone(),
        body: markdown::render(&steps::annotated(section)),
        steps: section.steps.len(),
    }
}

fn alerts_with<'v>(
    view: &'v View,
    runbook: &'v Id,
) -> impl Iterator<Item = &'v gonogo_model::alert::Alert> {
    let alerts = view.plan.package.alerts.values();
    alerts.filter(move |a| a.runbook.as_ref().is_some_and(|r| r.id == *runbook))
}

/// Open incidents with an alert that names it.
fn incidents_with(view: &View, runbook: &Id) -> Vec<(u64, String)> {
    let open = view.open_incidents().into_iter();
    let names =
        open.filter(|i| alerts_with(view, runbook).any(|a| i.alerts.contains_key(&a.id.value)));
    names.map(|i| (i.number, i.title.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_and_the_sections_are_not_said_twice() {
        assert_eq!(before("\n# A\n\n## B\nb\n"), "");
        assert_eq!(before("## B\n"), "");
        assert_eq!(before("# A\nwords\n## B\n"), "words");
        assert_eq!(before("# A"), "");
    }
}
