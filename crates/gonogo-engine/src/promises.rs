//! What customers were promised: updates that come due, and who is told when they do.
//!
//! Every update says when the next one comes, and that promise is a timer: whoever writes is
//! told before it is due, and somebody else is called when it is late.

use gonogo_model::alert::AlertClass;
use gonogo_model::comms::{Approval, CommsRule, PublicState};
use gonogo_model::{Duration, Id};

use crate::effect::{Effect, EffectId, Notify, NotifyKind, Publish, Recipient};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Incident, Promise, Reminder, Update};
use crate::input::{Delivery, DeliveryOutcome};
use crate::time::Time;

/// How long before an update is due whoever writes it is told, at most; half of the time
/// there is, where that is less.
pub const REMIND_BEFORE: Duration = Duration::from_mins(5);
/// How long after everything is well customers are told so, at the latest.
pub const RESOLVED_WITHIN: Duration = Duration::from_mins(15);
/// How often somebody is called for one late update, at the most.
pub const MAX_OVERDUE_PAGES: u32 = 3;
/// How many updates an incident remembers; the journal's history keeps all of them.
pub const MAX_UPDATES: usize = 1000;

impl Engine {
    /// The severity rose while customers were still waiting for a first word: what is promised
    /// for the new one holds from now on, and nothing comes later than it would have.
    pub(crate) fn promise_sooner(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        if !nothing_said_yet(incident) {
            return;
        }
        let told = incident.updates.len();
        let Some(before) = incident.promise.take() else {
            return;
        };
        self.first_promise(number, before.due, now);
        if let Some(incident) = self.state.incidents.get_mut(&number)
            && incident.updates.len() == told
        {
            incident.promise.get_or_insert(before);
        }
    }

    /// Makes the first promise of an incident that customers can notice.
    pub(crate) fn promise_if_due(&mut self, number: u64, now: Time) {
        self.first_promise(number, Time::from_millis(i64::MAX), now);
    }

    fn first_promise(&mut self, number: u64, latest: Time, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if !incident.is_open() || incident.promise.is_some() || !self.is_noticed(incident) {
            return;
        }
        let Some(rule) = self.rule(incident) else {
            return;
        };
        let fresh = nothing_said_yet(incident);
        let (first_update, severity) = (rule.first_update, rule.severity.value);
        if fresh && rule.approval == Approval::Automatic {
            let state = PublicState::Investigating;
            let next = self.next_update(number, state, now);
            let (title, text) = self.draft(number, state, next);
            let approved_by = format!("the rule for {severity}");
            self.publish(number, state, title, text, &approved_by, now);
            return;
        }
        // A second wave after an all-clear starts over with "investigating".
        let said = incident.updates.last().map(|u| u.state);
        let state = said
            .filter(|_| !fresh)
            .unwrap_or(PublicState::Investigating);
        self.promise(number, state, latest.min(now + first_update), now);
    }

