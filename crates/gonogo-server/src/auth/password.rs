//! Passwords: what is accepted, how it is hashed, how it is checked.
//!
//! Argon2id with the parameters that OWASP names (19 MiB, two passes, one lane), on threads
//! that may block and a few at a time, since each check takes its memory. Invariant: a check
//! costs the same whether or not the account exists or has a password.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::{AuthError, secret};

/// The fewest characters of a new password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The most bytes of a password; longer ones are refused before anything is computed.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// The fewest different characters of a new password.
pub const PASSWORD_DIFFERENT_MIN: usize = 5;
/// Checks that run at once, each with 19 MiB.
pub const CHECKS_AT_ONCE: usize = 4;

/// How long somebody waits for their turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;

/// Checked in place of a hash that does not exist: well formed, and of no password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1zYWx0LTAwMA$\
     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too few characters.
    #[error("Use at least {PASSWORD_CHARS_MIN} characters. Four random words are good.")]
    TooShort,
    /// Too many bytes.
    #[error("Use at most {PASSWORD_BYTES_MAX} characters.")]
    TooLong,
    /// Guessed at once.
    #[error("This would be guessed at once: use more different characters.")]
    TooSimple,
    /// The account's own name.
    #[error("This contains your name: use something that nobody can know.")]
    OwnName,
}

/// Whether `password` may be used by the account whose names are `names`.
pub fn acceptable(password: &str, names: &[&str]) -> Result<(), Weakness> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Weakness::TooLong);
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Weakness::TooShort);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < PASSWORD_DIFFERENT_MIN {
        return Err(Weakness::TooSimple);
    }
    let lower = password.to_lowercase();
    let is_most_of_it = |name: &&str| {
        let name = name.to_lowercase();
        lower.contains(&name) && name.chars().count() * 2 >= lower.chars().count()
    };
    if names.iter().any(is_most_of_it) {
        return Err(Weakness::OwnName);
    }
    Ok(())
}

/// Hashes and checks passwords, a few at a time.
pub struct Hashing {
    turns: Arc<Semaphore>,
    checked: Arc<AtomicU64>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            checked: Arc::default(),
        }
    }
}

impl Hashing {
    /// How often a password was compared with a hash, somebody's or nobody's.
    pub fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// What is stored in place of a password.
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        self.run(move || {
            let salt = secret::random::<SALT_LEN>()?;
            argon2()?
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| AuthError::Crypto("argon2"))
        })
        .await?
    }

    /// Whether `password` is the one that `stored` was made of. Without a stored hash it is
    /// not, and finding that out takes as long.
    pub async fn check(&self, password: String, stored: Option<String>) -> Result<bool, AuthError> {
        let checked = Arc::clone(&self.checked);
        self.run(move || {
            let too_long = password.len() > PASSWORD_BYTES_MAX;
            let password = if too_long { "" } else { password.as_str() };
            let known = stored
                .as_deref()
                .and_then(|hash| PasswordHash::new(hash).ok());
            let is_known = known.is_some();
            let nobody = || PasswordHash::new(NOBODY).map_err(|_| AuthError::Crypto("argon2"));
            let hash = known.map_or_else(nobody, Ok)?;
            let right = argon2()?
                .verify_password(password.as_bytes(), &hash)
                .is_ok();
            checked.fetch_add(1, Ordering::Relaxed);
            Ok(right && is_known && !too_long)
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let turn = self.turns.clone().acquire_owned();
        let turn = match tokio::time::timeout(TURN_WITHIN, turn).await {
            Ok(Ok(turn)) => turn,
            _ => return Err(AuthError::Busy),
        };
        tokio::task::spawn_blocking(move || {
            // Held by the work itself, which goes on when the caller goes away.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| AuthError::Crypto("the computation ended early"))
    }
}

fn argon2() -> Result<Argon2<'static>, AuthError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_| AuthError::Crypto("argon2 parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_password() {
        let check = |p: &str| acceptable(p, &["admin", "Ada Example"]);
        assert_eq!(check("abcdefghijk"), Err(Weakness::TooShort));
        assert_eq!(check("abcdefghijkl"), Ok(()));
        // Characters count, not bytes.
        assert_eq!(check("äöüßéèàçñåø"), Err(Weakness::TooShort));
        assert_eq!(check("äöüßéèàçñåøæ"), Ok(()));
        assert_eq!(check(&"abcdefgh".repeat(32)), Ok(()));
        assert_eq!(
            check(&format!("{}i", "abcdefgh".repeat(32))),
            Err(Weakness::TooLong)
        );
        assert_eq!(check("abcdabcdabcd"), Err(Weakness::TooSimple));
        assert_eq!(check("abcdeabcdeab"), Ok(()));
        assert_eq!(check("ada example1"), Err(Weakness::OwnName));
        assert_eq!(check("administrative correctness"), Ok(()));
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hashing = Hashing::default();
        let stored = hashing.hash("correct horse battery".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let check = |password: &str, stored: Option<&str>| {
            hashing.check(password.to_owned(), stored.map(str::to_owned))
        };
        assert!(check("correct horse battery", Some(&stored)).await.unwrap());
        assert!(!check("correct horse batterY", Some(&stored)).await.unwrap());
        assert!(!check("", Some(&stored)).await.unwrap());
        assert!(!check("anything", None).await.unwrap());
        assert!(!check("anything", Some("not a hash")).await.unwrap());
        let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
        assert!(!check(&long, Some(&stored)).await.unwrap());
        let again = hashing.hash("correct horse battery".into()).await.unwrap();
        assert_ne!(stored, again, "salted");
    }

    #[test]
    fn the_hash_of_nobody_costs_what_a_real_one_does() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!(params.m_cost(), MEMORY_KIB);
        assert_eq!(params.t_cost(), PASSES);
        assert_eq!(params.p_cost(), LANES);
        assert_eq!(hash.salt.unwrap().len(), SALT_LEN);
        assert_eq!(hash.hash.unwrap().len(), 32);
    }
}
