//! Checks that are asked from several places: they fail when enough of them agree.
//!
//! A place that cannot reach something may be cut off itself. Each place settles by its own
//! answers, and what they come to together is decided where those that say nothing could not
//! turn it. Invariant: a place that does not report is counted as neither up nor down, and
//! what everybody who does report sees is never held back for it.

use gonogo_model::check::{Check, From, LOCAL};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::check::{CheckState, Health, SILENCE_MIN};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::input::{Certificate, CheckResult, CheckVerdict, Report};
use crate::time::Time;

/// An agent that was not heard of for this long is said to be silent.
pub const AGENT_SILENT_AFTER: Duration = Duration::from_mins(3);

/// What one place says of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaceState {
    /// What its answers add up to.
    pub health: Health,
    /// Since when.
    pub since: Time,
    /// When the last answer came that said yes or no.
    pub told_at: Option<Time>,
    /// The last answer of any kind.
    pub last: Option<CheckResult>,
    /// The certificate that it saw last.
    pub certificate: Option<Certificate>,
    bad_in_row: u32,
    good_in_row: u32,
}

/// What is known of an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentState {
    /// Which run of it reported last.
    pub boot: String,
    /// The number of the answer that is taken next.
    pub next: u64,
    /// When it was last heard of.
    pub heard_at: Time,
    /// It was said that it is silent.
    pub silent: bool,
    /// How many answers it had to drop since it started.
    pub dropped: u64,
}

impl PlaceState {
    /// Takes an answer in; one that came too late to say how things are says nothing.
    fn take(&mut self, check: &Check, result: &CheckResult, now: Time) {
        let at = result.at.min(now);
        self.last = Some(result.clone());
        if result.certificate.is_some() {
            self.certificate.clone_from(&result.certificate);
        }
        if result.verdict == CheckVerdict::Unknown || at + silence(check) <= now {
            return;
        }
        self.told_at = self.told_at.max(Some(at));
        let health = if result.verdict == CheckVerdict::Ok {
            self.good_in_row = self.good_in_row.saturating_add(result.count);
            self.bad_in_row = 0;
            let enough = self.good_in_row >= u32::from(check.recovers_after);
            (self.health != Health::Failing || enough).then_some(Health::Ok)
        } else {
            self.bad_in_row = self.bad_in_row.saturating_add(result.count);
            self.good_in_row = 0;
            let enough = self.bad_in_row >= u32::from(check.fails_after.max(1));
            enough.then_some(Health::Failing)
        };
        if let Some(health) = health {
            self.become_(health, now);
        }
    }

    fn become_(&mut self, health: Health, now: Time) {
        if self.health != health {
            (self.health, self.since) = (health, now);
        }
    }

    fn stale_at(&self, check: &Check) -> Option<Time> {
        let told_at = self.told_at.unwrap_or(self.since);
        (self.health != Health::Unknown).then(|| told_at + silence(check))
    }
}

fn silence(check: &Check) -> Duration {
    check.stale_after().max(SILENCE_MIN)
}

impl CheckState {
    /// Takes in an answer from a place.
    pub(crate) fn take_from(
        &mut self,
        check: &Check,
        from: &From,
        place: &str,
        result: &CheckResult,
        now: Time,
    ) {
        let Some(id) = from.places.iter().find(|p| p.as_str() == place) else {
            return;
        };
        let known = self.places.entry(id.clone()).or_default();
        known.take(check, result, now);
        self.count(result, now);
        self.keep_sight(result, now);
        // Places may see different ones: the first to expire is the one to know of.
        let served = self.places.values().filter_map(|p| p.certificate.as_ref());
        self.certificate = served.min_by_key(|c| c.not_after).cloned();
        self.last = Some(result.clone());
        self.agree(check, from, now);
        let decided = self.health != Health::Unknown;
        if decided && result.verdict != CheckVerdict::Unknown {
            self.told_at = Some(now);
        }
    }

