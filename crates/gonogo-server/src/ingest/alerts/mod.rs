//! Alerts of other tools, as they post them: to the Alertmanager API, as its webhook, as
//! Grafana's, and as events for PagerDuty.
//!
//! They all become [`Raised`] alerts with labels. Invariant: labels are what an alert is, so
//! they are never cut; what is beyond the limits is refused by itself, and the rest is taken.

pub mod grafana;
pub mod pagerduty;
pub mod post;
pub mod token;
pub mod v2;
pub mod webhook;

use std::collections::BTreeMap;

use aws_lc_rs::{digest, rand};
use gonogo_engine::Time;
use gonogo_engine::input::{External, Raised};
use gonogo_model::source::Provider;
use jiff::Timestamp;

use super::event::rfc3339;
use super::{Delivery, SourceSettings};

/// The most alerts of one request.
pub const MAX_ALERTS: usize = 10_000;
/// The most labels of an alert.
pub const MAX_LABELS: usize = 128;
/// The most bytes of a label's name or value.
pub const MAX_LABEL_BYTES: usize = 4096;
/// The most bytes of all labels of an alert.
pub const MAX_LABELS_BYTES: usize = 16 * 1024;
/// What is said of an alert besides its labels is cut to so many bytes each.
pub const MAX_ANNOTATION_BYTES: usize = 4096;
/// The most annotations of an alert that are kept.
pub const MAX_ANNOTATIONS: usize = 64;
/// The longest address of an alert that is kept.
const MAX_URL_BYTES: usize = 2048;

/// What these tools may always send, whatever is declared: what is too large for the door is
/// an alert that nobody hears of, because they do not send it again in pieces.
pub fn body_floor(kind: Provider) -> usize {
    match kind {
        Provider::Alertmanager | Provider::Grafana => 4 * 1024 * 1024,
        Provider::Pagerduty => 512 * 1024,
        _ => 0,
    }
}

/// The fingerprint of labels, as Prometheus and Alertmanager make it: FNV-1a of 64 bits.
pub fn fingerprint(labels: &BTreeMap<String, String>) -> String {
    const OFFSET: u64 = 14_695_981_039_346_656_037;
    const PRIME: u64 = 1_099_511_628_211;
    const SEPARATOR: u8 = 255;
    let add = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(PRIME);
    let sum = labels.iter().fold(OFFSET, |sum, (name, value)| {
        let sum = add(name.bytes().fold(sum, add), SEPARATOR);
        add(value.bytes().fold(sum, add), SEPARATOR)
    });
    format!("{sum:016x}")
}

/// Sixteen bytes that stand for these parts, in hexadecimal.
fn digest_of(parts: &[&str]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    gonogo_model::text::hex(&hash.finish().as_ref()[..16])
}

/// A random UUID, as the ids of Alertmanager's silences are.
pub fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the clock's id would be guessable, but silences are no secrets.
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("no randomness for an id");
    }
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = gonogo_model::text::hex(&bytes);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// What is wrong with labels, in a sentence for the sender.
fn labels_mistake(labels: &BTreeMap<String, String>) -> Option<String> {
    if labels.is_empty() {
        return Some("at least one label pair required".into());
    }
    if labels.len() > MAX_LABELS {
        return Some(format!("more than {MAX_LABELS} labels"));
    }
    let mut bytes = 0;
    for (name, value) in labels {
        if name.is_empty() {
            return Some("invalid label set: invalid name \"\"".into());
        }
        if name.len().max(value.len()) > MAX_LABEL_BYTES {
            return Some(format!("a label of more than {MAX_LABEL_BYTES} bytes"));
        }
        bytes += name.len() + value.len();
    }
    (bytes > MAX_LABELS_BYTES).then(|| format!("labels of more than {MAX_LABELS_BYTES} bytes"))
}

/// Annotations within their limits.
fn annotations(all: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let fits = |(name, _): &(String, String)| name.len() <= MAX_LABEL_BYTES;
    all.into_iter()
        .filter(fits)
        .take(MAX_ANNOTATIONS)
        .map(|(name, value)| (name, cut(value)))
        .collect()
}

/// A text within its limit, which says that it was cut.
fn cut(mut text: String) -> String {
    if text.len() > MAX_ANNOTATION_BYTES {
        let end = (0..=MAX_ANNOTATION_BYTES - '…'.len_utf8())
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// An address that may be shown as a link.
fn address(url: Option<String>) -> Option<String> {
    url.filter(|u| u.len() <= MAX_URL_BYTES)
        .filter(|u| u.starts_with("https://") || u.starts_with("http://"))
}

/// A time as Go writes it, whose zero value stands for none.
fn moment(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if text.starts_with("0001-01-01T00:00:00") {
        return Ok(None);
    }
    let read = rfc3339(text);
    read.map(Some)
        .ok_or_else(|| "a time that cannot be read".into())
}

/// Until when an alert is believed that says no end.
fn believed_until(settings: &SourceSettings, now: Timestamp) -> Option<Time> {
    let length = settings.quiet_after?;
    now.checked_add(length).ok().map(Time::from)
}

fn external(settings: &SourceSettings, delivery: &Delivery, alerts: Vec<Raised>) -> Box<External> {
    Box::new(External {
        source: settings.id.clone(),
        at: Time::from(delivery.received_at),
        alerts,
        changes: Vec::new(),
        group: None,
        truncated: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(n, v): &(&str, &str)| ((*n).to_string(), (*v).to_string());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn labels_are_taken_up_to_their_limits() {
        let value = |n: usize| labels(&[("a", &"x".repeat(n))]);
        assert_eq!(labels_mistake(&value(MAX_LABEL_BYTES)), None);
        assert!(labels_mistake(&value(MAX_LABEL_BYTES + 1)).is_some());
        let many = |n: usize| -> BTreeMap<String, String> {
            (0..n).map(|i| (format!("l{i}"), String::new())).collect()
        };
        assert_eq!(labels_mistake(&many(MAX_LABELS)), None);
        assert!(labels_mistake(&many(MAX_LABELS + 1)).is_some());
        let large = |n: usize| -> BTreeMap<String, String> {
            (0..n).map(|i| (i.to_string(), "x".repeat(4095))).collect()
        };
        assert_eq!(labels_mistake(&large(4)), None);
        assert!(labels_mistake(&large(5)).is_some());
        assert!(labels_mistake(&labels(&[])).is_some());
        assert!(labels_mistake(&labels(&[("", "x")])).is_some());
    }

    #[test]
    fn a_long_annotation_is_cut_between_characters() {
        assert_eq!(cut("ä".repeat(2048)).len(), MAX_ANNOTATION_BYTES);
        let long = cut("ä".repeat(2049));
        assert!(long.len() <= MAX_ANNOTATION_BYTES);
        assert!(long.ends_with("ä…"));
    }

    #[test]
    fn go_writes_no_time_as_the_year_one() {
        assert_eq!(moment(Some("0001-01-01T00:00:00Z")), Ok(None));
        assert_eq!(moment(None), Ok(None));
        assert!(
            moment(Some("2026-11-25T12:00:60Z")).is_ok(),
            "a leap second"
        );
        assert!(moment(Some("yesterday")).is_err());
    }
}
