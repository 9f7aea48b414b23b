//! `POST /api/v2/alerts`: what Prometheus and `amtool` send.
//!
//! As in Alertmanager, what is valid is taken even where the rest is not, and the answer says
//! what was wrong with the rest.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_engine::external::RESOLVE_TIMEOUT;
use gonogo_engine::input::{External, Raised, Said};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::super::dead_letter::{DeadLetter, DeadReason};
use super::super::{Accepted, Delivery, SourceSettings};
use super::{MAX_ALERTS, address, annotations, external, fingerprint, labels_mistake, moment};

/// How many mistakes of a body are told.
const MISTAKES_TOLD: usize = 20;

/// What a body came to.
#[derive(Debug)]
pub struct Posted {
    /// What is to be stored.
    pub external: Box<External>,
    /// What was wrong with the rest, a sentence each.
    pub mistakes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Is it a list, as it is posted to the API, and not a group of the webhook?
pub fn is_list(body: &[u8]) -> bool {
    body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[')
}

/// What is valid is taken, and what is not is put aside with what was wrong.
pub(super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    let wrong = |detail: String| DeadLetter::new(DeadReason::UnknownShape, detail);
    match read(settings, delivery) {
        Ok(posted) => Accepted::Alerts {
            external: posted.external,
            dead: (!posted.mistakes.is_empty()).then(|| wrong(told(&posted.mistakes))),
        },
        Err(mistake) => Accepted::DeadLetter(wrong(mistake)),
    }
}

/// The mistakes as Alertmanager says them, one a line.
fn told(mistakes: &[String]) -> String {
    let more = mistakes.len().saturating_sub(MISTAKES_TOLD);
    let mut text = mistakes[..mistakes.len() - more].join("\n");
    if more > 0 {
        text.push_str(&format!("\nand {more} more"));
    }
    text
}

/// Reads a body; the error is a sentence about all of it.
pub fn read(settings: &SourceSettings, delivery: &Delivery) -> Result<Posted, String> {
    let now = delivery.received_at;
    let mut mistakes = Vec::new();
    let alerts: Vec<Alert> = match serde_json::from_slice(delivery.body) {
        Ok(alerts) => alerts,
        // One that is wrong takes none of the others with it.
        Err(_) => {
            let all: Vec<Value> = serde_json::from_slice(delivery.body).map_err(|error| {
                format!(
                    "not a JSON array of alerts: line {}, column {}",
                    error.line(),
                    error.column()
                )
            })?;
            let each = all.into_iter().filter_map(|value| {
                let alert = Alert::deserialize(value);
                alert
                    .map_err(|_| mistakes.push("an alert of another shape".into()))
                    .ok()
            });
            each.collect()
        }
    };
    if alerts.len() > MAX_ALERTS {
        return Err(format!("more than {MAX_ALERTS} alerts at once"));
    }
    let mut taken = Vec::with_capacity(alerts.len());
    for alert in alerts {
        match raised(settings, alert, now) {
            Ok(raised) => taken.push(raised),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Ok(Posted {
        external: external(settings, delivery, taken),
        mistakes,
    })
}

fn raised(settings: &SourceSettings, alert: Alert, now: Timestamp) -> Result<Raised, String> {
    let mut labels = alert.labels;
    labels.retain(|_, value| !value.is_empty());
    if let Some(mistake) = labels_mistake(&labels) {
        return Err(mistake);
    }
    let starts = moment(alert.starts_at.as_deref())?;
    let ends = moment(alert.ends_at.as_deref())?;
    let starts_at = starts.or(ends).unwrap_or(now);
    if ends.is_some_and(|ends| ends < starts_at) {
        return Err("start time must be before end time".into());
    }
    let timeout = settings
        .quiet_after
        .unwrap_or(SignedDuration::from_millis(RESOLVE_TIMEOUT.as_millis()));
    let ends_at = match ends {
        Some(ends) => Some(ends),
        None => now.checked_add(timeout).ok(),
    };
    let over = ends.is_some_and(|ends| ends <= now);
    Ok(Raised {
        fingerprint: fingerprint(&labels),
        said: if over { Said::Over } else { Said::Fires },
        labels,
        annotations: annotations(alert.annotations.unwrap_or_default()),
        url: address(alert.generator_url),
        starts_at: Time::from(starts_at),
        ends_at: ends_at.map(Time::from),
        timeout: ends.is_none(),
    })
}
