//! Stripe's list API: charges that were captured, invoices that were paid, or events.
//!
//! Only what moved money counts. Invariant: a page that says there are more is followed by the
//! next one, or the side could not be read.

use gonogo_engine::Time;
use gonogo_engine::reconciliation::{Money, Record};
use gonogo_model::Duration;
use gonogo_model::event::{Scalar, field_at};
use gonogo_model::reconciliation::{StripeList, StripeSide, Units};
use serde_json::Value;

use super::fields;
use super::side::{Asked, PAGES_MAX, Read, Trouble, too_many_pages};
use crate::ask::{Api, Proof, endpoint};
use crate::clock::Clock;
use crate::settings::Outside;

/// The largest page that Stripe gives.
const PAGE: &str = "100";
/// An invoice is listed by when it was made, and may be paid so much later.
const PAID_WITHIN: Duration = Duration::from_hours(35 * 24);

pub(super) async fn read(
    side: &StripeSide,
    outside: &Outside,
    clock: &Clock,
    asked: Asked,
) -> Result<Read, Trouble> {
    let key = outside.resolve(&side.key.0).map_err(Trouble::setting)?;
    let base = outside.resolve(&side.url).map_err(Trouble::setting)?;
    let api = Api::new(
        clock,
        side.allow_private,
        Proof::Bearer(key),
        "application/json",
    )?;
    let begin = match side.list {
        StripeList::Invoices => asked.from - PAID_WITHIN,
        StripeList::Charges | StripeList::Events => asked.from,
    };
    let mut read = Read::default();
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let mut url = endpoint(&base, path(side.list))?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", PAGE);
            let seconds = |at: Time| at.as_millis().div_euclid(1000).to_string();
            query.append_pair("created[gte]", &seconds(begin));
            query.append_pair("created[lte]", &seconds(asked.until));
            for kind in &side.types {
                query.append_pair("types[]", kind);
            }
            if let Some(after) = &after {
                query.append_pair("starting_after", after);
            }
        }
        let page = api.get(url).await?;
        let (items, more) = parts(&page)?;
        for item in items {
            if let Some(record) = record(side, item)?
                && asked.holds(record.at)
            {
                read.push(record)?;
            }
        }
        if !more {
            return Ok(read);
        }
        let last = items.last().map(|item| fields::text(item, "id"));
        let last = last.transpose()?;
        if last.is_none() || last == after {
            return Err(Trouble::unreadable(
                "a page says that there are more, and does not say after which",
            ));
        }
        after = last;
    }
    Err(too_many_pages())
}

fn path(list: StripeList) -> &'static str {
    match list {
        StripeList::Charges => "/v1/charges",
        StripeList::Invoices => "/v1/invoices",
        StripeList::Events => "/v1/events",
    }
}

fn parts(page: &Value) -> Result<(&Vec<Value>, bool), Trouble> {
    match (&page["object"], &page["data"], &page["has_more"]) {
        (Value::String(object), Value::Array(items), Value::Bool(more)) if object == "list" => {
            Ok((items, *more))
        }
        _ => Err(Trouble::unreadable(
            "an answer is not one of Stripe's lists",
        )),
    }
}

/// The record that an item is; none where nothing was paid or it is of the other mode.
fn record(side: &StripeSide, item: &Value) -> Result<Option<Record>, Trouble> {
    let Some(livemode) = item["livemode"].as_bool() else {
        return Err(Trouble::unreadable("an item has no `livemode`"));
    };
    if livemode != side.livemode || !fields::matches(&side.only, item) {
        return Ok(None);
    }
    let moved = match side.list {
        StripeList::Charges => {
            fields::text(item, "status")? == "succeeded" && item["captured"] != Value::Bool(false)
        }
        StripeList::Invoices => fields::text(item, "status")? == "paid",
        StripeList::Events => true,
    };
    if !moved {
        return Ok(None);
    }
    let (key, currency) = match side.list {
        StripeList::Events => ("data.object.id", "data.object.currency"),
        StripeList::Charges | StripeList::Invoices => ("id", "currency"),
    };
    let amount = side.amount.as_deref().or(match side.list {
        StripeList::Charges if item["amount_captured"].is_i64() => Some("amount_captured"),
        StripeList::Charges => Some("amount"),
        StripeList::Invoices => Some("amount_paid"),
        StripeList::Events => None,
    });
    let paid_at = "status_transitions.paid_at";
    let at = match (side.list, field_at(item, paid_at)) {
        (StripeList::Invoices, Some(Scalar::Int(_))) => fields::time(item, paid_at)?,
        _ => fields::time(item, "created")?,
    };
    Ok(Some(Record {
        key: fields::text(item, side.id.as_deref().unwrap_or(key))?,
        at,
        money: fields::money(item, amount, Some(currency), Units::Minor)?,
        note: note(side.list, item),
    }))
}

/// What explains a difference to somebody who looks: never a card, never a name.
fn note(list: StripeList, item: &Value) -> Option<String> {
    if list != StripeList::Charges {
        return None;
    }
    let money = |field: &str| {
        let amount = item[field].as_i64()?;
        let currency = item["currency"].as_str()?.to_lowercase();
        Some(Money { amount, currency })
    };
    let mut notes = Vec::new();
    if let (Some(whole), Some(captured)) = (money("amount"), money("amount_captured"))
        && captured.amount < whole.amount
    {
        notes.push(format!("{captured} of {whole} captured"));
    }
    if let Some(refunded) = money("amount_refunded").filter(|m| m.amount > 0) {
        notes.push(format!("{refunded} refunded since"));
    }
    if item["disputed"] == Value::Bool(true) {
        notes.push("disputed".to_string());
    }
    (!notes.is_empty()).then(|| notes.join(", "))
}
