//! What is open, overdue, late, doubled, without a start or failed in a flow, item by item.
//!
//! Each list is bounded, can be searched by key, can be had as CSV, and leads from every item
//! to the events that it came from. Invariant: what a list leaves out is said.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;
use gonogo_engine::flow::{EventRef, MAX_NOTED, Noted, Oddity, Open};
use gonogo_model::flow::Flow;
use jiff::Timestamp;

use super::event::href;
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::view::{FlowView, ITEMS_NAMED, View};
use crate::web::components::items::Tab;
use crate::web::components::number::{Unit, with_unit};
use crate::web::components::table::{TableQuery, Window};
use crate::web::csv::cell;
use crate::web::{Frame, Nav, Shell, page};

/// Which items.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Overdue,
    Open,
    Noted(Oddity),
}

/// Each list: its word in the address, what it is called, and what stands in it.
const LISTS: [(What, &str, &str, &str); 6] = [
    (
        What::Overdue,
        "overdue",
        "Overdue",
        "Starts whose end has not come by its deadline.",
    ),
    (
        What::Open,
        "open",
        "In time",
        "Starts whose end may still come in time.",
    ),
    (
        What::Noted(Oddity::Late),
        "late",
        "Late",
        "Ends that came after their deadline.",
    ),
    (
        What::Noted(Oddity::Doubled),
        "doubled",
        "Ended twice",
        "Ends of something that had ended before, told by another event.",
    ),
    (
        What::Noted(Oddity::Unstarted),
        "unstarted",
        "Without a start",
        "Ends whose start did not come for as long as its sender may still repeat it.",
    ),
    (
        What::Noted(Oddity::Failed),
        "failed",
        "Failed",
        "Ends that were no success.",
    ),
];

/// An item in a list.
struct Item {
    key: String,
    /// When it began or was noted.
    at: Timestamp,
    due: Option<Timestamp>,
    took: String,
    start: Option<Link>,
    end: Option<Link>,
}

struct Link {
    id: String,
    href: String,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "signals/items.html")]
struct ItemsPage {
    shell: Shell,
    id: String,
    name: String,
    tabs: Vec<Tab>,
    about: &'static str,
    waits: bool,
    left_out: String,
    csv: String,
    none: bool,
    items: Vec<Item>,
    query: TableQuery,
    window: Window,
}

/// `GET /signals/flows/{id}/items`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let Some((flow, declared)) = find(&view, &id) else {
        return Err(none(frame));
    };
    let query = TableQuery::from_uri(&frame.uri);
    let (what, word, _, about) = chosen(&query);
    let mut items = items(flow, declared, what);
    let none = items.is_empty();
    items.retain(|i| query.matches(&[&i.key]));
    let window = query.window(items.len());
    let here = format!("/signals/flows/{id}/items");
    let tab = |(what, word, label, _): &(What, &str, &str, &str)| Tab {
        label: (*label).to_owned(),
        href: format!("{here}?what={word}"),
        current: *word == chosen(&query).1,
        count: Some(count(flow, *what) as u64),
    };
    let filter = match query.filter.as_str() {
        "" => String::new(),
        q => format!("&q={}", crate::web::components::table::percent(q)),
    };
    Ok(page(&ItemsPage {
        name: declared.name.clone(),
        tabs: LISTS.iter().map(tab).collect(),
        about,
        waits: !matches!(what, What::Noted(_)),
        left_out: left_out(flow, what),
        csv: format!("{here}.csv?what={word}{filter}"),
        none,
        items: items.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
        id,
    }))
}

/// `GET /signals/flows/{id}/items.csv`
pub async fn csv(
    State(site): State<Site>,
    _: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let Some((flow, declared)) = find(&view, &id) else {
        return Err(none(frame));
    };
    let query = TableQuery::from_uri(&frame.uri);
    let (what, word, ..) = chosen(&query);
    let mut out = String::from("key,list,at,deadline,took,start_event,end_event\r\n");
    let event = |link: &Option<Link>| link.as_ref().map_or_else(String::new, |l| cell(&l.id));
    for item in items(flow, declared, what) {
        if !query.matches(&[&item.key]) {
            continue;
        }
        let line = [
            cell(&item.key),
            word.to_owned(),
            item.at.to_string(),
            item.due.map_or_else(String::new, |at| at.to_string()),
            cell(&item.took),
            event(&item.start),
            event(&item.end),
        ];
        out.push_str(&line.join(","));
        out.push_str("\r\n");
    }
    let attachment = format!("attachment; filename=\"{}-{word}.csv\"", flow.id);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, attachment),
    ];
    Ok((headers, out).into_response())
}