    /// Can customers notice it: does a journey of theirs fail, or what they know by name?
    fn is_noticed(&self, incident: &Incident) -> bool {
        let fails = |a: &crate::incident::Attached| a.firing && a.class == AlertClass::Availability;
        let public = |id: &Id| {
            let component = self.plan.package.components.get(id);
            component.is_some_and(|c| c.public.is_some())
        };
        incident.alerts.values().any(fails)
            && (!incident.journeys.is_empty() || incident.failing_components().iter().any(public))
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
        let next_by = self.next_update(number, state, now);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.told = incident.told.saturating_add(1);
        let id = EffectId::of(&["publish", &number.to_string(), &incident.told.to_string()]);
        incident.promise = None;
        incident.touched_at = now;
        if incident.updates.len() >= MAX_UPDATES {
            incident.updates.remove(0);
        }
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
            let next = match state {
                PublicState::Investigating => PublicState::Identified,
                other => other,
            };
            self.promise(number, next, due, now);
        }
    }

    /// It is over: where customers heard of it, they are owed a last word.
    pub(crate) fn promise_all_clear(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let promised = incident.promise.take().map(|p| p.due.max(now));
        let said = incident.updates.last().map(|u| u.state);
        let owed = said.is_some_and(|s| s != PublicState::Resolved);
        let latest = now + RESOLVED_WITHIN;
        if owed
            && self
                .state
                .incidents
                .get(&number)
                .and_then(|i| self.rule(i))
                .is_some()
        {
            let due = promised.map_or(latest, |p| p.min(latest));
            self.promise(number, PublicState::Resolved, due, now);
        }
    }

    fn promise(&mut self, number: u64, state: PublicState, due: Time, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.promises = incident.promises.saturating_add(1);
        incident.promise = Some(Promise {
            due,
            state,
            number: incident.promises,
            reminded: false,
            overdue_pages: 0,
            reminder: None,
        });
        let text = format!("the next update to customers is due by {}", clock(due));
        self.say(now, Some(number), EntryKind::Promise, state.word(), text);
    }

    /// When something is to be done about a promise.
    pub(crate) fn promise_deadline(&self, incident: &Incident, promise: &Promise) -> Option<Time> {
        let rule = self.rule(incident);
        let patience = rule.map_or(Duration::ZERO, |r| r.overdue_after);
        let patience = patience.max(Duration::from_secs(1));
        if !promise.reminded {
            let from = incident.updates.last().map_or(incident.opened_at, |u| u.at);
            let half = Duration::from_millis(promise.due.since(from).as_millis() / 2);
            return Some(promise.due - half.min(REMIND_BEFORE));
        }
        // Counted from the last time that somebody was called: after a time of our own
        // absence there is one call, and not all that were missed.
        let called = promise
            .reminder
            .as_ref()
            .filter(|_| promise.overdue_pages > 0);
        let since = called.map_or(promise.due, |r| r.at.max(promise.due));
        (promise.overdue_pages < MAX_OVERDUE_PAGES).then(|| since + patience)
    }

    pub(crate) fn advance_promise(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(promise) = &incident.promise else {
            return;
        };
        let deadline = self.promise_deadline(incident, promise);
        if deadline.is_none_or(|at| at > now) {
            return;
        }
        let (due, state) = (promise.due, promise.state);
        let Some(rule) = self.rule(incident) else {
            self.drop_promise(number, now);
            return;
        };
        let late = promise.reminded || now >= due + rule.overdue_after;
        let roles = self.writers(rule, late);
        let (kind, entry, text) = if late {
            (
                NotifyKind::UpdateOverdue,
                EntryKind::UpdateOverdue,
                format!(
                    "an update to customers was promised by {} and has not been published",
                    clock(due)
                ),
            )
        } else {
            (
                NotifyKind::UpdateDue,
                EntryKind::UpdateDue,
                format!(
                    "an update to customers is due by {}; a draft is ready",
                    clock(due)
                ),
            )
        };
        self.say(now, Some(number), entry, state.word(), text.clone());
        if let Some(promise) = self.promise_mut(number) {
            promise.reminded = true;
            promise.overdue_pages += u32::from(late);
        }
        self.remind(number, &roles, kind, text, now);
    }

    /// The package in force promises nothing any more.
    fn drop_promise(&mut self, number: u64, now: Time) {
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.promise = None;
        }
        let text = "the package in force has no rule for this severity: no update is promised";
        self.say(now, Some(number), EntryKind::Promise, "", text);
    }

    /// Who is told of a promised update, the first who can be reached.
    fn writers(&self, rule: &CommsRule, late: bool) -> Vec<Id> {
        let (owner, backup) = (Some(&rule.owner), rule.backup.as_ref());
        let header = self.plan.package.header.as_ref();
        let director = header.and_then(|h| Some(&h.launch.as_ref()?.director));
        let order = if late {
            [backup, owner, director]
        } else {
            [owner, backup, director]
        };
        order.into_iter().flatten().map(|r| r.id.clone()).collect()
    }

    fn remind(&mut self, number: u64, roles: &[Id], kind: NotifyKind, text: String, now: Time) {
        for role in roles {
            let why = match self.holder(role, now) {
                None => format!("nobody holds the role {role}, which writes to customers"),
                Some(person) if self.ways_to(&person).is_empty() => {
                    format!("{} has no contact", self.person_name(&person))
                }
                Some(person) => {
                    let reminder = Reminder {
                        effect: EffectId(String::new()),
                        kind,
                        role: role.clone(),
                        person,
                        contact: 0,
                        text,
                        at: now,
                    };
                    self.send_reminder(number, reminder, now);
                    return;
                }
            };
            self.say(
                now,
                Some(number),
                EntryKind::NobodyFound,
                role.as_str(),
                why,
            );
        }
    }

    fn send_reminder(&mut self, number: u64, mut reminder: Reminder, now: Time) {
        let mut ways = self.ways_to(&reminder.person);
        if reminder.kind == NotifyKind::UpdateDue {
            // Due is a reminder and need not wake anybody; overdue is a broken promise and may.
            ways.sort_by_key(|w| w.channel.value.wakes());
        }
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let (Some(way), Some(promise)) = (ways.get(reminder.contact), &incident.promise) else {
            let text = format!("no way to {} is left", self.person_name(&reminder.person));
            let person = reminder.person.as_str();
            self.say(now, Some(number), EntryKind::NobodyFound, person, text);
            return;
        };
        reminder.effect = EffectId::of(&[
            &number.to_string(),
            reminder.kind.word(),
            &promise.number.to_string(),
            &promise.overdue_pages.to_string(),
            reminder.person.as_str(),
            &reminder.contact.to_string(),
            way.channel.value.word(),
        ]);
        let notify = Notify {
            id: reminder.effect.clone(),
            incident: Some(number),
            team: None,
            kind: reminder.kind,
            to: Recipient::Person(reminder.person.clone()),
            channel: way.channel.value,
            address: way.to.to_string(),
            secret: way.secret.as_ref().map(|s| s.0.to_string()),
            severity: incident.severity,
            title: format!("{}: {}", incident.name(), incident.title),
            summary: reminder.text.clone(),
            impact: None,
            first_step: Some("Open the incident, check the draft and publish it.".into()),
            runbook: None,
            why_you: format!("{} writes to customers", reminder.role),
        };
        self.out.push(Effect::Notify(Box::new(notify)));
        let name = self.person_name(&reminder.person);
        let text = format!("{name} is told: {}", reminder.text);
        let person = reminder.person.clone();
        self.say(now, Some(number), EntryKind::Paged, person.as_str(), text);
        if let Some(promise) = self.promise_mut(number) {
            promise.reminder = Some(reminder);
        }
    }

    /// A reminder that did not get through goes the person's next way. Says whether the
    /// message was one.
    pub(crate) fn reminder_delivered(&mut self, delivery: &Delivery, now: Time) -> bool {
        let found = self.state.incidents.values().rev().find_map(|i| {
            let reminder = i.promise.as_ref()?.reminder.as_ref()?;
            (reminder.effect == delivery.effect).then(|| (i.number, reminder.clone()))
        });
        let Some((number, reminder)) = found else {
            return false;
        };
        if delivery.outcome == DeliveryOutcome::Failed {
            let name = self.person_name(&reminder.person);
            let text = format!(
                "the message to {name} does not get through: {}",
                delivery.detail
            );
            let person = reminder.person.clone();
            self.say(
                now,
                Some(number),
                EntryKind::DeliveryFailed,
                person.as_str(),
                text,
            );
            let contact = reminder.contact + 1;
            self.send_reminder(
                number,
                Reminder {
                    contact,
                    ..reminder
                },
                now,
            );
        }
        true
    }

    fn promise_mut(&mut self, number: u64) -> Option<&mut Promise> {
        self.state.incidents.get_mut(&number)?.promise.as_mut()
    }
}

/// Do customers know nothing of it, or think that it is over?
fn nothing_said_yet(incident: &Incident) -> bool {
    let said = incident.updates.last().map(|u| u.state);
    matches!(said, None | Some(PublicState::Resolved))
}

/// A time of day, to the second.
fn clock(at: Time) -> String {
    at.timestamp().strftime("%H:%M:%S UTC").to_string()
}
