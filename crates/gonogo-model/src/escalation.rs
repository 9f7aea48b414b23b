//! Whom to page, in which order, and what happens when nobody answers.

use crate::decode::{choice, record};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::schedule::Schedule;
use crate::team::{Person, Role};
use crate::text::Spanned;

record! {
    /// Steps that are walked until somebody acknowledges.
    pub struct EscalationPolicy as "an escalation policy" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The steps, in order.
        pub steps: Vec<Step>,
        /// How often the steps are walked again after the first time.
        pub repeat: u8 = 2,
        /// Who is paged when every step was walked and nobody answered, or a step finds nobody
        /// at all. They are paged again every `fallback_every` until somebody acknowledges.
        pub fallback: Target,
        /// How often the fallback is paged.
        pub fallback_every: Duration = Duration::from_mins(10),
        /// How soon somebody has to have been reached, whoever does not answer.
        pub answer_within: Duration = Duration::from_mins(15),
    }
}
entity!(EscalationPolicy, EscalationPolicy);

record! {
    /// One rung of the ladder.
    pub struct Step as "a step" {
        /// Who is paged.
        pub notify: Vec<Target>,
        /// How long to wait for an acknowledgement before the next step.
        pub wait: Duration = Duration::from_mins(5),
    }
}

choice! {
    /// Somebody, found at the moment of paging.
    pub enum Target as "a target" {
        /// Whoever is on call on a schedule.
        Schedule(Ref<Schedule>) = "schedule",
        /// Whoever holds a role.
        Role(Ref<Role>) = "role",
        /// A person, by name.
        Person(Ref<Person>) = "person",
    }
}

impl Target {
    /// "schedule platform-primary"
    pub fn describe(&self) -> String {
        match self {
            Self::Schedule(r) => format!("schedule {}", r.id),
            Self::Role(r) => format!("role {}", r.id),
            Self::Person(r) => format!("person {}", r.id),
        }
    }
}
