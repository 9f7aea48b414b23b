//! The facts of a rehearsal that expectations are judged by, gathered while it is played.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::alert::Severity;
use gonogo_model::comms::PublicState;

use crate::effect::{Effect, NotifyKind, Recipient};
use crate::engine::{Engine, Outcome};
use crate::history::{Entry, EntryKind};
use crate::incident::Incident;
use crate::time::Time;

/// What happened, and when.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) fired: Vec<(Id, Time)>,
    pub(super) resolved: Vec<(Id, Time)>,
    pub(super) pages: Vec<Paged>,
    pub(super) published: Vec<(PublicState, Time)>,
    pub(super) promises: Vec<Promised>,
    pub(super) incidents: BTreeMap<u64, Course>,
    /// Since when no incident is open; none while one is.
    pub(super) quiet_since: Option<Time>,
}

/// A page.
#[derive(Debug)]
pub(super) struct Paged {
    pub(super) at: Time,
    pub(super) person: Id,
    pub(super) team: Option<Id>,
    pub(super) wakes: bool,
    /// The roles that the person held then.
    pub(super) roles: Vec<Id>,
}

/// An update that was promised.
#[derive(Debug)]
pub(super) struct Promised {
    incident: u64,
    pub(super) due: Time,
    pub(super) fate: Fate,
}

/// What became of a promised update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    PublishedAt(Time),
    /// It was no longer needed, or another took its place.
    Withdrawn,
}

/// The course of an incident.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) opened_at: Time,
    pub(super) title: String,
    pub(super) severities: Vec<(Severity, Time)>,
    pub(super) causes: Vec<(Option<Id>, Time)>,
    pub(super) journeys: Vec<(Id, Time)>,
    pub(super) paged_at: Option<Time>,
    pub(super) pages: u32,
    pub(super) acknowledged_at: Option<Time>,
    pub(super) public_at: Option<Time>,
    pub(super) resolved_at: Option<Time>,
    pub(super) merged_into: Option<u64>,
}

impl Record {
    pub(super) fn new(start: Time) -> Self {
        Self {
            quiet_since: Some(start),
            ..Self::default()
        }
    }

    /// Takes note of what a step led to.
    pub(super) fn note(&mut self, outcome: &Outcome, engine: &Engine, now: Time) {
        for entry in &outcome.history {
            self.entry(entry, engine, now);
        }
        for effect in &outcome.effects {
            self.effect(effect, engine, now);
        }
        if outcome.history.is_empty() {
            return;
        }
        for incident in engine.state().incidents.values() {
            self.follow(incident, now);
        }
        let open = engine.state().incidents.values().any(Incident::is_open);
        self.quiet_since = (!open).then(|| self.quiet_since.unwrap_or(now));
    }

    fn entry(&mut self, entry: &Entry, engine: &Engine, now: Time) {
        let id = || Id::from_static(&entry.subject);
        match entry.kind {
            EntryKind::AlertFiring => self.fired.push((id(), now)),
            EntryKind::AlertResolved => self.resolved.push((id(), now)),
            EntryKind::Acknowledged => {
                if let Some(course) = entry.incident.and_then(|n| self.incidents.get_mut(&n)) {
                    course.acknowledged_at.get_or_insert(now);
                }
            }
            EntryKind::Published => {
                self.settle(entry.incident.unwrap_or_default(), Fate::PublishedAt(now));
            }
            EntryKind::Promise => {
                let incident = entry.incident.unwrap_or_default();
                let promise = engine
                    .state()
                    .incidents
                    .get(&incident)
                    .and_then(|i| i.promise.as_ref());
                if let Some(promise) = promise {
                    self.settle(incident, Fate::Withdrawn);
                    self.promises.push(Promised {
                        incident,
                        due: promise.due,
                        fate: Fate::Open,
                    });
                }
            }
            _ => {}
        }
    }

    fn effect(&mut self, effect: &Effect, engine: &Engine, now: Time) {
        match effect {
            Effect::Notify(notify) => {
                let calls = matches!(
                    notify.kind,
                    NotifyKind::Page | NotifyKind::Growth | NotifyKind::UpdateOverdue
                );
                let Recipient::Person(person) = &notify.to else {
                    return;
                };
                if !calls {
                    return;
                }
                let roles = engine.plan().package.roles.keys();
                self.pages.push(Paged {
                    at: now,
                    person: person.clone(),
                    team: notify.team.clone(),
                    wakes: notify.channel.wakes(),
                    roles: roles
                        .filter(|r| engine.holder(r, now).as_ref() == Some(person))
                        .cloned()
                        .collect(),
                });
                if let Some(course) = notify.incident.and_then(|n| self.course(n, engine)) {
                    course.pages += 1;
                    course.paged_at.get_or_insert(now);
                }
            }
            Effect::Publish(publish) => {
                self.published.push((publish.state, now));
                if let Some(course) = self.course(publish.incident, engine) {
                    course.public_at.get_or_insert(now);
                }
            }
            Effect::Cancel(_) | Effect::Confirm(_) => {}
        }
    }

    /// The last promise of an incident that nothing became of yet.
    fn settle(&mut self, incident: u64, fate: Fate) {
        let open = |p: &&mut Promised| p.incident == incident && p.fate == Fate::Open;
        if let Some(promise) = self.promises.iter_mut().find(open) {
            promise.fate = fate;
        }
    }

    fn course(&mut self, number: u64, engine: &Engine) -> Option<&mut Course> {
        let incident = engine.state().incidents.get(&number)?;
        Some(
            self.incidents
                .entry(number)
                .or_insert_with(|| Course::of(incident)),
        )
    }

    fn follow(&mut self, incident: &Incident, now: Time) {
        let course = self
            .incidents
            .entry(incident.number)
            .or_insert_with(|| Course::of(incident));
        let before = course.severities.last().map(|(s, _)| *s);
        if before != Some(incident.severity) {
            course.severities.push((incident.severity, now));
        }
        let cause = incident.cause.as_ref().map(|c| c.component.clone());
        if course.causes.last().map(|(c, _)| c) != Some(&cause) {
            course.causes.push((cause, now));
        }
        for journey in &incident.journeys {
            if !course.journeys.iter().any(|(j, _)| j == journey) {
                course.journeys.push((journey.clone(), now));
            }
        }
        course.title.clone_from(&incident.title);
        course.resolved_at = incident.resolved_at;
        course.merged_into = incident.merged_into;
        if incident.promise.is_none() {
            self.settle(incident.number, Fate::Withdrawn);
        }
    }
}

impl Course {
    fn of(incident: &Incident) -> Self {
        Self {
            opened_at: incident.opened_at,
            title: incident.title.clone(),
            severities: Vec::new(),
            causes: Vec::new(),
            journeys: Vec::new(),
            paged_at: None,
            pages: 0,
            acknowledged_at: None,
            public_at: None,
            resolved_at: None,
            merged_into: None,
        }
    }
}
