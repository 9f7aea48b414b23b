//! The `/design` page: every component in every state, empty and overloaded, in debug builds only.
//!
//! Whoever changes a component looks here first, and the browser test photographs it. The data is
//! invented and hostile: names of 200 characters, right-to-left text, markup where a name should be.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::{Timestamp, ToSpan as _};

use super::components::items::{Choice, Moment, Step, Tab};
use super::components::meter::Meter;
use super::components::table::{TableQuery, Window};
use super::components::{Markup, Severity, State};
use super::layout::{Shell, page, page_with};
use super::{Done, Frame};

mod examples;

/// The design page and the pages that stand alone, with example data.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/design", get(show))
        .route("/design/act", post(act))
        .route("/design/form", post(refuse))
        .route("/design/pages/{name}", get(plain))
}

#[derive(Template)]
#[template(path = "design.html")]
struct Design {
    shell: Shell,
    states: [State; 4],
    severities: Vec<Severity>,
    tabs: Vec<Tab>,
    filters: Vec<Tab>,
    query: TableQuery,
    window: Window,
    rows: Vec<Row>,
    moments: Vec<Moment>,
    steps: Vec<Step>,
    meters: Vec<Meter>,
    choices: Vec<Choice>,
    pictures: Vec<Section>,
    form_error: String,
    promise: Timestamp,
    overdue: Timestamp,
    began: Timestamp,
    long: String,
    rtl: String,
}

struct Row {
    name: String,
    state: State,
    owner: String,
    p99: String,
    spark: Markup,
    seen: Timestamp,
}

struct Section {
    id: &'static str,
    title: &'static str,
    wide: bool,
    pictures: Vec<(String, Markup)>,
}

async fn show(frame: Frame) -> Response {
    page(&design(frame, Timestamp::now(), String::new()))
}

async fn act(frame: Frame) -> Response {
    Done::new("Acknowledged. The next update is due in 30 min.", "/design")
        .undo("/design/act")
        .respond(&frame)
}

async fn refuse(mut frame: Frame) -> Response {
    frame.uri = Uri::from_static("/design");
    let error = "No address answers under this name. Check the spelling, or add it to DNS first.";
    let page = design(frame, Timestamp::now(), error.to_owned());
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn plain(Path(name): Path<String>, uri: Uri, frame: Frame) -> Response {
    let now = Timestamp::now();
    let worse = uri.query() == Some("worse");
    match name.as_str() {
        "status" if worse => examples::status_old(now).respond(),
        "status" => examples::status(now).respond(),
        "login" => page(&examples::login(frame)),
        "ack" => page(&examples::ack(frame, now, worse)),
        "message" => page(&examples::message(frame)),
        "error" => examples::error(frame).respond(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn design(frame: Frame, now: Timestamp, form_error: String) -> Design {
    let query = TableQuery::from_uri(&frame.uri);
    let mut rows: Vec<Row> = examples::rows(now);
    rows.retain(|row| query.matches(&[&row.name, &row.owner]));
    match query.sort.as_str() {
        "state" => rows.sort_by_key(|row| row.state.word()),
        "name" => rows.sort_by(|a, b| a.name.cmp(&b.name)),
        _ => {}
    }
    if query.descending {
        rows.reverse();
    }
    Design {
        shell: examples::shell(frame, now),
        states: State::ALL,
        severities: ["SEV1", "SEV2", "SEV3", "SEV4"]
            .iter()
            .zip(1..)
            .map(|(label, level)| Severity::new(level, *label))
            .collect(),
        tabs: ["Components", "Charts", "Graph", "Text"]
            .map(|word| Tab::new(word, format!("#{}", word.to_lowercase()), "Components"))
            .to_vec(),
        filters: [("All", 480), ("Failing", 3), ("Unknown", 1)]
            .map(|(word, count)| {
                Tab::new(
                    word,
                    query.href_with("state", word),
                    query.get("state").unwrap_or("All"),
                )
                .with_count(count)
            })
            .to_vec(),
        window: query.window(rows.len()),
        query,
        rows,
        moments: examples::moments(now),
        steps: examples::steps(now),
        meters: examples::meters(),
        choices: ["viewer", "responder", "launch director", "admin"]
            .map(|role| Choice::new(role, role))
            .to_vec(),
        pictures: examples::pictures(now),
        form_error,
        promise: now + 724.seconds(),
        overdue: now - 190.seconds(),
        began: now - 252.seconds(),
        long: examples::long_name(),
        rtl: examples::RTL.to_owned(),
    }
}
