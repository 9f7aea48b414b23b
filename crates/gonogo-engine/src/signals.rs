//! Taking in signals: events into flows, answers into checks, and what our own ears are worth.
//!
//! An absence is only judged for times at which our own intake was proven to hear.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::event::Event;

use crate::effect::{Confirm, Effect, EffectId};
use crate::engine::{BLIND_AFTER, CATCH_UP, CONFIRM_WITHIN, Engine, HEARING_GAP, LOOK_AGAIN_AFTER};
use crate::history::EntryKind;
use crate::input::{Answer, CheckResult, Confirmation, Trouble};
use crate::plan::End;
use crate::time::Time;

impl Engine {
    pub(crate) fn take_event(&mut self, event: &Event, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(source) = plan.package.sources.get(&event.source) else {
            return;
        };
        if let Some(state) = self.state.sources.get_mut(&event.source) {
            let was_silent = state.silent;
            state.spoke(&event.kind, Time::from(event.time).min(now), now);
            if was_silent {
                self.judge_all(plan.alerts_of_source(&event.source), now);
            }
        }
        for route in plan.routes(&event.source, &event.kind) {
            let (Some(flow), Some(state)) = (
                plan.flows.get(route.flow),
                self.state.flows.get_mut(route.flow),
            ) else {
                continue;
            };
            match route.end {
                End::Start => state.start(flow, event, now),
                End::Finish => {
                    let keep = source
                        .retry_window
                        .as_millis()
                        .saturating_add(flow.deadline.as_millis());
                    state.end(flow, event, now, gonogo_model::Duration::from_millis(keep));
                }
            }
            self.judge_all(plan.alerts_of_flow(&flow.id.value), now);
        }
        self.look_again_soon(now);
    }

    pub(crate) fn take_check(&mut self, result: &CheckResult, now: Time) {
        let plan = Arc::clone(&self.plan);
        // A result that was under way while a reload took its check away is no news.
        let Some(check) = plan.package.checks.get(&result.check) else {
            return;
        };
        let Some(state) = self.state.checks.get_mut(&result.check) else {
            return;
        };
        state.take(check, result, now);
        let works = state.works_since(state.told_at.unwrap_or(now)) && state.told_at == Some(now);
        self.judge_all(plan.alerts_of_check(&result.check), now);
        if works {
            self.clear_of_suspicion(&check.component.id, now);
        }
        self.look_again_soon(now);
    }

