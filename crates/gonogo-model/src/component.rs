//! The dependency graph: components, how they depend on one another, and the journeys on top.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::percent::Percent;
use crate::runbook::Runbook;
use crate::team::{Role, Team};
use crate::text::Spanned;
use crate::when::Local;

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
        /// Why it is not live yet: "billing is free until March". The verdict then asks nothing of
        /// what hangs on it, and never shows it as well. It is watched all the same, so what arrives
        /// although it is off is noticed.
        pub off: Option<String>,
        /// What it needs.
        pub depends_on: Vec<Dependency>,
        /// How it appears on the public status page; not at all, where this is not written.
        pub public: Option<PublicName>,
        /// What people do with it when something is down. Two components with one use stand in
        /// for one another.
        pub used_for: Vec<ToolUse>,
        /// The share of time that it promises to work, with everything it stands on: a vendor's
        /// contract, or what its team stands for.
        pub availability: Option<Percent>,
        /// What it shares with others: `region`, `vendor`, `registrar`, `project`.
        pub attributes: BTreeMap<String, String>,
        /// How a bad change to it is taken back, for what is deployed.
        pub rollback: Option<Rollback>,
        /// Dashboards, consoles, repositories, by name.
        pub links: BTreeMap<String, String>,
        /// What it can take at most: quotas, disks, connections, sizes, counts of keys.
        pub limits: Vec<Limit>,
        /// How its data is saved and brought back; every datastore of one's own has it.
        pub backup: Option<Backup>,
        /// How somebody there is reached, for a vendor.
        pub support: Option<VendorSupport>,
        /// Where a vendor says how it is doing: a status page's feed.
        pub status_feed: Option<String>,
        /// How it starts again without everybody at once asking for everything.
        pub restart: Option<String>,
        /// What it does when more comes than it can take: sheds, queues, slows down.
        pub overload: Option<String>,
        /// How what is pushed is validated before it is used, for a config feed.
        pub validation: Option<String>,
        /// How many of it may run at once, for a job that has to be alone: 1.
        pub concurrency: Option<u32>,
        /// When it runs, for a job: five fields of cron, UTC.
        pub runs: Option<String>,
        /// The team that keeps it reliable after the launch, where that is another one.
        pub handover: Option<Handover>,
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

words! {
    /// What people do with a component when something is down.
    pub enum ToolUse as "a use" {
        /// See what is wrong: monitoring, logs.
        Watching = "watching",
        /// Be woken.
        Paging = "paging",
        /// Talk to one another.
        Chat = "chat",
        /// Tell customers.
        StatusPage = "status-page",
        /// Change what runs, or take a change back.
        Deploy = "deploy",
        /// Change where names point to.
        Dns = "dns",
        /// Prove who they are to the other tools.
        SignIn = "sign-in",
        /// Reach what is not public: a VPN, a console, a bastion.
        Access = "access",
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
        /// Is the answer waited for?
        pub mode: Option<CallMode>,
        /// How long an answer is waited for.
        pub timeout: Option<Duration>,
        /// How it is tried again: how often, how far apart.
        pub retry: Option<String>,
        /// Why trying again does no harm, where money or data moves: the idempotency key.
        pub idempotency: Option<String>,
        /// Without an answer, does one go on or stop?
        pub fails: Option<FailsHow>,
        /// What is done instead while it is away.
        pub fallback: Option<String>,
    }
}

words! {
    /// Whether the answer of a dependency is waited for.
    pub enum CallMode as "a mode of calling" {
        /// Yes: its latency is ours.
        Sync = "sync",
        /// No: a queue, a webhook, a nightly run stands between.
        Async = "async",
    }
}

words! {
    /// What happens without an answer.
    pub enum FailsHow as "a way to fail" {
        /// One goes on as if the answer were yes.
        Open = "open",
        /// One stops as if the answer were no.
        Closed = "closed",
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
        /// How data and schema are taken back, or why going forward is the only way.
        pub data: Option<String>,
        /// The alerts on which the pipeline takes it back by itself.
        pub on_alerts: Vec<Ref<Alert>>,
    }
}

record! {
    /// The most that a component can take of something.
    pub struct Limit as "a limit" {
        /// Of what: "deployments a minute", "connections", "size of the feed".
        pub name: String,
        /// The most, in that unit.
        pub max: u64,
        /// How much is to be expected at the launch's peak, in that unit.
        pub forecast: Option<u64>,
        /// What says that it is near.
        pub alert: Option<Ref<Alert>>,
        /// The share of the limit at which that alert fires.
        pub alert_at: Option<Percent>,
    }
}

record! {
    /// How data is saved and brought back.
    pub struct Backup as "a backup" {
        /// How often it is saved.
        pub every: Duration,
        /// How long a copy is kept.
        pub keep: Duration,
        /// How much may be lost at most, as time.
        pub rpo: Duration,
        /// How long bringing it back may take.
        pub rto: Duration,
        /// What says that it failed, or did not run.
        pub alert: Option<Ref<Alert>>,
        /// How it is brought back.
        pub runbook: Option<Ref<Runbook>>,
    }
}

record! {
    /// How somebody at a vendor is reached.
    pub struct VendorSupport as "a vendor's support" {
        /// What was bought: "Production, one hour for P1".
        pub level: String,
        /// Where a case is opened.
        pub portal: Option<String>,
        /// What they ask for first: an account or project number, never a secret.
        pub account: Option<String>,
        /// What to do when their portal is down with the rest: a telephone number, a person.
        pub when_portal_is_down: Option<String>,
    }
}

record! {
    /// That another team takes over after the launch.
    pub struct Handover as "a handover" {
        /// Which.
        pub to: Ref<Team>,
        /// From when (UTC).
        pub on: Local,
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
        /// The role in finance, legal or sales that answers for the money or data it moves.
        pub business_owner: Option<Ref<Role>>,
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
