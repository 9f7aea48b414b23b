//! Random tokens and their hashes.
//!
//! Tokens carry 256 random bits, so a plain SHA-256 of one cannot be guessed backwards and
//! needs no salt. Invariant: a token itself is never stored, only shown once to its owner.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::AuthError;
use crate::notify::secret::SecretString;

/// Random bytes of a token.
pub const TOKEN_LEN: usize = 32;
/// The longest token that is looked at, in bytes.
pub const TOKEN_TEXT_MAX: usize = 128;

/// A new token: 256 random bits as 43 characters that a path, a cookie and a header can carry.
pub fn token() -> Result<SecretString, AuthError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<TOKEN_LEN>()?).into())
}

/// So many random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], AuthError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| AuthError::Crypto("no randomness"))?;
    Ok(bytes)
}

/// What is stored in place of a token.
pub fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes())
        .as_ref()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_alike() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
        assert_ne!(hash(one.expose()), hash(other.expose()));
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
