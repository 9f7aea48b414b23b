//! Where a value is read: a field of an event, a JSON document, a text, a query.
//!
//! Gauges read numbers and skews read words; both ask in the same places.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{record, words};
use crate::expression::Where;
use crate::gauge::GaugeFrom;
use crate::id::Id;
use crate::kind::Ref;
use crate::package::Package;
use crate::setting::{SecretRef, Setting};
use crate::skew::SkewSide;
use crate::source::Source;

record! {
    /// A field of the events of a source.
    pub struct EventField as "a field of events" {
        /// The source they come from.
        pub source: Ref<Source>,
        /// Their types, any of them.
        pub event: Vec<String>,
        /// The field that holds the value.
        pub field: String,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of them, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
    }
}

impl EventField {
    /// The fields that have to be kept of such events.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.field.as_str()).chain(self.only.keys().map(String::as_str))
    }
}

record! {
    /// A field of a JSON document that is fetched over HTTP.
    pub struct HttpJson as "an http_json value" {
        /// The URL.
        pub url: Setting,
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
        /// Where the value stands in the document: `queue.oldest_age_seconds`.
        pub path: String,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// The whole text of a page, such as `/version`.
    pub struct HttpText as "an http_text value" {
        /// The URL.
        pub url: Setting,
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
        /// Take this header of the answer instead of its text.
        pub header: Option<String>,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// An instant query to Prometheus, or to whatever speaks its HTTP API.
    pub struct Promql as "a promql value" {
        /// The URL of the server, without `/api/v1/query`.
        pub url: Setting,
        /// The query.
        pub query: String,
        /// What is made of several series; more than one is an error, where it is not written.
        pub aggregate: Option<Aggregate>,
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

words! {
    /// What is made of several series.
    pub enum Aggregate as "an aggregate" {
        /// Their sum.
        Sum = "sum",
        /// The smallest.
        Min = "min",
        /// The largest.
        Max = "max",
    }
}

/// The fields that gauges and skews read in the events of a source.
pub fn fields_read<'p>(package: &'p Package, source: &Id) -> BTreeSet<&'p str> {
    let gauges = package.gauges.values().filter_map(|g| match &g.from {
        GaugeFrom::Event(from) => Some(from),
        GaugeFrom::HttpJson(_) | GaugeFrom::Promql(_) => None,
    });
    let sides = package
        .skews
        .values()
        .flat_map(|s| [&s.expected, &s.actual]);
    let skews = sides.filter_map(|side| match side {
        SkewSide::Event(from) => Some(from),
        _ => None,
    });
    gauges
        .chain(skews)
        .filter(|from| from.source.id == *source)
        .flat_map(EventField::fields)
        .collect()
}
