//! Fleets of customers' domains: what was seen of each, where it stands, whose trouble it is.
//!
//! Ten thousand domains are one entry, so each holds little: enough to say where it stands,
//! why, since when, and what was before. Invariant: what could not be told moves no domain,
//! until that has been so for too long; then it stands at [`DomainStage::Unknown`].

mod judge;
mod reading;
mod taking;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::domains::{DomainStage, Whose};
use serde::{Deserialize, Serialize};

use crate::time::Time;

pub use judge::{Outage, judge};
pub use words::{customer_sentence, inside_sentence, why_in_a_word};

/// How many earlier stands a domain remembers.
pub const PAST_MAX: usize = 6;
/// The longest name that DNS can hold.
pub const NAME_MAX: usize = 253;
/// The longest customer that is kept.
pub const CUSTOMER_MAX: usize = 64;

/// What a round found out about domains, or what an inventory lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetInput {
    /// The fleet.
    pub fleet: Id,
    /// When.
    pub at: Time,
    /// What changed in the inventory, where it was read.
    #[serde(default)]
    pub listed: Option<Listed>,
    /// Why the inventory could not be read.
    #[serde(default)]
    pub unlisted: Option<String>,
    /// Domains of which something else was seen than before.
    #[serde(default)]
    pub seen: Vec<(String, Seen)>,
    /// How many more domains were asked, of which the same was seen as before.
    #[serde(default)]
    pub same: u32,
}

/// What changed in an inventory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Domains that are new, or back.
    pub added: Vec<Added>,
    /// Domains that are no longer listed, or listed as retired.
    pub retired: Vec<String>,
    /// Entries that are no domains, or more than a fleet watches.
    pub refused: u32,
}

/// A domain that is new in an inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Added {
    /// The name.
    pub domain: String,
    /// Since when it is listed, where the inventory says so.
    #[serde(default)]
    pub at: Option<Time>,
    /// Whose it is.
    #[serde(default)]
    pub customer: Option<String>,
}

/// What was seen of a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where the name leads.
    pub dns: Dns,
    /// May our issuer issue?
    pub caa: Caa,
    /// The name as everybody reaches it.
    pub site: Served,
    /// Our own edge, asked with this name.
    pub edge: Served,
    /// Since when the certificate is valid, where there is one for this name.
    pub from: Option<Time>,
    /// Until when.
    pub until: Option<Time>,
}

/// Where a name leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dns {
    /// It could not be told.
    #[default]
    Unknown,
    /// To us.
    Right,
    /// To somebody else, with some or all addresses.
    Elsewhere,
    /// There is no such name, or it has no address.
    Nothing,
    /// Its DNSSEC signatures do not verify.
    Bogus,
    /// Its aliases lead in a circle.
    Circle,
}

/// What CAA records say of our issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caa {
    /// It could not be told.
    #[default]
    Unknown,
    /// It may issue.
    Allows,
    /// It may not.
    Forbids,
}

/// What is served under a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// It could not be told, or was not asked.
    #[default]
    Unknown,
    /// A certificate that verifies.
    Valid,
    /// One that has ended.
    Expired,
    /// One for other names, or none.
    Missing,
    /// One that does not verify.
    Broken,
    /// Nobody answers.
    Unreachable,
}

/// Why a domain stands where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing was seen yet.
    #[default]
    NotAsked,
    /// All is well.
    Well,
    /// Its name has no address.
    NoRecord,
    /// Its name leads elsewhere.
    PointsElsewhere,
    /// Its DNSSEC signatures do not verify.
    Bogus,
    /// Its aliases lead in a circle.
    Circle,
    /// Its CAA records do not let our issuer issue.
    CaaForbids,
    /// A certificate was asked for.
    Waiting,
    /// None came in time.
    NotIssued,
    /// The certificate authority could not issue when one was due.
    IssuerOut,
    /// The certificate is gone: another is served.
    CertificateMissing,
    /// The certificate does not verify.
    CertificateBroken,
    /// The certificate has ended.
    CertificateEnded,
    /// It should be renewed about now.
    RenewalDue,
    /// It should have been renewed long ago.
    RenewalLate,
    /// Our edge does not answer.
    EdgeUnreachable,
    /// Our edge serves it, and nobody reaches it under its name.
    PathUnreachable,
    /// Retired, and it still leads to us.
    Dangling,
    /// Retired, and it leads to us no longer.
    GivenUp,
    /// Nobody could say for too long.
    Unanswered,
}

/// A domain of a fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// What was seen last.
    pub seen: Seen,
    /// Where it stands; `None` until it was first asked.
    pub stage: Option<DomainStage>,
    /// Why.
    pub why: Why,
    /// Whose trouble that is.
    pub whose: Option<Whose>,
    /// Did it ever work?
    pub worked: bool,
    /// Since when it stands there.
    pub since: Time,
    /// Since when its answers say nothing.
    pub mute_since: Option<Time>,
    /// Since when it is listed.
    pub added: Time,
    /// Since when it leads to us.
    pub right_at: Option<Time>,
    /// Since when it is retired.
    pub retired_at: Option<Time>,
    /// Whose it is.
    #[serde(default)]
    pub customer: Option<Box<str>>,
    /// Where it stood before, the oldest first.
    pub past: Vec<Past>,
}

/// Where a domain stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Since when.
    pub since: Time,
    /// Where.
    pub stage: DomainStage,
    /// Why.
    pub why: Why,
}

/// The domains of a fleet, by name.
pub type Domains = BTreeMap<Box<str>, Domain>;

/// A fleet's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetState {
    /// The domains. Views share them until one changes.
    pub domains: Arc<Domains>,
    /// When the inventory was last read.
    pub listed_at: Option<Time>,
    /// Why it could not be read since.
    pub unlisted: Option<String>,
    /// Entries of it that are no domains, or too many.
    pub refused: u32,
    /// When anything was last told of any domain.
    pub heard_at: Option<Time>,
    /// Retired domains that were forgotten because there were too many of them.
    #[serde(default)]
    pub forgotten: u64,
    /// When the certificate authority could last not issue.
    #[serde(default)]
    pub issuer_out: Option<Outage>,
}

impl Seen {
    /// Did the answers say nothing of what is served?
    pub fn is_mute(&self) -> bool {
        let unserved = self.site == Served::Unknown;
        match self.dns {
            Dns::Unknown => unserved,
            Dns::Right => unserved && self.edge == Served::Unknown,
            _ => false,
        }
    }
}

impl FleetState {
    /// How many of the domains are retired.
    pub fn retired(&self) -> usize {
        let retired = |d: &&Domain| d.retired_at.is_some();
        self.domains.values().filter(retired).count()
    }

    /// How many domains stand where, for whom.
    pub fn counts(&self) -> BTreeMap<(Option<DomainStage>, Option<Whose>), u32> {
        let mut counts = BTreeMap::new();
        for domain in self.domains.values() {
            *counts.entry((domain.stage, domain.whose)).or_default() += 1;
        }
        counts
    }
}
