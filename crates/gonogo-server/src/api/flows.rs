//! `GET /flows` and `POST /flows/{flow}/write-off`: starts, and the ends that they wait for.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_engine::flow::{Counts, Open};
use gonogo_engine::input::Verb;
use gonogo_model::Id;
use gonogo_model::event::Scalar;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::act::words;
use super::answer::{Answer, Body, Name, Named, Written};
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::site::Site;
use crate::view::{FlowView, ITEMS_NAMED, View};

/// How many items of a flow one answer lists.
pub const ITEMS_LISTED: usize = 100;
/// The longest key, in characters.
const KEY_CHARS_MAX: usize = 1_000;

/// The flows of the package, those with something overdue first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flows {
    /// All of them.
    pub flows: Vec<Flow>,
}

/// A flow and what is open in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The component whose work it is to bring about the end.
    pub component: Option<Named>,
    /// How many starts have no end yet.
    pub open: usize,
    /// How many of these are overdue.
    pub overdue: usize,
    /// The overdue ones; the first 100.
    pub overdue_items: Vec<Item>,
    /// Ends that contradict their start, and what is wrong; the first 100.
    pub mismatched: Vec<Mismatch>,
    /// How many ends wait for their start.
    pub early: usize,
    /// Failures in a row.
    pub failures_in_row: u32,
    /// What the last hour came to.
    pub hour: Tally,
    /// What the last day came to.
    pub day: Tally,
    /// When a start last came in.
    pub last_start_at: Option<Timestamp>,
    /// When an end last came in.
    pub last_end_at: Option<Timestamp>,
    /// When an end that was a success last came in.
    pub last_success_at: Option<Timestamp>,
}

/// A start without an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// When it happened, by the sender's clock.
    pub started_at: Timestamp,
    /// When it was received.
    pub received_at: Timestamp,
    /// By when the end had to come.
    pub deadline: Timestamp,
    /// Fields of the start.
    pub fields: BTreeMap<String, Value>,
}

/// An end that contradicts its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

/// What happened in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Starts.
    pub starts: u32,
    /// Ends that came in time.
    pub completed: u32,
    /// Ends that came after their deadline.
    pub late: u32,
    /// Starts whose deadline passed without an end.
    pub overdue: u32,
    /// Ends that were a success.
    pub successes: u32,
    /// Ends that were not.
    pub failures: u32,
    /// Contradictions, doubles and ends without a start.
    pub mismatches: u32,
    /// Starts that ended, though the event of it was lost.
    pub lost_events: u32,
}

/// A missing end that was looked at, and no longer counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteOff {
    /// Its key.
    pub key: String,
    /// Why.
    pub reason: String,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Flows> {
    let view = site.view();
    let mut found: Vec<&FlowView> = view.flows.iter().collect();
    found.sort_by_key(|f| (std::cmp::Reverse(f.overdue), f.id.clone()));
    let flows = found.into_iter().map(|f| Flow::of(&view, f)).collect();
    Ok(Json(Flows { flows }))
}

pub(super) async fn write_off(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(flow): Name,
    Body(what): Body<WriteOff>,
) -> Answer<Written> {
    let reason = words("reason", what.reason)?;
    let flow = known(&site, &flow, &what.key)?;
    let key = what.key;
    let verb = Verb::WriteOff { flow, key, reason };
    let position = site.decide(who.actor(), verb).await?;
    Ok(Json(Written { position }))
}

/// The flow, if the key is known to be open in it. Beyond what a view names, only the engine
/// knows, and it leaves alone what is not there.
fn known(site: &Site, flow: &str, key: &str) -> Result<Id, Problem> {
    let view = site.view();
    let found = view.flows.iter().find(|f| f.id.as_str() == flow);
    let found = found.ok_or_else(|| {
        Problem::unknown("unknown_flow", format!("The package has no flow `{flow}`."))
    })?;
    let all_named = found.overdue <= ITEMS_NAMED
        && found.open - found.overdue <= ITEMS_NAMED
        && found.mismatched.len() < ITEMS_NAMED;
    let items = found.overdue_items.iter().chain(&found.open_items);
    let named = items
        .map(|(k, _)| k)
        .chain(found.mismatched.iter().map(|(k, _)| k));
    let is_named = named.into_iter().any(|k| k == key);
    if key.chars().count() > KEY_CHARS_MAX || (all_named && !is_named) {
        let message = "Nothing with this key is open or contradicts in this flow.";
        return Err(Problem::unknown("unknown_key", message));
    }
    Ok(found.id.clone())
}

impl Flow {
    fn of(view: &View, flow: &FlowView) -> Self {
        let declared = view.plan.package.flows.get(&flow.id);
        let Named { id, name } = Named::new(&flow.id, declared.map(|f| &f.name));
        let mismatch = |(key, what): &(String, String)| Mismatch {
            key: key.clone(),
            what: what.clone(),
        };
        Self {
            id,
            name,
            component: declared.map(|f| Named::component(view, &f.component.id)),
            open: flow.open,
            overdue: flow.overdue,
            overdue_items: listed(&flow.overdue_items).map(Item::of).collect(),
            mismatched: listed(&flow.mismatched).map(mismatch).collect(),
            early: flow.early,
            failures_in_row: flow.failures_in_row,
            hour: Tally::of(&flow.hour),
            day: Tally::of(&flow.day),
            last_start_at: flow.last_start.map(Time::timestamp),
            last_end_at: flow.last_end.map(Time::timestamp),
            last_success_at: flow.last_success.map(Time::timestamp),
        }
    }
}

impl Item {
    fn of((key, open): &(String, Open)) -> Self {
        let field = |(path, value): (&String, &Scalar)| (path.clone(), json_of(value));
        Self {
            key: key.clone(),
            started_at: open.started_at.timestamp(),
            received_at: open.received_at.timestamp(),
            deadline: open.deadline.timestamp(),
            fields: open.fields.iter().map(field).collect(),
        }
    }
}

fn listed<T>(items: &[T]) -> impl Iterator<Item = &T> {
    items.iter().take(ITEMS_LISTED)
}

impl Tally {
    fn of(counts: &Counts) -> Self {
        Self {
            starts: counts.starts,
            completed: counts.completed,
            late: counts.late,
            overdue: counts.overdue,
            successes: counts.successes,
            failures: counts.failures,
            mismatches: counts.mismatches,
            lost_events: counts.lost_events,
        }
    }
}

fn json_of(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(b) => (*b).into(),
        Scalar::Int(i) => (*i).into(),
        Scalar::Text(text) => text.as_str().into(),
    }
}