    /// What the places come to together, and the sentence for it.
    fn agree(&mut self, check: &Check, from: &From, now: Time) {
        let (asked, needed) = (from.places.len(), from.agree());
        let of = |health: Health| self.places.iter().filter(move |(_, p)| p.health == health);
        let (bad, good) = (of(Health::Failing).count(), of(Health::Ok).count());
        let silent = asked.saturating_sub(bad + good);
        let failing = of(Health::Failing)
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let why = of(Health::Failing).find_map(|(_, p)| p.last.clone());
        let why_text = why.as_ref().map_or("", |last| last.detail.as_str());

        // Places that say nothing, though they had time to, must not hide what all others see.
        let had_time = |id| match self.places.get(id) {
            Some(place) => {
                let spoke = place.health != Health::Unknown || place.told_at.is_some();
                spoke || place.since + silence(check) <= now
            }
            None => true,
        };
        let all_who_speak =
            bad > 0 && good == 0 && bad + silent >= needed && from.places.iter().all(had_time);
        let (health, told) = if bad >= needed || all_who_speak {
            let others = if bad < needed {
                ", and nobody else reports"
            } else {
                ""
            };
            let text =
                format!("{bad} of {asked} places cannot reach it ({failing}){others}: {why_text}");
            (Health::Failing, Some((CheckVerdict::Failing, text)))
        } else if bad + silent < needed {
            let text = format!("only {failing} cannot reach it: {why_text}");
            let told = (bad > 0).then_some((CheckVerdict::Failing, text));
            (Health::Ok, told)
        } else {
            // What fails goes on failing until enough see it work.
            let health = match self.health {
                Health::Failing => Health::Failing,
                Health::Ok | Health::Unknown => Health::Unknown,
            };
            let text = format!(
                "{good} of {asked} places reach it and {bad} do not; {silent} say nothing, so that \
                 it cannot be told whether {needed} agree"
            );
            (health, Some((CheckVerdict::Unknown, text)))
        };
        // On so many answers in a row as many places agree as it takes.
        let mut in_row: Vec<u32> = self.places.values().map(|p| p.bad_in_row).collect();
        in_row.sort_unstable_by(|a, b| b.cmp(a));
        let agreeing = if all_who_speak { bad } else { needed };
        self.bad_in_row = in_row.get(agreeing.saturating_sub(1)).copied().unwrap_or(0);
        if let (Some((verdict, detail)), Some(last)) = (told, &mut self.last) {
            let code = why.filter(|_| verdict == CheckVerdict::Failing);
            last.code = code.map_or_else(|| "too_few_places".into(), |why| why.code);
            (last.verdict, last.detail) = (verdict, detail);
        }
        self.become_(health, now);
    }

    /// The place that falls silent first.
    pub(crate) fn place_stale_at(&self, check: &Check) -> Option<Time> {
        self.places.values().filter_map(|p| p.stale_at(check)).min()
    }

    pub(crate) fn places_go_stale(&mut self, check: &Check, from: &From, now: Time) {
        for place in self.places.values_mut() {
            if place.stale_at(check).is_some_and(|at| at <= now) {
                place.become_(Health::Unknown, now);
                (place.bad_in_row, place.good_in_row) = (0, 0);
            }
        }
        self.agree(check, from, now);
    }

    /// Other places may be asked than before.
    pub(crate) fn keep_places(&mut self, check: &Check, now: Time) {
        let Some(from) = &check.from else {
            self.places.clear();
            return;
        };
        self.places.retain(|id, _| from.places.contains(id));
        for place in &from.places {
            let new = || PlaceState {
                since: now,
                ..PlaceState::default()
            };
            self.places.entry(place.clone()).or_insert_with(new);
        }
        self.agree(check, from, now);
    }
}

impl Engine {
    /// An agent reported. What we have already, because our answer to it was lost, is left out.
    pub(crate) fn take_report(&mut self, report: &Report, now: Time) {
        if !self.has_agent(&report.place) {
            return;
        }
        let agent = self.state.agents.entry(report.place.clone()).or_default();
        if agent.boot != report.boot {
            agent.boot.clone_from(&report.boot);
            agent.next = 0;
        }
        agent.heard_at = now;
        agent.dropped = report.dropped;
        let was_silent = std::mem::take(&mut agent.silent);
        let taken = agent.next.saturating_sub(report.first);
        let told = u64::try_from(report.results.len()).unwrap_or(u64::MAX);
        agent.next = agent.next.max(report.first.saturating_add(told));
        if was_silent {
            self.say_of_agent(&report.place, "reports again", now);
        }
        let taken = usize::try_from(taken).unwrap_or(usize::MAX);
        for result in report.results.iter().skip(taken) {
            self.take_check(report.place.as_str(), result, now);
        }
    }

    /// When the next agent is said to be silent.
    pub(crate) fn agent_silent_at(&self) -> Option<Time> {
        let talking = self.state.agents.values().filter(|a| !a.silent);
        talking.map(|a| a.heard_at + AGENT_SILENT_AFTER).min()
    }

    pub(crate) fn agents_fall_silent(&mut self, now: Time) {
        if self.agent_silent_at().is_none_or(|at| at > now) {
            return;
        }
        let mut fallen = Vec::new();
        for (place, agent) in &mut self.state.agents {
            if !agent.silent && agent.heard_at + AGENT_SILENT_AFTER <= now {
                agent.silent = true;
                fallen.push(place.clone());
            }
        }
        for place in fallen {
            self.say_of_agent(&place, "does not report any more", now);
        }
    }

    pub(crate) fn keep_places(&mut self, now: Time) {
        let plan = std::sync::Arc::clone(&self.plan);
        let checks = plan.package.checks.values();
        for (check, state) in checks.zip(self.state.checks.values_mut()) {
            state.keep_places(check, now);
        }
        let agents = std::mem::take(&mut self.state.agents);
        let asked = agents.into_iter().filter(|(id, _)| self.has_agent(id));
        self.state.agents = asked.collect();
    }

    fn has_agent(&self, place: &Id) -> bool {
        let mut checks = self.plan.package.checks.values();
        place.as_str() != LOCAL && checks.any(|c| c.is_asked_from(place.as_str()))
    }

    fn say_of_agent(&mut self, place: &Id, what: &str, now: Time) {
        let text = format!("the agent at {place} {what}");
        self.say(now, None, EntryKind::Note, place.as_str(), text);
    }
}
