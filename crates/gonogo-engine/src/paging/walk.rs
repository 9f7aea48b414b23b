//! The walk through a policy: who is called next, and what is done when that is nobody.

use std::collections::BTreeSet;

use gonogo_model::{Duration, Id};

use super::{Engagement, Escalation, SAME_PERSON_WITHIN, Send, SendState, Whom};
use crate::effect::{Effect, EffectId, NotifyKind, Recipient};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::paging::message::Letter;
use crate::time::Time;

/// The shortest wait for an answer.
const WAIT_MIN: Duration = Duration::from_secs(1);

impl Engine {
    /// Takes the next step that finds somebody.
    pub(super) fn walk(&mut self, number: u64, team: &Id, now: Time) {
        let mut empty_in_row = 0;
        loop {
            let Some(escalation) = self.escalation_mut(number, team) else {
                return;
            };
            let Some(rung) = escalation.advance(empty_in_row) else {
                self.call_fallback(number, team, now);
                return;
            };
            escalation.next_at = now + rung.wait.max(WAIT_MIN);
            let (policy, step, round) =
                (escalation.policy.clone(), escalation.step, escalation.round);
            if step > 1 || round > 1 {
                let text = format!("nobody acknowledged: step {step} of {policy}, round {round}");
                self.say(now, Some(number), EntryKind::Escalated, team.as_str(), text);
            }
            let before = self.called_in_round(number, team);
            let mut reached = BTreeSet::new();
            for whom in &rung.notify {
                reached.extend(self.call_whom(number, team, whom, now));
            }
            if reached.is_empty() {
                empty_in_row += 1;
                continue;
            }
            // Waiting again for somebody who did not answer is wasted, when another is left.
            let again = reached.iter().all(|person| before.contains(person));
            if !(again && self.others_are_left(number, team, &before, now)) {
                return;
            }
            let text =
                format!("step {step} finds nobody who was not called before: going on at once");
            self.say(now, Some(number), EntryKind::Escalated, team.as_str(), text);
        }
    }

    /// The people called in this round so far.
    fn called_in_round(&self, number: u64, team: &Id) -> BTreeSet<Id> {
        let engagement = self.engagement(number, team);
        let Some((engagement, round)) =
            engagement.and_then(|e| Some((e, e.escalation.as_ref()?.round)))
        else {
            return BTreeSet::new();
        };
        let now = |s: &&Send| s.generation == engagement.generation && s.round == round;
        let sent = engagement
            .sends
            .values()
            .filter(now)
            .map(|s| s.person.clone());
        sent.chain(engagement.covered.keys().cloned()).collect()
    }

    /// Does a later step of this round find somebody who was not called yet?
    fn others_are_left(&self, number: u64, team: &Id, called: &BTreeSet<Id>, now: Time) -> bool {
        let engagement = self.engagement(number, team);
        let Some(escalation) = engagement.and_then(|e| e.escalation.as_ref()) else {
            return false;
        };
        let later = escalation.steps.iter().skip(escalation.step as usize);
        later.flat_map(|rung| &rung.notify).any(|whom| {
            self.find(whom, now)
                .is_ok_and(|person| !called.contains(&person))
        })
    }

    fn call_fallback(&mut self, number: u64, team: &Id, now: Time) {
        let Some(escalation) = self.escalation_mut(number, team) else {
            return;
        };
        escalation.next_at = now + escalation.fallback_every;
        let (fallback, policy) = (escalation.fallback.clone(), escalation.policy.clone());
        if let Some(fallback) = fallback {
            let text = format!(
                "every step of {policy} was used up: calling its fallback, {}",
                fallback.describe()
            );
            self.say(now, Some(number), EntryKind::Fallback, team.as_str(), text);
            if self.call_whom(number, team, &fallback, now).is_some() {
                return;
            }
        }
        self.call_everybody(number, team, now);
    }

