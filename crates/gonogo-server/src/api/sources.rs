//! `GET /sources`: who tells us what happened, and how well that goes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Named};
use crate::auth::Identity;
use crate::ingest::http::Tally;
use crate::signals::health::Health;
use crate::site::Site;
use crate::store::DeadLetterCount;
use crate::view::{SourceView, View};

/// The sources of the package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    /// All of them.
    pub sources: Vec<Source>,
    /// What is wrong with how they are set up, a sentence each.
    pub mistakes: Vec<String>,
}

/// A source and how well it is heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its id in the package; it is heard at `/in/{id}`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose format and signature it speaks.
    pub kind: String,
    /// When it last spoke.
    pub last_event_at: Option<Timestamp>,
    /// What it said last.
    pub last_event_type: Option<String>,
    /// How well it is heard: `healthy`, `quiet`, `not_judged`, `undecided`, `never_heard`,
    /// `rejecting` or `could_not_hear`.
    pub health: String,
    /// How far its clock, or its deliveries, are from our clock; none while not known.
    pub clock: Option<Clock>,
    /// Is it silent for longer than is normal?
    pub silent: bool,
    /// Events of the last hour.
    pub events_last_hour: u32,
    /// Requests that were accepted since the server started.
    pub accepted: u64,
    /// Events since then that had come before.
    pub duplicates: u64,
    /// Refusals since then, by stable code.
    pub refused: BTreeMap<String, u64>,
    /// When one was last refused.
    pub refused_at: Option<Timestamp>,
    /// Requests that were genuine and could not be understood.
    pub dead_letters: DeadLetterCounts,
    /// How often it could not be decided whether an event matches, ever.
    pub undecided: u64,
    /// Who could not decide lately.
    pub undecided_by: Vec<UndecidedBy>,
}

/// By how much later than it was sent an event was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Half of the events were heard later than this; negative where its clock is ahead.
    pub median_ms: i64,
    /// The one that is furthest from nothing.
    pub max_ms: i64,
    /// About how many events this is.
    pub events: usize,
}

/// Somebody who could not decide whether events match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndecidedBy {
    /// Who asked: `flow/charge-recorded`.
    pub by: String,
    /// About how many events.
    pub events: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
    /// The id of that one.
    pub event: String,
    /// Why it could not be decided.
    pub why: String,
}

/// How many requests of a source were put aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterCounts {
    /// Kept, and not replayed.
    pub open: u64,
    /// Replayed, and still kept.
    pub replayed: u64,
    /// Dropped at the limit, ever.
    pub dropped: u64,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Sources> {
    let view = site.view();
    let tallies = site.intake.tallies();
    let now = site.clock.now();
    let counts = site.store.blocking(|s| s.dead_letter_counts()).await?;
    let of = |source: &SourceView| {
        let tally = tallies.get(&source.id).cloned().unwrap_or_default();
        let dead = counts.iter().find(|c| c.source == source.id.as_str());
        Source::of(&view, source, &tally, dead, now)
    };
    Ok(Json(Sources {
        sources: view.sources.iter().map(of).collect(),
        mistakes: site.intake.mistakes(),
    }))
}

impl Source {
    fn of(
        view: &View,
        source: &SourceView,
        tally: &Tally,
        dead: Option<&DeadLetterCount>,
        now: Time,
    ) -> Self {
        let declared = view.plan.package.sources.get(&source.id);
        let Named { id, name } = Named::new(&source.id, declared.map(|s| &s.name));
        let health = Health::of(view, source, declared, Some(tally), now);
        let refused = tally
            .refused
            .iter()
            .map(|(code, n)| ((*code).to_owned(), *n));
        Self {
            id,
            name,
            kind: declared.map_or("", |s| s.kind.word()).to_owned(),
            last_event_at: source.last_event_at.map(Time::timestamp),
            last_event_type: source.last_event_type.clone(),
            health: health.code().to_owned(),
            clock: tally.apart().map(|a| Clock {
                median_ms: a.median_ms,
                max_ms: a.max_ms,
                events: a.events,
            }),
            silent: source.silent,
            undecided: source.undecided,
            undecided_by: source
                .doubts
                .iter()
                .map(|(by, doubt)| UndecidedBy {
                    by: by.clone(),
                    events: doubt.events,
                    last_at: doubt.last_at.timestamp(),
                    event: doubt.event.clone(),
                    why: doubt.why.clone(),
                })
                .collect(),
            events_last_hour: source.hour,
            accepted: tally.accepted,
            duplicates: tally.duplicates,
            refused: refused.collect(),
            refused_at: tally
                .refused_at_ms
                .map(|at| Time::from_millis(at).timestamp()),
            dead_letters: dead.map_or_else(DeadLetterCounts::default, |dead| DeadLetterCounts {
                open: dead.open,
                replayed: dead.replayed,
                dropped: dead.dropped,
            }),
        }
    }
}
