//! Events as a healthy sender would send them, made from what a flow's matchers ask for.
//!
//! Whatever a matcher wants (`only`, `key`, `agree`, `success`, `show`) holds in what is made
//! here, so an event that leads to an alert does so because the world said so.

use std::collections::BTreeMap;

use gonogo_model::event::{Event, Scalar};
use gonogo_model::flow::{Flow, Matcher};
use gonogo_model::{Duration, Id};

use super::luck::Luck;
use crate::expression::decide;
use crate::time::Time;

/// The longest an event is under way to us.
const UNDER_WAY_MAX_MS: i64 = 800;
/// Amounts are made between these.
const AMOUNTS: (i64, i64) = (100, 50_000);

/// What an event of one end of a flow looks like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) source: Id,
    kind: String,
    key: String,
    fixed: BTreeMap<String, Scalar>,
    amounts: Vec<String>,
}

/// The shapes of a flow's events.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    pub(super) start: Shape,
    pub(super) success: Shape,
    /// An end that is no success; none where every end is one.
    pub(super) failure: Option<Shape>,
}

impl Shapes {
    pub(super) fn of(flow: &Flow) -> Self {
        let mut start = Shape::of(&flow.start);
        let mut success = Shape::of(&flow.end);
        for (field, allowed) in &flow.success {
            success.fix(field, allowed.first());
        }
        if let Some(asked) = &flow.success_where {
            success.fixed.extend(asked.wish(true));
        }
        for pair in &flow.agree {
            let value = start
                .fixed
                .get(&pair.start)
                .or(success.fixed.get(&pair.end))
                .cloned()
                .or_else(|| {
                    last_name(&pair.start)
                        .ends_with("currency")
                        .then(|| text("usd"))
                });
            match value {
                Some(value) => {
                    start
                        .fixed
                        .entry(pair.start.clone())
                        .or_insert(value.clone());
                    success.fixed.entry(pair.end.clone()).or_insert(value);
                }
                None => {
                    start.amounts.push(pair.start.clone());
                    success.amounts.push(pair.end.clone());
                }
            }
        }
        for field in &flow.show {
            if *field != start.key && !start.amounts.contains(field) {
                let value = start.fixed.entry(field.clone());
                value.or_insert_with(|| text(shown(field)));
            }
        }
        let fallible = !flow.success.is_empty() || flow.success_where.is_some();
        let failure = fallible.then(|| {
            let mut failure = success.clone();
            for (field, allowed) in &flow.success {
                let word = ["failure", "failed", "error"]
                    .into_iter()
                    .find(|w| !allowed.iter().any(|a| a == w));
                failure
                    .fixed
                    .insert(field.clone(), text(word.unwrap_or("no")));
            }
            if let Some(asked) = &flow.success_where {
                failure.fixed.extend(asked.wish(false));
            }
            failure
        });
        Self {
            start,
            success,
            failure,
        }
    }
}

impl Shape {
    fn of(matcher: &Matcher) -> Self {
        let mut shape = Self {
            source: matcher.source.id.clone(),
            kind: matcher.event.first().cloned().unwrap_or_default(),
            key: matcher.key.clone(),
            fixed: BTreeMap::new(),
            amounts: Vec::new(),
        };
        for (field, allowed) in &matcher.only {
            shape.fix(field, allowed.first());
        }
        if let Some(asked) = &matcher.r#where {
            shape.fixed.extend(asked.wish(true));
        }
        shape
    }

    /// An event of no flow: its source speaks, and nothing more.
    pub(super) fn of_nothing(source: Id) -> Self {
        Self {
            source,
            kind: "gonogo.rehearsal.heartbeat".into(),
            key: "id".into(),
            fixed: BTreeMap::new(),
            amounts: Vec::new(),
        }
    }

    /// An event of no flow that says something.
    pub(super) fn saying<'a>(
        source: Id,
        kind: String,
        fixed: BTreeMap<String, Scalar>,
        says: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut shape = Self {
            kind,
            fixed,
            ..Self::of_nothing(source)
        };
        for (field, value) in says {
            shape.fixed.insert(field.to_string(), scalar(value));
        }
        shape
    }

    fn fix(&mut self, field: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.fixed.insert(field.to_string(), scalar(value));
        }
    }

    /// Does an event of this shape match, with its key where the matcher looks for one?
    pub(super) fn matches(&self, matcher: &Matcher) -> bool {
        let allows = |(field, allowed): (&String, &Vec<String>)| {
            let value = self.fixed.get(field).and_then(Scalar::as_key);
            value.is_some_and(|v| allowed.contains(&v))
        };
        self.source == matcher.source.id
            && self.key == matcher.key
            && matcher.event.contains(&self.kind)
            && matcher.only.iter().all(allows)
            && matcher.r#where.as_ref().is_none_or(|asked| {
                let event = self.event("rehearsal", Luck::of(0, "shape"), 0, Time::default());
                decide(asked, &event) == Ok(true)
            })
    }

    /// An event of this shape that comes in now.
    pub(super) fn event(&self, key: &str, luck: Luck, number: u64, now: Time) -> Event {
        let mut fields = self.fixed.clone();
        if !self.amounts.is_empty() {
            let amount = amount(key);
            for field in &self.amounts {
                fields.insert(field.clone(), Scalar::Int(amount));
            }
        }
        fields.insert(self.key.clone(), Scalar::Text(key.to_string()));
        let under_way = Duration::from_millis(luck.between(number, 20, UNDER_WAY_MAX_MS));
        Event {
            source: self.source.clone(),
            id: format!("rehearsal-{}-{number}", self.source),
            kind: self.kind.clone(),
            subject: (self.key == "subject").then(|| key.to_string()),
            time: (now - under_way).timestamp(),
            received_at: now.timestamp(),
            fields,
        }
    }
}

/// The same for a start and its end, because it follows from the key they share.
fn amount(key: &str) -> i64 {
    Luck::of(0, key).between(0, AMOUNTS.0, AMOUNTS.1)
}

/// A written value as a sender's JSON would have it.
fn scalar(written: &str) -> Scalar {
    match written {
        "true" => Scalar::Bool(true),
        "false" => Scalar::Bool(false),
        // Only a number that is written back the same way is one: `007` is a name.
        other => match other.parse::<i64>() {
            Ok(number) if number.to_string() == other => Scalar::Int(number),
            _ => text(other),
        },
    }
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_string())
}

fn shown(field: &str) -> &'static str {
    if last_name(field).ends_with("url") {
        "https://example.com/rehearsal"
    } else {
        "rehearsal"
    }
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
