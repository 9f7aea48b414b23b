//! A sender that shows a token: as a bearer, or as the password of basic authentication.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::event::Note;
use super::super::reject::{Reject, RejectCode};
use super::super::secret::any_token_matches;
use super::super::{Delivery, SourceSettings, proof};

/// Whether the request shows one of the source's tokens.
pub(in super::super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    check(settings, delivery.headers)?;
    Ok(None)
}

/// Whether these headers show one of the source's tokens.
pub fn check(settings: &SourceSettings, headers: &HeaderMap) -> Result<(), Reject> {
    if settings.secrets.is_empty() {
        return Err(RejectCode::SecretNotConfigured.into());
    }
    let shown = proof(headers, &header::AUTHORIZATION)?;
    let token = token_of(shown).ok_or(RejectCode::SignatureMalformed)?;
    if any_token_matches(&settings.secrets, &token) {
        Ok(())
    } else {
        Err(RejectCode::SignatureMismatch.into())
    }
}

fn token_of(shown: &str) -> Option<Vec<u8>> {
    let (scheme, rest) = shown.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(rest).ok()?;
    let colon = pair.iter().position(|b| *b == b':')?;
    Some(pair[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_bearer_or_a_password() {
        assert_eq!(token_of("Bearer abc").as_deref(), Some(&b"abc"[..]));
        assert_eq!(token_of("bearer  abc ").as_deref(), Some(&b"abc"[..]));
        // prometheus:a:b
        assert_eq!(
            token_of("Basic cHJvbWV0aGV1czphOmI=").as_deref(),
            Some(&b"a:b"[..])
        );
        for bad in ["abc", "Basic !", "Basic YWJj", "Digest x", ""] {
            assert_eq!(token_of(bad), None, "{bad}");
        }
    }
}