    pub(crate) fn intake_proven(&mut self, at: Time, now: Time) {
        let before = self.state.heard.or(self.state.listening_since);
        if let Some(before) = before
            && at.since(before) > HEARING_GAP
        {
            let gap = at.since(before);
            let by = gonogo_model::Duration::from_millis(gap.as_millis() + CATCH_UP.as_millis());
            for flow in &mut self.state.flows {
                flow.extend(before, by);
            }
            for source in self.state.sources.values_mut() {
                // Its silence while we were deaf is not its own.
                source.known_since = source.known_since.max(at);
                if let Some(last) = source.last_event_at {
                    source.last_event_at = Some(last.max(at));
                }
            }
            let text = format!(
                "our own intake was not proven to hear for {gap}; what was due then has {by} more, and nothing of it counts as missing"
            );
            self.say(now, None, EntryKind::Blind, "intake", text);
        }
        self.state.heard = self.state.heard.max(Some(at));
        self.end_trouble("blind", now);
        self.judge_absences(now);
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
            if state.next_due(Some(heard)).is_none() {
                continue;
            }
            for key in state.take_due(heard) {
                if flow.confirm.is_none() {
                    state.expire(&key, now);
                    continue;
                }
                state.confirming.insert(key.clone(), now);
                let deadline = state.open.get(&key).map_or(now, |o| o.deadline);
                let id = EffectId::of(&[
                    "confirm",
                    flow.id.as_str(),
                    &key,
                    &deadline.as_millis().to_string(),
                ]);
                let ask = Confirm {
                    id,
                    flow: flow.id.value.clone(),
                    key,
                };
                self.out.push(Effect::Confirm(Box::new(ask)));
            }
            self.judge_all(plan.alerts_of_flow(&flow.id.value), now);
        }
        let silent: Vec<Id> = plan
            .package
            .sources
            .iter()
            .filter(|(id, source)| {
                let quiet = self.state.sources.get(*id).map(|s| (s.silent, s.quiet_since()));
                matches!((source.silent_after, quiet), (Some(bound), Some((false, since))) if since + bound <= heard)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in silent {
            if let Some(source) = self.state.sources.get_mut(&id) {
                source.silent = true;
            }
            self.judge_all(plan.alerts_of_source(&id), now);
        }
    }

    pub(crate) fn take_confirmation(&mut self, confirmation: &Confirmation, now: Time) {
        let plan = Arc::clone(&self.plan);
        let found = plan.flows.iter().enumerate().find_map(|(index, flow)| {
            let state = self.state.flows.get(index)?;
            let asked = |key: &String| {
                let deadline = state.open.get(key).map_or(0, |o| o.deadline.as_millis());
                EffectId::of(&["confirm", flow.id.as_str(), key, &deadline.to_string()])
                    == confirmation.effect
            };
            state
                .confirming
                .keys()
                .find(|k| asked(k))
                .map(|key| (index, key.clone()))
        });
        let Some((index, key)) = found else { return };
        let flow = &plan.flows[index];
        let state = &mut self.state.flows[index];
        let text = match confirmation.answer {
            Answer::Happened => {
                state.confirmed(&key, now);
                format!(
                    "{key}: it did happen, only the event of it was lost ({})",
                    confirmation.detail
                )
            }
            Answer::Missing => {
                state.expire(&key, now);
                format!(
                    "{key}: asked, and it did not happen ({})",
                    confirmation.detail
                )
            }
            Answer::Unknown => {
                state.expire(&key, now);
                format!(
                    "{key}: nobody could say whether it happened ({}); treated as missing",
                    confirmation.detail
                )
            }
        };
        self.say(now, None, EntryKind::Confirm, flow.id.as_str(), text);
        self.judge_all(plan.alerts_of_flow(&flow.id.value), now);
    }

    pub(crate) fn take_trouble(&mut self, trouble: &Trouble, now: Time) {
        match &trouble.detail {
            Some(detail) => self.begin_trouble(&trouble.code, detail.clone(), now),
            None => self.end_trouble(&trouble.code, now),
        }
    }

    pub(crate) fn signal_deadlines(&self, offer: &mut impl FnMut(Option<Time>, &'static str)) {
        for (id, state) in &self.state.checks {
            if let Some(check) = self.plan.package.checks.get(id) {
                offer(state.stale_at(check), "a check falls silent");
            }
        }
        for flow in &self.state.flows {
            offer(
                flow.confirming
                    .values()
                    .min()
                    .map(|asked| *asked + CONFIRM_WITHIN),
                "an answer is late",
            );
        }
        if !self.state.troubles.contains_key("blind") {
            let heard = self.state.heard.max(self.state.listening_since);
            offer(heard.map(|at| at + BLIND_AFTER), "our intake is not proven");
        }
    }

    pub(crate) fn advance_signals(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut changed = Vec::new();
        for (id, state) in &mut self.state.checks {
            let Some(check) = plan.package.checks.get(id) else {
                continue;
            };
            if state.stale_at(check).is_some_and(|at| at <= now) {
                state.go_stale(now);
                changed.push(id.clone());
            }
        }
        for id in changed {
            self.judge_all(plan.alerts_of_check(&id), now);
        }
        for (index, flow) in plan.flows.iter().enumerate() {
            let Some(state) = self.state.flows.get_mut(index) else {
                continue;
            };
            let late: Vec<String> = state
                .confirming
                .iter()
                .filter(|(_, asked)| **asked + CONFIRM_WITHIN <= now)
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
            self.judge_all(plan.alerts_of_flow(&flow.id.value), now);
        }
        let heard = self.state.heard.max(self.state.listening_since);
        if heard.is_some_and(|at| at + BLIND_AFTER <= now)
            && !self.state.troubles.contains_key("blind")
        {
            let text = format!(
                "gonogo has not been able to hear its own test event for {BLIND_AFTER}: whatever is sent to it may be lost, and no absence is judged until it hears again"
            );
            self.begin_trouble("blind", text, now);
        }
    }

    fn look_again_soon(&mut self, now: Time) {
        self.state
            .look_again_at
            .get_or_insert(now + LOOK_AGAIN_AFTER);
    }
}
