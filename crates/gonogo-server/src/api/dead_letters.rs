//! `GET /dead-letters`, `POST /dead-letters/{id}/replay` and
//! `POST /sources/{source}/dead-letters/replay`: what was genuine and could not be understood.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gonogo_engine::Time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, Asked, Body, Name, Nothing};
use super::deliveries::known;
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::ingest::http::{CannotReplay, Replayed};
use crate::site::Site;
use crate::store::{DeadLetter, DeadLetterFilter};

/// How many one answer lists.
pub const DEAD_LETTERS_LISTED_MAX: u32 = 200;
/// How many one request looks at again; the rest goes on with `after`.
pub const DEAD_LETTERS_REPLAYED_MAX: u32 = 200;

/// Requests that were put aside, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// Those that match.
    pub dead_letters: Vec<Letter>,
    /// Where the list goes on: the value for `before` in the next request; none at its end.
    pub next: Option<i64>,
}

/// A request that was put aside. Its content is not shown here: it may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// Where it came from.
    pub source: String,
    /// When.
    pub received_at: Timestamp,
    /// Why it could not be understood: a stable code.
    pub reason: String,
    /// What exactly, without its content.
    pub detail: String,
    /// When it was replayed.
    pub replayed_at: Option<Timestamp>,
}

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOutcome {
    /// Events that were stored.
    pub accepted: usize,
    /// Events that had been stored before.
    pub duplicates: usize,
    /// Why it still cannot be understood, wholly or in part; then it stays in the list.
    pub still: Option<String>,
}

/// Which of a source's dead letters are looked at again: all that were not replayed, unless it
/// says less.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayLetters {
    /// Received from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Received before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Only count; look at none.
    #[serde(default)]
    pub dry_run: bool,
    /// Where the replay before this one ended: its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

/// What looking at many again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LettersOutcome {
    /// Those that were looked at; in a dry run, those that would be.
    pub dead_letters: usize,
    /// Those that are understood now, and left the list.
    pub understood: usize,
    /// Events that were stored.
    pub accepted: usize,
    /// Events that had been stored before.
    pub duplicates: usize,
    /// Those whose content was deleted when its days were over.
    pub gone: usize,
    /// Those that stay in the list, by the stable reason.
    pub still: BTreeMap<String, usize>,
    /// Where it goes on, if there are more: the value for `after` in the next request.
    pub next: Option<i64>,
}

/// Which are listed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    source: Option<String>,
    #[serde(default)]
    all: bool,
    before: Option<i64>,
}

pub(super) async fn list(
    State(site): State<Site>,
    _: Identity,
    Asked(which): Asked<Which>,
) -> Answer<DeadLetters> {
    let filter = DeadLetterFilter {
        source: which.source,
        only_open: !which.all,
        before_id: which.before,
        limit: DEAD_LETTERS_LISTED_MAX,
    };
    let found = site
        .store
        .blocking(move |s| s.dead_letters(&filter))
        .await?;
    let full = found.len() >= DEAD_LETTERS_LISTED_MAX as usize;
    Ok(Json(DeadLetters {
        next: full.then(|| found.last().map(|l| l.id)).flatten(),
        dead_letters: found.into_iter().map(Letter::of).collect(),
    }))
}

pub(super) async fn replay(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(id): Name,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<ReplayOutcome> {
    let id: i64 = id
        .parse()
        .map_err(|_| Problem::malformed("A dead letter is named by its number."))?;
    site.audit(&who, "dead_letter.replay", &id.to_string(), json!({}))
        .await?;
    let Replayed {
        accepted,
        duplicates,
        still,
    } = site.intake.replay(id).await?;
    Ok(Json(ReplayOutcome {
        accepted,
        duplicates,
        still: still.map(|dead| dead.to_string()),
    }))
}

pub(super) async fn replay_all(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(source): Name,
    Body(which): Body<ReplayLetters>,
) -> Answer<LettersOutcome> {
    known(&site, &source)?;
    let at = |time: Option<Timestamp>, otherwise| time.map_or(otherwise, |t| t.as_millisecond());
    let received = at(which.from, i64::MIN)..at(which.to, i64::MAX);
    if received.is_empty() {
        return Err(Problem::invalid(
            "invalid_range",
            "`from` has to be before `to`.",
        ));
    }
    let (name, after) = (source.clone(), which.after.unwrap_or(0));
    let limit = match which.dry_run {
        true => u32::MAX,
        false => DEAD_LETTERS_REPLAYED_MAX,
    };
    let ids = site
        .store
        .blocking(move |s| s.open_dead_letters(&name, &received, after, limit))
        .await?;
    if which.dry_run {
        return Ok(Json(LettersOutcome {
            dead_letters: ids.len(),
            ..LettersOutcome::default()
        }));
    }
    let more = json!({"from": which.from, "to": which.to, "dead_letters": ids.len()});
    site.audit(&who, "dead_letters.replay", &source, more)
        .await?;
    let done = site.intake.replay_letters(&ids).await?;
    let full = ids.len() >= DEAD_LETTERS_REPLAYED_MAX as usize;
    Ok(Json(LettersOutcome {
        dead_letters: done.looked_at,
        understood: done.understood,
        accepted: done.accepted,
        duplicates: done.duplicates,
        gone: done.gone,
        still: done
            .still
            .into_iter()
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect(),
        next: full.then(|| ids.last().copied()).flatten(),
    }))
}

impl From<CannotReplay> for Problem {
    fn from(why: CannotReplay) -> Self {
        let said = why.to_string();
        match why {
            CannotReplay::Unknown => Self::unknown("unknown_dead_letter", said),
            CannotReplay::Done => Self::conflict("replayed", said),
            CannotReplay::NoSource(_) => Self::conflict("unknown_source", said),
            CannotReplay::Gone => Self::new(StatusCode::GONE, "gone", said),
            CannotReplay::Store(error) => error.into(),
        }
    }
}

impl Letter {
    fn of(letter: DeadLetter) -> Self {
        Self {
            id: letter.id,
            source: letter.source,
            received_at: Time::from_millis(letter.received_at_ms).timestamp(),
            reason: letter.reason,
            detail: letter.detail,
            replayed_at: letter
                .replayed_at_ms
                .map(|at| Time::from_millis(at).timestamp()),
        }
    }
}
