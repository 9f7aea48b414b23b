//! The dependency graph: components, how they depend on one another, and the journeys on top.

use std::collections::BTreeMap;

use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::runbook::Runbook;
use crate::team::{Role, Team};
use crate::text::Spanned;

record! {
    /// A node of the dependency graph.
    pub struct Component as "a component" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// What sort of thing it is.
        pub kind: ComponentKind,
        /// The team that owns it and is paged for it.
        pub team: Ref<Team>,
        /// How much it matters: 1 is what customers notice at once.
        pub tier: u8 = 2,
        /// What it does, in a sentence.
        pub description: Option<String>,
        /// What it needs.
        pub depends_on: Vec<Dependency>,
        /// How it appears on the public status page; not at all, where this is not written.
        pub public: Option<PublicName>,
        /// What it shares with others: `region`, `vendor`, `registrar`, `project`.
        pub attributes: BTreeMap<String, String>,
        /// How a bad change to it is taken back, for what is deployed.
        pub rollback: Option<Rollback>,
        /// Dashboards, consoles, repositories, by name.
        pub links: BTreeMap<String, String>,
    }
}
entity!(Component, Component);

words! {
    /// What sort of thing a component is.
    pub enum ComponentKind as "a kind of component" {
        /// Something that answers requests.
        Service = "service",
        /// Something that runs now and then.
        Job = "job",
        /// Where data lives.
        Datastore = "datastore",
        /// Somebody else's product.
        Vendor = "vendor",
        /// Many host names, often customers' own.
        DomainFleet = "domain-fleet",
        /// Configuration or data that is pushed.
        ConfigFeed = "config-feed",
        /// A network path, an address list, a zone.
        Network = "network",
        /// Something people work with: CI, chat, paging.
        Tool = "tool",
    }
}

record! {
    /// That one component needs another.
    pub struct Dependency as "a dependency" {
        /// What is needed.
        pub component: Ref<Component>,
        /// How much.
        pub kind: DependencyKind = DependencyKind::Hard,
        /// Stands in a group of which some have to work.
        pub group: Option<String>,
        /// How many of the group have to work.
        pub needs: Option<u8>,
        /// What happens here when it fails.
        pub when_it_fails: Option<String>,
        /// What to do then.
        pub runbook: Option<Ref<Runbook>>,
    }
}

words! {
    /// How much one thing needs another.
    pub enum DependencyKind as "a kind of dependency" {
        /// Fails without it.
        Hard = "hard",
        /// Is worse without it, and goes on.
        Soft = "soft",
        /// Needs it only to start.
        Startup = "startup",
        /// Needs it only to be changed.
        ControlPlane = "control-plane",
        /// Needs it only to be repaired.
        Recovery = "recovery",
    }
}

record! {
    /// How a component appears to customers.
    pub struct PublicName as "a public name" {
        /// What customers call it.
        pub name: String,
        /// The heading it stands under.
        pub group: Option<String>,
    }
}

record! {
    /// How a bad change is taken back.
    pub struct Rollback as "a rollback" {
        /// When to do it, in numbers.
        pub trigger: String,
        /// Who decides.
        pub decider: Ref<Role>,
        /// How long it may take.
        pub budget: Duration,
        /// The command, in one line.
        pub command: String,
        /// After what it no longer works.
        pub point_of_no_return: Option<String>,
        /// The steps in full.
        pub runbook: Option<Ref<Runbook>>,
    }
}

record! {
    /// What a customer does, on top of components.
    pub struct Journey as "a journey" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The launch is off without it.
        pub critical: bool = true,
        /// The role that answers for it.
        pub owner: Option<Ref<Role>>,
        /// What it moves that cannot be given back easily.
        pub moves: Vec<Moves>,
        /// What it needs.
        pub depends_on: Vec<Dependency>,
        /// What customers say when it fails, in their words.
        pub symptoms: Vec<String>,
    }
}
entity!(Journey, Journey);

words! {
    /// What a journey moves.
    pub enum Moves as "something a journey moves" {
        /// Money.
        Money = "money",
        /// Customers' data.
        Data = "data",
    }
}
