//! Grafana's webhook: version 1 of unified alerting, and what came before it.
//!
//! Grafana does not send again what was refused, so what is genuine is always taken, and what
//! cannot be read is a dead letter. It signs with HMAC where its contact point has a secret,
//! over the time too where a header for it is set; else a token is looked for.

use std::collections::BTreeMap;

use axum::http::HeaderName;
use gonogo_engine::Time;
use gonogo_engine::input::{Raised, Said};
use gonogo_model::source::Source;
use serde_json::Value;

use super::super::dead_letter::DeadLetter;
use super::super::event::Note;
use super::super::reject::{Reject, RejectCode};
use super::super::secret::{Secret, any_mac_matches, mac, unhex};
use super::super::{Accepted, Delivery, SourceSettings, age, proof};
use super::{
    address, annotations, believed_until, cut, external, fingerprint, labels_mistake, token,
    webhook,
};

/// The header with the signature, where no other is set.
pub const SIGNATURE: &str = "x-grafana-alerting-signature";

/// The headers that a contact point signs with.
#[derive(Clone, Debug)]
pub struct Signing {
    signature: HeaderName,
    timestamp: Option<HeaderName>,
    /// The package says so: then nothing else counts as a proof.
    declared: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            signature: HeaderName::from_static(SIGNATURE),
            timestamp: None,
            declared: false,
        }
    }
}

impl Signing {
    /// As a package declares it.
    pub fn of(source: &Source) -> Self {
        let name = |text: &Option<String>| {
            let text = text.as_ref()?.to_ascii_lowercase();
            HeaderName::try_from(text).ok()
        };
        let (signature, timestamp) = (
            name(&source.signature_header),
            name(&source.timestamp_header),
        );
        Self {
            declared: signature.is_some() || timestamp.is_some(),
            signature: signature.unwrap_or(HeaderName::from_static(SIGNATURE)),
            timestamp,
        }
    }
}

pub(in super::super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    let Signing {
        signature,
        timestamp,
        declared,
    } = &settings.signing;
    if !declared && !delivery.headers.contains_key(signature) {
        return token::verify(settings, delivery);
    }
    let claimed = unhex(proof(delivery.headers, signature)?);
    let claimed = claimed.ok_or(RejectCode::SignatureMalformed)?;
    let keys = || settings.secrets.iter().map(|s| s.expose().as_bytes());
    let Some(timestamp) = timestamp else {
        return match any_mac_matches(keys(), &[delivery.body], &[claimed]) {
            true => Ok(None),
            false => Err(RejectCode::SignatureMismatch.into()),
        };
    };
    let stamp = proof(delivery.headers, timestamp)?;
    let pieces = [stamp.as_bytes(), b":", delivery.body];
    if !any_mac_matches(keys(), &pieces, &[claimed]) {
        return Err(RejectCode::SignatureMismatch.into());
    }
    let seconds = stamp
        .parse()
        .map_err(|_| Reject::from(RejectCode::SignatureMalformed))?;
    let age = age(delivery, seconds);
    if age > settings.tolerance {
        return Err(RejectCode::TimestampTooOld.into());
    }
    if -age.max(-jiff::SignedDuration::MAX) > settings.tolerance {
        return Err(RejectCode::TimestampTooNew.into());
    }
    Ok(None)
}

/// The signature of a body, with the time where one is signed along.
pub fn sign(secret: &Secret, stamp: Option<&str>, body: &[u8]) -> String {
    let key = secret.expose().as_bytes();
    let tag = match stamp {
        Some(stamp) => mac(key, &[stamp.as_bytes(), b":", body]),
        None => mac(key, &[body]),
    };
    gonogo_model::text::hex(tag.as_ref())
}

pub(in super::super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    let body: Value = match serde_json::from_slice(delivery.body) {
        Ok(body) => body,
        Err(error) => return Accepted::DeadLetter(DeadLetter::not_json(&error)),
    };
    if is_test(&body) {
        // It was heard, and nobody will ever hear that it is over.
        return Accepted::Alerts {
            external: external(settings, delivery, Vec::new()),
            dead: None,
        };
    }
    if body.get("alerts").is_some() {
        return unified(settings, delivery, body);
    }
    match before_unified(settings, delivery, &body) {
        Ok(raised) => Accepted::Alerts {
            external: external(settings, delivery, vec![raised]),
            dead: None,
        },
        Err(dead) => Accepted::DeadLetter(dead),
    }
}

