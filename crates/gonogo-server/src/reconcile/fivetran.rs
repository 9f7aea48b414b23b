//! Fivetran's API: when each connection last succeeded, and whether our webhook is still on.
//!
//! A webhook that Fivetran could not deliver for a day is switched off for good, without a
//! word. Invariant: paused connections and those that never succeeded are no records.

use gonogo_engine::Time;
use gonogo_engine::reconciliation::{Found, Record};
use gonogo_model::reconciliation::{Difference, FivetranSide};
use serde_json::Value;

use super::fields;
use super::side::{Asked, PAGES_MAX, Read, Trouble, too_many_pages};
use crate::ask::{Api, Proof, endpoint};
use crate::clock::Clock;
use crate::settings::Outside;

/// The largest page that Fivetran gives.
const PAGE: &str = "1000";

pub(super) async fn read(
    side: &FivetranSide,
    outside: &Outside,
    clock: &Clock,
    asked: Asked,
) -> Result<Read, Trouble> {
    let setting = |s| outside.resolve(s).map_err(Trouble::setting);
    let (key, secret) = (setting(&side.key.0)?, setting(&side.secret.0)?);
    let base = setting(&side.url)?;
    let api = Api::new(
        clock,
        side.allow_private,
        Proof::Basic(key, secret),
        "application/json;version=2",
    )?;
    let mut read = Read::default();
    if let Some(webhook) = &side.webhook {
        read.faults
            .extend(fault(&api, &base, &setting(webhook)?, asked).await?);
    }
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let mut url = endpoint(&base, "/v1/connections")?;
        url.query_pairs_mut().append_pair("limit", PAGE);
        if let Some(cursor) = &cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let page = api.get(url).await?;
        let Some(items) = page["data"]["items"].as_array() else {
            return Err(Trouble::unreadable(
                "an answer is not one of Fivetran's lists",
            ));
        };
        for item in items {
            if let Some(record) = record(side, item)?
                && asked.holds(record.at)
            {
                read.push(record)?;
            }
        }
        let next = page["data"]["next_cursor"].as_str().map(str::to_owned);
        if next.is_none() {
            return Ok(read);
        }
        if next == cursor {
            return Err(Trouble::unreadable("a page names itself as the next one"));
        }
        cursor = next;
    }
    Err(too_many_pages())
}

fn record(side: &FivetranSide, item: &Value) -> Result<Option<Record>, Trouble> {
    let paused = item["paused"] == Value::Bool(true);
    if paused || item["succeeded_at"].is_null() || !fields::matches(&side.only, item) {
        return Ok(None);
    }
    let state = item["status"]["sync_state"].as_str();
    Ok(Some(Record {
        key: fields::text(item, "id")?,
        at: fields::time(item, "succeeded_at")?,
        money: None,
        note: state.map(|state| format!("its sync is {state}")),
    }))
}

async fn fault(
    api: &Api<'_>,
    base: &str,
    webhook: &str,
    asked: Asked,
) -> Result<Option<Found>, Trouble> {
    let mut url = endpoint(base, "/v1/webhooks")?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(webhook);
    }
    let answer = api.get(url).await?;
    match answer["data"]["active"].as_bool() {
        Some(true) => Ok(None),
        Some(false) => Ok(Some(off(webhook, asked.until))),
        None => Err(Trouble::unreadable("a webhook has no `active`")),
    }
}

fn off(webhook: &str, at: Time) -> Found {
    Found {
        key: format!("webhook {webhook}"),
        kind: Difference::Differs,
        at,
        left: None,
        right: None,
        note: Some("it is switched off, so nothing is delivered through it".into()),
    }
}
