//! Calling people: walking the steps of a policy until somebody answers.
//!
//! A page is never dropped: a step with nobody goes to the next at once, a channel that fails
//! goes to the person's next one and then to the next step, and when all steps are used up
//! the fallback is called again and again until somebody acknowledges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gonogo_model::alert::{Alert, Severity};
use gonogo_model::escalation::Target;
use gonogo_model::team::{Channel, Contact};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::effect::{Effect, EffectId, Notify, NotifyKind, Recipient};
use crate::engine::Engine;
use crate::grouping::OPERATORS;
use crate::history::EntryKind;
use crate::incident::{Incident, Phase, Seen};
use crate::input::{Delivery, DeliveryOutcome};
use crate::time::Time;

/// Somebody called for one team is not called again for another of the same incident within
/// this time.
pub const SAME_PERSON_WITHIN: Duration = Duration::from_mins(5);

/// A team that was called to an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engagement {
    /// How often it was called anew: ids of messages follow from it.
    pub generation: u32,
    /// The walk through its policy.
    pub escalation: Option<Escalation>,
    /// Who answered, and when.
    pub acked: Option<(String, Time)>,
    /// Messages that were sent for it, oldest first.
    pub sends: BTreeMap<EffectId, Send>,
}

/// A walk through a policy, as the policy was when the walk began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// The policy.
    pub policy: Id,
    /// What the messages are.
    pub kind: NotifyKind,
    /// Why it was begun.
    pub why: String,
    steps: Vec<Rung>,
    repeat: u32,
    fallback: Whom,
    fallback_every: Duration,
    /// The round, from 1.
    pub round: u32,
    /// The step, from 1; one more than there are means the fallback.
    pub step: u32,
    /// When the next step is due.
    pub next_at: Time,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rung {
    notify: Vec<Whom>,
    wait: Duration,
}

/// A target, by name only, so that it outlives the package it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whom {
    Schedule(Id),
    Role(Id),
    Person(Id),
}

/// What is particular to one message about an incident.
struct Letter {
    id: EffectId,
    kind: NotifyKind,
    why_you: String,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// To whom.
    pub person: Id,
    /// Which of the person's ways, in the order they are tried.
    pub contact: usize,
    /// On which channel.
    pub channel: Channel,
    /// The round.
    pub round: u32,
    /// The step.
    pub step: u32,
    /// When.
    pub at: Time,
    /// The generation that it belongs to.
    pub generation: u32,
    /// What became of it.
    pub state: SendState,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// It is on its way.
    Pending,
    /// The channel took it over.
    HandedOver,
    /// It will not get through.
    Failed,
    /// It was no longer needed.
    Cancelled,
}

impl Engine {
    /// Calls a team to an incident.
    pub(crate) fn engage(&mut self, number: u64, team: &Id, kind: NotifyKind, now: Time) {
        let why = match kind {
            NotifyKind::Growth => "it has grown past what was acknowledged",
            _ => "it concerns what this team owns",
        };
        self.call(number, team, kind, why, now);
    }

    /// Calls a team that has answered already.
    pub(crate) fn call_again(&mut self, number: u64, team: &Id, why: &str, now: Time) {
        self.call(number, team, NotifyKind::Growth, why, now);
    }

    fn call(&mut self, number: u64, team: &Id, kind: NotifyKind, why: &str, now: Time) {
        let escalation = self.new_escalation(team, kind, why, now);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let engagement = incident
            .engagements
            .entry(team.clone())
            .or_insert_with(|| Engagement {
                generation: 0,
                escalation: None,
                acked: None,
                sends: BTreeMap::new(),
            });
        engagement.generation += 1;
        engagement.acked = None;
        engagement.escalation = Some(escalation);
        incident.phase = Phase::Open;
        if kind == NotifyKind::Growth {
            self.say(
                now,
                Some(number),
                EntryKind::Growth,
                team.as_str(),
                format!("called again: {why}"),
            );
        }
        self.tell_rooms(number, team, kind, now);
        self.walk(number, team, now);
    }

