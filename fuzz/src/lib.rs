//! Any bytes as a delivery, through the verifier and the normaliser of a provider.
//!
//! A delivery is written as lines of headers, an empty line and the body; what begins with a
//! brace or a bracket is a body alone, so that the fixtures of the tests are seeds as they are.
//! Invariant: nobody signed it, so nothing of it may come through the verifier.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gonogo_model::Id;
use gonogo_model::source::Provider;
use gonogo_server::ingest::oidc::{Expected, Keys};
use gonogo_server::ingest::{Delivery, Secret, SourceSettings, accept, envelope_headers, replay};

/// What a delivery without headers is given, so that its body is read.
const USUAL: &str = "x-github-event: workflow_run
x-github-delivery: 1
webhook-id: 1
webhook-timestamp: 1772420400";

/// Tries a delivery with each of these providers.
pub fn deliver(kinds: &[Provider], data: &[u8]) {
    for kind in kinds {
        let (headers, body) = split(*kind, data);
        let settings = settings(*kind);
        let keys = Keys::parse(br#"{"keys": []}"#).ok();
        let query = headers.get("x-query").and_then(|v| v.to_str().ok());
        let delivery = Delivery {
            headers: &headers,
            body,
            query: query.unwrap_or_default(),
            keys: keys.as_ref(),
            received_at: jiff::Timestamp::from_second(1_772_420_400).unwrap_or_default(),
        };
        let verified = accept(&settings, &delivery);
        assert!(verified.is_err(), "{kind} took what nobody signed");
        replay(&settings, &delivery);
        // As it is tried again out of the drawer, with what is kept of its headers.
        let headers = &envelope_headers(&headers);
        replay(
            &settings,
            &Delivery {
                headers,
                ..delivery
            },
        );
    }
}

fn settings(kind: Provider) -> SourceSettings {
    // The longest key that is, which no input of a fuzzer's happens to have.
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let mut settings =
        SourceSettings::new(Id::from_static("fuzz"), kind, secret.into_iter().collect());
    let fields = ["data.object.amount", "0", "data", "a..b", ".", "data.n"];
    settings.fields = fields.map(str::to_owned).into();
    settings.oidc = Some(Expected {
        audience: "https://gonogo.example.com/in/fuzz".into(),
        service_account: "push@example.iam.gserviceaccount.com".into(),
        jwks_url: "https://keys.example.com/certs".into(),
    });
    settings
}

fn split(kind: Provider, data: &[u8]) -> (HeaderMap, &[u8]) {
    let first = data.iter().find(|byte| !byte.is_ascii_whitespace());
    let (lines, body) = match (first, data.windows(2).position(|two| two == b"\n\n")) {
        (Some(b'{' | b'['), _) | (_, None) => (USUAL.as_bytes(), data),
        (_, Some(end)) => (&data[..end], &data[end + 2..]),
    };
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    if kind == Provider::Cloudevents && lines == USUAL.as_bytes() {
        let media_type = match first {
            Some(b'[') => "application/cloudevents-batch+json",
            _ => "application/cloudevents+json",
        };
        headers.insert("content-type", HeaderValue::from_static(media_type));
    }
    (headers, body)
}