    /// The last resort: nobody who was named can be reached.
    pub(super) fn call_everybody(&mut self, number: u64, team: &Id, now: Time) {
        let everybody: Vec<Id> = self.plan.package.people.keys().cloned().collect();
        let text = "the fallback cannot be reached either: calling everybody there is";
        self.say(now, Some(number), EntryKind::Fallback, team.as_str(), text);
        for person in everybody {
            self.call_person(number, team, &person, 0, now);
        }
    }

    /// Calls whoever is meant, and says who that is.
    fn call_whom(&mut self, number: u64, team: &Id, whom: &Whom, now: Time) -> Option<Id> {
        match self.find(whom, now) {
            Ok(person) => self
                .call_person(number, team, &person, 0, now)
                .then_some(person),
            Err(why) => {
                let kind = EntryKind::NobodyFound;
                self.say(now, Some(number), kind, whom.describe(), why);
                None
            }
        }
    }

    /// Sends to a person on the way `contact`, unless a call for another team covers this one.
    pub(super) fn call_person(
        &mut self,
        number: u64,
        team: &Id,
        person: &Id,
        contact: usize,
        now: Time,
    ) -> bool {
        let ways = self.ways_to(person);
        let Some(way) = ways.get(contact) else {
            self.no_way_left(number, person, contact, now);
            return false;
        };
        let Some(engagement) = self.engagement(number, team) else {
            return false;
        };
        let Some(escalation) = &engagement.escalation else {
            return false;
        };
        if escalation.kind == NotifyKind::Page
            && contact == 0
            && let Some((other, effect)) = self.covering(number, team, person, now)
        {
            self.cover(number, team, person, (&other, effect), now);
            return true;
        }
        let send = Send {
            person: person.clone(),
            contact,
            channel: way.channel.value,
            round: escalation.round,
            step: escalation.step,
            at: now,
            generation: engagement.generation,
            state: SendState::Pending,
        };
        let id = send_id(number, team, escalation, &send);
        if engagement.sends.contains_key(&id) {
            // Two targets of one step are the same person.
            return true;
        }
        let (step, round) = (send.step, send.round);
        let letter = Letter {
            id: id.clone(),
            kind: escalation.kind,
            why_you: format!(
                "step {step} of {}, round {round}: {}",
                escalation.policy, escalation.why
            ),
        };
        let to = Recipient::Person(person.clone());
        if let Some(incident) = self.state.incidents.get(&number) {
            let notify = self.message(incident, team, letter, to, way);
            self.out.push(Effect::Notify(Box::new(notify)));
        }
        let channel = send.channel;
        if let Some(engagement) = self.engagement_mut(number, team) {
            engagement.sends.insert(id, send);
            engagement.forget_old_sends();
        }
        let name = self.person_name(person);
        let text = format!("{name} is called by {channel} for {team} (step {step}, round {round})");
        self.say(now, Some(number), EntryKind::Paged, person.as_str(), text);
        true
    }

    fn no_way_left(&mut self, number: u64, person: &Id, contact: usize, now: Time) {
        let name = self.person_name(person);
        let text = if contact == 0 {
            format!("{name} has no contact")
        } else {
            format!("no way to {name} is left")
        };
        let kind = EntryKind::NobodyFound;
        self.say(now, Some(number), kind, person.as_str(), text);
    }

    /// A message to this person for another team of the incident, sent moments ago and not
    /// answered yet.
    fn covering(&self, number: u64, team: &Id, person: &Id, now: Time) -> Option<(Id, EffectId)> {
        let incident = self.state.incidents.get(&number)?;
        let recent =
            |s: &Send| s.person == *person && s.state.counts() && now <= s.at + SAME_PERSON_WITHIN;
        let others = incident
            .engagements
            .iter()
            .filter(|(other, e)| *other != team && e.acked.is_none() && e.escalation.is_some());
        others
            .flat_map(|(other, e)| e.sends.iter().map(move |(id, send)| (other, id, send)))
            .find(|(_, _, send)| recent(send))
            .map(|(other, id, _)| (other.clone(), id.clone()))
    }

