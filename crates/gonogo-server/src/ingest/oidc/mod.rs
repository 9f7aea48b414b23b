//! Tokens that Google signs: OpenID Connect, as Pub/Sub push and Eventarc send them.
//!
//! Any Google user can get a token that Google signed, so the signature alone proves nothing:
//! the audience has to be us, and the sender the one service account that the package names.
//! Verification is a function of the token, the keys and the time of receipt; the keys are
//! fetched beside it. Invariant: without a key nothing is taken, and no algorithm but RS256.

mod fetch;
mod keys;

use aws_lc_rs::constant_time;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::proof;
use super::reject::{Reject, RejectCode};

pub use self::fetch::{KeyStore, NoKeys, STALE};
pub use self::keys::{BadKeys, Keys, MAX_KEY_SET_BYTES, MAX_KEYS};

/// Where Google publishes its keys.
pub const GOOGLE_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";

/// Who signs; Google writes it in both ways.
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// The one algorithm that is read. What a token says of itself never chooses another.
const ALGORITHM: &str = "RS256";

/// The longest token, in bytes. Google's have about one thousand.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest name of a key, in bytes. Google's have forty.
pub const MAX_KID_BYTES: usize = 256;

/// How far the clocks of Google and of this server may be apart.
pub const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// The longest life of a token. Google's live for an hour.
pub const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What a token has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Whom it is for: the URL that is pushed to, unless the subscription says otherwise.
    pub audience: String,
    /// Whose it is: the e-mail address of the service account that pushes.
    pub service_account: String,
    /// Where the keys are.
    pub jwks_url: String,
}

/// A token whose form is right; nothing of it is believed yet.
#[derive(Debug)]
pub struct Token<'a> {
    kid: String,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Vec<u8>,
}

/// A member twice is a mistake, so that no two readers see different tokens.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: String,
    /// What a reader has to understand, and this one understands none.
    crit: Option<IgnoredAny>,
    /// Claims that are not in the token as they are signed (RFC 7797).
    b64: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    email: Option<String>,
    email_verified: Option<bool>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
}

/// Whether the bearer token of a request was signed for us, by whom we expect, and is in time.
pub fn verify(
    headers: &HeaderMap,
    expected: &Expected,
    keys: Option<&Keys>,
    received_at: Timestamp,
) -> Result<(), Reject> {
    let token = Token::read(headers)?;
    let keys = keys.ok_or(RejectCode::KeysUnavailable)?;
    let mut known = keys.named(&token.kid).peekable();
    known.peek().ok_or(RejectCode::KeyUnknown)?;
    let signed = token.signed.as_bytes();
    if !known.any(|key| key.verify_sig(signed, &token.signature).is_ok()) {
        return Err(RejectCode::SignatureMismatch.into());
    }
    let claims: Claims =
        serde_json::from_slice(&token.claims).map_err(|_| RejectCode::SignatureMalformed)?;
    claims.judge(expected, received_at)
}

impl<'a> Token<'a> {
    /// The token in `Authorization: Bearer`.
    pub fn read(headers: &'a HeaderMap) -> Result<Self, Reject> {
        let malformed = || Reject::from(RejectCode::SignatureMalformed);
        let (scheme, text) = proof(headers, &header::AUTHORIZATION)?
            .split_once(' ')
            .ok_or_else(malformed)?;
        let text = text.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || text.len() > MAX_TOKEN_BYTES {
            return Err(malformed());
        }
        let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
        // A further dot is no letter of base64url, so there are three parts or none.
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| malformed())?;
        let plain = head.crit.is_none() && head.b64.is_none();
        if head.alg != ALGORITHM || !plain || head.kid.len() > MAX_KID_BYTES {
            return Err(malformed());
        }
        Ok(Self {
            kid: head.kid,
            signed,
            signature: decode(signature)?,
            claims: decode(claims)?,
        })
    }

    /// The name of the key that it says it was signed with.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl Claims {
    fn judge(&self, expected: &Expected, received_at: Timestamp) -> Result<(), Reject> {
        if !ISSUERS.contains(&self.iss.as_str()) {
            return Err(RejectCode::IssuerMismatch.into());
        }
        if !same(&self.aud, &expected.audience) {
            return Err(RejectCode::AudienceMismatch.into());
        }
        let email = self.email.as_deref().unwrap_or_default();
        if self.email_verified != Some(true) || !same(email, &expected.service_account) {
            return Err(RejectCode::SenderMismatch.into());
        }
        let now = received_at.as_second();
        let skew = SKEW.as_secs();
        if now > self.exp.saturating_add(skew) {
            return Err(RejectCode::TimestampTooOld.into());
        }
        let begins = self.iat.max(self.nbf.unwrap_or(self.iat));
        let lives = self.exp.saturating_sub(self.iat);
        if begins > now.saturating_add(skew) || lives > MAX_LIFETIME.as_secs() {
            return Err(RejectCode::TimestampTooNew.into());
        }
        Ok(())
    }
}

/// An empty expectation is met by nothing.
fn same(claimed: &str, expected: &str) -> bool {
    !expected.is_empty()
        && constant_time::verify_slices_are_equal(claimed.as_bytes(), expected.as_bytes()).is_ok()
}
