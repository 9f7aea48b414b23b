//! Messages that belong to no incident: what waits for working hours, and tests.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Severity};
use gonogo_model::team::Contact;

use super::Whom;
use crate::effect::{Effect, EffectId, Notify, NotifyKind, Recipient};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::time::Time;

impl Engine {
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
}
