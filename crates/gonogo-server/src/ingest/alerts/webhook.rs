//! Alertmanager's webhook, version 4.
//!
//! An alert is known by its fingerprint, and the group key is a hint only: it holds the
//! routing tree, which people edit. A body of another shape is kept as a dead letter, because
//! its template may be anybody's own.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_engine::input::{Raised, Said};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::super::dead_letter::{DeadLetter, DeadReason};
use super::super::{Accepted, Delivery, SourceSettings};
use super::{
    MAX_ALERTS, MAX_LABEL_BYTES, address, annotations, believed_until, digest_of, external,
    fingerprint, labels_mistake, moment, post,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) status: String,
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) starts_at: Option<String>,
    #[serde(default)]
    pub(super) ends_at: Option<String>,
    #[serde(default, rename = "generatorURL")]
    pub(super) generator_url: Option<String>,
    #[serde(default)]
    pub(super) fingerprint: Option<String>,
}

pub(in super::super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    if post::is_list(delivery.body) {
        return post::normalise(settings, delivery);
    }
    let body: Value = match serde_json::from_slice(delivery.body) {
        Ok(body) => body,
        Err(error) => return Accepted::DeadLetter(DeadLetter::not_json(&error)),
    };
    match body.get("version").and_then(Value::as_str) {
        Some("4") => group(settings, delivery, &body),
        Some(_) => Accepted::DeadLetter(DeadLetter::new(
            DeadReason::UnsupportedVersion,
            "`version` is not \"4\"",
        )),
        None => Accepted::DeadLetter(DeadLetter::lacks("version")),
    }
}

/// A group of alerts, as Alertmanager and Grafana send them.
pub(super) fn group(settings: &SourceSettings, delivery: &Delivery, body: &Value) -> Accepted {
    let Some(alerts) = body.get("alerts").and_then(Value::as_array) else {
        return Accepted::DeadLetter(DeadLetter::lacks("alerts"));
    };
    if alerts.len() > MAX_ALERTS {
        let what = format!("more than {MAX_ALERTS} alerts");
        return Accepted::DeadLetter(DeadLetter::new(DeadReason::UnknownShape, what));
    }
    let now = delivery.received_at;
    let mut taken = Vec::with_capacity(alerts.len());
    let mut dead = None;
    for (place, alert) in alerts.iter().enumerate() {
        let read = Alert::deserialize(alert)
            .map_err(|_| DeadLetter::lacks(&format!("alerts.{place}")))
            .and_then(|alert| raised(settings, alert, now).map_err(|why| wrong(place, &why)));
        match read {
            Ok(raised) => taken.push(raised),
            Err(letter) => dead = dead.or(Some(letter)),
        }
    }
    let truncated = body.get("truncatedAlerts").and_then(Value::as_u64);
    if taken.is_empty() && truncated.unwrap_or(0) == 0 {
        return match dead {
            Some(dead) => Accepted::DeadLetter(dead),
            None => Accepted::Nothing {
                why: "a group without alerts",
            },
        };
    }
    let mut external = external(settings, delivery, taken);
    let key = body.get("groupKey").and_then(Value::as_str);
    external.group = key.map(|key| digest_of(&[key]));
    external.truncated = truncated.unwrap_or(0);
    if external.truncated > 0 && external.group.is_none() {
        external.group = Some("none".into());
    }
    Accepted::Alerts { external, dead }
}

fn wrong(place: usize, why: &str) -> DeadLetter {
    DeadLetter::new(DeadReason::UnknownShape, format!("`alerts.{place}`: {why}"))
}

pub(super) fn raised(
    settings: &SourceSettings,
    alert: Alert,
    now: Timestamp,
) -> Result<Raised, String> {
    let mut labels = alert.labels;
    labels.retain(|_, value| !value.is_empty());
    if let Some(mistake) = labels_mistake(&labels) {
        return Err(mistake);
    }
    let said = match alert.status.as_str() {
        "firing" => Said::Fires,
        "resolved" => Said::Over,
        _ => return Err("a status that is neither firing nor resolved".into()),
    };
    // That it fires counts for more than since when, and these senders do not send it again.
    let time = |text: Option<String>| moment(text.as_deref()).unwrap_or(None);
    let (starts, ends) = (time(alert.starts_at), time(alert.ends_at));
    let named = alert.fingerprint.filter(|f| {
        !f.is_empty() && f.len() <= MAX_LABEL_BYTES && f.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let (ends_at, timeout) = match said {
        // Its notifications are repeated every few hours at the most: no end follows from that.
        Said::Fires => (believed_until(settings, now), true),
        _ => (ends.map(Time::from), false),
    };
    Ok(Raised {
        fingerprint: named.unwrap_or_else(|| fingerprint(&labels)),
        said,
        labels,
        annotations: annotations(alert.annotations.unwrap_or_default()),
        url: address(alert.generator_url),
        starts_at: Time::from(starts.unwrap_or(now)),
        ends_at,
        timeout,
    })
}
