//! Reading the declared fields of an item in JSON.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_engine::reconciliation::Money;
use gonogo_model::event::{Scalar, field_at};
use gonogo_model::reconciliation::Units;
use jiff::Timestamp;
use serde_json::Value;

use super::side::Trouble;

/// Numbers from here on are milliseconds since 1970; as seconds they are past the year 5000.
const MILLIS_FROM: i64 = 100_000_000_000;

/// Does an item have one of the allowed values in each of the fields?
pub(super) fn matches(only: &BTreeMap<String, Vec<String>>, item: &Value) -> bool {
    only.iter().all(|(field, allowed)| {
        let value = field_at(item, field).and_then(|v| v.as_key());
        value.is_some_and(|v| allowed.contains(&v))
    })
}

/// A field that has to be there.
pub(super) fn text(item: &Value, field: &str) -> Result<String, Trouble> {
    let value = field_at(item, field).and_then(|v| v.as_key());
    value.ok_or_else(|| Trouble::unreadable(format!("an item has no `{field}`")))
}

/// A time: RFC 3339, or a number since 1970.
pub(super) fn time(item: &Value, field: &str) -> Result<Time, Trouble> {
    let found = field_at(item, field);
    let at = match &found {
        Some(Scalar::Int(number)) => of_number(*number),
        Some(Scalar::Text(text)) => text
            .parse::<Timestamp>()
            .ok()
            .map(Time::from)
            .or_else(|| of_number(text.parse().ok()?)),
        _ => None,
    };
    at.ok_or_else(|| Trouble::unreadable(format!("`{field}` of an item is not a time")))
}

/// An amount with its currency; none where the item has no amount.
pub(super) fn money(
    item: &Value,
    amount: Option<&str>,
    currency: Option<&str>,
    units: Units,
) -> Result<Option<Money>, Trouble> {
    let Some(field) = amount else { return Ok(None) };
    let Some(amount) = field_at(item, field).and_then(|v| v.as_key()) else {
        return Err(Trouble::unreadable(format!("an item has no `{field}`")));
    };
    let currency = currency.map(|field| text(item, field)).transpose()?;
    Money::parse(&amount, currency.as_deref(), units)
        .map(Some)
        .map_err(Trouble::unreadable)
}

fn of_number(number: i64) -> Option<Time> {
    let millis = if number.abs() >= MILLIS_FROM {
        number
    } else {
        number.checked_mul(1000)?
    };
    let at = Timestamp::from_millisecond(millis).ok()?;
    Some(Time::from(at))
}
