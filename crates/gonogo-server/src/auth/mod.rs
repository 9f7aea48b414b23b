//! Who may come in: people with passwords, programs with tokens, links that work once.
//!
//! Everything behind [`http::protect`] needs a session or a token; what is open to all (the
//! status page, the intake, health) is mounted outside of it. Time is an argument of every
//! function, so that expiry is tested without waiting. Invariant: a secret is shown to its
//! owner once and is stored, logged and audited never; what is stored is a hash.

mod audit;
pub mod csrf;
mod error;
mod first_run;
pub mod http;
mod identity;
mod link;
mod login;
mod password;
mod password_change;
mod secret;
mod session;
mod setup;
mod throttle;
mod token;
mod users;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

pub use error::AuthError;
pub use first_run::FIRST_ADMIN;
pub use http::{Gate, Require, Surroundings, need};
pub use identity::{Identity, Role, Via};
pub use link::{ENTER_LINK_LIFETIME, LinkPurpose, SETUP_LINK_LIFETIME};
pub use login::{Attempt, LOGIN_BYTES_MAX, LoggedIn, LoginOutcome};
pub use password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, Weakness};
pub use password_change::{NewPassword, PasswordChange};
pub use session::{SESSION_IDLE_MAX, SESSION_LENGTH_MAX};
pub use setup::{EMAIL_BYTES_MAX, NAME_CHARS_MAX, SetupForm, SetupMistakes, SetupOutcome};
pub use throttle::{
    ACCOUNT_ATTEMPT_EVERY, ACCOUNT_ATTEMPTS_MAX, ADDRESS_ATTEMPT_EVERY, ADDRESS_ATTEMPTS_MAX,
    Throttled,
};
pub use token::{API_TOKENS_PER_USER_MAX, NewToken, Scope};
pub use users::NewUser;

use crate::store::{Store, User};

/// Accounts, sessions, tokens and links over the store; clones share it.
#[derive(Clone)]
pub struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    hashing: password::Hashing,
    throttle: Mutex<throttle::Throttle>,
}

impl Auth {
    /// Over the accounts of a store.
    pub fn new(store: Store) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                hashing: password::Hashing::default(),
                throttle: Mutex::default(),
            }),
        }
    }

    /// How often a password was compared with a hash since the start, for metrics. Every
    /// attempt that is not throttled costs one comparison, whoever it is for.
    pub fn passwords_checked(&self) -> u64 {
        self.inner.hashing.checked()
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Somebody's identity; nobody's if the account is disabled or its role is not known.
    fn identity(user: &User, at_most: Role, via: Via, csrf: Option<String>) -> Option<Identity> {
        if user.disabled_at_ms.is_some() {
            return None;
        }
        let Some(role) = Role::parse(&user.role) else {
            tracing::error!(user = user.id, "an account has a role that does not exist");
            return None;
        };
        Some(Identity {
            user_id: user.id.clone(),
            name: user.name.clone(),
            role: role.min(at_most),
            person: None,
            via,
            csrf,
        })
    }

    /// Deletes what has expired. Cheap; done at every sign-in.
    async fn sweep(&self, now: Timestamp) -> Result<(), AuthError> {
        self.store().prune_sessions(now.as_millisecond()).await?;
        self.store().prune_links(now.as_millisecond()).await?;
        Ok(())
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth")
    }
}
