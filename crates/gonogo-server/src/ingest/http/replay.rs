//! Replaying: a request that was put aside is looked at again, by the package in force.
//!
//! It was genuine when it came, and keeps its time of receipt. Invariant: it leaves the list
//! only when all of it was understood and stored.

use std::collections::BTreeMap;
use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gonogo_engine::Time;

use super::{Intake, Onward, Refused, Taken};
use crate::ingest::{Accepted, DeadLetter, Delivery};
use crate::store::{RawPlain, StoreError};

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Events that were stored.
    pub accepted: usize,
    /// Events that had been stored before.
    pub duplicates: usize,
    /// Why it still cannot be understood, wholly or in part.
    pub still: Option<DeadLetter>,
}

/// What a replay of many came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LettersReplayed {
    /// Those that were looked at again.
    pub looked_at: usize,
    /// Those of them that are understood now, wholly.
    pub understood: usize,
    /// Events that were stored.
    pub accepted: usize,
    /// Events that had been stored before.
    pub duplicates: usize,
    /// Those whose content was deleted when its days were over.
    pub gone: usize,
    /// Those that are still not understood, by the stable reason.
    pub still: BTreeMap<&'static str, usize>,
}

/// Why nothing was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CannotReplay {
    /// There is no such dead letter.
    Unknown,
    /// It was replayed already.
    Done,
    /// The package has no such source any more.
    NoSource(String),
    /// Its content is gone, because its days were over.
    Gone,
    /// The store failed.
    Store(StoreError),
}

impl Intake {
    /// Looks at a dead letter again, and stores what is understood now.
    pub async fn replay(&self, id: i64) -> Result<Replayed, CannotReplay> {
        let store = &self.inner.store;
        let found = store
            .blocking(move |s| match s.dead_letter(id)? {
                Some(letter) => Ok(Some((letter, s.dead_letter_raw(id)))),
                None => Ok(None),
            })
            .await?;
        let (letter, raw) = found.ok_or(CannotReplay::Unknown)?;
        if letter.replayed_at_ms.is_some() {
            return Err(CannotReplay::Done);
        }
        let RawPlain {
            headers_json, body, ..
        } = match raw {
            Err(StoreError::Unreadable | StoreError::NotFound(_)) => {
                return Err(CannotReplay::Gone);
            }
            raw => raw?,
        };
        let declared = self
            .source(&letter.source)
            .ok_or(CannotReplay::NoSource(letter.source))?;
        let delivery = Delivery {
            headers: &headers(&headers_json),
            body: &body,
            query: "",
            keys: None,
            received_at: Time::from_millis(letter.received_at_ms).timestamp(),
        };
        let (events, still) = match crate::ingest::replay(&declared.settings, &delivery) {
            Accepted::Alerts { external, dead } => {
                let taken = self
                    .take_alerts(&declared, &delivery, *external, None)
                    .await?;
                if dead.is_none() {
                    let now = self.inner.clock.now().as_millis();
                    store.mark_replayed(id, None, now).await?;
                }
                return Ok(Replayed {
                    accepted: taken.accepted,
                    duplicates: 0,
                    still: dead,
                });
            }
            Accepted::Nothing { .. } => (Vec::new(), None),
            Accepted::Events(events) => (events, None),
            Accepted::Partial { events, dead } => (events, Some(dead)),
            Accepted::DeadLetter(dead) => (Vec::new(), Some(dead)),
        };
        let taken = match events.is_empty() {
            true => Taken::default(),
            false => {
                self.store(&declared, &delivery, events, Onward::Nowhere)
                    .await?
            }
        };
        if still.is_none() {
            let now = self.inner.clock.now().as_millis();
            store.mark_replayed(id, None, now).await?;
        }
        Ok(Replayed {
            accepted: taken.accepted,
            duplicates: taken.duplicates,
            still,
        })
    }
}

impl Intake {
    /// Looks at dead letters again, in the order they are given. What another request replays
    /// meanwhile is left to it; when the store fails, those before it stay replayed.
    pub async fn replay_letters(&self, ids: &[i64]) -> Result<LettersReplayed, CannotReplay> {
        let mut all = LettersReplayed::default();
        for id in ids {
            let replayed = match self.replay(*id).await {
                Ok(replayed) => replayed,
                Err(CannotReplay::Done | CannotReplay::Unknown) => continue,
                Err(CannotReplay::Gone) => {
                    all.looked_at += 1;
                    all.gone += 1;
                    continue;
                }
                Err(why) => return Err(why),
            };
            all.looked_at += 1;
            all.accepted += replayed.accepted;
            all.duplicates += replayed.duplicates;
            match replayed.still {
                None => all.understood += 1,
                Some(dead) => *all.still.entry(dead.reason.as_str()).or_default() += 1,
            }
        }
        Ok(all)
    }
}

impl fmt::Display for LettersReplayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} understood now: {} taken, {} had come before.",
            self.understood, self.looked_at, self.accepted, self.duplicates
        )?;
        if self.gone > 0 {
            write!(
                f,
                " {} had their content deleted when its days were over.",
                self.gone
            )?;
        }
        for (reason, count) in &self.still {
            write!(f, " {count} still cannot be read: {reason}.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.still {
            None => write!(
                f,
                "Replayed: {} taken, {} had come before.",
                self.accepted, self.duplicates
            ),
            Some(dead) if self.accepted + self.duplicates == 0 => {
                write!(f, "It still cannot be read: {dead}.")
            }
            Some(dead) => write!(
                f,
                "{} taken, {} had come before; the rest still cannot be read: {dead}.",
                self.accepted, self.duplicates
            ),
        }
    }
}

impl fmt::Display for CannotReplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("There is no such dead letter."),
            Self::Done => f.write_str("This dead letter has been replayed already."),
            Self::NoSource(source) => {
                write!(f, "The package has no source `{source}` any more.")
            }
            Self::Gone => f.write_str("Its content was deleted when its days were over."),
            Self::Store(_) => f.write_str("It cannot be read or stored right now."),
        }
    }
}

impl From<StoreError> for CannotReplay {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for CannotReplay {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotStored(error) => Self::Store(error),
            Refused::Busy { .. } => Self::Store(StoreError::LowSpace),
            // Neither can happen: the source is known and nothing is verified again.
            Refused::UnknownSource | Refused::Rejected { .. } => Self::Gone,
        }
    }
}

/// The headers that were kept. What cannot be one any more is left out.
fn headers(json: &str) -> HeaderMap {
    let kept: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    let read = |(name, value): (String, String)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    };
    kept.into_iter().filter_map(read).collect()
}
