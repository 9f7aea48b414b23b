//! `/graph`: what depends on what, what is hit now, and what would be.
//!
//! The picture is for a glance; the list beside it says the same to a phone and to somebody
//! who cannot see it.

mod component;
mod picture;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use gonogo_model::component::Component;

use crate::auth::Identity;
use crate::shell::shell;
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Markup, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

/// The addresses of the graph.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/graph", get(show))
        .route("/graph/{component}", get(component::show))
}

#[derive(Template)]
#[template(path = "graph/graph.html")]
struct GraphPage {
    shell: Shell,
    picture: Markup,
    counts: String,
    rows: Vec<Row>,
    none: bool,
    query: TableQuery,
    window: Window,
}

struct Row {
    id: String,
    name: String,
    kind: String,
    team: String,
    state: Colour,
    word: &'static str,
    why: String,
    needs: usize,
    needed_by: usize,
    incident: Option<u64>,
}

async fn show(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let package = &view.plan.package;
    let query = TableQuery::from_uri(&frame.uri);
    let mut rows: Vec<Row> = package.components.values().map(|c| row(&view, c)).collect();
    let hit = rows
        .iter()
        .filter(|r| matches!(r.state, Colour::Bad | Colour::Warn))
        .count();
    let counts = match hit {
        0 => shown::plural(
            rows.len(),
            "component, none of them hit",
            "components, none of them hit",
        ),
        n => format!(
            "{n} of {} hit",
            shown::plural(rows.len(), "component", "components")
        ),
    };
    rows.retain(|r| query.matches(&[&r.id, &r.name, &r.kind, &r.team, r.word, &r.why]));
    match query.sort.as_str() {
        "name" => rows.sort_by_key(|r| r.name.to_lowercase()),
        "team" => rows.sort_by_key(|r| r.team.to_lowercase()),
        "needed" => rows.sort_by_key(|r| r.needed_by),
        _ => rows.sort_by_key(|r| (crate::signals::rank(r.state), r.name.to_lowercase())),
    }
    if query.descending {
        rows.reverse();
    }
    let window = query.window(rows.len());
    let template = GraphPage {
        picture: picture::all(&view).svg(),
        counts,
        none: package.components.is_empty(),
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Graph", Nav::Graph),
    };
    page(&template)
}

fn row(view: &View, component: &Component) -> Row {
    let package = &view.plan.package;
    let id = &component.id.value;
    let seen = view.components.get(id);
    let (state, word) = seen.map_or((Colour::Unknown, "Unknown"), |c| shown::component(c.state));
    let needs_it = |c: &&Component| c.depends_on.iter().any(|d| d.component.id == *id);
    let journeys = package.journeys.values();
    let on_it = journeys.filter(|j| j.depends_on.iter().any(|d| d.component.id == *id));
    Row {
        id: id.to_string(),
        name: component.name.clone(),
        kind: shown::words(component.kind.word()),
        team: shown::team(package, &component.team.id),
        state,
        word,
        why: seen.map(|c| c.why.clone()).unwrap_or_default(),
        needs: component.depends_on.len(),
        needed_by: package.components.values().filter(needs_it).count() + on_it.count(),
        incident: seen.and_then(|c| c.incident),
    }
}
