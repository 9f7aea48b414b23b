//! Evidence: dated records that answer a readiness criterion, and exceptions from one.
//!
//! A record says what was true of which entities, as they were then: it carries the digest of
//! each entity it covers, and says nothing any more once one of them changed.

use std::collections::BTreeMap;

use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, Subject};
use crate::team::{Person, Role};
use crate::text::Spanned;
use crate::when::Instant;

record! {
    /// A file of `evidence/`.
    pub struct EvidenceFile as "an evidence file" {
        /// Records.
        pub evidence: Vec<Evidence>,
        /// Exceptions.
        pub exceptions: Vec<Exception>,
    }
}

record! {
    /// A record that answers a criterion for a subject.
    pub struct Evidence as "an evidence record" {
        /// The criterion: `RBK-09`.
        pub criterion: Spanned<String>,
        /// What it is about: `component/billing-ledger`, `package`.
        pub subject: Spanned<Subject>,
        /// How it came out.
        pub result: Outcome,
        /// How it was found out.
        pub method: Method,
        /// When.
        pub observed_at: Instant,
        /// How long it holds at most; never longer than the criterion allows.
        pub ttl: Option<Duration>,
        /// The digest of each entity it covers, as it was then.
        pub covers: BTreeMap<String, String>,
        /// The package as a whole, as it was then.
        pub package_digest: Option<String>,
        /// Who found it out: a person, or what did: `gonogo`, a pipeline.
        pub actor: String,
        /// The second person, who looked at it.
        pub reviewer: Option<String>,
        /// What it does not show.
        pub limitations: Option<String>,
        /// What came of it: a number, a time, a link.
        pub note: Option<String>,
        /// What came of each step, for a runbook that was followed: `mitigate-2: ok`.
        pub steps: BTreeMap<String, StepOutcome>,
        /// What in particular was tried, by name: a switch, an address, an artifact's digest.
        pub tried: Vec<String>,
        /// How long it took.
        pub took: Option<Duration>,
        /// How much was lost, as time: from the newest data that came back to the failure.
        pub lost: Option<Duration>,
        /// The number that came of it, in the unit that the criterion asks for.
        pub measured: Option<u64>,
    }
}

words! {
    /// How something came out.
    pub enum Outcome as "a result" {
        /// It holds.
        Pass = "pass",
        /// It does not.
        Fail = "fail",
    }
}

words! {
    /// What came of a step of a runbook.
    pub enum StepOutcome as "an outcome of a step" {
        /// It did what it says.
        Ok = "ok",
        /// It did so once it was written another way.
        Edited = "edited",
        /// It was not needed.
        Skipped = "skipped",
        /// It did not do what it says.
        Failed = "failed",
        /// It was needed and did not stand there.
        Missing = "missing",
    }
}

words! {
    /// How something was found out.
    pub enum Method as "a method" {
        /// From the package's text.
        Lint = "lint",
        /// From its dependency graph.
        Graph = "graph",
        /// By asking what runs.
        Probe = "probe",
        /// By doing it: a rehearsal, a drill, a real incident.
        Drill = "drill",
        /// By something else that was run: CI, a load test, a review.
        Artifact = "artifact",
        /// Somebody says so, by name.
        Attest = "attest",
    }
}

record! {
    /// That a launch goes on without a criterion: signed, for one subject, until a day.
    pub struct Exception as "an exception" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// The criterion.
        pub criterion: Spanned<String>,
        /// For what; every subject has its own.
        pub subject: Spanned<Subject>,
        /// Why.
        pub reason: String,
        /// What keeps customers safe instead.
        pub compensating_control: String,
        /// When that was tried, and by whom it was seen to work.
        pub control_tested_at: Instant,
        /// The role that owns the risk.
        pub owner: Ref<Role>,
        /// Who signed.
        pub signed_by: Ref<Person>,
        /// The second person who signed.
        pub countersigned_by: Ref<Person>,
        /// When.
        pub signed_at: Instant,
        /// Until when; then the criterion counts again.
        pub until: Instant,
        /// The digest of each entity it covers, as it was then.
        pub covers: BTreeMap<String, String>,
    }
}
