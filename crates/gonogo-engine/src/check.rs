//! One check's state: what its answers add up to.

use std::collections::{BTreeMap, VecDeque};

use gonogo_model::check::{Check, Probe};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::input::{Certificate, CheckResult, CheckVerdict, Phases, Registration};
use crate::places::PlaceState;
use crate::series::{Series, Sum};
use crate::time::Time;

/// Equal answers come as one summary a minute, so a shorter silence says nothing.
pub const SILENCE_MIN: Duration = Duration::from_secs(90);

/// What is known about something. Unknown is never green.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works, and we saw that lately.
    Ok,
    /// Nobody can say.
    #[default]
    Unknown,
    /// It does not work.
    Failing,
}

/// A check's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckState {
    /// The check.
    pub id: Option<Id>,
    /// What its answers add up to.
    pub health: Health,
    /// Since when.
    pub since: Time,
    /// When the last answer came that said yes or no.
    pub told_at: Option<Time>,
    /// The last answer of any kind.
    pub last: Option<CheckResult>,
    /// The certificate seen last.
    pub certificate: Option<Certificate>,
    pub(crate) bad_in_row: u32,
    good_in_row: u32,
    /// Answers over time.
    pub series: Series<Answers>,
    /// The registration seen last.
    #[serde(default)]
    pub registration: Option<Registration>,
    /// Where the time of the last answer of each minute went, for the last hour.
    #[serde(default)]
    pub phases: VecDeque<(Time, Phases)>,
    /// What each place says, where it is asked from several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<Id, PlaceState>,
}

/// For how many minutes phases are kept.
const PHASES_KEPT: usize = 60;
const MINUTE: i64 = 60_000;

/// Answers in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// As it should be.
    pub good: u32,
    /// Not as it should be.
    pub bad: u32,
    /// Could not be told.
    pub unknown: u32,
    /// The sum of how long the good ones took, in milliseconds.
    pub took_millis: u64,
}

impl Sum for Answers {
    fn add(&mut self, other: &Self) {
        self.good = self.good.saturating_add(other.good);
        self.bad = self.bad.saturating_add(other.bad);
        self.unknown = self.unknown.saturating_add(other.unknown);
        self.took_millis = self.took_millis.saturating_add(other.took_millis);
    }
}

impl CheckState {
    /// The state of a check that was never asked.
    pub fn new(id: Id, now: Time) -> Self {
        Self {
            id: Some(id),
            since: now,
            ..Self::default()
        }
    }

    /// Takes in an answer.
    pub fn take(&mut self, check: &Check, result: &CheckResult, now: Time) {
        self.count(result, now);
        match result.verdict {
            CheckVerdict::Ok => {
                self.good_in_row = self.good_in_row.saturating_add(result.count);
                self.bad_in_row = 0;
                self.told_at = Some(now);
                let enough = self.good_in_row >= u32::from(check.recovers_after);
                if self.health == Health::Unknown || (self.health == Health::Failing && enough) {
                    self.become_(Health::Ok, now);
                }
            }
            CheckVerdict::Failing => {
                self.bad_in_row = self.bad_in_row.saturating_add(result.count);
                self.good_in_row = 0;
                self.told_at = Some(now);
                if self.bad_in_row >= u32::from(check.fails_after.max(1)) {
                    self.become_(Health::Failing, now);
                }
            }
            CheckVerdict::Unknown => {}
        }
        self.keep_sight(result, now);
        if result.certificate.is_some() {
            self.certificate.clone_from(&result.certificate);
        }
        self.last = Some(result.clone());
    }

    /// Counts an answer.
    pub(crate) fn count(&mut self, result: &CheckResult, now: Time) {
        let counts = self.series.at(now);
        let count = match result.verdict {
            CheckVerdict::Ok => {
                let took = result.took.as_millis().unsigned_abs();
                let took = took.saturating_mul(u64::from(result.count));
                counts.took_millis = counts.took_millis.saturating_add(took);
                &mut counts.good
            }
            CheckVerdict::Failing => &mut counts.bad,
            CheckVerdict::Unknown => &mut counts.unknown,
        };
        *count = count.saturating_add(result.count);
    }

