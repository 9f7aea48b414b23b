//! Two sides that have to hold the same records: asked on a schedule, compared key by key.
//!
//! A flow sees what was told. A reconciliation asks both sides instead, so that it also finds
//! what nobody told: a webhook that never came, a record written twice, another amount.

use std::collections::BTreeMap;

use crate::component::{Component, Journey};
use crate::decode::{choice, record, words};
use crate::duration::Duration;
use crate::expression::Where;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::{SecretRef, Setting};
use crate::source::Source;
use crate::text::Spanned;

record! {
    /// Two sides that have to hold the same records: a provider's charges and our own ledger.
    pub struct Reconciliation as "a reconciliation" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component whose work it is that both sides agree.
        pub component: Ref<Component>,
        /// The journey it is part of.
        pub journey: Option<Ref<Journey>>,
        /// The side that is asked first; by convention the one that is right.
        pub left: Side,
        /// The side that is compared with it.
        pub right: Side,
        /// How often both are asked.
        pub every: Duration = Duration::from_mins(15),
        /// How far back a run looks at least; after an outage it looks back as far as it has to.
        pub window: Duration = Duration::from_hours(24),
        /// The newest records are left out, because they may still be on their way.
        pub settle: Duration = Duration::from_mins(10),
        /// How far apart the two sides may date the same record: a late one is late, not missing.
        pub spread: Duration = Duration::from_hours(24),
        /// A difference counts when it is still there so much later.
        pub catch_up: Duration = Duration::from_mins(5),
        /// How long a run may take.
        pub timeout: Duration = Duration::from_mins(5),
        /// By how much two amounts may differ, in the smallest unit of their currency.
        pub tolerance: u32 = 0,
        /// What it means when a key comes more than once on a side.
        pub repeats: Repeats = Repeats::Doubled,
        /// How far apart two records with the same key may be dated; not compared, where it is
        /// not written.
        pub apart: Option<Duration>,
    }
}
entity!(Reconciliation, Reconciliation);

impl Reconciliation {
    /// After how long without a run that could tell the state is unknown.
    pub fn stale_after(&self) -> Duration {
        let millis = self.every.as_millis().saturating_mul(3);
        Duration::from_millis(millis.saturating_add(self.timeout.as_millis()))
    }

    /// The fields that have to be kept of events of this source.
    pub fn fields_of<'a>(&'a self, source: &Id) -> Vec<&'a str> {
        let mut fields = Vec::new();
        for side in [&self.left, &self.right] {
            if let Side::Events(e) = side
                && e.source.id == *source
            {
                fields.push(e.key.as_str());
                fields.extend(e.amount.as_deref());
                fields.extend(e.currency.as_deref());
                fields.extend(e.only.keys().map(String::as_str));
            }
        }
        fields
    }
}

words! {
    /// What it means when a key comes more than once on a side.
    pub enum Repeats as "a meaning of repeats" {
        /// It was recorded twice, and that is a difference.
        Doubled = "doubled",
        /// They are parts of one: their amounts are added up.
        Sum = "sum",
        /// It says nothing: one of them is enough, and amounts are not compared.
        Any = "any",
    }
}

choice! {
    /// Where the records of a side come from.
    pub enum Side as "a side" {
        /// Stripe's list of charges, invoices or events.
        Stripe(StripeSide) = "stripe",
        /// Fivetran's connections and when each last succeeded.
        Fivetran(FivetranSide) = "fivetran",
        /// A read-only PostgreSQL query.
        Postgres(PostgresSide) = "postgres",
        /// An HTTP endpoint that answers JSON.
        HttpJson(HttpJsonSide) = "http_json",
        /// Events that came in through a source.
        Events(EventsSide) = "events",
    }
}

impl Side {
    /// What it is called in a sentence.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Stripe(_) => "Stripe",
            Self::Fivetran(_) => "Fivetran",
            Self::Postgres(_) => "the database",
            Self::HttpJson(_) => "the endpoint",
            Self::Events(_) => "the events",
        }
    }
}

