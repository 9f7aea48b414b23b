//! An HTTP endpoint that answers a list in JSON, one page or many.
//!
//! Invariant: a next page lies on the same host as the first, or it is not asked for: the
//! token is for that host alone.

use std::collections::BTreeSet;

use gonogo_engine::Time;
use gonogo_engine::reconciliation::Record;
use gonogo_model::reconciliation::HttpJsonSide;
use reqwest::Url;
use serde_json::Value;

use super::fields;
use super::side::{Asked, PAGES_MAX, Read, Trouble, too_many_pages};
use crate::ask::{Api, Proof, endpoint};
use crate::clock::Clock;
use crate::settings::Outside;

pub(super) async fn read(
    side: &HttpJsonSide,
    outside: &Outside,
    clock: &Clock,
    asked: Asked,
) -> Result<Read, Trouble> {
    let template = outside.resolve(&side.url).map_err(Trouble::setting)?;
    let token = side.token.as_ref().map(|t| outside.resolve(&t.0));
    let proof = match token.transpose().map_err(Trouble::setting)? {
        Some(token) => Proof::Bearer(token),
        None => Proof::None,
    };
    let api = Api::new(clock, side.allow_private, proof, "application/json")?;
    let by_cursor = template.contains("{cursor}");
    let mut url = filled(&template, asked, "")?;
    let mut read = Read::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for _ in 0..PAGES_MAX {
        let page = api.get(url.clone()).await?;
        for item in items(side, &page)? {
            if let Some(record) = record(side, item)?
                && asked.holds(record.at)
            {
                read.push(record)?;
            }
        }
        let Some(next) = next(side, &page)? else {
            return Ok(read);
        };
        if !seen.insert(next.clone()) {
            return Err(Trouble::unreadable("its pages go round in a circle"));
        }
        url = if by_cursor {
            filled(&template, asked, &next)?
        } else {
            beside(&url, &next)?
        };
    }
    Err(too_many_pages())
}

fn filled(template: &str, asked: Asked, cursor: &str) -> Result<Url, Trouble> {
    let time = |at: Time| encoded(&at.timestamp().to_string());
    let text = template
        .replace("{from}", &time(asked.from))
        .replace("{to}", &time(asked.until))
        .replace("{cursor}", &encoded(cursor));
    endpoint(&text, "")
}

/// The next page's URL, absolute or relative.
fn beside(here: &Url, next: &str) -> Result<Url, Trouble> {
    let url = here.join(next);
    url.ok()
        .filter(|url| url.origin() == here.origin())
        .ok_or_else(|| Trouble::unreadable("its next page is on another host"))
}

fn items<'v>(side: &HttpJsonSide, page: &'v Value) -> Result<&'v Vec<Value>, Trouble> {
    let list = match &side.list {
        None => Some(page),
        Some(path) => path.split('.').try_fold(page, |here, name| here.get(name)),
    };
    list.and_then(Value::as_array)
        .ok_or_else(|| Trouble::unreadable("there is no list where it should be"))
}

/// What names the next page; none where this is the last.
fn next(side: &HttpJsonSide, page: &Value) -> Result<Option<String>, Trouble> {
    let Some(path) = &side.next else {
        return Ok(None);
    };
    let found = path.split('.').try_fold(page, |here, name| here.get(name));
    match found {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::String(next)) if next.is_empty() => Ok(None),
        Some(Value::String(next)) => Ok(Some(next.clone())),
        Some(Value::Number(next)) => Ok(Some(next.to_string())),
        Some(_) => Err(Trouble::unreadable(
            "its next page is neither text nor number",
        )),
    }
}

fn record(side: &HttpJsonSide, item: &Value) -> Result<Option<Record>, Trouble> {
    if !fields::matches(&side.only, item) {
        return Ok(None);
    }
    let (amount, currency) = (side.amount.as_deref(), side.currency.as_deref());
    Ok(Some(Record {
        key: fields::text(item, &side.key)?,
        at: fields::time(item, &side.at)?,
        money: fields::money(item, amount, currency, side.units)?,
        note: None,
    }))
}

/// A value as a part of a URL: everything but unreserved characters (RFC 3986, 2.3) escaped.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(b as char);
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}
