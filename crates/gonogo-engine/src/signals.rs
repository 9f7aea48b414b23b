//! Taking in signals: events into flows, answers into checks, and what our own ears are worth.
//!
//! An absence is only judged for times at which our own intake was proven to hear.

use std::sync::Arc;

use gonogo_model::alert::Condition;
use gonogo_model::event::Event;
use gonogo_model::slo::Sli;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::alerting::Stage;
use crate::effect::{Confirm, Effect, EffectId};
use crate::engine::{
    BACKLOG_AFTER, BACKLOG_TOLD_FROM, BLIND_AFTER, CATCH_UP, CONFIRM_WITHIN, Engine, HEARING_GAP,
};
use crate::expression::{Match, asks};
use crate::flow::{Deaf, MAX_OPEN};
use crate::grouping::proves;
use crate::history::EntryKind;
use crate::input::{Answer, CheckResult, Confirmation};
use crate::plan::End;
use crate::slo::Counted;
use crate::time::Time;
use crate::watch::Listener;

/// Events that come in long after they happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Backlog {
    /// How many.
    pub events: u64,
    /// When the oldest of them happened, by its sender's clock.
    pub oldest: Time,
    /// When it is summed up.
    pub told_at: Time,
}

/// Events that an alert waits for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Awaited {
    /// When it was declared: silence never counts from before.
    pub known_since: Time,
    /// When the last one came.
    pub last: Option<Time>,
}

