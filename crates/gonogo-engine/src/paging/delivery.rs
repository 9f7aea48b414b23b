//! What became of a message, and what is tried instead.

use gonogo_model::Id;

use super::{Engagement, Escalation, Send, SendState};
use crate::effect::EffectId;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::input::{Delivery, DeliveryOutcome};
use crate::time::Time;

impl Engine {
    pub(crate) fn take_delivery(&mut self, delivery: &Delivery, now: Time) {
        let Some((number, team, send)) = self.sent(&delivery.effect) else {
            self.take_other_delivery(delivery, now);
            return;
        };
        let name = self.person_name(&send.person);
        let (channel, detail) = (send.channel, &delivery.detail);
        let (state, kind, text) = match delivery.outcome {
            DeliveryOutcome::HandedOver => (
                Some(SendState::HandedOver),
                EntryKind::Delivered,
                format!("{channel} took over the message to {name}"),
            ),
            DeliveryOutcome::Retrying => (
                None,
                EntryKind::DeliveryFailed,
                format!("{channel} did not take the message to {name} yet: {detail}"),
            ),
            DeliveryOutcome::Failed => (
                Some(SendState::Failed),
                EntryKind::DeliveryFailed,
                format!("{channel} does not take the message to {name}: {detail}"),
            ),
        };
        let engagement = self.engagement_mut(number, &team);
        if let (Some(state), Some(sent)) = (
            state,
            engagement.and_then(|e| e.sends.get_mut(&delivery.effect)),
        ) {
            sent.state = state;
        }
        self.say(now, Some(number), kind, send.person.as_str(), text);
        if delivery.outcome != DeliveryOutcome::HandedOver {
            self.try_next_way(number, &team, &send, now);
        }
        if delivery.outcome == DeliveryOutcome::Failed {
            self.step_on_where_nobody_is_reached(number, now);
        }
    }

    /// The message of an incident that an id belongs to.
    fn sent(&self, effect: &EffectId) -> Option<(u64, Id, Send)> {
        self.state.incidents.values().rev().find_map(|i| {
            let (team, send) = i
                .engagements
                .iter()
                .find_map(|(team, e)| Some((team, e.sends.get(effect)?)))?;
            Some((i.number, team.clone(), send.clone()))
        })
    }

    /// A message to a room, a reminder, a ticket or a test.
    fn take_other_delivery(&mut self, delivery: &Delivery, now: Time) {
        if delivery.outcome == DeliveryOutcome::HandedOver
            || self.reminder_delivered(delivery, now)
            || delivery.outcome != DeliveryOutcome::Failed
        {
            return;
        }
        let text = format!("a message did not get through: {}", delivery.detail);
        let kind = EntryKind::DeliveryFailed;
        self.say(now, None, kind, delivery.effect.0.as_str(), text);
    }

    /// The person's next way, while nobody has answered.
    fn try_next_way(&mut self, number: u64, team: &Id, send: &Send, now: Time) {
        let Some(engagement) = self.engagement(number, team) else {
            return;
        };
        let tried = |s: &Send| {
            s.person == send.person
                && (s.generation, s.step, s.round) == (send.generation, send.step, send.round)
                && s.contact > send.contact
        };
        let stale = engagement.generation != send.generation;
        if stale || engagement.escalation.is_none() || engagement.sends.values().any(tried) {
            return;
        }
        self.call_person(number, team, &send.person, send.contact + 1, now);
    }

    /// Where no message of a team's present step can reach anybody any more, the next step is
    /// taken at once.
    pub(super) fn step_on_where_nobody_is_reached(&mut self, number: u64, now: Time) {
        for team in self.reached_nobody(number) {
            let engagement = self.engagement(number, &team);
            let escalation = engagement.and_then(|e| e.escalation.as_ref());
            if !escalation.is_some_and(Escalation::is_at_fallback) {
                self.walk(number, &team, now);
            } else if !self.everybody_was_called(number, &team) {
                // Past the fallback there is no next step: it is called again in its own time.
                self.call_everybody(number, &team, now);
            }
        }
    }

    /// Another package may know how to reach somebody: whoever reached nobody tries again.
    pub(crate) fn try_again_where_nobody_is_reached(&mut self, now: Time) {
        let numbers: Vec<u64> = self.state.incidents.keys().copied().collect();
        for number in numbers {
            for team in self.reached_nobody(number) {
                let engagement = self.engagement_mut(number, &team);
                if let Some(escalation) = engagement.and_then(|e| e.escalation.as_mut()) {
                    escalation.next_at = now;
                }
            }
        }
    }

    /// The teams that are being called without a message that may still get through.
    fn reached_nobody(&self, number: u64) -> Vec<Id> {
        let Some(incident) = self.state.incidents.get(&number) else {
            return Vec::new();
        };
        let state_of = |effect: &EffectId| {
            let mut engagements = incident.engagements.values();
            engagements
                .find_map(|e| e.sends.get(effect))
                .map(|s| s.state)
        };
        let lost = |e: &Engagement| {
            let Some(escalation) = &e.escalation else {
                return false;
            };
            let present = (escalation.round, escalation.step, e.generation);
            let sent = e.sends.values();
            let own = sent.filter(|s| (s.round, s.step, s.generation) == present);
            let covered = e.covered.values().filter_map(state_of);
            !own.map(|s| s.state).chain(covered).any(SendState::counts)
        };
        let engagements = incident.engagements.iter().filter(|(_, e)| lost(e));
        engagements.map(|(team, _)| team.clone()).collect()
    }

    /// Was everybody called in the present round?
    fn everybody_was_called(&self, number: u64, team: &Id) -> bool {
        let Some(engagement) = self.engagement(number, team) else {
            return true;
        };
        let round = engagement.escalation.as_ref().map(|e| e.round);
        let called = |person: &Id| {
            engagement.sends.values().any(|s| {
                s.person == *person
                    && s.generation == engagement.generation
                    && Some(s.round) == round
            })
        };
        let mut reachable = self
            .plan
            .package
            .people
            .values()
            .filter(|p| !p.contacts.is_empty());
        reachable.all(|p| called(&p.id.value))
    }
}
