//! What counts as a change: deployments, settings, flags, incidents of vendors.
//!
//! The first question when something breaks is what changed just before. A package says which
//! signals tell of changes; their occurrences stand on one timeline and on every incident.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::component::Component;
use crate::decode::{choice, record, words};
use crate::expression::Where;
use crate::flow::Flow;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::source::Source;
use crate::text::Spanned;

record! {
    /// A sort of change that is heard of.
    pub struct ChangeSource as "a change" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What happened, in a few words: "A deployment of the application".
        pub name: String,
        /// What sort of change it is.
        pub kind: ChangeKind = ChangeKind::Deploy,
        /// The component that changes.
        pub component: Option<Ref<Component>>,
        /// What tells of it.
        pub told_by: ChangeSignal,
    }
}
entity!(ChangeSource, Change);

words! {
    /// What sort of change it is.
    pub enum ChangeKind as "a kind of change" {
        /// Something new runs.
        Deploy = "deploy",
        /// A setting.
        Config = "config",
        /// A switch.
        Flag = "flag",
        /// Data or a schema.
        Data = "data",
        /// A vendor is in trouble, or out of it.
        Vendor = "vendor",
        /// Anything else.
        Other = "other",
    }
}

choice! {
    /// What tells of a change.
    pub enum ChangeSignal as "a change signal" {
        /// Events of a source.
        Events(ChangeEvents) = "events",
        /// The starts and ends of a flow.
        Flow(Ref<Flow>) = "flow",
        /// A check that begins or ceases to fail: the status of a vendor.
        Check(Ref<Check>) = "check",
    }
}

record! {
    /// Events that tell of a change.
    pub struct ChangeEvents as "change events" {
        /// The source they come from.
        pub source: Ref<Source>,
        /// Their types, any of them.
        pub event: Vec<String>,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of them, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
        /// The field that says what changed: a version, a branch, the name of a flag.
        pub label: Option<String>,
    }
}

impl ChangeEvents {
    /// The fields that have to be kept of these events.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let named = self.only.keys().chain(self.label.as_ref());
        named.map(String::as_str)
    }
}
