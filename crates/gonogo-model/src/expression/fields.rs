//! What is known about the fields of events: built in, declared at their source, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::known;
use super::schema::{EventSchema, FieldSchema, FieldType};
use super::uses::Use;
use crate::diagnostic::did_you_mean;
use crate::source::Source;

/// What is known about the fields of the events that an expression is asked about.
pub(super) struct Fields<'p> {
    /// By type of event.
    pub(super) known: BTreeMap<&'p str, EventSchema>,
    /// Types of which nothing is known; the empty one stands for any.
    pub(super) open: Vec<&'p str>,
}

/// What is known of a path.
pub(super) enum Lookup<'f> {
    /// There is one.
    Found(Option<&'f FieldSchema>),
    /// It has fields of its own.
    Inner,
    /// There is none.
    Missing,
    /// Nobody knows.
    Open,
}

impl<'p> Fields<'p> {
    pub(super) fn of(source: &'p Source, used: &Use<'p>) -> Self {
        let mut fields = Self {
            known: BTreeMap::new(),
            open: Vec::new(),
        };
        let declared = source.schema.keys().map(String::as_str);
        let mut events: Vec<&str> = used.events.clone();
        if events.is_empty() {
            events.extend(declared.filter(|name| *name != "*"));
            let any = source.schema.contains_key("*");
            if !any {
                fields.open.push("");
            } else if events.is_empty() {
                events.push("*");
            }
        }
        for event in events {
            let mut schema = known::of(source.kind, event);
            for name in ["*", event] {
                if let Some(declared) = source.schema.get(name) {
                    let all = schema.get_or_insert_default();
                    all.extend(declared.iter().map(|(k, v)| (k.clone(), v.clone())));
                }
            }
            match schema {
                Some(schema) => {
                    fields.known.insert(event, schema);
                }
                None => fields.open.push(event),
            }
        }
        fields.open.dedup();
        fields
    }

    pub(super) fn look_up(&self, path: &str) -> Lookup<'_> {
        let mut found: Option<Option<&FieldSchema>> = None;
        let mut inner = false;
        for schema in self.known.values() {
            let one = match schema.get(path) {
                Some(field) => Some(field),
                None if opaque(schema, path) => None,
                None => {
                    inner |= has_inside(schema, path);
                    continue;
                }
            };
            found = Some(match found {
                None => one,
                // Types of events that do not agree say nothing together.
                Some(before) if before == one => before,
                Some(_) => None,
            });
        }
        match found {
            Some(field) => Lookup::Found(field),
            None if inner => Lookup::Inner,
            None if !self.open.is_empty() => Lookup::Open,
            None => Lookup::Missing,
        }
    }

    /// Types of events that have no such field, though others have it.
    pub(super) fn without(&self, path: &str) -> Vec<&'p str> {
        let lacking = self.known.iter();
        let lacking = lacking.filter(|(_, s)| !s.contains_key(path) && !opaque(s, path));
        lacking.map(|(event, _)| *event).collect()
    }

    pub(super) fn names(&self) -> BTreeSet<&str> {
        let all = self.known.values().flat_map(|schema| schema.keys());
        all.map(String::as_str).collect()
    }
}

/// The field that may have been meant: one of the same name elsewhere, one with a name like it in
/// the same place, one with a path like it.
pub(super) fn near<'n>(path: &str, names: &BTreeSet<&'n str>) -> Option<&'n str> {
    fn split(path: &str) -> (&str, &str) {
        path.rsplit_once('.').unwrap_or(("", path))
    }
    let (place, last) = split(path);
    let same_name = names.iter().find(|name| split(name).1 == last);
    let here = || names.iter().filter(|name| split(name).0 == place);
    let like = || {
        let like = did_you_mean(last, here().map(|name| split(name).1))?;
        here().find(|name| split(name).1 == like)
    };
    let found = same_name.or_else(like).copied();
    found.or_else(|| match here().next() {
        Some(_) => None,
        None => did_you_mean(path, names.iter().copied()),
    })
}

/// Is it inside of a map or a list, of which nothing more is said?
fn opaque(schema: &EventSchema, path: &str) -> bool {
    let outer = path.match_indices('.').map(|(at, _)| &path[..at]);
    let mut outer = outer.filter_map(|path| schema.get(path));
    outer.any(|f| matches!(f.kind, FieldType::Map | FieldType::List))
}

fn has_inside(schema: &EventSchema, path: &str) -> bool {
    let mut names = schema.keys();
    names.any(|name| name.strip_prefix(path).is_some_and(|r| r.starts_with('.')))
}