    /// Keeps what an answer saw besides its verdict.
    pub(crate) fn keep_sight(&mut self, result: &CheckResult, now: Time) {
        if result.seen.phases != Phases::default() {
            self.note_phases(result.seen.phases, now);
        }
        if result.registration.is_some() {
            self.registration.clone_from(&result.registration);
        }
    }

    /// What an answer changes that is told and nobody is paged for. Places may see different
    /// things, so that each is compared with itself.
    pub(crate) fn changed(&self, place: &str, result: &CheckResult) -> Vec<String> {
        let place = self.places.iter().find(|(id, _)| id.as_str() == place);
        let (certificate, last) = match place {
            Some((_, place)) => (&place.certificate, &place.last),
            None if self.places.is_empty() => (&self.certificate, &self.last),
            None => (&None, &None),
        };
        let mut told = Vec::new();
        if let (Some(before), Some(after)) = (certificate, &result.certificate)
            && before.issuer != after.issuer
        {
            told.push(format!(
                "the certificate is issued by {} now, and was by {}",
                after.issuer, before.issuer
            ));
        }
        let before = last.as_ref().and_then(|l| l.seen.content.as_ref());
        if let (Some(before), Some(after)) = (before, &result.seen.content)
            && before != after
        {
            let short = |hash: &str| hash.chars().take(12).collect::<String>();
            told.push(format!(
                "the content changed: its SHA-256 begins with {} now, and did with {}",
                short(after),
                short(before)
            ));
        }
        told
    }

    fn note_phases(&mut self, phases: Phases, now: Time) {
        let minute = now.as_millis().div_euclid(MINUTE).saturating_mul(MINUTE);
        let minute = Time::from_millis(minute);
        match self.phases.back_mut() {
            Some((at, last)) if *at == minute => *last = phases,
            _ => self.phases.push_back((minute, phases)),
        }
        while self.phases.len() > PHASES_KEPT {
            self.phases.pop_front();
        }
    }

    /// When the state becomes unknown, unless an answer comes before.
    pub fn stale_at(&self, check: &Check) -> Option<Time> {
        if matches!(check.probe, Probe::Heartbeat(_)) {
            // Its silence is judged by when it is expected.
            return None;
        }
        if check.from.is_some() {
            return self.place_stale_at(check);
        }
        // A failing check that falls silent stays failing: silence is no recovery.
        let silence = check.stale_after().max(SILENCE_MIN);
        (self.health == Health::Ok).then(|| self.told_at.unwrap_or(self.since) + silence)
    }

    /// No answer for too long.
    pub fn go_stale(&mut self, check: &Check, now: Time) {
        if let Some(from) = &check.from {
            return self.places_go_stale(check, from, now);
        }
        self.become_(Health::Unknown, now);
    }

    /// Was it seen to work at or after a time, with nothing bad since?
    pub fn works_since(&self, at: Time) -> bool {
        self.health == Health::Ok && self.bad_in_row == 0 && self.told_at >= Some(at)
    }

    /// Answers that were not as they should be, in a row.
    pub fn bad_in_row(&self) -> u32 {
        self.bad_in_row
    }

    /// Takes over a judgement that needs no second one.
    pub(crate) fn settle(&mut self, result: CheckResult, now: Time) {
        let counts = self.series.at(now);
        let health = match result.verdict {
            CheckVerdict::Ok => {
                counts.good = counts.good.saturating_add(1);
                let took = result.took.as_millis().unsigned_abs();
                counts.took_millis = counts.took_millis.saturating_add(took);
                (self.good_in_row, self.bad_in_row) = (self.good_in_row.saturating_add(1), 0);
                Health::Ok
            }
            CheckVerdict::Failing => {
                counts.bad = counts.bad.saturating_add(1);
                (self.good_in_row, self.bad_in_row) = (0, self.bad_in_row.saturating_add(1));
                Health::Failing
            }
            CheckVerdict::Unknown => {
                counts.unknown = counts.unknown.saturating_add(1);
                // What fails goes on failing until it is seen to work.
                match self.health {
                    Health::Failing => Health::Failing,
                    Health::Ok | Health::Unknown => Health::Unknown,
                }
            }
        };
        if result.verdict != CheckVerdict::Unknown {
            self.told_at = Some(now);
        }
        self.last = Some(result);
        self.become_(health, now);
    }

    pub(crate) fn become_(&mut self, health: Health, now: Time) {
        if self.health != health {
            self.health = health;
            self.since = now;
        }
    }
}
