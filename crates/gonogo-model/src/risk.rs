//! The risk register: what can go wrong, what would notice, and what is done about it.

use crate::alert::Alert;
use crate::component::{Component, Journey};
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::runbook::Runbook;
use crate::team::Role;
use crate::text::Spanned;
use crate::when::Local;

record! {
    /// One way for something to go wrong.
    pub struct FailureMode as "a failure mode" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What goes wrong, in a sentence.
        pub name: String,
        /// Where it goes wrong.
        pub component: Ref<Component>,
        /// Which journeys feel it.
        pub journeys: Vec<Ref<Journey>>,
        /// What customers notice.
        pub effect: String,
        /// Why it happens.
        pub cause: String,
        /// What sort of cause: changes and expiries come first in published base rates.
        pub trigger: Option<Trigger>,
        /// A wrong result without an error: nothing turns red by itself.
        pub silent: bool = false,
        /// How bad it would be, 1 to 5.
        pub severity: u8,
        /// How often it is to be expected, 1 to 5.
        pub occurrence: u8,
        /// How late it would be noticed, 1 (at once) to 5 (by customers).
        pub detection: u8,
        /// What keeps it from happening.
        pub prevention: Option<String>,
        /// What would notice it.
        pub detected_by: Vec<Ref<Alert>>,
        /// What to do then.
        pub runbook: Option<Ref<Runbook>>,
        /// Who answers for it.
        pub owner: Option<Ref<Role>>,
        /// By when it is looked at again (UTC).
        pub review_by: Option<Local>,
        /// How soon it has to be noticed.
        pub detect_within: Option<Duration>,
        /// What is still to be done about it.
        pub actions: Vec<Action>,
        /// That it is lived with, by whom and until when.
        pub accepted: Option<Acceptance>,
    }
}
entity!(FailureMode, FailureMode);

words! {
    /// What sets a failure off.
    pub enum Trigger as "a trigger" {
        /// A deployment.
        Deploy = "deploy",
        /// A change of configuration, data or policy.
        Config = "config",
        /// Something that ran out: a certificate, a domain, a token, a card.
        Expiry = "expiry",
        /// A vendor.
        Vendor = "vendor",
        /// Load, growth, a quota.
        Capacity = "capacity",
        /// Hardware or a location.
        Hardware = "hardware",
        /// Somebody's hand.
        Human = "human",
        /// A fault that was there all along.
        Defect = "defect",
    }
}

record! {
    /// Something still to be done about a risk.
    pub struct Action as "an action" {
        /// What.
        pub what: String,
        /// Who does it.
        pub owner: Ref<Role>,
        /// By when (UTC).
        pub due: Local,
        /// It is done.
        pub done: bool = false,
    }
}

record! {
    /// That a risk is lived with.
    pub struct Acceptance as "an acceptance" {
        /// Who accepts it.
        pub by: Ref<Role>,
        /// Until when.
        pub until: Local,
        /// Why.
        pub reason: String,
    }
}
