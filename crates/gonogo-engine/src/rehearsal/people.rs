//! What people do when they are called: what the scenario says of their role, or nothing.
//!
//! Nobody answers mail or chat at night: only a channel that wakes reaches somebody asleep.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::comms::PublicState;
use gonogo_model::scenario::Scenario;
use gonogo_model::{Duration, Id};

use crate::effect::{Notify, NotifyKind, Recipient};
use crate::engine::Engine;
use crate::input::{Actor, Command, Verb};
use crate::time::Time;

/// The hours of the day at which people read mail and chat, by their own clock.
const AWAKE: std::ops::Range<i8> = 8..20;

/// The responders of a scenario.
#[derive(Debug)]
pub(super) struct People {
    responders: Vec<Answers>,
    acknowledging: BTreeSet<(u64, Id)>,
    /// Since when an incident's next update is owed, in whatever shape it was promised last.
    owed_since: BTreeMap<u64, Time>,
}

#[derive(Debug)]
struct Answers {
    role: Id,
    acks_after: Option<Duration>,
    updates_after: Option<Duration>,
}

/// Something that somebody is going to do.
#[derive(Debug)]
pub(super) enum Intent {
    Acknowledge {
        incident: u64,
        person: Id,
    },
    Publish {
        incident: u64,
        owed_since: Time,
        person: Id,
    },
}

impl People {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let responders = scenario.responders.iter().map(|r| Answers {
            role: r.role.id.clone(),
            acks_after: r.acks_after,
            updates_after: r.updates_after,
        });
        Self {
            responders: responders.collect(),
            acknowledging: BTreeSet::new(),
            owed_since: BTreeMap::new(),
        }
    }

    /// Somebody is told something: what do they do, and when?
    pub(super) fn told(
        &mut self,
        notify: &Notify,
        engine: &Engine,
        now: Time,
    ) -> Option<(Time, Intent)> {
        let (Recipient::Person(person), Some(incident)) = (&notify.to, notify.incident) else {
            return None;
        };
        if !notify.channel.wakes() && !awake(engine, person, now) {
            return None;
        }
        let at = now + self.answers(person, engine, now, |r| r.acks_after)?;
        match notify.kind {
            NotifyKind::Page | NotifyKind::Growth => {
                let first = self.acknowledging.insert((incident, person.clone()));
                let person = person.clone();
                first.then_some((at, Intent::Acknowledge { incident, person }))
            }
            NotifyKind::UpdateOverdue => Some((at, self.publishes(incident, person.clone())?)),
            _ => None,
        }
    }

    /// An update is promised: whoever writes does so in time, or not. A promise that takes the
    /// place of another does not give them more time.
    pub(super) fn promised(
        &mut self,
        incident: u64,
        engine: &Engine,
        now: Time,
    ) -> Option<(Time, Intent)> {
        if self.owed_since.contains_key(&incident) {
            return None;
        }
        let found = engine.state().incidents.get(&incident)?;
        found.promise.as_ref()?;
        self.owed_since.insert(incident, now);
        let owner = &engine.rule(found)?.owner.id;
        let responder = self.responders.iter().find(|r| r.role == *owner)?;
        let person = engine.holder(owner, now)?;
        let at = now + responder.updates_after?;
        Some((at, self.publishes(incident, person)?))
    }

    /// Customers were told: nothing is owed until the next promise.
    pub(super) fn published(&mut self, incident: u64) {
        self.owed_since.remove(&incident);
    }

    fn publishes(&self, incident: u64, person: Id) -> Option<Intent> {
        let owed_since = *self.owed_since.get(&incident)?;
        Some(Intent::Publish {
            incident,
            owed_since,
            person,
        })
    }

    /// They do it, unless it is no longer needed.
    pub(super) fn act(&mut self, intent: &Intent, engine: &Engine) -> Option<Command> {
        let (person, verb) = match intent {
            Intent::Acknowledge { incident, person } => {
                self.acknowledging.remove(&(*incident, person.clone()));
                let incident = *incident;
                let open = engine.state().incidents.get(&incident);
                open.filter(|i| i.is_open() || i.merged_into.is_some())?;
                (person, Verb::Acknowledge { incident })
            }
            Intent::Publish {
                incident,
                owed_since,
                person,
            } => {
                if self.owed_since.get(incident) != Some(owed_since) {
                    return None;
                }
                let found = engine.state().incidents.get(incident)?;
                let open = found.promise.as_ref()?;
                let state = match (open.state, found.quiet_since) {
                    (state, None) | (state @ PublicState::Resolved, _) => state,
                    (_, Some(_)) => PublicState::Monitoring,
                };
                let verb = Verb::Publish {
                    incident: *incident,
                    state,
                    // As the draft has it.
                    text: String::new(),
                };
                (person, verb)
            }
        };
        let people = &engine.plan().package.people;
        let name = people
            .get(person)
            .map_or(person.as_str(), |p| p.name.as_str());
        Some(Command {
            by: Actor {
                name: name.to_string(),
                person: Some(person.clone()),
                via: "rehearsal".into(),
            },
            verb,
        })
    }

    fn answers(
        &self,
        person: &Id,
        engine: &Engine,
        now: Time,
        what: impl Fn(&Answers) -> Option<Duration>,
    ) -> Option<Duration> {
        self.responders
            .iter()
            .filter(|r| engine.holder(&r.role, now).as_ref() == Some(person))
            .filter_map(what)
            .min()
    }
}

fn awake(engine: &Engine, person: &Id, now: Time) -> bool {
    let package = &engine.plan().package;
    let own = package
        .people
        .get(person)
        .and_then(|p| p.time_zone.as_ref());
    let zone = own.or(package.header.as_ref().map(|h| &h.time_zone));
    zone.is_none_or(|z| AWAKE.contains(&z.local(now.timestamp()).hour()))
}