record! {
    /// Stripe's list API. Only what succeeded counts: captured charges, paid invoices.
    pub struct StripeSide as "a Stripe side" {
        /// What is listed.
        pub list: StripeList = StripeList::Charges,
        /// A secret or restricted key that may read it.
        pub key: SecretRef,
        /// Where the API is.
        pub url: Setting = Setting::plain("https://api.stripe.com"),
        /// Live records; `false` for those of test mode.
        pub livemode: bool = true,
        /// The types of events, where events are listed.
        pub types: Vec<String>,
        /// The field that holds the key; `id`, or of an event `data.object.id`.
        pub id: Option<String>,
        /// The field that holds the amount; what was captured of a charge, or paid of an invoice.
        pub amount: Option<String>,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

words! {
    /// What Stripe is asked for.
    pub enum StripeList as "a Stripe list" {
        /// Charges that were captured.
        Charges = "charges",
        /// Invoices that were paid.
        Invoices = "invoices",
        /// Events of some types; Stripe keeps them for 30 days.
        Events = "events",
    }
}

record! {
    /// Fivetran's API: each connection that is not paused, with when it last succeeded.
    pub struct FivetranSide as "a Fivetran side" {
        /// The API key.
        pub key: SecretRef,
        /// The API secret.
        pub secret: SecretRef,
        /// Where the API is.
        pub url: Setting = Setting::plain("https://api.fivetran.com"),
        /// Our webhook's id: that it is switched off is a difference too.
        pub webhook: Option<Setting>,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A query in a read-only transaction, with the begin of the window as `$1` and its end as
    /// `$2`. It gives columns `key` and `at`, and may give `amount` and `currency`.
    pub struct PostgresSide as "a PostgreSQL side" {
        /// The connection string.
        pub url: SecretRef,
        /// The query.
        pub query: String,
        /// What its amounts are counted in.
        pub units: Units = Units::Minor,
    }
}

record! {
    /// An HTTP endpoint with a list in JSON.
    pub struct HttpJsonSide as "an HTTP JSON side" {
        /// The URL, with `{from}` and `{to}` for the window in RFC 3339, and `{cursor}` where
        /// pages are asked for by one.
        pub url: Setting,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
        /// The path to the list; the answer itself, where it is not written.
        pub list: Option<String>,
        /// The field of an item that holds its key.
        pub key: String,
        /// The field that holds when it happened: RFC 3339, or seconds since 1970.
        pub at: String,
        /// The field that holds the amount.
        pub amount: Option<String>,
        /// The field that holds the currency.
        pub currency: Option<String>,
        /// What its amounts are counted in.
        pub units: Units = Units::Minor,
        /// The path to the next page's URL or cursor; there is one page, where it is not written.
        pub next: Option<String>,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// Events that came in through a source, as the journal has them.
    pub struct EventsSide as "an events side" {
        /// The source they came in through.
        pub source: Ref<Source>,
        /// Their types, any of them.
        pub event: Vec<String>,
        /// The field that holds the key.
        pub key: String,
        /// The field that holds the amount.
        pub amount: Option<String>,
        /// The field that holds the currency.
        pub currency: Option<String>,
        /// What its amounts are counted in.
        pub units: Units = Units::Minor,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of them, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
    }
}

words! {
    /// What amounts are counted in.
    pub enum Units as "a unit of amounts" {
        /// The smallest unit of the currency: cents, yen.
        Minor = "minor",
        /// The currency itself, as a decimal: `12.00`.
        Major = "major",
    }
}

words! {
    /// How two sides can differ.
    pub enum Difference as "a difference" {
        /// The left side does not have what the right one has.
        MissingLeft = "missing_left",
        /// The right side does not have what the left one has.
        MissingRight = "missing_right",
        /// A side has it more than once.
        Doubled = "doubled",
        /// Both have it, with another amount, currency or time.
        Differs = "differs",
    }
}
