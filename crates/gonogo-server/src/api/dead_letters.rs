//! `GET /dead-letters` and `POST /dead-letters/{id}/replay`: what was genuine and could not be
//! understood.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gonogo_engine::Time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Asked, Body, Name, Nothing};
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::ingest::http::{CannotReplay, Replayed};
use crate::site::Site;
use crate::store::{DeadLetter, DeadLetterFilter};

/// How many one answer lists.
pub const DEAD_LETTERS_LISTED_MAX: u32 = 200;

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
    _: Require<need::Responder>,
    Name(id): Name,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<ReplayOutcome> {
    let id = id
        .parse()
        .map_err(|_| Problem::malformed("A dead letter is named by its number."))?;
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
