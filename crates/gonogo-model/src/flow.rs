//! A start that must be followed by an end with the same key, within a deadline.

use std::collections::BTreeMap;

use crate::component::{Component, Journey};
use crate::decode::{choice, record};
use crate::duration::Duration;
use crate::expression::Where;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::{SecretRef, Setting};
use crate::source::Source;
use crate::text::Spanned;

record! {
    /// Two events that belong together: a charge and its record, a deployment's start and finish.
    pub struct Flow as "a flow" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component whose work it is to bring about the end.
        pub component: Ref<Component>,
        /// The journey it is part of.
        pub journey: Option<Ref<Journey>>,
        /// What opens it.
        pub start: Matcher,
        /// What closes it.
        pub end: Matcher,
        /// How long the end may take, from when we received the start.
        pub deadline: Duration,
        /// Fields of start and end that have to be equal; a difference is a failure.
        pub agree: Vec<Agreement>,
        /// Conditions on the end that make it a success; without them every end is one.
        pub success: BTreeMap<String, Vec<String>>,
        /// What else has to hold of the end for it to be a success, in CEL.
        pub success_where: Option<Box<Where>>,
        /// Fields of the start that a page shows.
        pub show: Vec<String>,
        /// What to ask before anybody is paged for a missing end.
        pub confirm: Option<Confirm>,
    }
}
entity!(Flow, Flow);

record! {
    /// Which events match, and where their key is.
    pub struct Matcher as "a matcher" {
        /// The source they come from.
        pub source: Ref<Source>,
        /// Their types, any of them.
        pub event: Vec<String>,
        /// The field that holds the key.
        pub key: String,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of them, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
    }
}

record! {
    /// Two fields that have to be equal.
    pub struct Agreement as "an agreement" {
        /// The field of the start.
        pub start: String,
        /// The field of the end.
        pub end: String,
    }
}

choice! {
    /// Where to ask whether a missing end happened after all.
    pub enum Confirm as "a confirmation" {
        /// An HTTP endpoint: 200 says it happened, 404 says it did not, anything else is unknown.
        Http(ConfirmHttp) = "http",
        /// A read-only PostgreSQL query with the key as `$1`: a row says it happened.
        Postgres(ConfirmPostgres) = "postgres",
    }
}

record! {
    /// An HTTP endpoint that knows.
    pub struct ConfirmHttp as "an HTTP confirmation" {
        /// The URL, with `{key}` for the key.
        pub url: Setting,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
    }
}

record! {
    /// A database that knows.
    pub struct ConfirmPostgres as "a PostgreSQL confirmation" {
        /// The connection string.
        pub url: SecretRef,
        /// The query, with the key as `$1`.
        pub query: String,
    }
}

impl Flow {
    /// The fields that have to be kept of events of this source and type.
    pub fn fields_of<'a>(&'a self, source: &Id, event: &str) -> Vec<&'a str> {
        let mut fields = Vec::new();
        let of = |m: &Matcher| m.source.id == *source && m.event.iter().any(|e| e == event);
        if of(&self.start) {
            fields.push(self.start.key.as_str());
            fields.extend(self.start.only.keys().map(String::as_str));
            fields.extend(self.agree.iter().map(|a| a.start.as_str()));
            fields.extend(self.show.iter().map(String::as_str));
        }
        if of(&self.end) {
            fields.push(self.end.key.as_str());
            fields.extend(self.end.only.keys().map(String::as_str));
            fields.extend(self.agree.iter().map(|a| a.end.as_str()));
            fields.extend(self.success.keys().map(String::as_str));
        }
        fields
    }
}
