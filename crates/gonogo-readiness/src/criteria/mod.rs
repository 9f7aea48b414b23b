//! The readiness criteria: questions whose answers decide whether to launch.
//!
//! One criterion is one file; its doc comment is its manual page. A criterion reads the package
//! and the evidence about it and gives one answer for each subject that it asks about. What it
//! cannot know is [`State::Unknown`], never a pass.

mod answer;
mod apart;
mod case;
mod catalogue;
mod index;
mod people;
mod profile;
mod proof;
mod tried;
mod trigger;

mod cap;
mod crt;
mod dat;
mod dep;
mod ext;
mod mon;
mod onc;
mod own;
mod rbk;
mod reh;
mod rel;
mod rsk;
mod sup;

use gonogo_model::Duration;
use gonogo_model::evidence::Method;

pub use answer::{Answer, Answers, LAST_BLOCKING_TIER, State};
pub use case::Case;
pub use catalogue::{all, find};
pub(crate) use people::{held_by_somebody, is_there};
pub use profile::SMALL_LAUNCH;
pub(crate) use proof::{day, unbound};
pub use trigger::Trigger;

/// A readiness criterion.
#[derive(Clone, Copy, Debug)]
pub struct Criterion {
    /// Its stable name: `OWN-01`.
    pub id: &'static str,
    /// What has to be so, in a sentence.
    pub title: &'static str,
    /// What decides it: all of them, where there are several.
    pub classes: &'static [Class],
    /// What comes of it when it is not met.
    pub gate: Gate,
    /// The least important tier that it is asked about; 3 is every tier.
    pub tiers: u8,
    /// How long evidence for it holds; `None` where it holds for this launch, or none is needed.
    pub ttl: Option<Duration>,
    /// What has to be absent for it not to apply; `None` where it always applies.
    pub trigger: Option<Trigger>,
    /// The file that it stands in, whose doc comment is the manual page.
    pub source: &'static str,
    /// Gives its answers.
    pub assess: fn(&Case<'_>, &mut Answers),
}

impl Criterion {
    /// The area that it belongs to: `OWN`.
    pub fn area(&self) -> &'static str {
        self.id.split('-').next().unwrap_or(self.id)
    }

    /// The manual page, as Markdown.
    pub fn manual(&self) -> String {
        crate::rules::manual_of(self.source)
    }

    /// Whether evidence by this method can answer it.
    pub fn takes(&self, method: Method) -> bool {
        self.classes.iter().any(|class| class.takes(method))
    }

    /// Can the package's text alone decide it?
    pub fn is_static(&self) -> bool {
        self.classes
            .iter()
            .all(|class| matches!(class, Class::Lint | Class::Graph))
    }
}

/// What decides a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The package's text.
    Lint,
    /// Its dependency graph.
    Graph,
    /// What runs, asked now.
    Live,
    /// Something that was done: a rehearsal, a drill, an incident.
    Drill,
    /// Something that another tool made: a load test, a review.
    Artifact,
    /// Somebody's word, by name.
    Attestation,
}

impl Class {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Graph => "graph",
            Self::Live => "live",
            Self::Drill => "drill",
            Self::Artifact => "artifact",
            Self::Attestation => "attestation",
        }
    }

    /// Whether evidence by this method is of this class.
    fn takes(self, method: Method) -> bool {
        matches!(
            (self, method),
            (Self::Live, Method::Probe)
                | (Self::Drill, Method::Drill)
                | (Self::Artifact, Method::Artifact)
                | (Self::Attestation, Method::Attest)
        )
    }
}

/// What comes of a criterion that is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// No launch, for tiers 1 and 2; below them it warns. The package's profile says which of
    /// them it means: [`Criterion::gate_in`].
    Blocker,
    /// It is said, and the launch may go on.
    Warning,
}

impl Gate {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Warning => "warning",
        }
    }
}

/// The names that a criterion's file needs.
mod prelude {
    #[allow(unused_imports)]
    pub(super) use super::{Answers, Case, Class, Criterion, Gate, State, Trigger};
    #[allow(unused_imports)]
    pub(super) use gonogo_model::{Duration, Kind, Subject};
}

/// The areas of the criteria, in the order of a review, and what each is about.
pub const AREAS: &[(&str, &str)] = &[
    ("OWN", "Ownership and people"),
    ("DEP", "Architecture and dependencies"),
    ("RSK", "Risk register"),
    ("MON", "Signals and alerts"),
    ("ONC", "On call and escalation"),
    ("RBK", "Runbooks and rollback"),
    ("REL", "Change and release"),
    ("CAP", "Capacity and growth"),
    ("DAT", "Data safety"),
    ("CRT", "What expires"),
    ("EXT", "Vendors and security"),
    ("SUP", "Support and communication"),
    ("REH", "Rehearsal and launch"),
];
