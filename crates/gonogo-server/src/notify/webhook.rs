//! The generic webhook: JSON, signed as Standard Webhooks 1.0.0 says.
//!
//! Any receiver with a Standard Webhooks library can verify it. The body's schema is
//! [`Body`]; fields are added to it, never renamed. Invariant: `webhook-id` is the effect
//! id, the same on every repeat, and the timestamp is that of the send.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::http::Http;
use super::message::{
    CLOSING_CHARS_MAX, Measure, Message, PARAGRAPH_CHARS_MAX, block, line, shorten,
};
use super::secret::SecretString;
use super::{Address, Outcome, Page};

/// The `type` of the body, with the version of its schema.
pub const BODY_TYPE: &str = "gonogo.notification.v1";

/// What a signing secret begins with.
const SECRET_PREFIX: &str = "whsec_";

/// The lengths of a decoded signing secret that Standard Webhooks allows, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The JSON body.
#[derive(Debug, Serialize)]
pub struct Body<'a> {
    /// Always [`BODY_TYPE`].
    pub r#type: &'static str,
    /// The effect id: the same on every repeat, so receivers can drop repeats.
    pub id: &'a str,
    /// When this send was made, RFC 3339.
    pub timestamp: String,
    /// `page`, `growth`, `update_due`, `update_overdue`, `resolved`, `ticket` or `test`.
    pub kind: &'static str,
    /// Whether this is a rehearsal.
    pub exercise: bool,
    /// The incident; null for a test or a ticket.
    pub incident: Option<&'a str>,
    /// The severity, in the package's words.
    pub severity: String,
    /// The subject line, with exercise mark and severity.
    pub subject: String,
    /// What is wrong, in one line.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// Who is hit.
    pub impact: Option<String>,
    /// The first thing to do.
    pub first_step: Option<String>,
    /// The incident's page.
    pub incident_url: Option<&'a str>,
    /// The runbook's page.
    pub runbook_url: Option<&'a str>,
    /// The signed link that acknowledges: a credential.
    pub ack_url: Option<&'a str>,
    /// Who is addressed.
    pub to: String,
    /// Why.
    pub why_you: String,
}

/// A receiver whose address and secrets have the right form.
struct Receiver<'a> {
    url: Url,
    keys: Vec<hmac::Key>,
    secrets: &'a SecretString,
}

pub(super) fn check(http: &Http, address: &Address) -> Result<(), String> {
    receiver(http, address).map(drop)
}

pub(super) async fn send(http: &Http, address: &Address, page: &Page) -> Outcome {
    let Receiver { url, keys, secrets } = match receiver(http, address) {
        Ok(receiver) => receiver,
        Err(problem) => return Outcome::failed(problem),
    };
    let now = Timestamp::now();
    let Ok(json) = serde_json::to_vec(&Body::of(page, now)) else {
        return Outcome::failed("the notification cannot be written as JSON");
    };
    let Some(headers) = headers(&keys, &page.effect_id, now.as_second(), &json) else {
        return Outcome::failed("the effect id cannot stand in a header");
    };
    match http.post(&url, headers, json, &[secrets.expose()]).await {
        Ok(answer) if answer.status.is_success() => Outcome::Delivered {
            receipt: format!("accepted with {}", answer.status.as_u16()),
        },
        Ok(answer) => answer.refusal(),
        Err(outcome) => outcome,
    }
}

fn receiver<'a>(http: &Http, address: &'a Address) -> Result<Receiver<'a>, String> {
    let secrets = address
        .credential
        .as_ref()
        .ok_or("this webhook has no signing secret")?;
    Ok(Receiver {
        url: http.address(&address.to)?,
        keys: signing_keys(secrets)?,
        secrets,
    })
}

impl<'a> Body<'a> {
    fn of(page: &'a Page, now: Timestamp) -> Self {
        let paragraph = |text: &str| {
            let text = block(text);
            shorten(&text, PARAGRAPH_CHARS_MAX, Measure::Chars).into_owned()
        };
        let one_line =
            |text: &str| shorten(&line(text), CLOSING_CHARS_MAX, Measure::Chars).into_owned();
        Self {
            r#type: BODY_TYPE,
            id: &page.effect_id,
            timestamp: now.to_string(),
            kind: page.kind.as_str(),
            exercise: page.exercise,
            incident: page.incident.as_deref(),
            severity: one_line(&page.severity),
            subject: Message::of(page).subject,
            title: one_line(&page.title),
            summary: paragraph(&page.summary),
            impact: page.impact.as_deref().map(paragraph),
            first_step: page.first_step.as_deref().map(paragraph),
            incident_url: page.incident_url.as_deref(),
            runbook_url: page.runbook_url.as_deref(),
            ack_url: page.ack_url.as_ref().map(SecretString::expose),
            to: one_line(&page.to_name),
            why_you: one_line(&page.why_you),
        }
    }
}

/// The keys behind `whsec_…` secrets parted by white space; the error repeats none of them.
pub fn signing_keys(secrets: &SecretString) -> Result<Vec<hmac::Key>, String> {
    let keys: Option<Vec<_>> = secrets
        .expose()
        .split_whitespace()
        .map(|secret| {
            let bytes = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
            SECRET_BYTES
                .contains(&bytes.len())
                .then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        })
        .collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        format!(
            "a signing secret is `{SECRET_PREFIX}` and {} to {} bytes in base64",
            SECRET_BYTES.start(),
            SECRET_BYTES.end()
        )
    })
}

/// The value of `webhook-signature`: one signature a key, parted by spaces.
pub fn signature(keys: &[hmac::Key], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let signed = [format!("{id}.{timestamp_s}.").as_bytes(), body].concat();
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed))))
        .collect();
    signatures.join(" ")
}

fn headers(keys: &[hmac::Key], id: &str, timestamp_s: i64, body: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let values = [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", signature(keys, id, timestamp_s, body)),
    ];
    for (name, value) in values {
        let value = HeaderValue::from_str(&value).ok()?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_the_published_vectors() {
        let vectors = [
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ];
        for (secret, id, timestamp_s, body, expected) in vectors {
            let keys = signing_keys(&secret.into()).unwrap();
            assert_eq!(signature(&keys, id, timestamp_s, body.as_bytes()), expected);
        }
    }

    #[test]
    fn two_secrets_give_two_signatures() {
        let old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let new = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let keys = signing_keys(&format!("{new} {old}").into()).unwrap();
        let both = signature(&keys, "fx-1", 1, b"{}");
        let alone = signature(&signing_keys(&old.into()).unwrap(), "fx-1", 1, b"{}");
        assert_eq!(both.split(' ').nth(1), Some(&*alone));
    }

    #[test]
    fn secrets_of_the_wrong_form_are_named_without_being_repeated() {
        let short = format!("whsec_{}", STANDARD.encode([0u8; 23]));
        let long = format!("whsec_{}", STANDARD.encode([0u8; 65]));
        for secret in ["", "plain", "whsec_***", &short, &long] {
            let problem = signing_keys(&secret.into()).unwrap_err();
            assert!(secret.is_empty() || !problem.contains(secret), "{problem}");
        }
        for len in [24, 64] {
            let fits = format!("whsec_{}", STANDARD.encode(vec![0u8; len]));
            assert!(signing_keys(&fits.into()).is_ok());
        }
    }
}
