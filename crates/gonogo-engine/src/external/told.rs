//! Who is told of what came on top of an alert that fires already.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition, Urgency};

use super::quiet::listed;
use super::take::Turned;
use super::{TOLD_AGAIN_AFTER, Word};
use crate::alerting::Stage;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::Incident;
use crate::input::Verb;
use crate::time::Time;

impl Engine {
    /// An alert fires on, and what it is about is not the same.
    pub(super) fn went_on(&mut self, id: &Id, turned: &Turned, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(alert) = plan.alerts.get(id) else {
            return;
        };
        let state = self.state.alerts.get(id);
        let number = state.and_then(|s| s.incident);
        let open = number.filter(|n| self.state.incidents.get(n).is_some_and(Incident::is_open));
        for (names, what) in [
            (&turned.began, "on top of it"),
            (&turned.silenced, "on top of it, silenced"),
            (&turned.ended, "no longer part of it"),
            (
                &turned.quiet,
                "still counted, though nothing is heard of it",
            ),
        ] {
            if !names.is_empty() {
                let text = format!("{}: {}, {what}", alert.name, listed(names));
                self.say(now, open, EntryKind::External, id.as_str(), text);
            }
        }
        if turned.began.is_empty() {
            return;
        }
        match (alert.urgency, number, open) {
            (Urgency::Ticket, _, _) => self.tell_of_more(alert, now),
            (Urgency::Page, _, Some(number)) => self.call_for_more(number, id, turned, now),
            // Somebody called it over, and this one they did not know of.
            (Urgency::Page, _, None) => self.place(alert, now),
        }
    }

    /// Whoever answered did not answer for what came since.
    fn call_for_more(&mut self, number: u64, id: &Id, turned: &Turned, now: Time) {
        let count = self.state.alerts.get(id).map_or(0, |s| s.reading.count);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(team) = incident.alerts.get(id).map(|a| a.team.clone()) else {
            return;
        };
        let engagement = incident.engagements.get(&team);
        let answered = engagement.is_some_and(|e| e.acked.is_some() && e.escalation.is_none());
        if let Some(seen) = &mut incident.seen {
            seen.counts.insert(id.clone(), count);
        }
        if answered {
            let why = format!("{} came on top", listed(&turned.began));
            self.call_again(number, &team, &why, now);
        }
    }

    /// Rooms are told of more too, but not of each by itself.
    fn tell_of_more(&mut self, alert: &Alert, now: Time) {
        let Condition::ExternalAlert(condition) = &alert.when else {
            return;
        };
        let told = self.told_at(&alert.id.value);
        let again = told.map_or(now, |at| at + TOLD_AGAIN_AFTER).max(now);
        if again <= now {
            self.tell_again(alert, now);
        } else if let Some(known) = self.state.externals.get_mut(&condition.source.id) {
            let known = Arc::make_mut(known);
            known.untold.entry(alert.id.value.clone()).or_insert(again);
            known.due_at(Some(again));
        }
    }

    fn told_at(&self, id: &Id) -> Option<Time> {
        let state = self.state.alerts.get(id)?;
        state.told_at.max(state.fired_at)
    }

    fn tell_again(&mut self, alert: &Alert, now: Time) {
        if let Some(state) = self.state.alerts.get_mut(&alert.id.value) {
            state.told_at = Some(now);
        }
        self.ticket(alert, now);
    }

    pub(super) fn tell_untold(&mut self, source: &Id, now: Time) {
        let Some(known) = self.state.externals.get_mut(source) else {
            return;
        };
        let due = |(id, at): (&Id, &Time)| (*at <= now).then(|| id.clone());
        let due: Vec<Id> = known.untold.iter().filter_map(due).collect();
        let plan = Arc::clone(&self.plan);
        for id in due {
            if let Some(known) = self.state.externals.get_mut(source) {
                Arc::make_mut(known).untold.remove(&id);
            }
            let stage = self.state.alerts.get(&id).map(|s| s.stage);
            if matches!(stage, Some(Stage::Firing { .. }))
                && let Some(alert) = plan.alerts.get(&id)
            {
                self.tell_again(alert, now);
            }
        }
    }

    /// Somebody looked, and an alert of which nothing is heard is over.
    pub(crate) fn external_over(&mut self, verb: &Verb, by: &str, now: Time) {
        let Verb::ExternalOver {
            source,
            fingerprint,
            reason,
        } = verb
        else {
            return;
        };
        let Some(known) = self.state.externals.get_mut(source) else {
            return;
        };
        let Some(held) = Arc::make_mut(known).alerts.get_mut(fingerprint) else {
            return;
        };
        if held.standing == Word::Over {
            return;
        }
        held.standing = Word::Over;
        held.ends_at = Some(now);
        held.updated_at = now;
        let (name, takers) = (held.name(), held.taken_by.clone());
        let text = format!("{by} says that {name} is over: {reason}");
        self.say(now, None, EntryKind::External, source.as_str(), text);
        let turned = takers.into_iter().map(|id| {
            let ended = vec![name.clone()];
            (
                id,
                Turned {
                    ended,
                    ..Turned::default()
                },
            )
        });
        self.act_on_turned(turned.collect(), now);
    }
}
