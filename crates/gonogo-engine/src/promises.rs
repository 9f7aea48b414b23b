//! What customers were promised: updates that come due, and the end of an incident.
//!
//! Every update says when the next one comes, and that promise is a timer: whoever writes is
//! told before it is due, and somebody else is called when it is late.

use std::sync::Arc;

use gonogo_model::alert::AlertClass;
use gonogo_model::comms::{Approval, CommsRule, PublicState, Template};
use gonogo_model::{Duration, Id};

use crate::effect::{Effect, EffectId, Notify, NotifyKind, Publish, Recipient};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Incident, Phase, Promise, Update};
use crate::time::Time;

/// How long before an update is due whoever writes it is told, at most; half of the time
/// there is, where that is less.
pub const REMIND_BEFORE: Duration = Duration::from_mins(5);
/// How long after everything is well customers are told so, at the latest.
pub const RESOLVED_WITHIN: Duration = Duration::from_mins(15);
/// How often somebody is called for one late update, at the most.
pub const MAX_OVERDUE_PAGES: u32 = 3;

impl Engine {
    /// The severity rose while customers were still waiting for a first word: what is promised
    /// for the new one holds from now on, and nothing comes later than it would have.
    pub(crate) fn promise_sooner(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let told = incident.updates.last().map(|u| u.state);
        if !matches!(told, None | Some(PublicState::Resolved)) {
            return;
        }
        let Some(before) = incident.promise.take() else {
            return;
        };
        self.first_promise(number, before.due, now);
        if let Some(incident) = self.state.incidents.get_mut(&number)
            && incident.updates.last().map(|u| u.state) == told
        {
            incident.promise.get_or_insert(before);
        }
    }

    /// Makes the first promise of an incident that customers can notice.
    pub(crate) fn promise_if_due(&mut self, number: u64, now: Time) {
        self.first_promise(number, Time::from_millis(i64::MAX), now);
    }

    fn first_promise(&mut self, number: u64, latest: Time, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let noticed = incident
            .alerts
            .values()
            .any(|a| a.firing && a.class == AlertClass::Availability)
            && (!incident.journeys.is_empty()
                || incident.failing_components().iter().any(|c| {
                    plan.package
                        .components
                        .get(c)
                        .is_some_and(|c| c.public.is_some())
                }));
        if !incident.is_open() || !noticed || incident.promise.is_some() {
            return;
        }
        let Some(rule) = self.rule(incident) else {
            return;
        };
        // A second wave after an all-clear starts over with "investigating".
        let state = match incident.updates.last().map(|u| u.state) {
            None | Some(PublicState::Resolved) => PublicState::Investigating,
            Some(other) => other,
        };
        let rule = rule.clone();
        if rule.approval == Approval::Automatic && state == PublicState::Investigating {
            let approved_by = format!("the rule for {}", rule.severity.value);
            let (title, text) = self.draft(number, state, Some(now + rule.cadence));
            self.publish(number, state, title, text, &approved_by, now);
            return;
        }
        let due = latest.min(now + rule.first_update);
        self.promise(number, state, due, now);
    }

