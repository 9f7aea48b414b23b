//! The OPTIONS handshake by which a CloudEvents sender asks whether it is welcome.
//!
//! It protects third parties from senders, not us: every delivery has to prove itself all the
//! same. Invariant: the callback that a request may name is never called, because it is an
//! address that a stranger chose.

use std::num::NonZeroU32;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// The longest DNS name, in bytes.
const MAX_ORIGIN_BYTES: usize = 253;

/// The headers that answer an OPTIONS request; `None` when it is no such request, and then no
/// permission is given. Without a limit of requests per minute any rate is allowed.
pub fn handshake(request: &HeaderMap, per_minute: Option<NonZeroU32>) -> Option<HeaderMap> {
    let origin = request.get(REQUEST_ORIGIN)?;
    if !is_dns_name(origin) {
        return None;
    }
    let rate = per_minute.map_or(HeaderValue::from_static("*"), |rate| rate.get().into());
    let mut answer = HeaderMap::new();
    answer.insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer.insert(ALLOWED_ORIGIN, origin.clone());
    answer.insert(ALLOWED_RATE, rate);
    Some(answer)
}

fn is_dns_name(value: &HeaderValue) -> bool {
    let name = value.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= MAX_ORIGIN_BYTES && name.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(origin: &str, per_minute: Option<u32>) -> Option<HeaderMap> {
        let mut request = HeaderMap::new();
        request.insert(REQUEST_ORIGIN, origin.parse().unwrap());
        let callback = "https://example.com/confirm?id=1";
        request.insert("webhook-request-callback", callback.parse().unwrap());
        request.insert("webhook-request-rate", "120".parse().unwrap());
        handshake(&request, per_minute.and_then(NonZeroU32::new))
    }

    #[test]
    fn a_sender_is_told_that_it_is_welcome_and_how_often() {
        let answer = ask("eventemitter.example.com", Some(100)).unwrap();
        assert_eq!(answer["webhook-allowed-origin"], "eventemitter.example.com");
        assert_eq!(answer["webhook-allowed-rate"], "100");
        assert_eq!(answer["allow"], "POST");
        assert_eq!(
            ask("a.example.com", None).unwrap()["webhook-allowed-rate"],
            "*"
        );
    }

    #[test]
    fn nothing_is_granted_to_what_is_no_name() {
        let longest = "a".repeat(MAX_ORIGIN_BYTES);
        assert!(ask(&longest, None).is_some());
        for origin in [
            "",
            "*",
            "https://example.com/",
            "a b",
            &format!("{longest}a"),
        ] {
            assert!(ask(origin, None).is_none(), "{origin}");
        }
        assert!(handshake(&HeaderMap::new(), None).is_none());
    }
}