/// Was the Test button of a contact point pressed? Its group key has the alert's fingerprint
/// and the time, which no route makes, and the labels are reserved for it.
fn is_test(body: &Value) -> bool {
    let Some([alert]) = body
        .get("alerts")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return false;
    };
    let text = |value: &Value, path: &str| {
        let found = value.pointer(path).and_then(Value::as_str);
        found.unwrap_or_default().to_string()
    };
    let (key, fingerprint) = (text(body, "/groupKey"), text(alert, "/fingerprint"));
    let made = key.rsplit_once('-').is_some_and(|(rest, stamp)| {
        let digits = !stamp.is_empty() && stamp.bytes().all(|b| b.is_ascii_digit());
        digits && !fingerprint.is_empty() && rest.ends_with(&format!("-{fingerprint}"))
    });
    made && text(alert, "/labels/alertname") == "TestAlert"
        && text(alert, "/labels/instance") == "Grafana"
}

/// As Alertmanager's, with what Grafana adds kept as annotations.
fn unified(settings: &SourceSettings, delivery: &Delivery, mut body: Value) -> Accepted {
    let alerts = body.get_mut("alerts").and_then(Value::as_array_mut);
    for alert in alerts.into_iter().flatten() {
        let added: Vec<(&str, String)> = ["valueString", "dashboardURL", "panelURL", "ruleUID"]
            .into_iter()
            .filter_map(|name| Some((name, alert.get(name)?.as_str()?.to_string())))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let Some(alert) = alert.as_object_mut() else {
            continue;
        };
        let annotations = alert
            .entry("annotations")
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        if annotations.is_null() {
            *annotations = Value::Object(serde_json::Map::new());
        }
        if let Some(annotations) = annotations.as_object_mut() {
            for (name, text) in added {
                annotations.entry(name).or_insert(text.into());
            }
        }
    }
    webhook::group(settings, delivery, &body)
}

fn before_unified(
    settings: &SourceSettings,
    delivery: &Delivery,
    body: &Value,
) -> Result<Raised, DeadLetter> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_string);
    let state = text("state").ok_or_else(|| DeadLetter::lacks("state"))?;
    let name = text("ruleName")
        .filter(|n| !n.is_empty())
        .ok_or_else(|| DeadLetter::lacks("ruleName"))?;
    let mut labels = BTreeMap::from([("alertname".to_string(), name)]);
    for key in ["ruleId", "orgId", "dashboardId", "panelId"] {
        if let Some(number) = body.get(key).and_then(Value::as_i64) {
            labels.insert(key.into(), number.to_string());
        }
    }
    if let Some(tags) = body.get("tags").and_then(Value::as_object) {
        for (name, value) in tags {
            if let Some(value) = value.as_str().filter(|v| !v.is_empty()) {
                labels.entry(name.clone()).or_insert(value.to_string());
            }
        }
    }
    // The rule stays the same whatever its state is.
    let fingerprint = fingerprint(&labels);
    let said = match state.as_str() {
        "ok" => Said::Over,
        _ => Said::Fires,
    };
    if state != "ok" && state != "alerting" {
        // No data and the like: not known to be well, and told apart by a label.
        labels.insert("state".into(), state);
    }
    if let Some(mistake) = labels_mistake(&labels) {
        return Err(DeadLetter::lacks(&mistake));
    }
    let said_more = ["title", "message"].into_iter();
    let mut more: BTreeMap<String, String> = said_more
        .filter_map(|name| Some((name.to_string(), cut(text(name)?))))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if let Some(matches) = body.get("evalMatches").filter(|m| !m.is_null()) {
        more.insert("evalMatches".into(), cut(matches.to_string()));
    }
    let now = Time::from(delivery.received_at);
    Ok(Raised {
        fingerprint,
        said,
        labels,
        annotations: annotations(more),
        url: address(text("ruleUrl")),
        starts_at: now,
        ends_at: match said {
            Said::Over => Some(now),
            _ => believed_until(settings, delivery.received_at),
        },
        timeout: said == Said::Fires,
    })
}
