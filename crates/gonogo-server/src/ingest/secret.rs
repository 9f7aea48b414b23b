//! Keys that senders sign with, and comparisons that take the same time whatever they compare.
//!
//! A source holds several keys while one is being replaced, and every key is tried. Invariant:
//! no key is ever printed, and no comparison of a secret ends early.

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};

/// One key or token of a source.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a secret as it was read from the environment or a file; white space around it is
    /// an accident of `echo` and editors. `None` when nothing is left: an empty key would
    /// verify what anybody signs.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The text itself, for signing and comparing.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Shows that there is a secret, and nothing of it, not even its length.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The HMAC-SHA256 of the pieces, one after the other.
pub(super) fn mac(key: &[u8], pieces: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for piece in pieces {
        context.update(piece);
    }
    context.sign()
}

/// Whether one of the claimed tags was made with one of the keys.
///
/// The body is hashed once a key, not once a claim, so a header full of signatures costs
/// little. No pair is skipped after a match.
pub(super) fn any_mac_matches<'k>(
    keys: impl IntoIterator<Item = &'k [u8]>,
    pieces: &[&[u8]],
    claimed: &[Vec<u8>],
) -> bool {
    let mut matches = 0_usize;
    for key in keys {
        let ours = mac(key, pieces);
        for theirs in claimed {
            matches +=
                usize::from(constant_time::verify_slices_are_equal(ours.as_ref(), theirs).is_ok());
        }
    }
    matches > 0
}

/// Whether the token is one of the secrets.
///
/// Digests are compared, because a comparison of the texts would tell their lengths.
pub(crate) fn any_token_matches<'s>(
    secrets: impl IntoIterator<Item = &'s Secret>,
    token: &[u8],
) -> bool {
    let theirs = digest::digest(&digest::SHA256, token);
    let mut matches = 0_usize;
    for secret in secrets {
        let ours = digest::digest(&digest::SHA256, secret.expose().as_bytes());
        matches += usize::from(
            constant_time::verify_slices_are_equal(ours.as_ref(), theirs.as_ref()).is_ok(),
        );
    }
    matches > 0
}

/// The bytes behind hexadecimal text of either case.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let secret = Secret::new("whsec_very_secret\n").unwrap();
        assert_eq!(
            format!("{secret:?} {:#?}", [&secret])
                .matches("very")
                .count(),
            0
        );
        assert_eq!(secret.expose(), "whsec_very_secret");
        assert!(Secret::new(" \n").is_none());
    }

    #[test]
    fn any_key_and_any_claim_may_match() {
        let good = mac(b"new", &[b"1.", b"body"]).as_ref().to_vec();
        let keys = || [b"old".as_slice(), b"new"];
        assert!(any_mac_matches(
            keys(),
            &[b"1.body"],
            &[vec![], vec![0; 32], good.clone()]
        ));
        assert!(!any_mac_matches(
            keys(),
            &[b"1.bodY"],
            std::slice::from_ref(&good)
        ));
        assert!(!any_mac_matches(
            keys(),
            &[b"1.body"],
            &[good[..31].to_vec()]
        ));
        assert!(!any_mac_matches(keys(), &[b"1.body"], &[]));
        assert!(!any_mac_matches([], &[b"1.body"], &[good]));
    }

    #[test]
    fn hexadecimal_of_either_case() {
        assert_eq!(unhex("00fFA1"), Some(vec![0, 255, 161]));
        assert_eq!(unhex(""), Some(vec![]));
        for bad in ["0", "0g", "+1", "ä", " 1"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
