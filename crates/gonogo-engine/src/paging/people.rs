//! Who is meant right now, and how they are reached.

use gonogo_model::Id;
use gonogo_model::team::Contact;

use super::Whom;
use crate::engine::Engine;
use crate::time::Time;

impl Engine {
    /// The person whom a target means right now.
    pub(super) fn find(&self, whom: &Whom, now: Time) -> Result<Id, String> {
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

    pub(super) fn journey_name(&self, id: &Id) -> String {
        let journeys = &self.plan.package.journeys;
        journeys
            .get(id)
            .map_or_else(|| id.to_string(), |j| j.name.clone())
    }
}
