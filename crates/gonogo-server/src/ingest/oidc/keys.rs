//! A set of public keys, as RFC 7517 writes it.
//!
//! Invariant: only RSA keys of 2048 to 8192 bits that are meant for RS256 signatures get in;
//! what else a set has is skipped, because providers add kinds of keys without asking.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{ALGORITHM, MAX_KID_BYTES};

/// The largest set that is read, in bytes. Google's has about two thousand.
pub const MAX_KEY_SET_BYTES: usize = 128 * 1024;

/// The most keys of a set. Google's has two or three.
pub const MAX_KEYS: usize = 64;

/// The lengths of a modulus, in bytes: what RS256 verifies.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Public keys by name.
#[derive(Clone)]
pub struct Keys(Vec<(String, ParsedPublicKey)>);

/// Why a set of keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// More than [`MAX_KEY_SET_BYTES`].
    #[error("the set of keys is larger than {MAX_KEY_SET_BYTES} bytes")]
    TooLarge,
    /// It is not a JSON object with a list `keys`.
    #[error("the answer is no set of keys")]
    NoSet,
    /// More than [`MAX_KEYS`].
    #[error("the set has more than {MAX_KEYS} keys")]
    TooMany,
    /// No key of it is for RS256.
    #[error("the set has no key for RS256")]
    NoneUsable,
}

impl Keys {
    /// Reads a set of keys.
    pub fn parse(text: &[u8]) -> Result<Self, BadKeys> {
        if text.len() > MAX_KEY_SET_BYTES {
            return Err(BadKeys::TooLarge);
        }
        let set: Value = serde_json::from_slice(text).map_err(|_| BadKeys::NoSet)?;
        let listed = set["keys"].as_array().ok_or(BadKeys::NoSet)?;
        if listed.len() > MAX_KEYS {
            return Err(BadKeys::TooMany);
        }
        let keys: Vec<_> = listed.iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err(BadKeys::NoneUsable);
        }
        Ok(Self(keys))
    }

    /// Whether there is a key of that name.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|(name, _)| name == kid)
    }

    /// Every key of that name.
    pub(super) fn named(&self, kid: &str) -> impl Iterator<Item = &ParsedPublicKey> {
        let named = move |(name, key)| (name == kid).then_some(key);
        self.0
            .iter()
            .map(|(name, key)| (name, key))
            .filter_map(named)
    }
}

fn key(one: &Value) -> Option<(String, ParsedPublicKey)> {
    let text = |what: &str| one[what].as_str();
    let unsaid_or = |what: &str, wanted: &str| text(what).is_none_or(|said| said == wanted);
    if text("kty")? != "RSA" || !unsaid_or("use", "sig") || !unsaid_or("alg", ALGORITHM) {
        return None;
    }
    let kid = text("kid")?;
    if kid.is_empty() || kid.len() > MAX_KID_BYTES {
        return None;
    }
    let number = |what: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text(what)?).ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    let (n, e) = (number("n")?, number("e")?);
    // An even or a tiny exponent is no key of anybody's.
    if !MODULUS_BYTES.contains(&n.len()) || e.last()? % 2 == 0 || e == [1] {
        return None;
    }
    let parts = RsaPublicKeyComponents { n, e };
    let key = parts
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .ok()?;
    Some((kid.to_owned(), key))
}

/// How many there are; the keys are public, and nobody reads them in a log.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}
