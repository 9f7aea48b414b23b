//! What a message says, and which rooms hear of it.

use std::sync::Arc;

use gonogo_model::alert::Alert;
use gonogo_model::change::ChangeKind;
use gonogo_model::team::Contact;
use gonogo_model::{Duration, Id};

use crate::change::Happened;
use crate::effect::{Effect, EffectId, Notify, NotifyKind, Recipient};
use crate::engine::Engine;
use crate::incident::Incident;
use crate::reading::in_words;
use crate::time::Time;

/// How many alerts a message names.
const ALERTS_NAMED: usize = 8;
/// How long before an alert a change is told in the message about it.
const TOLD_BEFORE: Duration = Duration::from_hours(1);

/// What is particular to one message about an incident.
pub(super) struct Letter {
    pub(super) id: EffectId,
    pub(super) kind: NotifyKind,
    pub(super) why_you: String,
}

impl Engine {
    pub(super) fn message(
        &self,
        incident: &Incident,
        team: &Id,
        letter: Letter,
        to: Recipient,
        way: &Contact,
    ) -> Notify {
        let Letter { id, kind, why_you } = letter;
        let firing: Vec<(&Id, &Alert)> = incident
            .firing()
            .filter_map(|(id, _)| Some((id, self.plan.alerts.get(id)?)))
            .collect();
        let mut lines: Vec<String> = Vec::new();
        for (id, alert) in firing.iter().take(ALERTS_NAMED) {
            let state = self.state.alerts.get(*id);
            let detail = state.map_or("", |s| s.reading.detail.as_str());
            lines.push(format!("{}: {detail}", alert.name));
        }
        if firing.len() > ALERTS_NAMED {
            lines.push(format!("and {} more alerts", firing.len() - ALERTS_NAMED));
        }
        let troubles = incident.alerts.keys().filter_map(|id| {
            self.state
                .troubles
                .get(id.as_str().strip_prefix("gonogo.")?)
        });
        lines.extend(troubles.cloned());
        let lead = self.lead_alert(incident);
        lines.extend(lead.and_then(|l| self.changed_line(l)));
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

    /// "changed 4 min before: deploy 41f3 (Billing)": the nearest change before an alert.
    fn changed_line(&self, alert: &Alert) -> Option<String> {
        let state = self.state.alerts.get(&alert.id.value)?;
        let fired = state.fired_at?;
        let near = |c: &&Happened| fired.since(c.at) <= TOLD_BEFORE;
        let (change, more) = {
            let mut near = state.before.iter().filter(near);
            (near.next()?, near.count())
        };
        let component = change.component.as_ref();
        let component = component.and_then(|c| self.plan.package.components.get(c));
        let what = match (change.kind, component) {
            (ChangeKind::Vendor | ChangeKind::Other, _) | (_, None) => {
                format!("{}, {}", change.name, change.label)
            }
            (kind, Some(component)) => format!("{kind} {} ({})", change.label, component.name),
        };
        let more = match more {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        let ago = in_words(fired.since(change.at));
        Some(format!("changed {ago} before: {what}{more}"))
    }

    /// The firing alert that says most of an incident: that of its cause, else the worst.
    pub fn lead_alert(&self, incident: &Incident) -> Option<&Alert> {
        let alert = |id: &Id| self.plan.alerts.get(id);
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
    pub(super) fn tell_rooms(&mut self, number: u64, team: &Id, kind: NotifyKind, now: Time) {
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
}
