//! How a sender of CloudEvents proves itself: a Standard Webhooks signature, or a token.
//!
//! The signature is the better one: it covers the body and the time, and the key never
//! travels. Which of the two a source takes follows from its secrets, and it takes only that
//! one, so that nobody can fall back to the weaker. Invariant: a secret that cannot be used as
//! declared verifies nothing.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use axum::http::{HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::super::event::{MAX_SKEW, Note};
use super::super::reject::{Reject, RejectCode};
use super::super::secret::{Secret, any_mac_matches, any_token_matches, mac};
use super::super::{Delivery, MAX_SIGNATURES, SourceSettings, age, proof};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What a signing secret begins with; base64 follows.
const KEY_PREFIX: &str = "whsec_";

/// The lengths of a decoded signing secret that Standard Webhooks allows, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The shortest token, in bytes: a shorter one can be guessed.
pub const MIN_TOKEN_BYTES: usize = 16;

/// The scheme of symmetric signatures.
const SCHEME: &str = "v1,";

/// The scheme of Ed25519: whoever verifies cannot sign.
const PUBLIC_SCHEME: &str = "v1a,";

/// What a public key begins with; base64 of its bytes follows.
const PUBLIC_PREFIX: &str = "whpk_";

/// What the private half begins with. It has no business here.
const PRIVATE_PREFIX: &str = "whsk_";

/// The length of a public key, in bytes.
const PUBLIC_BYTES: usize = 32;

/// What one secret verifies with.
enum Key {
    Shared(Vec<u8>),
    Public(UnparsedPublicKey<Vec<u8>>),
}

/// How a sender of CloudEvents proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudeventsAuth {
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Signature,
    /// `Authorization: Bearer` with one of the secrets.
    Bearer,
}

impl CloudeventsAuth {
    /// Signatures as soon as one secret is a signing secret, `whsec_…`, or a public key, `whpk_…`.
    pub fn of(secrets: &[Secret]) -> Self {
        let signing = |secret: &Secret| is_key(secret.expose());
        if secrets.is_empty() || secrets.iter().any(signing) {
            Self::Signature
        } else {
            Self::Bearer
        }
    }
}

pub(in super::super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    match settings.cloudevents_auth {
        CloudeventsAuth::Signature => signature(settings, delivery),
        CloudeventsAuth::Bearer => token(settings, delivery).map(|()| None),
    }
}

/// What is wrong with the secrets, without repeating any.
pub(in super::super) fn mistake(settings: &SourceSettings) -> Option<String> {
    let usable = |secret: &&Secret| match settings.cloudevents_auth {
        CloudeventsAuth::Signature => key(secret).is_some(),
        CloudeventsAuth::Bearer => is_token(secret),
    };
    let unusable = settings.secrets.len() - settings.secrets.iter().filter(usable).count();
    let form = match settings.cloudevents_auth {
        CloudeventsAuth::Signature => format!(
            "a signing secret is `{KEY_PREFIX}` and {} to {} bytes in base64, \
             a public key `{PUBLIC_PREFIX}` and {PUBLIC_BYTES} bytes",
            KEY_BYTES.start(),
            KEY_BYTES.end()
        ),
        CloudeventsAuth::Bearer => format!("a token has at least {MIN_TOKEN_BYTES} bytes"),
    };
    (unusable > 0).then(|| {
        let all = settings.secrets.len();
        format!("{unusable} of {all} secrets cannot be used: {form}")
    })
}

/// The value of `webhook-signature` for a body with this `webhook-id`, stamped `t`; `None`
/// when the secret is not `whsec_` and base64.
pub fn sign(secret: &Secret, id: &str, body: &[u8], t: Timestamp) -> Option<String> {
    let stamp = t.as_second().to_string();
    let signed = [id.as_bytes(), b".", stamp.as_bytes(), b".", body];
    let Key::Shared(key) = key(secret)? else {
        return None;
    };
    let tag = mac(&key, &signed);
    Some(format!("{SCHEME}{}", STANDARD.encode(tag)))
}

