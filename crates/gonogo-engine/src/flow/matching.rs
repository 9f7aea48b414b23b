//! What an event says to a flow: whether it matches, its key, its time.

use std::collections::BTreeMap;

use gonogo_model::event::{Event, Scalar};
use gonogo_model::flow::{Flow, Matcher};

use crate::time::Time;

/// Does an event match, apart from its source and type?
pub fn matches(only: &BTreeMap<String, Vec<String>>, event: &Event) -> bool {
    only.iter().all(|(field, allowed)| {
        let value = event.fields.get(field);
        value.is_some_and(|v| allowed.iter().any(|a| is_written(v, a)))
    })
}

/// The key of an event, when its fields match.
pub fn key_of(matcher: &Matcher, event: &Event) -> Option<String> {
    if !matches(&matcher.only, event) {
        return None;
    }
    match event.fields.get(&matcher.key) {
        Some(value) => value.as_key(),
        None if matcher.key == "subject" => event.subject.clone(),
        None if matcher.key == "id" => Some(event.id.clone()),
        None => None,
    }
}

/// When it happened, by the sender's clock, but never in our future.
pub(super) fn sender_time(event: &Event, now: Time) -> Time {
    Time::from(event.time).min(now)
}

/// The fields of a start that pages show or that its end is compared with.
pub(super) fn kept_fields(flow: &Flow, event: &Event) -> BTreeMap<String, Scalar> {
    let wanted = flow.show.iter().chain(flow.agree.iter().map(|a| &a.start));
    wanted
        .filter_map(|f| Some((f.clone(), event.fields.get(f)?.clone())))
        .collect()
}

/// What contradicts what: "amount is 1200, but data.amount is 1100".
pub(super) fn contradiction(
    flow: &Flow,
    start: &BTreeMap<String, Scalar>,
    end: &BTreeMap<String, Scalar>,
) -> Option<String> {
    let differing = flow.agree.iter().filter_map(|pair| {
        let (one, other) = (start.get(&pair.start), end.get(&pair.end));
        let same = match (one, other) {
            (Some(a), Some(b)) => a == b || a.to_string().eq_ignore_ascii_case(&b.to_string()),
            (a, b) => a.is_none() && b.is_none(),
        };
        let show = |s: Option<&Scalar>| s.map_or("nothing".into(), Scalar::to_string);
        (!same).then(|| {
            format!(
                "{} is {}, but {} is {}",
                pair.start,
                show(one),
                pair.end,
                show(other)
            )
        })
    });
    let all: Vec<String> = differing.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Is a value what is written in a package, as [`Scalar::as_key`] would have it?
fn is_written(value: &Scalar, written: &str) -> bool {
    match value {
        Scalar::Text(text) => text == written,
        Scalar::Bool(true) => written == "true",
        Scalar::Bool(false) => written == "false",
        Scalar::Int(number) => written.parse() == Ok(*number) && number.to_string() == written,
        Scalar::Null => false,
    }
}
