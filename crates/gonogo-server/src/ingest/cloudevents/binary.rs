//! Binary mode: the envelope in `ce-` headers, the data in the body.
//!
//! It is rebuilt as the structured form, so that everything behind sees one shape. Invariant:
//! header values are unquoted, then percent-decoded once, and have to be UTF-8.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::super::dead_letter::{DeadLetter, DeadReason};
use super::super::reject::Reject;
use super::super::{Delivery, media_type, percent};

/// What the headers of attributes begin with.
pub(in super::super) const HEADER_PREFIX: &str = "ce-";

/// Whether a request without a CloudEvents media type is one all the same.
pub(super) fn is_event(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion")
}

/// The structured form of a request in binary mode.
pub(super) fn envelope(delivery: &Delivery) -> Result<Result<Value, DeadLetter>, Reject> {
    let data = data(delivery)?;
    Ok(attributes(delivery.headers).map(|mut envelope| {
        // The body is the data, whatever a header of that name says.
        envelope.remove("data");
        envelope.remove("data_base64");
        envelope.extend(data);
        Value::Object(envelope)
    }))
}

fn attributes(headers: &HeaderMap) -> Result<Map<String, Value>, DeadLetter> {
    let mut envelope = Map::new();
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix(HEADER_PREFIX) else {
            continue;
        };
        let bad = |what: &str| {
            DeadLetter::new(DeadReason::BadHeader, format!("the header `{name}` {what}"))
        };
        if attribute == "datacontenttype" {
            return Err(bad("must not be there: Content-Type says it"));
        }
        let mut values = headers.get_all(name).iter();
        let value = values.next().map(|value| decode(value.as_bytes()));
        if values.next().is_some() {
            return Err(bad("is there twice"));
        }
        let text = value.flatten().ok_or_else(|| bad("cannot be decoded"))?;
        envelope.insert(attribute.to_owned(), Value::String(text));
    }
    if let Some(value) = headers.get("content-type") {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        envelope.insert("datacontenttype".to_owned(), Value::String(text));
    }
    Ok(envelope)
}

/// The body as the member of the structured form that holds it; none when it is empty.
fn data(delivery: &Delivery) -> Result<Option<(String, Value)>, Reject> {
    if delivery.body.is_empty() {
        return Ok(None);
    }
    let media_type = media_type(delivery.headers);
    let (name, value) = if media_type.as_deref().is_some_and(is_json) {
        ("data", super::json(delivery.body)?)
    } else {
        match std::str::from_utf8(delivery.body) {
            Ok(text) => ("data", text.into()),
            Err(_) => ("data_base64", STANDARD.encode(delivery.body).into()),
        }
    };
    Ok(Some((name.to_owned(), value)))
}

fn is_json(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "text/json") || media_type.ends_with("+json")
}

fn decode(value: &[u8]) -> Option<String> {
    percent::decode(&unquote(value)?)
}

/// Takes double quotes away, with the backslashes that escape within them: older senders
/// quote where they should percent-encode.
fn unquote(value: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(value.len());
    let mut quoted = false;
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => plain.push(bytes.next()?),
            byte => plain.push(byte),
        }
    }
    (!quoted).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_unquoted_and_decoded_once() {
        let cases = [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro € 😀")),
            (r#""say \"hi\" \\""#, Some(r#"say "hi" \"#)),
            (r#"a"b c"d"#, Some("ab cd")),
            ("%2522", Some("%22")),
            (r"a\b", Some(r"a\b")),
            ("\"%20\"", Some(" ")),
            ("\"open", None),
            ("\"end\\", None),
            ("%C0%A0", None),
            ("100%", None),
        ];
        for (value, expected) in cases {
            assert_eq!(decode(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }
}