fn find<'v>(view: &'v View, id: &str) -> Option<(&'v FlowView, &'v Flow)> {
    let flow = view.flows.iter().find(|f| f.id.as_str() == id)?;
    Some((flow, view.plan.package.flows.get(&flow.id)?))
}

fn none(frame: Frame) -> Missing {
    Missing::thing(frame, "flow of that name", ("All flows", "/signals/flows"))
}

fn chosen(query: &TableQuery) -> (What, &'static str, &'static str, &'static str) {
    let asked = query.get("what");
    let found = LISTS.iter().find(|(_, word, ..)| Some(*word) == asked);
    *found.unwrap_or(&LISTS[0])
}

fn count(flow: &FlowView, what: What) -> usize {
    match what {
        What::Overdue => flow.overdue,
        What::Open => flow.open.saturating_sub(flow.overdue),
        What::Noted(oddity) => flow.noted.get(&oddity).map_or(0, |list| list.len()),
    }
}

/// What is not in the list although it is so.
fn left_out(flow: &FlowView, what: What) -> String {
    let count = count(flow, what);
    match what {
        What::Noted(_) if count >= MAX_NOTED => {
            format!("The last {MAX_NOTED} are kept; older ones are counted and no longer listed.")
        }
        What::Noted(_) => String::new(),
        _ if count > ITEMS_NAMED => {
            format!("{ITEMS_NAMED} of {count} are listed, in the order of their keys.")
        }
        _ => String::new(),
    }
}

fn items(flow: &FlowView, declared: &Flow, what: What) -> Vec<Item> {
    let mut items: Vec<Item> = match what {
        What::Overdue => opened(&flow.overdue_items, declared),
        What::Open => opened(&flow.open_items, declared),
        What::Noted(oddity) => {
            let list = flow.noted.get(&oddity);
            let list = list.into_iter().flat_map(|list| list.iter().rev());
            return list.map(|noted| ended(noted, declared)).collect();
        }
    };
    items.sort_by_key(|i| i.due);
    items
}

fn opened(open: &[(String, Open)], declared: &Flow) -> Vec<Item> {
    let of = |(key, open): &(String, Open)| {
        let event = EventRef {
            id: open.event.clone(),
            received_at: open.received_at,
        };
        Item {
            key: key.clone(),
            at: open.started_at.timestamp(),
            due: Some(open.deadline.timestamp()),
            took: String::new(),
            start: Some(link(declared.start.source.id.as_str(), &event)),
            end: None,
        }
    };
    open.iter().map(of).collect()
}

fn ended(noted: &Noted, declared: &Flow) -> Item {
    let took = noted.took.map(|t| t.as_millis() as f64 / 1000.0);
    Item {
        key: noted.key.clone(),
        at: noted.at.timestamp(),
        due: None,
        took: took.map_or_else(String::new, |t| with_unit(t, &Unit::Seconds)),
        start: noted
            .start
            .as_ref()
            .map(|e| link(declared.start.source.id.as_str(), e)),
        end: noted
            .end
            .as_ref()
            .map(|e| link(declared.end.source.id.as_str(), e)),
    }
}

fn link(source: &str, event: &EventRef) -> Link {
    Link {
        id: event.id.clone(),
        href: href(source, &event.id, Some(event.received_at)),
        at: Time::timestamp(event.received_at),
    }
}

/// Where the list of a flow's items that came late, twice and so on begins.
pub(super) fn summary(flow: &FlowView) -> Vec<(String, String, usize)> {
    let of = |(what, word, label, _): &(What, &str, &str, &str)| {
        (
            (*label).to_owned(),
            format!("/signals/flows/{}/items?what={word}", flow.id),
            count(flow, *what),
        )
    };
    LISTS.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_its_own_address_and_nonsense_is_the_first() {
        let of = |uri: &str| chosen(&TableQuery::from_uri(&uri.parse().expect("a URI"))).1;
        for (_, word, ..) in LISTS {
            assert_eq!(of(&format!("/x?what={word}")), word);
        }
        assert_eq!(of("/x?what=nonsense"), "overdue");
    }
}
