//! `/events/{id}`: one event as it stands in the journal, and what it moved.
//!
//! An event is found by its sender's id; where it was received narrows the search. Invariant:
//! of its content only those fields are shown that a flow shows anyway or uses as its key.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::expression::{Match, asks};
use gonogo_engine::flow::key_of;
use gonogo_engine::{Input, Time};
use gonogo_model::Id;
use gonogo_model::event::Event;
use gonogo_model::flow::{Flow, Matcher};
use jiff::Timestamp;

use super::watching::{Watching, watching};
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::store::FoundEvent;
use crate::view::{FlowView, View};
use crate::web::components::number::{Unit, with_unit};
use crate::web::components::table::{TableQuery, percent};
use crate::web::components::{State as Colour, time};
use crate::web::{Frame, Nav, Shell, page};

/// Rows of the journal that may hold an id without being it.
const CANDIDATES_MAX: u32 = 50;
/// Sent and heard further apart than this is said aloud.
pub(super) const SKEW_SAID_MS: i64 = 5 * 60_000;

#[derive(Template)]
#[template(path = "signals/event.html")]
struct EventPage {
    shell: Shell,
    id: String,
    kind: String,
    source: (String, String),
    subject: String,
    place: i64,
    sent: Timestamp,
    heard: Timestamp,
    apart: String,
    apart_state: Colour,
    skipped: Option<String>,
    fields: Vec<(String, String)>,
    hidden: usize,
    moved: Vec<Moved>,
    watching: Vec<Watching>,
}

/// A flow that the event began or ended.
struct Moved {
    name: String,
    href: String,
    items: String,
    role: &'static str,
    key: String,
    state: Colour,
    word: &'static str,
}

/// Where an event is shown.
pub(super) fn href(source: &str, id: &str, received_at: Option<Time>) -> String {
    let at = received_at.map_or_else(String::new, |at| format!("&at={}", at.as_millis()));
    format!("/events/{}?source={}{at}", percent(id), percent(source))
}

/// `GET /events/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let query = TableQuery::from_uri(&frame.uri);
    let source = query.get("source").map(str::to_owned);
    let about = query.get("at").and_then(|at| at.parse::<i64>().ok());
    // An id stands in a body as JSON has it.
    let text = serde_json::to_vec(&id).unwrap_or_default();
    let read = site
        .store
        .blocking(move |s| s.events_holding(&text, about, CANDIDATES_MAX));
    let found = read.await.map_err(Missing::store(&frame))?;
    let is_it = |e: &Event| e.id == id && source.as_ref().is_none_or(|s| e.source.as_str() == s);
    let event = found
        .into_iter()
        .filter_map(|row| Some((read_event(&row)?, row)))
        .find(|(event, _)| is_it(event));
    let Some((event, row)) = event else {
        return Err(Missing::thing(
            frame,
            "event of that id among those that are kept and were looked through",
            ("All sources", "/signals/sources"),
        ));
    };
    let view = site.view();
    let shell = shell(&site, &view, &who, frame, "Event", Nav::Signals);
    Ok(page(&template(&view, event, row, shell)))
}

fn read_event(row: &FoundEvent) -> Option<Event> {
    match serde_json::from_slice(&row.body).ok()? {
        Input::Event(event) => Some(event),
        _ => None,
    }
}

