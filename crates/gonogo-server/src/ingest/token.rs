//! A token in the URL or a password: for senders that can do no better.
//!
//! Neither covers the body or the time, and a URL stands in other people's logs, so a signature
//! is better wherever the sender can make one. Invariant: tokens are compared in constant
//! time, and a short one is never taken.

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::percent;
use super::reject::{Reject, RejectCode};
use super::secret::{Secret, any_token_matches};
use super::{Delivery, MIN_TOKEN_BYTES, SourceSettings, proof};

/// The parameters of the URL that may have the token; Cloud Monitoring writes the second.
const PARAMETERS: [&str; 2] = ["token", "auth_token"];

/// Whether the password of `Authorization: Basic`, or else the token in the URL, is one of the
/// secrets. Any user name is taken.
pub(super) fn verify(settings: &SourceSettings, delivery: &Delivery) -> Result<(), Reject> {
    let usable = || settings.secrets.iter().filter(|secret| is_token(secret));
    if usable().next().is_none() {
        return Err(RejectCode::SecretNotConfigured.into());
    }
    let token = match delivery.headers.contains_key(header::AUTHORIZATION) {
        true => password(proof(delivery.headers, &header::AUTHORIZATION)?)?,
        false => in_url(delivery.query)?,
    };
    match any_token_matches(usable(), token.as_bytes()) {
        true => Ok(()),
        false => Err(RejectCode::SignatureMismatch.into()),
    }
}

/// What is wrong with the secrets, without repeating any.
pub(super) fn mistake(settings: &SourceSettings) -> Option<String> {
    let all = settings.secrets.len();
    let bad = settings.secrets.iter().filter(|one| !is_token(one)).count();
    (bad > 0).then(|| {
        format!(
            "{bad} of {all} secrets cannot be used: a token has at least {MIN_TOKEN_BYTES} bytes"
        )
    })
}

fn is_token(secret: &Secret) -> bool {
    secret.expose().len() >= MIN_TOKEN_BYTES
}

fn password(header: &str) -> Result<String, Reject> {
    let malformed = || Reject::from(RejectCode::SignatureMalformed);
    let (scheme, text) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(text.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (_, password) = text.split_once(':').ok_or_else(malformed)?;
    Ok(password.to_owned())
}

/// The one token in the URL; two are refused, like two headers.
fn in_url(query: &str) -> Result<String, Reject> {
    let mut found = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        PARAMETERS.contains(&name).then_some(value)
    });
    let token = found.next().filter(|token| !token.is_empty());
    let token = token.ok_or(RejectCode::SignatureMissing)?;
    if found.next().is_some() {
        return Err(RejectCode::SignatureMalformed.into());
    }
    percent::decode(token.as_bytes()).ok_or_else(|| RejectCode::SignatureMalformed.into())
}
