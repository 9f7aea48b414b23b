//! The list of incidents, the open ones first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gonogo_engine::incident::Incident;
use jiff::Timestamp;

use crate::auth::Identity;
use crate::shell::shell;
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::items::Tab;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Severity, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    /// There is none at all, filtered or not.
    none: bool,
    query: TableQuery,
    window: Window,
}

struct Row {
    number: u64,
    name: String,
    title: String,
    severity: Severity,
    state: Colour,
    word: String,
    opened: Timestamp,
    lasted: String,
    who: String,
    updates: usize,
}

/// `GET /incidents`
pub async fn show(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let query = TableQuery::from_uri(&frame.uri);
    let now = site.clock.now().timestamp();
    let which = query.get("state").unwrap_or_default().to_owned();
    let wanted = |i: &&Incident| match which.as_str() {
        "open" => i.is_open(),
        "resolved" => !i.is_open(),
        _ => true,
    };
    let mut rows: Vec<Row> = view
        .incidents
        .values()
        .filter(wanted)
        .map(|i| row(&view, i, now))
        .filter(|r| query.matches(&[&r.name, &r.title, &r.severity.label, &r.who, &r.word]))
        .collect();
    order(&mut rows, &query);
    let window = query.window(rows.len());
    let rows = rows.drain(window.start..window.end).collect();
    let open = view.incidents.values().filter(|i| i.is_open()).count() as u64;
    let all = view.incidents.len() as u64;
    let tab = |label: &str, value: &str, count| Tab {
        current: which == value,
        ..Tab::new(label, query.href_with("state", value), "").with_count(count)
    };
    let template = IncidentsPage {
        tabs: vec![
            tab("All", "", all),
            tab("Open", "open", open),
            tab("Resolved", "resolved", all - open),
        ],
        rows,
        none: view.incidents.is_empty(),
        window,
        shell: shell(&site, &view, &who, frame, "Incidents", Nav::Incidents),
        query,
    };
    page(&template)
}

fn row(view: &View, incident: &Incident, now: Timestamp) -> Row {
    let (state, word) = shown::phase(incident);
    let word = match incident.merged_into {
        Some(other) => format!("Part of INC-{other}"),
        None => word.to_owned(),
    };
    let end = incident.resolved_at.map_or(now, |t| t.timestamp());
    Row {
        number: incident.number,
        name: incident.name(),
        title: incident.title.clone(),
        severity: shown::severity(incident.severity),
        state,
        word,
        opened: incident.opened_at.timestamp(),
        lasted: shown::since(incident.opened_at, end),
        who: shown::who_has(view, incident).name,
        updates: incident.updates.len(),
    }
}

fn order(rows: &mut [Row], query: &TableQuery) {
    match query.sort.as_str() {
        "severity" => rows.sort_by_key(|r| (r.severity.level, std::cmp::Reverse(r.number))),
        "title" => rows.sort_by_key(|r| r.title.to_lowercase()),
        "state" => rows.sort_by_key(|r| (r.word.clone(), std::cmp::Reverse(r.number))),
        "opened" => rows.sort_by_key(|r| r.opened),
        _ => {
            let over = |r: &Row| r.state == Colour::Ok;
            rows.sort_by_key(|r| (over(r), std::cmp::Reverse(r.number)));
        }
    }
    if query.descending {
        rows.reverse();
    }
}
