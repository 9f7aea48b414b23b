//! Requests that change something must come from our own pages.
//!
//! Two proofs, and both must hold. The browser says where a request was made, in
//! `Sec-Fetch-Site` or `Origin`; and the form carries a token derived from the session's own
//! by HMAC, so there is nothing to store and nothing that outlives the session. Programs with
//! a bearer token need neither, because no browser adds that header by itself. Invariant: who
//! knows the form's token cannot compute the session's.

use aws_lc_rs::{constant_time, hmac};
use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The form field with the token.
pub const FIELD: &str = "csrf";
/// The header with the token, for requests made by a script.
pub const HEADER: &str = "x-csrf-token";

const CONTEXT: &[u8] = b"gonogo csrf v1";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the forms of a session must carry.
pub fn token_of(session_token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, CONTEXT))
}

/// Whether a form's token is the session's, compared in constant time.
pub fn is_right(presented: &str, expected: &str) -> bool {
    constant_time::verify_slices_are_equal(presented.as_bytes(), expected.as_bytes()).is_ok()
}

/// Whether a browser made this request on one of our own pages, as far as it says.
///
/// Without either header it was no current browser, and this proof says nothing. `base_url`
/// is ours as people see it; the `Host` header counts too, for those who come by another name.
pub fn same_origin(headers: &HeaderMap, base_url: &str) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // `none` is the person's own doing: the address bar, a bookmark.
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if origin.eq_ignore_ascii_case(origin_of(base_url)) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let scheme_fits = scheme == "https" || !base_url.starts_with("https:");
    scheme_fits && host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..]
        .find('/')
        .map_or(url.len(), |at| authority + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_token_belongs_to_one_session() {
        let token = token_of("session-a");
        assert!(is_right(&token, &token_of("session-a")));
        assert!(!is_right(&token, &token_of("session-b")));
        assert!(!is_right("", &token));
        assert!(!is_right(&token[1..], &token));
    }

    #[test]
    fn another_site_is_refused() {
        let base = "https://ops.example.com/";
        let from = |list: &[(&'static str, &str)]| same_origin(&headers(list), base);
        assert!(from(&[]), "no browser");
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("sec-fetch-site", "none")]));
        // A page without referrer sends a null origin; the browser's own word counts.
        assert!(from(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "null")
        ]));
        for site in ["cross-site", "same-site", "", "Same-Origin, none"] {
            let origin = ("origin", "https://ops.example.com");
            assert!(!from(&[("sec-fetch-site", site), origin]), "{site}");
        }
        assert!(from(&[("origin", "https://ops.example.com")]));
        assert!(from(&[
            ("origin", "https://alias.example.com"),
            ("host", "alias.example.com")
        ]));
        for origin in [
            "null",
            "http://ops.example.com",
            "https://ops.example.com.example.net",
            "https://example.net",
            "https://ops.example.com:8443",
        ] {
            let host = ("host", "ops.example.com");
            assert!(!from(&[("origin", origin), host]), "{origin}");
        }
    }

    #[test]
    fn plain_http_compares_ports() {
        let base = "http://127.0.0.1:4400";
        let from = |origin: &str| {
            same_origin(
                &headers(&[("origin", origin), ("host", "localhost:4400")]),
                base,
            )
        };
        assert!(from("http://127.0.0.1:4400"));
        assert!(from("http://localhost:4400"));
        assert!(!from("http://127.0.0.1:4401"));
    }
}