    fn cover(&mut self, number: u64, team: &Id, person: &Id, by: (&Id, EffectId), now: Time) {
        let (other, effect) = by;
        if let Some(engagement) = self.engagement_mut(number, team) {
            engagement.covered.insert(person.clone(), effect);
        }
        let name = self.person_name(person);
        let text =
            format!("{name} was called moments ago for {other}: one call covers {team} as well");
        self.say(now, Some(number), EntryKind::Paged, person.as_str(), text);
    }

    /// A call that covered others was taken back: they are called for themselves.
    pub(super) fn call_whom_nothing_covers(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let taken_back = |effect: &EffectId| {
            let mut engagements = incident.engagements.values();
            let send = engagements.find_map(|e| e.sends.get(effect));
            send.is_none_or(|s| s.state == SendState::Cancelled)
        };
        let calling = incident
            .engagements
            .iter()
            .filter(|(_, e)| e.escalation.is_some());
        let bare = calling.flat_map(|(team, e)| {
            let covered = e.covered.iter().filter(|(_, effect)| taken_back(effect));
            covered.map(|(person, _)| (team.clone(), person.clone()))
        });
        let bare: Vec<(Id, Id)> = bare.collect();
        let mut all_called = true;
        for (team, person) in bare {
            if let Some(engagement) = self.engagement_mut(number, &team) {
                engagement.covered.remove(&person);
            }
            all_called &= self.call_person(number, &team, &person, 0, now);
        }
        if !all_called {
            self.step_on_where_nobody_is_reached(number, now);
        }
    }

    pub(crate) fn advance_escalations(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if incident.quiet_since.is_some() {
            return;
        }
        let due = |e: &Engagement| e.escalation.as_ref().is_some_and(|x| x.next_at <= now);
        let engagements = incident.engagements.iter().filter(|(_, e)| due(e));
        let teams: Vec<Id> = engagements.map(|(team, _)| team.clone()).collect();
        for team in teams {
            self.walk(number, &team, now);
        }
    }

    pub(super) fn engagement(&self, number: u64, team: &Id) -> Option<&Engagement> {
        self.state.incidents.get(&number)?.engagements.get(team)
    }

    pub(super) fn engagement_mut(&mut self, number: u64, team: &Id) -> Option<&mut Engagement> {
        let incident = self.state.incidents.get_mut(&number)?;
        incident.engagements.get_mut(team)
    }

    fn escalation_mut(&mut self, number: u64, team: &Id) -> Option<&mut Escalation> {
        self.engagement_mut(number, team)?.escalation.as_mut()
    }
}

impl Escalation {
    /// Goes to the next step, or to the next round, or past all of them: then there is none.
    fn advance(&mut self, empty_in_row: usize) -> Option<super::Rung> {
        let steps = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        self.step = self.step.saturating_add(1);
        // A whole round that found nobody is not walked again.
        let wrap = self.round <= self.repeat && empty_in_row < self.steps.len();
        if self.step > steps && wrap {
            self.round = self.round.saturating_add(1);
            self.step = 1;
        }
        let place = usize::try_from(self.step)
            .unwrap_or(usize::MAX)
            .checked_sub(1);
        let rung = place.and_then(|place| self.steps.get(place)).cloned();
        if rung.is_none() {
            self.step = steps.saturating_add(1);
            self.round = self.round.saturating_add(1);
        }
        rung
    }
}

/// The id of a message: the same decision is the same message, and another one never is.
fn send_id(number: u64, team: &Id, escalation: &Escalation, send: &Send) -> EffectId {
    EffectId::of(&[
        &number.to_string(),
        team.as_str(),
        escalation.policy.as_str(),
        &send.step.to_string(),
        &send.round.to_string(),
        send.person.as_str(),
        &send.contact.to_string(),
        send.channel.word(),
        escalation.kind.word(),
        &send.generation.to_string(),
    ])
}