    pub(crate) fn is_calling(&self, number: u64, team: &Id) -> bool {
        let incident = self.state.incidents.get(&number);
        incident
            .and_then(|i| i.engagements.get(team))
            .is_some_and(|e| e.escalation.is_some())
    }

    pub(crate) fn stop_escalation(&mut self, number: u64, team: &Id) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(engagement) = incident.engagements.get_mut(team) else {
            return;
        };
        engagement.escalation = None;
        for (id, send) in &mut engagement.sends {
            if send.state == SendState::Pending {
                send.state = SendState::Cancelled;
                self.out.push(Effect::Cancel(id.clone()));
            }
        }
    }

    fn new_escalation(&self, team: &Id, kind: NotifyKind, why: &str, now: Time) -> Escalation {
        let package = &self.plan.package;
        let policy = match package.teams.get(team) {
            Some(team) => Some(&team.escalation_policy),
            None => package.header.as_ref().map(|h| &h.operators),
        };
        let policy = policy.and_then(|p| package.escalation_policies.get(&p.id));
        let rung = |s: &gonogo_model::escalation::Step| Rung {
            notify: s.notify.iter().map(Whom::from).collect(),
            wait: s.wait,
        };
        Escalation {
            policy: policy.map_or_else(|| Id::from_static("none"), |p| p.id.value.clone()),
            kind,
            why: why.to_string(),
            steps: policy
                .map(|p| p.steps.iter().map(rung).collect())
                .unwrap_or_default(),
            repeat: policy.map_or(0, |p| u32::from(p.repeat)),
            // Without a policy everybody is called: `everybody` stands in for an empty answer.
            fallback: policy.map_or_else(
                || Whom::Person(Id::from_static("nobody")),
                |p| Whom::from(&p.fallback),
            ),
            fallback_every: policy.map_or(Duration::from_mins(10), |p| {
                p.fallback_every.max(Duration::from_mins(1))
            }),
            round: 1,
            step: 0,
            next_at: now,
        }
    }

    /// Takes the next step that finds somebody.
    fn walk(&mut self, number: u64, team: &Id, now: Time) {
        let mut empty_in_row = 0;
        loop {
            let Some(escalation) = self.escalation_mut(number, team) else {
                return;
            };
            let steps = escalation.steps.len() as u32;
            escalation.step += 1;
            if escalation.step > steps
                && escalation.round <= escalation.repeat
                && empty_in_row < steps
            {
                escalation.round += 1;
                escalation.step = 1;
            }
            if steps == 0 || escalation.step > steps {
                self.call_fallback(number, team, now);
                return;
            }
            let rung = escalation.steps[(escalation.step - 1) as usize].clone();
            escalation.next_at = now + rung.wait.max(Duration::from_secs(1));
            let (policy, step, round) =
                (escalation.policy.clone(), escalation.step, escalation.round);
            if step > 1 || round > 1 {
                let text = format!("nobody acknowledged: step {step} of {policy}, round {round}");
                self.say(now, Some(number), EntryKind::Escalated, team.as_str(), text);
            }
            let mut reached = false;
            for whom in &rung.notify {
                reached |= self.call_whom(number, team, whom, now);
            }
            if reached {
                return;
            }
            empty_in_row += 1;
        }
    }

    fn call_fallback(&mut self, number: u64, team: &Id, now: Time) {
        let Some(escalation) = self.escalation_mut(number, team) else {
            return;
        };
        escalation.step = escalation.steps.len() as u32 + 1;
        escalation.round += 1;
        escalation.next_at = now + escalation.fallback_every;
        let (fallback, policy) = (escalation.fallback.clone(), escalation.policy.clone());
        let text = format!(
            "every step of {policy} was used up: calling its fallback, {}",
            fallback.describe()
        );
        self.say(now, Some(number), EntryKind::Fallback, team.as_str(), text);
        if self.call_whom(number, team, &fallback, now) {
            return;
        }
        let everybody: Vec<Id> = self.plan.package.people.keys().cloned().collect();
        let text = "the fallback cannot be reached either: calling everybody there is";
        self.say(now, Some(number), EntryKind::Fallback, team.as_str(), text);
        for person in everybody {
            self.call_person(number, team, &person, 0, now);
        }
    }

    fn call_whom(&mut self, number: u64, team: &Id, whom: &Whom, now: Time) -> bool {
        match self.find(whom, now) {
            Ok(person) => self.call_person(number, team, &person, 0, now),
            Err(why) => {
                self.say(
                    now,
                    Some(number),
                    EntryKind::NobodyFound,
                    whom.describe(),
                    why,
                );
                false
            }
        }
    }

    /// Sends to a person on the first way from `contact` on.
    fn call_person(
        &mut self,
        number: u64,
        team: &Id,
        person: &Id,
        contact: usize,
        now: Time,
    ) -> bool {
        let contacts = self.ways_to(person);
        let name = self.person_name(person);
        let Some(way) = contacts.get(contact) else {
            let text = if contact == 0 {
                format!("{name} has no contact")
            } else {
                format!("no way to {name} is left")
            };
            self.say(
                now,
                Some(number),
                EntryKind::NobodyFound,
                person.as_str(),
                text,
            );
            return false;
        };
        let Some(incident) = self.state.incidents.get(&number) else {
            return false;
        };
        let Some(engagement) = incident.engagements.get(team) else {
            return false;
        };
        let Some(escalation) = &engagement.escalation else {
            return false;
        };
        let (kind, step, round) = (escalation.kind, escalation.step, escalation.round);
        let generation = engagement.generation;
        let recent = |s: &&Send| {
            s.person == *person
                && s.state != SendState::Failed
                && s.state != SendState::Cancelled
                && now <= s.at + SAME_PERSON_WITHIN
        };
        let elsewhere = |(other, _): &(&Id, &Engagement)| *other != team;
        let covered = incident
            .engagements
            .iter()
            .filter(elsewhere)
            .find(|(_, e)| e.acked.is_none() && e.sends.values().any(|s| recent(&s)));
        if kind == NotifyKind::Page
            && contact == 0
            && let Some((other, _)) = covered
        {
            let text = format!("{name} was called moments ago for {other}: one call covers both");
            self.say(now, Some(number), EntryKind::Paged, person.as_str(), text);
            return true;
        }
        let policy = escalation.policy.clone();
        let channel = way.channel.value;
        let id = EffectId::of(&[
            &number.to_string(),
            team.as_str(),
            policy.as_str(),
            &step.to_string(),
            &round.to_string(),
            person.as_str(),
            &contact.to_string(),
            channel.word(),
            kind.word(),
            &generation.to_string(),
        ]);
        let why = format!("step {step} of {policy}, round {round}: {}", escalation.why);
        let letter = Letter {
            id: id.clone(),
            kind,
            why_you: why,
        };
        let to = Recipient::Person(person.clone());
        let notify = self.message(incident, team, letter, to, way);
        let send = Send {
            person: person.clone(),
            contact,
            channel,
            round,
            step,
            at: now,
            generation,
            state: SendState::Pending,
        };
        self.out.push(Effect::Notify(Box::new(notify)));
        if let Some(engagement) = self
            .state
            .incidents
            .get_mut(&number)
            .and_then(|i| i.engagements.get_mut(team))
        {
            engagement.sends.insert(id, send);
        }
        let text = format!("{name} is called by {channel} for {team} (step {step}, round {round})");
        self.say(now, Some(number), EntryKind::Paged, person.as_str(), text);
        true
    }

    fn message(
        &self,
        incident: &Incident,
        team: &Id,
        letter: Letter,
        to: Recipient,
        way: &Contact,
    ) -> Notify {
        let Letter { id, kind, why_you } = letter;
        let alert = |id: &Id| self.plan.package.alerts.get(id);
        let firing: Vec<&Id> = incident.firing().map(|(id, _)| id).collect();
        let mut lines: Vec<String> = Vec::new();
        for id in firing.iter().take(8) {
            let name = alert(id).map_or(id.as_str(), |a| a.name.as_str());
            let detail = self
                .state
                .alerts
                .get(*id)
                .map_or("", |s| s.reading.detail.as_str());
            lines.push(format!("{name}: {detail}"));
        }
        if firing.len() > 8 {
            lines.push(format!("and {} more alerts", firing.len() - 8));
        }
        let troubles = incident.alerts.keys().filter_map(|id| {
            self.state
                .troubles
                .get(id.as_str().strip_prefix("gonogo.")?)
        });
        lines.extend(troubles.cloned());
        let lead = self.lead_alert(incident);
        Notify {
            id,
            incident: Some(incident.number),
            team: Some(team.clone()),
            kind,
            to,
            channel: way.channel.value,
            address: way.to.to_string(),
            secret: way.secret.as_ref().map(|s| s.0.to_string()),
            severity: incident.severity,
            title: incident.title.clone(),
            summary: lines.join("\n"),
            impact: lead.and_then(|a| a.impact.clone()),
            first_step: lead.and_then(|a| a.first_step.clone()),
            runbook: lead.and_then(|a| a.runbook.as_ref()).map(|r| r.id.clone()),
            why_you,
        }
    }

    /// The firing alert that says most of an incident: that of its cause, else the worst.
    pub fn lead_alert(&self, incident: &Incident) -> Option<&Alert> {
        let alert = |id: &Id| self.plan.package.alerts.get(id);
        let cause = incident.cause.as_ref().map(|c| &c.component);
        let of_cause = incident
            .firing()
            .find(|(_, a)| cause.is_some() && a.component.as_ref() == cause)
            .and_then(|(id, _)| alert(id));
        of_cause.or_else(|| {
            incident
                .firing()
                .filter_map(|(id, _)| alert(id))
                .min_by_key(|a| (a.severity, a.id.value.clone()))
        })
    }

    /// Tells the rooms of a team; rooms are told, never woken.
    fn tell_rooms(&mut self, number: u64, team: &Id, kind: NotifyKind, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(declared) = plan.package.teams.get(team) else {
            return;
        };
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let generation = incident.engagements.get(team).map_or(0, |e| e.generation);
        let messages: Vec<Notify> = declared
            .rooms
            .iter()
            .enumerate()
            .map(|(index, room)| {
                let id = EffectId::of(&[
                    &number.to_string(),
                    team.as_str(),
                    "room",
                    &index.to_string(),
                    kind.word(),
                    &generation.to_string(),
                    &now.as_millis().to_string(),
                ]);
                let letter = Letter {
                    id,
                    kind,
                    why_you: format!("the room of {}", declared.name),
                };
                self.message(incident, team, letter, Recipient::Room(team.clone()), room)
            })
            .collect();
        self.out
            .extend(messages.into_iter().map(|m| Effect::Notify(Box::new(m))));
    }

    pub(crate) fn tell_resolved(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let teams: Vec<Id> = incident.engagements.keys().cloned().collect();
        for team in teams {
            self.tell_rooms(number, &team, NotifyKind::Resolved, now);
        }
    }

    /// An alert for working hours: the team's rooms hear of it, or its accountable role by the
    /// quietest way.
    pub(crate) fn ticket(&mut self, alert: &Alert, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id = &alert.id.value;
        let state = self.state.alerts.get(id);
        let detail = state.map_or(String::new(), |s| s.reading.detail.clone());
        let episode = state.map_or(0, |s| s.episodes);
        let text = format!("{} (for working hours): {detail}", alert.name);
        self.say(now, None, EntryKind::AlertFiring, id.as_str(), text);
        let Some(team_id) = plan.team_of(alert) else {
            return;
        };
        let Some(team) = plan.package.teams.get(&team_id) else {
            return;
        };
        let person = self
            .find(&Whom::Role(team.accountable.id.clone()), now)
            .ok();
        let mut ways: Vec<(Recipient, &Contact)> = team
            .rooms
            .iter()
            .map(|r| (Recipient::Room(team_id.clone()), r))
            .collect();
        if ways.is_empty()
            && let Some(person) = &person
            && let Some(declared) = plan.package.people.get(person)
        {
            let quiet = declared.contacts.iter().find(|c| !c.channel.value.wakes());
            ways.extend(
                quiet
                    .or(declared.contacts.first())
                    .map(|c| (Recipient::Person(person.clone()), c)),
            );
        }
        if ways.is_empty() {
            let text = format!(
                "nobody can be told of {}: {} has neither a room nor a contact",
                alert.name, team.name
            );
            self.say(now, None, EntryKind::NobodyFound, id.as_str(), text);
        }
        for (index, (to, way)) in ways.into_iter().enumerate() {
            let notify = Notify {
                id: EffectId::of(&[
                    "ticket",
                    id.as_str(),
                    &episode.to_string(),
                    &index.to_string(),
                    &now.as_millis().to_string(),
                ]),
                incident: None,
                team: Some(team_id.clone()),
                kind: NotifyKind::Ticket,
                to,
                channel: way.channel.value,
                address: way.to.to_string(),
                secret: way.secret.as_ref().map(|s| s.0.to_string()),
                severity: alert.severity,
                title: alert.name.clone(),
                summary: detail.clone(),
                impact: alert.impact.clone(),
                first_step: alert.first_step.clone(),
                runbook: alert.runbook.as_ref().map(|r| r.id.clone()),
                why_you: format!("{} owns it; it can wait for working hours", team.name),
            };
            self.out.push(Effect::Notify(Box::new(notify)));
        }
    }

    pub(crate) fn test_page(&mut self, person: &Id, by: &str, now: Time) {
        self.state.test_pages += 1;
        let count = self.state.test_pages;
        let ways = self.ways_to(person);
        if ways.is_empty() {
            let name = self.person_name(person);
            self.say(
                now,
                None,
                EntryKind::NobodyFound,
                person.as_str(),
                format!("{name} has no contact to test"),
            );
        }
        for (index, way) in ways.iter().enumerate() {
            let notify = Notify {
                id: EffectId::of(&[
                    "test",
                    person.as_str(),
                    &index.to_string(),
                    &count.to_string(),
                ]),
                incident: None,
                team: None,
                kind: NotifyKind::Test,
                to: Recipient::Person(person.clone()),
                channel: way.channel.value,
                address: way.to.to_string(),
                secret: way.secret.as_ref().map(|s| s.0.to_string()),
                severity: Severity::Sev4,
                title: "Test: this is what a page looks like".into(),
                summary: format!("{by} asked for it. Nothing is wrong."),
                impact: None,
                first_step: None,
                runbook: None,
                why_you: "to see whether it arrives".into(),
            };
            self.out.push(Effect::Notify(Box::new(notify)));
        }
    }

    pub(crate) fn take_delivery(&mut self, delivery: &Delivery, now: Time) {
        let found = self.state.incidents.values().find_map(|i| {
            let (team, e) = i
                .engagements
                .iter()
                .find(|(_, e)| e.sends.contains_key(&delivery.effect))?;
            Some((i.number, team.clone(), e.sends[&delivery.effect].clone()))
        });
        let Some((number, team, send)) = found else {
            if delivery.outcome == DeliveryOutcome::Failed {
                let text = format!("a message did not get through: {}", delivery.detail);
                self.say(
                    now,
                    None,
                    EntryKind::DeliveryFailed,
                    delivery.effect.0.as_str(),
                    text,
                );
            }
            return;
        };
        let name = self.person_name(&send.person);
        let mut set = |state| {
            let incident = self.state.incidents.get_mut(&number);
            if let Some(send) = incident
                .and_then(|i| i.engagements.get_mut(&team))
                .and_then(|e| e.sends.get_mut(&delivery.effect))
            {
                send.state = state;
            }
        };
        match delivery.outcome {
            DeliveryOutcome::HandedOver => {
                set(SendState::HandedOver);
                let text = format!("{} took the message to {name} over", send.channel);
                self.say(
                    now,
                    Some(number),
                    EntryKind::Delivered,
                    send.person.as_str(),
                    text,
                );
            }
            DeliveryOutcome::Retrying => {
                let text = format!(
                    "{} did not take the message to {name} yet: {}",
                    send.channel, delivery.detail
                );
                self.say(
                    now,
                    Some(number),
                    EntryKind::DeliveryFailed,
                    send.person.as_str(),
                    text,
                );
                self.try_next_way(number, &team, &send, now);
            }
            DeliveryOutcome::Failed => {
                set(SendState::Failed);
                let text = format!(
                    "{} does not take the message to {name}: {}",
                    send.channel, delivery.detail
                );
                self.say(
                    now,
                    Some(number),
                    EntryKind::DeliveryFailed,
                    send.person.as_str(),
                    text,
                );
                self.try_next_way(number, &team, &send, now);
            }
        }
    }

    /// The person's next way, and when none is left the next step; while nobody has answered.
    fn try_next_way(&mut self, number: u64, team: &Id, send: &Send, now: Time) {
        let Some(engagement) = self
            .state
            .incidents
            .get(&number)
            .and_then(|i| i.engagements.get(team))
        else {
            return;
        };
        let Some(escalation) = &engagement.escalation else {
            return;
        };
        let stale = engagement.generation != send.generation;
        let tried = |s: &Send| {
            s.person == send.person
                && s.generation == send.generation
                && s.step == send.step
                && s.round == send.round
                && s.contact > send.contact
        };
        if stale || engagement.sends.values().any(tried) {
            return;
        }
        // Past the fallback there is no next step: it is called again in its own time.
        let at_fallback = escalation.step as usize > escalation.steps.len();
        let current = (escalation.round, escalation.step) == (send.round, send.step);
        if self.call_person(number, team, &send.person, send.contact + 1, now) || !current {
            return;
        }
        let Some(engagement) = self
            .state
            .incidents
            .get(&number)
            .and_then(|i| i.engagements.get(team))
        else {
            return;
        };
        let alive = |s: &Send| {
            (s.round, s.step, s.generation) == (send.round, send.step, send.generation)
                && s.state != SendState::Failed
        };
        if !at_fallback && !engagement.sends.values().any(alive) {
            self.walk(number, team, now);
        }
    }

    /// Somebody has it: the teams that they were called for need not be called further.
    pub(crate) fn acknowledge(
        &mut self,
        number: u64,
        name: &str,
        person: Option<&Id>,
        via: &str,
        now: Time,
    ) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if !incident.is_open() {
            let text = format!("{name} acknowledged it ({via}) after it was over");
            self.say(now, Some(number), EntryKind::Acknowledged, name, text);
            return;
        }
        let called =
            |e: &Engagement| person.is_none_or(|p| e.sends.values().any(|s| s.person == *p));
        let own: Vec<Id> = incident
            .engagements
            .iter()
            .filter(|(_, e)| called(e))
            .map(|(t, _)| t.clone())
            .collect();
        // Somebody whom no page reached speaks for all who were called.
        let teams = if own.is_empty() {
            incident.engagements.keys().cloned().collect()
        } else {
            own
        };
        let counts = incident
            .firing()
            .map(|(id, _)| {
                (
                    id.clone(),
                    self.state.alerts.get(id).map_or(0, |s| s.reading.count),
                )
            })
            .collect();
        let seen = Seen {
            counts,
            severity: incident.severity,
            journeys: incident.journeys.clone(),
        };
        let mut newly = Vec::new();
        for team in &teams {
            self.stop_escalation(number, team);
            let engagement = self
                .state
                .incidents
                .get_mut(&number)
                .and_then(|i| i.engagements.get_mut(team));
            if let Some(engagement) = engagement
                && engagement.acked.is_none()
            {
                engagement.acked = Some((name.to_string(), now));
                newly.push(team.to_string());
            }
        }
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.touched_at = now;
        incident.seen = Some(seen);
        let leads = incident.commander.is_none();
        incident.commander.get_or_insert_with(|| name.to_string());
        if incident.engagements.values().all(|e| e.acked.is_some()) {
            incident.phase = Phase::Acknowledged;
        }
        let what = if newly.is_empty() {
            "had been acknowledged already".to_string()
        } else {
            format!("acknowledged for {}", newly.join(", "))
        };
        let lead = if leads { ", and leads" } else { "" };
        self.say(
            now,
            Some(number),
            EntryKind::Acknowledged,
            name,
            format!("{what} by {name} ({via}){lead}"),
        );
    }

    /// An acknowledgement covers what it saw. What grew past that calls again.
    pub(crate) fn page_if_grown(&mut self, number: u64, now: Time) {
        let percent = u64::from(self.plan.grouping().growth_percent);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(seen) = incident.seen.clone() else {
            return;
        };
        let mut grown: BTreeSet<Id> = BTreeSet::new();
        let mut why = String::new();
        let mut counts = seen.counts.clone();
        for (id, attached) in incident.firing() {
            let count = self.state.alerts.get(id).map_or(0, |s| s.reading.count);
            let Some(before) = seen.counts.get(id) else {
                counts.insert(id.clone(), count);
                continue;
            };
            if count > *before
                && (count - before).saturating_mul(100) >= before.saturating_mul(percent).max(1)
            {
                counts.insert(id.clone(), count);
                grown.insert(attached.team.clone());
                why = format!("{id} went from {before} to {count}");
            }
        }
        if incident.severity < seen.severity {
            why = format!(
                "the severity rose from {} to {}",
                seen.severity, incident.severity
            );
            grown.extend(incident.engagements.keys().cloned());
        } else if let Some(journey) = incident
            .journeys
            .iter()
            .find(|j| !seen.journeys.contains(*j))
        {
            let name = self
                .plan
                .package
                .journeys
                .get(journey)
                .map_or(journey.as_str(), |j| j.name.as_str());
            why = format!("another journey fails: {name}");
            grown.extend(incident.engagements.keys().cloned());
        }
        let updated = Seen {
            counts,
            severity: incident.severity,
            journeys: incident.journeys.clone(),
        };
        let acked = |t: &Id| {
            incident
                .engagements
                .get(t)
                .is_some_and(|e| e.acked.is_some())
        };
        let teams: Vec<Id> = grown.into_iter().filter(|t| acked(t)).collect();
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.seen = Some(updated);
        }
        for team in teams {
            self.call_again(number, &team, &why, now);
        }
    }

    /// The person whom a target means right now.
    fn find(&self, whom: &Whom, now: Time) -> Result<Id, String> {
        let package = &self.plan.package;
        let at = now.timestamp();
        let role = match whom {
            Whom::Person(id) => {
                return package
                    .people
                    .get(id)
                    .map(|_| id.clone())
                    .ok_or_else(|| format!("there is no person {id}"));
            }
            Whom::Role(id) => id.clone(),
            Whom::Schedule(id) => {
                let schedule = package
                    .schedules
                    .get(id)
                    .ok_or_else(|| format!("there is no schedule {id}"))?;
                let shift = schedule
                    .on_call_at(at)
                    .ok_or_else(|| format!("nobody is on call on {}", schedule.name))?;
                shift.role.id.clone()
            }
        };
        let declared = package
            .roles
            .get(&role)
            .ok_or_else(|| format!("there is no role {role}"))?;
        let person = declared
            .holder_at(at)
            .ok_or_else(|| format!("nobody holds the role {}", declared.name))?;
        Ok(person.id.clone())
    }

    /// Whoever holds a role right now.
    pub fn holder(&self, role: &Id, now: Time) -> Option<Id> {
        self.find(&Whom::Role(role.clone()), now).ok()
    }

    /// A person's ways, those that wake first, otherwise as written.
    pub(crate) fn ways_to(&self, person: &Id) -> Vec<Contact> {
        let mut ways = self
            .plan
            .package
            .people
            .get(person)
            .map(|p| p.contacts.clone())
            .unwrap_or_default();
        ways.sort_by_key(|c| !c.channel.value.wakes());
        ways
    }

    pub(crate) fn person_name(&self, id: &Id) -> String {
        self.plan
            .package
            .people
            .get(id)
            .map_or_else(|| id.to_string(), |p| p.name.clone())
    }

    fn escalation_mut(&mut self, number: u64, team: &Id) -> Option<&mut Escalation> {
        self.state
            .incidents
            .get_mut(&number)?
            .engagements
            .get_mut(team)?
            .escalation
            .as_mut()
    }

    pub(crate) fn advance_escalations(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let due = |e: &Engagement| e.escalation.as_ref().is_some_and(|x| x.next_at <= now);
        let teams: Vec<Id> = incident
            .engagements
            .iter()
            .filter(|(_, e)| due(e))
            .map(|(t, _)| t.clone())
            .collect();
        for team in teams {
            self.walk(number, &team, now);
        }
    }

    pub(crate) fn begin_trouble(&mut self, code: &str, detail: String, now: Time) {
        let known = self
            .state
            .troubles
            .insert(code.to_string(), detail.clone())
            .is_some();
        if known {
            return;
        }
        self.say(now, None, EntryKind::Trouble, code, detail.clone());
        let id = Id::from_static(&format!("gonogo.{code}"));
        let reopen = self.plan.grouping().reopen_within;
        let lately = |i: &&Incident| {
            i.alerts.contains_key(&id)
                && i.merged_into.is_none()
                && (i.is_open() || i.resolved_at.is_some_and(|at| now <= at + reopen))
        };
        let number = match self
            .state
            .incidents
            .values()
            .rev()
            .find(lately)
            .map(|i| (i.number, i.is_open()))
        {
            Some((number, open)) => {
                if !open && let Some(incident) = self.state.incidents.get_mut(&number) {
                    incident.phase = Phase::Open;
                    incident.resolved_at = None;
                    incident.reopened += 1;
                }
                number
            }
            None => self.open_incident(&format!("gonogo itself: {detail}"), Severity::Sev2, now),
        };
        let team = Id::from_static(OPERATORS);
        let attached = crate::incident::Attached {
            at: now,
            component: None,
            class: gonogo_model::alert::AlertClass::Availability,
            severity: Severity::Sev2,
            team: team.clone(),
            firing: true,
            how: crate::incident::How::Origin,
            held_until: None,
            straggler: false,
        };
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.alerts.insert(id, attached);
            incident.quiet_since = None;
        }
        if !self.is_calling(number, &team) {
            self.engage(number, &team, NotifyKind::Page, now);
        }
    }

    pub(crate) fn end_trouble(&mut self, code: &str, now: Time) {
        if self.state.troubles.remove(code).is_none() {
            return;
        }
        self.say(
            now,
            None,
            EntryKind::Trouble,
            code,
            format!("{code} is over"),
        );
        let id = Id::from_static(&format!("gonogo.{code}"));
        let open = |i: &&Incident| i.is_open() && i.alerts.contains_key(&id);
        if let Some(number) = self.state.incidents.values().find(open).map(|i| i.number) {
            self.detach(number, &id, now);
        }
    }
}

impl From<&Target> for Whom {
    fn from(target: &Target) -> Self {
        match target {
            Target::Schedule(r) => Self::Schedule(r.id.clone()),
            Target::Role(r) => Self::Role(r.id.clone()),
            Target::Person(r) => Self::Person(r.id.clone()),
        }
    }
}

impl Whom {
    fn describe(&self) -> String {
        match self {
            Self::Schedule(id) => format!("schedule {id}"),
            Self::Role(id) => format!("role {id}"),
            Self::Person(id) => format!("person {id}"),
        }
    }
}