fn signature(settings: &SourceSettings, delivery: &Delivery) -> Result<Option<Note>, Reject> {
    let keys: Vec<Key> = settings.secrets.iter().filter_map(key).collect();
    if keys.is_empty() {
        return Err(RejectCode::SecretNotConfigured.into());
    }
    let id = proof(delivery.headers, &ID)?;
    let stamp = proof(delivery.headers, &TIMESTAMP)?;
    let list = proof(delivery.headers, &SIGNATURE)?;
    let stamp_s: i64 = stamp.parse().map_err(|_| RejectCode::SignatureMalformed)?;
    let claimed = |scheme: &str| -> Vec<Vec<u8>> {
        list.split(' ')
            .filter_map(|one| STANDARD.decode(one.strip_prefix(scheme)?).ok())
            .collect()
    };
    let (tags, signatures) = (claimed(SCHEME), claimed(PUBLIC_SCHEME));
    if tags.len() + signatures.len() > MAX_SIGNATURES {
        return Err(RejectCode::SignatureMalformed.into());
    }
    let signed = [id.as_bytes(), b".", stamp.as_bytes(), b".", delivery.body];
    let shared = keys.iter().filter_map(|key| match key {
        Key::Shared(key) => Some(key.as_slice()),
        Key::Public(_) => None,
    });
    if !any_mac_matches(shared, &signed, &tags) && !any_signed(&keys, &signed, &signatures) {
        return Err(RejectCode::SignatureMismatch.into());
    }
    let age = age(delivery, stamp_s);
    let ahead = age.checked_neg().unwrap_or(SignedDuration::MAX);
    if age > settings.tolerance {
        Err(RejectCode::TimestampTooOld.into())
    } else if ahead > settings.tolerance {
        Err(RejectCode::TimestampTooNew.into())
    } else {
        Ok((ahead > MAX_SKEW).then_some(Note::SenderAhead(ahead)))
    }
}

fn token(settings: &SourceSettings, delivery: &Delivery) -> Result<(), Reject> {
    let tokens = || settings.secrets.iter().filter(|secret| is_token(secret));
    if tokens().next().is_none() {
        return Err(RejectCode::SecretNotConfigured.into());
    }
    let (scheme, token) = proof(delivery.headers, &header::AUTHORIZATION)?
        .split_once(' ')
        .ok_or(RejectCode::SignatureMalformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(RejectCode::SignatureMalformed.into());
    }
    if any_token_matches(tokens(), token.trim().as_bytes()) {
        Ok(())
    } else {
        Err(RejectCode::SignatureMismatch.into())
    }
}

/// Whether one of the claimed signatures was made with the private half of one of the keys.
fn any_signed(keys: &[Key], pieces: &[&[u8]], claimed: &[Vec<u8>]) -> bool {
    let public = keys.iter().filter_map(|key| match key {
        Key::Public(key) => Some(key),
        Key::Shared(_) => None,
    });
    let public: Vec<_> = public.collect();
    if public.is_empty() || claimed.is_empty() {
        return false;
    }
    let message = pieces.concat();
    public
        .iter()
        .any(|key| claimed.iter().any(|one| key.verify(&message, one).is_ok()))
}

/// The key behind a signing secret.
fn key(secret: &Secret) -> Option<Key> {
    let text = secret.expose();
    if let Some(text) = text.strip_prefix(PUBLIC_PREFIX) {
        let bytes = STANDARD.decode(text).ok()?;
        let right = bytes.len() == PUBLIC_BYTES;
        return right.then(|| Key::Public(UnparsedPublicKey::new(&ED25519, bytes)));
    }
    let bytes = STANDARD.decode(text.strip_prefix(KEY_PREFIX)?).ok()?;
    KEY_BYTES
        .contains(&bytes.len())
        .then_some(Key::Shared(bytes))
}

fn is_key(text: &str) -> bool {
    [KEY_PREFIX, PUBLIC_PREFIX, PRIVATE_PREFIX]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

fn is_token(secret: &Secret) -> bool {
    let text = secret.expose();
    // A signing secret is never taken as a token: that would send the key over the wire.
    text.len() >= MIN_TOKEN_BYTES && !is_key(text)
}