fn template(view: &View, event: Event, row: FoundEvent, shell: Shell) -> EventPage {
    let package = &view.plan.package;
    let mut open = BTreeSet::new();
    let mut moved = Vec::new();
    let mut alerts: Vec<Id> = Vec::new();
    for (place, flow) in view.flows.iter().enumerate() {
        let Some(declared) = package.flows.get(&flow.id) else {
            continue;
        };
        let sides = [(&declared.start, "began"), (&declared.end, "ended")];
        for (matcher, role) in sides {
            let Some(key) = key_in(matcher, &event) else {
                continue;
            };
            open.extend(shown_fields(declared, matcher));
            alerts.extend(view.plan.alerts_of_flow(place).iter().cloned());
            moved.push(moved_by(flow, declared, role, key));
        }
    }
    alerts.extend(view.plan.alerts_of_source(&event.source).iter().cloned());
    alerts.sort();
    alerts.dedup();
    let fields: Vec<(String, String)> = event
        .fields
        .iter()
        .filter(|(name, _)| open.contains(name.as_str()))
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    let apart_ms = event.received_at.as_millisecond() - event.time.as_millisecond();
    let name = package.sources.get(&event.source).map(|s| s.name.clone());
    EventPage {
        hidden: event.fields.len() - fields.len(),
        fields,
        apart: apart(apart_ms),
        apart_state: match apart_ms.abs() > SKEW_SAID_MS {
            true => Colour::Warn,
            false => Colour::Ok,
        },
        source: (
            name.unwrap_or_else(|| event.source.to_string()),
            format!("/signals/sources/{}", event.source),
        ),
        id: event.id,
        kind: event.kind,
        subject: event.subject.unwrap_or_default(),
        place: row.seq,
        sent: event.time,
        heard: event.received_at,
        skipped: row.skipped,
        moved,
        watching: watching(view, &alerts),
        shell,
    }
}

/// The key under which a side of a flow takes an event; `None` where it does not.
fn key_in(matcher: &Matcher, event: &Event) -> Option<String> {
    if matcher.source.id != event.source || !matcher.event.contains(&event.kind) {
        return None;
    }
    match asks(&matcher.only, matcher.r#where.as_deref(), event) {
        Match::Yes => key_of(matcher, event),
        Match::No | Match::Undecided(..) => None,
    }
}

/// The fields that people see of this flow anyway.
fn shown_fields<'f>(flow: &'f Flow, matcher: &'f Matcher) -> impl Iterator<Item = &'f str> {
    let agreeing = flow.agree.iter().flat_map(|a| [&a.start, &a.end]);
    let shown = flow.show.iter().chain(agreeing);
    shown
        .chain(std::iter::once(&matcher.key))
        .map(String::as_str)
}

fn moved_by(flow: &FlowView, declared: &Flow, role: &'static str, key: String) -> Moved {
    let named = |list: &[(String, gonogo_engine::flow::Open)]| list.iter().any(|(k, _)| *k == key);
    let (state, word) = if named(&flow.overdue_items) {
        (Colour::Bad, "overdue now")
    } else if named(&flow.open_items) {
        (Colour::Ok, "open, in time")
    } else if flow.mismatched.iter().any(|(k, _)| *k == key) {
        (Colour::Bad, "contradicts")
    } else {
        (Colour::Ok, "not waited for")
    };
    Moved {
        name: declared.name.clone(),
        href: format!("/signals/flows/{}", flow.id),
        items: format!("/signals/flows/{}/items?q={}", flow.id, percent(&key)),
        role,
        key,
        state,
        word,
    }
}

/// How far sending and hearing are apart, and which was first.
pub(super) fn apart(ms: i64) -> String {
    let length = with_unit(ms.unsigned_abs() as f64 / 1000.0, &Unit::Seconds);
    match ms {
        0 => "at the same time".into(),
        ms if ms < 0 => format!("sent {length} ahead of our clock"),
        _ => format!("heard {length} after it was sent"),
    }
}

impl EventPage {
    fn exact(&self, at: &Timestamp) -> String {
        time::exact(*at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_clock_is_ahead() {
        assert_eq!(apart(0), "at the same time");
        assert_eq!(apart(1_500), "heard 1.5 s after it was sent");
        assert_eq!(apart(-120_000), "sent 2 min ahead of our clock");
    }

    #[test]
    fn an_address_survives_any_id() {
        let at = Time::from_millis(7);
        assert_eq!(
            href("till", "a/b?c d", Some(at)),
            "/events/a%2Fb%3Fc%20d?source=till&at=7"
        );
    }
}