impl Engine {
    pub(crate) fn take_event(&mut self, event: &Event, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(state) = self.state.sources.get_mut(&event.source) else {
            return;
        };
        let was_silent = state.silent;
        let happened = Time::from(event.time).min(now);
        state.spoke(&event.kind, happened, now);
        if was_silent {
            self.judge_all(plan.alerts_of_source(&event.source), now);
        }
        let old = now.since(happened) > BACKLOG_AFTER;
        if old {
            self.backlog(happened, now);
        }
        for listener in plan.listeners.to(event) {
            self.hear(listener, event, now);
        }
        self.read_values(event, happened, now);
        let Some(routes) = plan.types(&event.source).and_then(|t| t.get(&event.kind)) else {
            return;
        };
        let deaf = self.deaf(now);
        for route in routes {
            let Some(flow) = plan.flows.get(route.flow) else {
                continue;
            };
            let matcher = match route.end {
                End::Start => &flow.start,
                End::Finish => &flow.end,
            };
            if matcher.r#where.is_some() {
                match asks(&matcher.only, matcher.r#where.as_deref(), event) {
                    Match::Yes => {}
                    Match::No => continue,
                    Match::Undecided(asked, why) => {
                        self.in_doubt("flow", &flow.id, asked, why, event, now);
                        continue;
                    }
                }
            }
            let Some(state) = self.state.flows.get_mut(route.flow) else {
                continue;
            };
            if old && state.settles_at.is_none() {
                state.settles_at = Some(now + CATCH_UP);
            }
            match route.end {
                End::Start => {
                    let given_up = state.given_up;
                    state.start(flow, event, now, deaf);
                    if state.given_up > given_up {
                        self.flow_is_full(&flow.id.value, now);
                    }
                }
                End::Finish => {
                    let undecided = state.end(flow, event, now, route.keep_early);
                    if let Some((asked, why)) = undecided {
                        self.in_doubt("flow", &flow.id, asked, why, event, now);
                    }
                }
            }
            if !plan.changes_of_flow(route.flow).is_empty() {
                self.change_by_flow(route.flow, route.end, event, now);
            }
            self.judge_flow(route.flow, now);
        }
    }

    /// Somebody besides flows may be concerned by an event.
    fn hear(&mut self, listener: &Listener, event: &Event, now: Time) {
        let plan = Arc::clone(&self.plan);
        match listener {
            Listener::Change(id) => self.change_by_event(id, event, now),
            Listener::Slo(id) => {
                let (Some(slo), Some(state)) =
                    (plan.package.slos.get(id), self.state.slos.get_mut(id))
                else {
                    return;
                };
                let Sli::Events(sli) = &slo.sli else { return };
                let bad = match state.take(sli, event, now) {
                    Counted::Good => false,
                    Counted::Bad => true,
                    Counted::Not => return,
                    Counted::Undecided(asked, why) => {
                        return self.in_doubt("slo", id, asked, why, event, now);
                    }
                };
                for alert in plan.alerts_of_slo(id) {
                    let fires = self.state.alerts.get(alert);
                    let idle = fires.is_none_or(|a| a.stage == Stage::Idle);
                    // Rates are looked at by the minute; only what is counted can turn at once.
                    let counted = plan.package.alerts.get(alert);
                    let counted = counted.is_some_and(|a| {
                        matches!(a.when, Condition::SloFailing(_) | Condition::SloSilent(_))
                    });
                    if counted && (bad || !idle) {
                        self.judge_all(std::slice::from_ref(alert), now);
                    }
                }
            }
            Listener::Absence(id) => {
                let Some(Condition::NoEvents(c)) = plan.package.alerts.get(id).map(|a| &a.when)
                else {
                    return;
                };
                match asks(&c.only, c.r#where.as_deref(), event) {
                    Match::Yes => {}
                    Match::No => return,
                    Match::Undecided(asked, why) => {
                        return self.in_doubt("alert", id, asked, why, event, now);
                    }
                }
                if let Some(awaited) = self.state.awaited.get_mut(id) {
                    awaited.last = Some(now);
                }
                let idle = self.state.alerts.get(id);
                if idle.is_some_and(|a| a.stage != Stage::Idle) {
                    self.judge_all(std::slice::from_ref(id), now);
                }
            }
        }
    }

    /// A check was asked from a place.
    pub(crate) fn take_check(&mut self, place: &str, result: &CheckResult, now: Time) {
        let plan = Arc::clone(&self.plan);
        // A result that was under way while a reload took its check away is no news.
        let Some(check) = plan.package.checks.get(&result.check) else {
            return;
        };
        if !check.is_asked_from(place) {
            return;
        }
        let Some(state) = self.state.checks.get_mut(&result.check) else {
            return;
        };
        let changed = state.changed(place, result);
        let (before, silent_before) = (state.health, state.stale_at(check));
        match &check.from {
            Some(from) => state.take_from(check, from, place, result, now),
            None => state.take(check, result, now),
        }
        let after = state.health;
        let silent_at = state.stale_at(check);
        let works = proves(check) && state.told_at == Some(now) && state.works_since(now);
        if self.silent_from == silent_before {
            self.find_silent_from();
        } else {
            self.silent_from = self.silent_from.into_iter().chain(silent_at).min();
        }
        self.change_by_check(&result.check, before, after, now);
        self.judge_all(plan.alerts_of_check(&result.check), now);
        if works {
            self.clear_of_suspicion(&check.component.id, now);
        }
        for text in changed {
            self.say(now, None, EntryKind::Note, check.id.as_str(), text);
        }
    }

    pub(crate) fn intake_proven(&mut self, at: Time, now: Time) {
        let at = at.max(Time::default());
        let before = self.state.heard.or(self.state.listening_since);
        if let Some(from) = before
            && at.since(from) > HEARING_GAP
        {
            self.heard_again(Deaf { from, until: at }, now);
        }
        self.state.heard = self.state.heard.max(Some(at));
        self.end_trouble("blind", now);
        self.judge_absences(now);
    }

    /// We could not hear for a while: nobody else is to blame for that.
    fn heard_again(&mut self, deaf: Deaf, now: Time) {
        for flow in &mut self.state.flows {
            flow.extend(deaf, CATCH_UP);
        }
        for source in self.state.sources.values_mut() {
            source.excuse_until(deaf.until);
        }
        self.excuse_beats(deaf, now);
        self.state.deaf = Some(deaf);
        let gap = deaf.until.since(deaf.from);
        let text = format!(
            "our own intake was not proven to hear for {gap}; what was due then has that much more time, and nothing of it counts as missing"
        );
        self.say(now, None, EntryKind::Blind, "intake", text);
    }

    /// The last stretch in which we could not hear, which may still go on.
    fn deaf(&self, now: Time) -> Option<Deaf> {
        let from = self.state.heard.or(self.state.listening_since);
        match from {
            Some(from) if now.since(from) > HEARING_GAP => Some(Deaf { from, until: now }),
            _ => self.state.deaf,
        }
    }

    fn backlog(&mut self, happened: Time, now: Time) {
        let told_at = now + CATCH_UP;
        let backlog = self.state.backlog.get_or_insert(Backlog {
            events: 0,
            oldest: happened,
            told_at,
        });
        backlog.events = backlog.events.saturating_add(1);
        backlog.oldest = backlog.oldest.min(happened);
    }

    fn flow_is_full(&mut self, flow: &Id, now: Time) {
        let text = format!(
            "the flow {flow} has {MAX_OPEN} starts without an end: the oldest are given up, and count as overdue until somebody writes them off"
        );
        self.begin_trouble("flow-full", text, now);
    }

    /// Takes what is due off the flows, asks where there is somebody to ask, and judges the rest.
    fn judge_absences(&mut self, now: Time) {
        let Some(heard) = self.state.heard else {
            return;
        };
        let plan = Arc::clone(&self.plan);
        for (index, flow) in plan.flows.iter().enumerate() {
            let Some(state) = self.state.flows.get_mut(index) else {
                continue;
            };
            if !state.is_due(heard) {
                continue;
            }
            for key in state.take_due(heard) {
                let deadline = state.open.get(&key).map_or(now, |o| o.deadline);
                let id = EffectId::of(&[
                    "confirm",
                    flow.id.as_str(),
                    &key,
                    &deadline.as_millis().to_string(),
                ]);
                if flow.confirm.is_none() || !state.ask(&key, id.clone(), now) {
                    state.expire(&key, now);
                    continue;
                }
                let ask = Confirm {
                    id,
                    flow: flow.id.value.clone(),
                    key,
                };
                self.out.push(Effect::Confirm(Box::new(ask)));
            }
            self.judge_flow(index, now);
        }
        self.judge_silence(heard, now);
        self.judge_beats(heard, now);
    }

    fn judge_silence(&mut self, heard: Time, now: Time) {
        let plan = Arc::clone(&self.plan);
        // Sources and their states are kept in the same order.
        let both = plan
            .package
            .sources
            .values()
            .zip(self.state.sources.values_mut());
        let mut silent: Vec<&Id> = Vec::new();
        for (source, state) in both {
            let fell = source
                .silent_after
                .is_some_and(|bound| !state.silent && state.quiet_since() + bound <= heard);
            if fell {
                state.silent = true;
                silent.push(&source.id.value);
            }
        }
        for id in silent {
            self.judge_all(plan.alerts_of_source(id), now);
        }
    }

    pub(crate) fn take_confirmation(&mut self, confirmation: &Confirmation, now: Time) {
        let plan = Arc::clone(&self.plan);
        let found = self
            .state
            .flows
            .iter()
            .enumerate()
            .find_map(|(index, state)| Some((index, state.asked_about(&confirmation.effect)?)));
        let Some((index, key)) = found else { return };
        let (Some(flow), Some(state)) = (plan.flows.get(index), self.state.flows.get_mut(index))
        else {
            return;
        };
        let detail = &confirmation.detail;
        let text = match confirmation.answer {
            Answer::Happened => {
                state.confirmed(&key, now);
                format!("{key}: it did happen, only the event of it was lost ({detail})")
            }
            Answer::Missing => {
                state.expire(&key, now);
                format!("{key}: asked, and it did not happen ({detail})")
            }
            Answer::Unknown => {
                state.expire(&key, now);
                format!(
                    "{key}: nobody could say whether it happened ({detail}); treated as missing"
                )
            }
        };
        self.say(now, None, EntryKind::Confirm, flow.id.as_str(), text);
        self.judge_flow(index, now);
    }

    pub(crate) fn signal_deadlines(&self, offer: &mut impl FnMut(Option<Time>, &'static str)) {
        offer(self.silent_from, "a check falls silent");
        offer(self.agent_silent_at(), "an agent falls silent");
        for flow in &self.state.flows {
            if !flow.confirming.is_empty() {
                let asked = flow.confirming.values().map(|asked| asked.at).min();
                offer(asked.map(|at| at + CONFIRM_WITHIN), "an answer is late");
            }
        }
        offer(
            self.state.backlog.as_ref().map(|b| b.told_at),
            "a backlog is summed up",
        );
        if !self.state.troubles.contains_key("blind") {
            offer(self.blind_at(), "our intake is not proven");
        }
    }

    /// When we have not heard ourselves for too long.
    fn blind_at(&self) -> Option<Time> {
        let heard = self.state.heard.max(self.state.listening_since);
        heard.map(|at| at + BLIND_AFTER)
    }

    /// Finds the time at which the next check falls silent. Only the answer of that very check
    /// moves it on, so an event never has to look through them all.
    pub(crate) fn find_silent_from(&mut self) {
        // Checks and their states are kept in the same order.
        let checks = self.plan.package.checks.values();
        let both = checks.zip(self.state.checks.values());
        self.silent_from = both
            .filter_map(|(check, state)| state.stale_at(check))
            .min();
    }

    fn checks_fall_silent(&mut self, now: Time) {
        if self.silent_from.is_none_or(|at| at > now) {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let mut stale: Vec<&Id> = Vec::new();
        for (check, state) in plan
            .package
            .checks
            .values()
            .zip(self.state.checks.values_mut())
        {
            if state.stale_at(check).is_some_and(|at| at <= now) {
                state.go_stale(check, now);
                stale.push(&check.id.value);
            }
        }
        for id in stale {
            self.judge_all(plan.alerts_of_check(id), now);
        }
        self.find_silent_from();
    }

    pub(crate) fn advance_signals(&mut self, now: Time) {
        self.checks_fall_silent(now);
        self.agents_fall_silent(now);
        self.answers_are_late(now);
        if let Some(backlog) = self.state.backlog.take_if(|b| b.told_at <= now)
            && backlog.events >= BACKLOG_TOLD_FROM
        {
            self.sum_up(&backlog, now);
        }
        if self.blind_at().is_some_and(|at| at <= now) && !self.state.troubles.contains_key("blind")
        {
            let text = format!(
                "gonogo has not been able to hear its own test event for {BLIND_AFTER}: whatever is sent to it may be lost, and no absence is judged until it hears again"
            );
            self.begin_trouble("blind", text, now);
        }
    }

    fn answers_are_late(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (index, flow) in plan.flows.iter().enumerate() {
            let Some(state) = self.state.flows.get_mut(index) else {
                continue;
            };
            if state.confirming.is_empty() {
                continue;
            }
            let late: Vec<String> = state
                .confirming
                .iter()
                .filter(|(_, asked)| asked.at + CONFIRM_WITHIN <= now)
                .map(|(key, _)| key.clone())
                .collect();
            if late.is_empty() {
                continue;
            }
            for key in &late {
                state.expire(key, now);
            }
            let text = format!(
                "no answer about {} within {CONFIRM_WITHIN}; treated as missing",
                late.join(", ")
            );
            self.say(now, None, EntryKind::Confirm, flow.id.as_str(), text);
            self.judge_flow(index, now);
        }
    }

    fn sum_up(&mut self, backlog: &Backlog, now: Time) {
        let text = format!(
            "a backlog of {} events came in, the oldest from {}; only what still holds after it is paged",
            backlog.events, backlog.oldest
        );
        self.say(now, None, EntryKind::Blind, "backlog", text);
    }
}

/// How long an end without its start is kept: as long as the start may still be repeated.
pub(crate) fn keep_early(retry_window: Duration, deadline: Duration) -> Duration {
    Duration::from_millis(
        retry_window
            .as_millis()
            .saturating_add(deadline.as_millis()),
    )
}
