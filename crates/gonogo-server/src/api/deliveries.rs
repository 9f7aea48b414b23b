//! `GET /sources/{source}/deliveries`, and sending again: what became of what a source sent, at
//! the product's own endpoint.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_model::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, Asked, Body, Name, Nothing};
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::site::Site;
use crate::store::{ForwardFilter, ForwardRow, ForwardState, REPLAY_MAX};

/// How many deliveries one answer lists.
pub const DELIVERIES_LISTED_MAX: u32 = 100;

/// Deliveries that are sent on, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// Those that match.
    pub deliveries: Vec<Delivery>,
    /// Where the list goes on: the value for `before` in the next request; none at its end.
    pub next: Option<i64>,
}

/// A delivery. Its content and headers are not shown here: they may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number.
    pub number: i64,
    /// The id that every attempt carries as `Gonogo-Delivery-Id`.
    pub id: String,
    /// The type of its event.
    pub event: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// `pending`, `delivered`, `dead` or `kept`.
    pub outcome: String,
    /// Attempts since it was last queued.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub next_at: Option<Timestamp>,
    /// What was answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
    /// From receipt to its end, in milliseconds.
    pub took_ms: Option<i64>,
    /// Whether a later one of its ordering key got through before it.
    pub overtaken: bool,
}

/// Which are listed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    outcome: Option<String>,
    before: Option<i64>,
}

/// What is to be sent again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayRange {
    /// Received from this time on.
    pub from: Timestamp,
    /// Received before this time.
    pub to: Timestamp,
    /// Only what did not get through.
    #[serde(default)]
    pub only_failed: bool,
    /// Only count; send nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Where the replay before this one ended: its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

/// What a replay of a range came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeReplayed {
    /// Deliveries in the range that do not wait already.
    pub matched: usize,
    /// Those that were queued again.
    pub queued: usize,
    /// Whether there are more in the range than one replay takes.
    pub more: bool,
    /// Where it goes on, if there are more: the value for `after` in the next request.
    #[serde(default)]
    pub next: Option<i64>,
    /// Dead letters in the range that could not be understood when they came.
    pub dead_letters: usize,
    /// Those of them that are understood now.
    pub understood: usize,
}

/// A source that is sent on again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Whether it had been stopped.
    pub was_stopped: bool,
}

pub(super) async fn list(
    State(site): State<Site>,
    _: Identity,
    Name(source): Name,
    Asked(which): Asked<Which>,
) -> Answer<Deliveries> {
    known(&site, &source)?;
    let state = match which.outcome.as_deref() {
        None => None,
        Some(word) => Some(ForwardState::parse(word).ok_or_else(|| {
            Problem::malformed("An outcome is `pending`, `delivered`, `dead` or `kept`.")
        })?),
    };
    let filter = ForwardFilter {
        source,
        state,
        before_id: which.before,
        limit: DELIVERIES_LISTED_MAX,
    };
    let found = site.store.blocking(move |s| s.forwards(&filter)).await?;
    let full = found.len() >= DELIVERIES_LISTED_MAX as usize;
    Ok(Json(Deliveries {
        next: full.then(|| found.last().map(|d| d.id)).flatten(),
        deliveries: found.into_iter().map(Delivery::of).collect(),
    }))
}

pub(super) async fn replay(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(source): Name,
    Body(range): Body<ReplayRange>,
) -> Answer<RangeReplayed> {
    known(&site, &source)?;
    if range.from >= range.to {
        return Err(Problem::invalid(
            "invalid_range",
            "`from` has to be before `to`.",
        ));
    }
    let (from, to) = (range.from.as_millisecond(), range.to.as_millisecond());
    let (name, only_failed) = (source.clone(), range.only_failed);
    let after = range.after.unwrap_or(0);
    // Dead letters are looked at with the first part of the range.
    let letters_of = range.after.is_none();
    let read = site.store.blocking(move |s| {
        let ids = s.forwards_between(&name, (from, to), only_failed, after)?;
        let letters = match letters_of {
            true => s.open_dead_letters(&name, &(from..to), 0, u32::MAX)?,
            false => Vec::new(),
        };
        Ok((ids, letters))
    });
    let (ids, letters) = read.await?;
    let more = ids.len() >= REPLAY_MAX as usize;
    let mut done = RangeReplayed {
        matched: ids.len(),
        queued: 0,
        more,
        next: more.then(|| ids.last().copied()).flatten(),
        dead_letters: letters.len(),
        understood: 0,
    };
    if range.dry_run {
        return Ok(Json(done));
    }
    let more = json!({
        "from": range.from, "to": range.to, "only_failed": range.only_failed, "matched": done.matched,
    });
    site.audit(&who, "source.replay", &source, more).await?;
    done.queued = site
        .store
        .forward_again(ids, site.clock.now().as_millis())
        .await?;
    site.intake.desk().changed();
    done.understood = site.intake.replay_letters(&letters).await?.understood;
    Ok(Json(done))
}

pub(super) async fn resume(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(source): Name,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<Resumed> {
    known(&site, &source)?;
    site.audit(&who, "source.resume", &source, json!({}))
        .await?;
    let stopped = site.store.forward_go_on(&source).await?;
    site.intake.desk().changed();
    Ok(Json(Resumed {
        was_stopped: stopped > 0,
    }))
}

pub(super) fn known(site: &Site, source: &str) -> Result<(), Problem> {
    let known =
        Id::parse(source).is_ok_and(|id| site.view().plan.package.sources.contains_key(&id));
    match known {
        true => Ok(()),
        false => Err(Problem::unknown(
            "unknown_source",
            "There is no such source here.",
        )),
    }
}

impl Delivery {
    fn of(row: ForwardRow) -> Self {
        let at = |ms| Time::from_millis(ms).timestamp();
        let waits = row.state == ForwardState::Pending;
        Self {
            number: row.id,
            id: row.delivery,
            event: row.kind,
            received_at: at(row.received_at_ms),
            outcome: row.state.word().to_owned(),
            attempts: row.attempts,
            next_at: waits.then(|| at(row.next_at_ms)),
            status: row.status,
            error: row.error,
            took_ms: row.done_at_ms.map(|done| done - row.received_at_ms),
            overtaken: row.overtaken,
        }
    }
}