    /// Customers see an update, and the next one is promised.
    pub(crate) fn publish(
        &mut self,
        number: u64,
        state: PublicState,
        title: String,
        text: String,
        approved_by: &str,
        now: Time,
    ) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let cadence = self.rule(incident).map(|r| r.cadence);
        let next_by = (state != PublicState::Resolved)
            .then_some(cadence)
            .flatten()
            .map(|c| now + c);
        let id = EffectId::of(&[
            "publish",
            &number.to_string(),
            &incident.updates.len().to_string(),
            &now.as_millis().to_string(),
        ]);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.promise = None;
        incident.touched_at = now;
        incident.updates.push(Update {
            at: now,
            state,
            title: title.clone(),
            text: text.clone(),
            approved_by: approved_by.to_string(),
            next_by,
        });
        self.out.push(Effect::Publish(Box::new(Publish {
            id,
            incident: number,
            state,
            title,
            text,
        })));
        let said = format!("customers were told: {state} (approved by {approved_by})");
        self.say(now, Some(number), EntryKind::Published, state.word(), said);
        if let Some(due) = next_by {
            let next = if state == PublicState::Investigating {
                PublicState::Identified
            } else {
                state
            };
            self.promise(number, next, due, now);
        }
    }

    fn promise(&mut self, number: u64, state: PublicState, due: Time, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let count = incident.updates.len() as u32 + incident.reopened * 1000 + 1;
        incident.promise = Some(Promise {
            due,
            state,
            number: count,
            reminded: false,
            overdue_pages: 0,
        });
        let text = format!("the next update to customers is due by {}", clock(due));
        self.say(now, Some(number), EntryKind::Promise, state.word(), text);
    }

    /// A template, filled in: the headline and the words.
    pub fn draft(
        &self,
        number: u64,
        state: PublicState,
        next_by: Option<Time>,
    ) -> (String, String) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return Default::default();
        };
        let template = self.rule(incident).and_then(|r| self.template(r, state));
        let Some(template) = template else {
            return (
                format!("{state}"),
                format!("We are looking into {}.", incident.title),
            );
        };
        let package = &self.plan.package;
        let journeys = names(
            incident
                .journeys
                .iter()
                .filter_map(|j| Some(package.journeys.get(j)?.name.as_str())),
        );
        let components = names(
            incident
                .alerts
                .values()
                .filter_map(|a| {
                    package
                        .components
                        .get(a.component.as_ref()?)?
                        .public
                        .as_ref()
                })
                .map(|p| p.name.as_str()),
        );
        let impact = self
            .lead_alert(incident)
            .and_then(|a| a.impact.as_deref())
            .unwrap_or("Some requests fail.");
        let minute = |t: Time| t.timestamp().strftime("%H:%M UTC").to_string();
        let fill = |text: &str| {
            text.replace("{journeys}", journeys.as_deref().unwrap_or("our service"))
                .replace(
                    "{components}",
                    components.as_deref().unwrap_or("our service"),
                )
                .replace("{since}", &minute(incident.opened_at))
                .replace(
                    "{next_update}",
                    &next_by.map_or("when it is over".into(), minute),
                )
                .replace("{impact}", impact)
        };
        (fill(&template.head.title), fill(&template.body))
    }

    /// The rule for an incident's severity, or the nearest milder one's there is.
    pub fn rule(&self, incident: &Incident) -> Option<&CommsRule> {
        let rules = &self.plan.package.comms.as_ref()?.rules;
        rules.iter().find(|r| r.severity.value == incident.severity)
    }

    fn template(&self, rule: &CommsRule, state: PublicState) -> Option<&Template> {
        let templates = rule
            .templates
            .iter()
            .filter_map(|t| self.plan.package.templates.get(&t.id));
        templates.into_iter().find(|t| t.head.state == state)
    }

    pub(crate) fn incident_deadlines(
        &self,
        incident: &Incident,
        offer: &mut impl FnMut(Option<Time>, &'static str),
    ) {
        if let Some(promise) = &incident.promise {
            offer(
                Some(self.promise_deadline(incident, promise)),
                "an update is promised",
            );
        }
        if !incident.is_open() {
            return;
        }
        let grouping = self.plan.grouping();
        for engagement in incident.engagements.values() {
            offer(
                engagement.escalation.as_ref().map(|e| e.next_at),
                "an escalation step is due",
            );
        }
        for attached in incident.alerts.values().filter(|a| a.firing) {
            offer(attached.held_until, "a cause was not confirmed in time");
            if let Some(recovered) = incident.recovered_at
                && !attached.straggler
            {
                offer(
                    Some(recovered.max(attached.at) + grouping.straggler_after),
                    "an alert outlives its cause",
                );
            }
        }
        offer(
            incident.quiet_since.map(|at| at + grouping.soak),
            "an incident is over",
        );
        if incident.phase == Phase::Acknowledged && incident.quiet_since.is_none() {
            offer(
                Some(incident.touched_at + grouping.stale_ack_after),
                "nobody has touched an incident",
            );
        }
    }

    fn promise_deadline(&self, incident: &Incident, promise: &Promise) -> Time {
        let overdue = self
            .rule(incident)
            .map_or(Duration::from_mins(3), |r| r.overdue_after);
        if !promise.reminded {
            let from = incident.updates.last().map_or(incident.opened_at, |u| u.at);
            let half = Duration::from_millis(promise.due.since(from).as_millis() / 2);
            return promise.due - half.min(REMIND_BEFORE);
        }
        let late = Duration::from_millis(
            overdue
                .as_millis()
                .saturating_mul(i64::from(promise.overdue_pages) + 1),
        );
        if promise.overdue_pages < MAX_OVERDUE_PAGES {
            promise.due + late
        } else {
            Time::from_millis(i64::MAX)
        }
    }

    /// Everything about an incident that is due by now.
    pub(crate) fn advance_incident(&mut self, number: u64, now: Time) {
        self.advance_promise(number, now);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if !incident.is_open() {
            return;
        }
        let grouping = self.plan.grouping();
        if incident
            .quiet_since
            .is_some_and(|at| at + grouping.soak <= now)
        {
            let text = format!("everything has been well for {}", grouping.soak);
            self.close_incident(number, text, now);
            return;
        }
        self.advance_escalations(number, now);
        self.advance_held(number, now);
        self.advance_stragglers(number, now);
        self.advance_stale_ack(number, now);
    }

    pub(crate) fn close_incident(&mut self, number: u64, why: String, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.phase = Phase::Resolved;
        incident.resolved_at = Some(now);
        let told = incident
            .updates
            .last()
            .is_some_and(|u| u.state != PublicState::Resolved);
        let promise = incident.promise.take();
        let teams: Vec<Id> = incident.engagements.keys().cloned().collect();
        self.say(now, Some(number), EntryKind::Resolved, "", why);
        for team in &teams {
            self.stop_escalation(number, team);
        }
        self.tell_resolved(number, now);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if self.rule(incident).is_some() && told {
            let due = (now + RESOLVED_WITHIN)
                .min(promise.map_or(now + RESOLVED_WITHIN, |p| p.due.max(now)));
            self.promise(number, PublicState::Resolved, due, now);
        }
    }

    fn advance_promise(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(promise) = incident.promise.clone() else {
            return;
        };
        if self.promise_deadline(incident, &promise) > now {
            return;
        }
        let Some(rule) = self.rule(incident).cloned() else {
            return;
        };
        let (role, kind, entry, text) = if !promise.reminded {
            let text = format!(
                "an update to customers is due by {}; a draft is ready",
                clock(promise.due)
            );
            (
                Some(rule.owner.id.clone()),
                NotifyKind::UpdateDue,
                EntryKind::UpdateDue,
                text,
            )
        } else {
            let text = format!(
                "an update to customers was promised by {} and has not been published",
                clock(promise.due)
            );
            let backup = rule
                .backup
                .as_ref()
                .map_or_else(|| rule.owner.id.clone(), |b| b.id.clone());
            (
                Some(backup),
                NotifyKind::UpdateOverdue,
                EntryKind::UpdateOverdue,
                text,
            )
        };
        self.say(now, Some(number), entry, promise.state.word(), text.clone());
        if let Some(role) = role {
            self.remind(number, &role, kind, &promise, &text, now);
        }
        if let Some(promise) = self
            .state
            .incidents
            .get_mut(&number)
            .and_then(|i| i.promise.as_mut())
        {
            if promise.reminded {
                promise.overdue_pages += 1;
            }
            promise.reminded = true;
        }
    }

    fn remind(
        &mut self,
        number: u64,
        role: &Id,
        kind: NotifyKind,
        promise: &Promise,
        text: &str,
        now: Time,
    ) {
        let Some(person) = self.holder(role, now) else {
            let text = format!("nobody holds the role {role}, which writes to customers");
            self.say(
                now,
                Some(number),
                EntryKind::NobodyFound,
                role.as_str(),
                text,
            );
            return;
        };
        let ways = self.ways_to(&person);
        // Due is a reminder and need not wake anybody; overdue is a broken promise and may.
        let quiet = ways.iter().find(|w| !w.channel.value.wakes());
        let way = if kind == NotifyKind::UpdateDue {
            quiet.or(ways.first())
        } else {
            ways.first()
        };
        let (Some(way), Some(incident)) = (way, self.state.incidents.get(&number)) else {
            let text = format!("{} has no contact", self.person_name(&person));
            self.say(
                now,
                Some(number),
                EntryKind::NobodyFound,
                person.as_str(),
                text,
            );
            return;
        };
        let id = EffectId::of(&[
            &number.to_string(),
            kind.word(),
            &promise.number.to_string(),
            &promise.due.as_millis().to_string(),
            &promise.overdue_pages.to_string(),
            person.as_str(),
            way.channel.value.word(),
        ]);
        let notify = Notify {
            id,
            incident: Some(number),
            team: None,
            kind,
            to: Recipient::Person(person.clone()),
            channel: way.channel.value,
            address: way.to.to_string(),
            secret: way.secret.as_ref().map(|s| s.0.to_string()),
            severity: incident.severity,
            title: format!("{}: {}", incident.name(), incident.title),
            summary: text.to_string(),
            impact: None,
            first_step: Some("Open the incident, check the draft and publish it.".into()),
            runbook: None,
            why_you: format!("{role} writes to customers"),
        };
        self.out.push(Effect::Notify(Box::new(notify)));
        let name = self.person_name(&person);
        self.say(
            now,
            Some(number),
            EntryKind::Paged,
            person.as_str(),
            format!("{name} is told: {text}"),
        );
    }

    fn advance_held(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let mut waited: Vec<(Id, Id)> = Vec::new();
        for (id, attached) in &mut incident.alerts {
            if attached.firing && attached.held_until.is_some_and(|at| at <= now) {
                attached.held_until = None;
                waited.push((attached.team.clone(), id.clone()));
            }
        }
        for (team, alert) in waited {
            if !self.is_calling(number, &team) {
                let why =
                    format!("{alert} joined, and its suspected cause was not confirmed in time");
                self.call_again(number, &team, &why, now);
            }
        }
    }

    fn advance_stragglers(&mut self, number: u64, now: Time) {
        let after = self.plan.grouping().straggler_after;
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(recovered) = incident.recovered_at else {
            return;
        };
        let mut late: Vec<(Id, Id)> = Vec::new();
        for (id, attached) in &mut incident.alerts {
            if attached.firing && !attached.straggler && recovered.max(attached.at) + after <= now {
                attached.straggler = true;
                late.push((attached.team.clone(), id.clone()));
            }
        }
        for (team, alert) in late {
            let text = format!("{alert} still fires {after} after the rest began to recover");
            self.say(
                now,
                Some(number),
                EntryKind::Straggler,
                alert.as_str(),
                text.clone(),
            );
            if !self.is_calling(number, &team) {
                self.call_again(number, &team, &text, now);
            }
        }
    }

    fn advance_stale_ack(&mut self, number: u64, now: Time) {
        let after = self.plan.grouping().stale_ack_after;
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let stale = incident.phase == Phase::Acknowledged
            && incident.quiet_since.is_none()
            && incident.touched_at + after <= now;
        if !stale {
            return;
        }
        incident.touched_at = now;
        let owners: Vec<Id> = incident.firing().map(|(_, a)| a.team.clone()).collect();
        let team = owners
            .into_iter()
            .next()
            .or_else(|| incident.engagements.keys().next().cloned());
        if let Some(team) = team {
            let why = format!("it was acknowledged, and nobody has touched it for {after}");
            self.call_again(number, &team, &why, now);
        }
    }
}

/// A time of day, to the second.
fn clock(at: Time) -> String {
    at.timestamp().strftime("%H:%M:%S UTC").to_string()
}

/// Names in a sentence: "A, B and C".
fn names<'a>(list: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    for name in list {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let (last, rest) = seen.split_last()?;
    Some(if rest.is_empty() {
        (*last).to_string()
    } else {
        format!("{} and {last}", rest.join(", "))
    })
}
