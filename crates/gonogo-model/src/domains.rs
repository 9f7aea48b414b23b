//! Fleets of domains that customers bring along: what there are, where they have to lead.
//!
//! A fleet is one entry however many domains it has; the inventory says which. Invariant: a
//! fleet says whom each trouble belongs to, and never wakes anybody for a customer's own.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::component::{Component, Journey};
use crate::decode::{choice, record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::percent::Percent;
use crate::setting::Setting;
use crate::text::Spanned;

/// The most domains that a fleet watches, beside those that were retired.
pub const MAX_DOMAINS: usize = 10_000;
/// The most retired domains that a fleet goes on watching; beyond it the one that was retired
/// first is forgotten first.
pub const MAX_RETIRED: usize = 2_000;

record! {
    /// A fleet of domains that customers bring along.
    pub struct Fleet as "a fleet" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component that serves these domains.
        pub component: Ref<Component>,
        /// The journey that they are part of.
        pub journey: Option<Ref<Journey>>,
        /// Which domains there are.
        pub inventory: Inventory,
        /// How often the inventory is read.
        pub refresh: Duration = Duration::from_mins(15),
        /// Where the domains have to lead.
        pub target: FleetTarget,
        /// Who issues the certificates, by its word in CAA records.
        pub issuer: String = "pki.goog".into(),
        /// The check that says whether the issuer can issue, such as one of its ACME directory.
        /// While it fails, what waits for a certificate waits for the authority.
        pub issuer_check: Option<Ref<Check>>,
        /// The account at the issuer, for CAA records that bind one.
        pub issuer_account: Option<Setting>,
        /// Our own edge, which is asked with each customer's name: `host` or `host:port`.
        pub edge: Option<Setting>,
        /// The port on which domains serve TLS.
        pub port: u16 = 443,
        /// Whom to ask about names, as addresses; the machine's own, where none is written.
        pub resolvers: Vec<Setting>,
        /// A file of root certificates, for an edge with its own CA.
        pub trust: Option<Setting>,
        /// Domains, resolvers and the edge may be on private or loopback addresses.
        pub allow_private: bool = false,
        /// How often each domain is asked.
        pub every: Duration = Duration::from_hours(1),
        /// How long one question may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// How many domains are asked at the same time.
        pub at_once: u16 = 16,
        /// How long a customer is given to set up DNS before it counts as broken.
        pub dns_within: Duration = Duration::from_hours(72),
        /// How long a certificate may take once DNS is right, before that is ours to mend.
        pub issued_within: Duration = Duration::from_hours(1),
        /// A certificate has to be renewed before less than this share of its life is left.
        pub renew_at: Percent = Percent::from_ppm(333_333),
        /// Below this share of its life a certificate is about to run out.
        pub late_at: Percent = Percent::from_ppm(166_667),
        /// After how long without an answer nobody can say how a domain is.
        pub unknown_after: Duration = Duration::from_hours(6),
        /// How long retired domains stay watched: a name that still leads to us can be taken over.
        pub keep_retired: Duration = Duration::from_hours(90 * 24),
        /// Whom customers turn to, for the sentence that they are sent.
        pub support: Option<String>,
    }
}
entity!(Fleet, Fleet);

choice! {
    /// Where the list of domains comes from.
    pub enum Inventory as "an inventory" {
        /// A file with a name on each line, or JSON.
        File(InventoryFile) = "file",
        /// An HTTP endpoint that answers in JSON.
        Http(InventoryHttp) = "http",
        /// A read-only query to PostgreSQL.
        Sql(InventorySql) = "sql",
    }
}

record! {
    /// A file of domains: one name on each line, `#` before a remark; or JSON, as an endpoint
    /// answers it.
    pub struct InventoryFile as "a file of domains" {
        /// Where it stands; relative to the package, unless it begins with `/`.
        pub path: Setting,
    }
}

record! {
    /// An endpoint that lists domains.
    pub struct InventoryHttp as "an endpoint of domains" {
        /// The URL.
        pub url: Setting,
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// Where the list stands in the answer, dotted; the answer itself, where it is not written.
        pub items: Option<String>,
        /// The field of an item that holds the name.
        pub domain: String = "domain".into(),
        /// The field that is true for domains that were retired.
        pub retired: String = "retired".into(),
        /// The field that says since when.
        pub added: String = "added_at".into(),
        /// The field that says whose it is.
        pub customer: String = "customer".into(),
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A query that lists domains, run in a transaction that can only read.
    pub struct InventorySql as "a query of domains" {
        /// The connection: `${env:DATABASE_URL}`.
        pub url: Setting,
        /// The query. Its columns: `domain`, and where there are any, `retired`, `added_at` and
        /// `customer`.
        pub query: String,
        /// A file of root certificates, for servers with their own CA.
        pub trust: Option<Setting>,
    }
}

record! {
    /// Where domains have to lead. Any of it is enough.
    pub struct FleetTarget as "the target of a fleet" {
        /// Names that a domain may be an alias of.
        pub cname: Vec<Setting>,
        /// Addresses that it may have.
        pub addresses: Vec<Setting>,
    }
}

record! {
    /// Domains of a fleet that stand somewhere.
    pub struct DomainsCondition as "a domains condition" {
        /// The fleet.
        pub fleet: Ref<Fleet>,
        /// Where they stand.
        pub stand: Vec<DomainStage>,
        /// Whose trouble it is; anybody's, where it is not written.
        pub whose: Option<Whose>,
        /// How many at once.
        pub count: u32 = 1,
        /// And at least this share of the fleet.
        pub share: Option<Percent>,
    }
}

words! {
    /// Where a domain stands in its life.
    pub enum DomainStage as "a stage of a domain" {
        /// DNS does not lead to us yet.
        PendingDns = "pending_dns",
        /// DNS is right, and nothing was issued yet.
        Verified = "verified",
        /// A certificate is being waited for.
        Issuing = "issuing",
        /// It works.
        Active = "active",
        /// It works, and its certificate should be renewed about now.
        Renewing = "renewing",
        /// It works, and its certificate is about to run out.
        Expiring = "expiring",
        /// It does not work.
        Broken = "broken",
        /// The customer took it elsewhere.
        Left = "left",
        /// Given up by us, and watched while its name still leads to us.
        Retired = "retired",
        /// Nobody can say.
        Unknown = "unknown",
    }
}

words! {
    /// Whose trouble something is.
    pub enum Whose as "whose trouble it is" {
        /// Ours to mend.
        Ours = "ours",
        /// The customer's to mend; support writes to them.
        Theirs = "theirs",
        /// The certificate authority's, which cannot issue; everybody else waits.
        Authority = "authority",
        /// Nobody can say yet.
        Unknown = "unknown",
    }
}
