//! Signing in with a name and a password.
//!
//! Invariant: whoever tries learns only whether both were right. An unknown name, a disabled
//! account and a wrong password take the same time, give the same answer and count alike.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::json;

use super::audit::{self, Action};
use super::throttle::Throttled;
use super::{Auth, AuthError};
use crate::notify::secret::SecretString;
use crate::store::User;

/// The longest name or address that is looked up, in bytes.
pub const LOGIN_BYTES_MAX: usize = 254;

/// Somebody's attempt. Never printed.
pub struct Attempt {
    /// The account's id or mail address.
    pub login: String,
    /// The password.
    pub password: String,
    /// Where from, where that is known.
    pub address: Option<IpAddr>,
}

/// Somebody who is signed in from now on.
#[derive(Debug)]
pub struct LoggedIn {
    /// The account.
    pub user_id: String,
    /// The token of the new session, for the cookie.
    pub session: SecretString,
}

/// What became of an attempt.
#[derive(Debug)]
pub enum LoginOutcome {
    /// Both were right.
    In(LoggedIn),
    /// They were not.
    Wrong,
    /// Not even looked at: too many attempts.
    Throttled(Throttled),
}

impl Auth {
    /// Signs somebody in who knows their password.
    pub async fn login(&self, attempt: Attempt, now: Timestamp) -> Result<LoginOutcome, AuthError> {
        let Attempt {
            login,
            password,
            address,
        } = attempt;
        let login = login.trim().to_lowercase();
        // By what was typed: two names with one limit would be known to be the same person.
        if let Err(throttled) = self.throttle().try_once(&login, address, now) {
            return Ok(LoginOutcome::Throttled(throttled));
        }
        let found = self.find(&login).await?;
        let stored = found
            .as_ref()
            .filter(|user| user.disabled_at_ms.is_none())
            .and_then(|user| user.password_hash.clone());
        let right = self.inner.hashing.check(password, stored).await?;
        let from = audit::from(address);
        match found {
            Some(user) if right => {
                let names = [user.id.as_str(), &user.email.to_lowercase()];
                self.throttle().succeeded(&names, address, now);
                self.sweep(now).await?;
                let session = self.begin_session(&user.id, now).await?;
                self.record(now, &user.id, Action::LoginOk, &user.id, from)
                    .await?;
                let user_id = user.id;
                Ok(LoginOutcome::In(LoggedIn { user_id, session }))
            }
            found => {
                // What was typed is not written down: it may be a password.
                let target = found.as_ref().map_or("unknown", |user| &user.id);
                self.record(now, audit::NOBODY, Action::LoginFailed, target, from)
                    .await?;
                Ok(LoginOutcome::Wrong)
            }
        }
    }

    /// Ends the session with this token.
    pub async fn logout(
        &self,
        user: &str,
        session_token: &str,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        self.end_session(session_token).await?;
        self.record(now, user, Action::Logout, user, json!({}))
            .await
    }

    async fn find(&self, login: &str) -> Result<Option<User>, AuthError> {
        if login.is_empty() || login.len() > LOGIN_BYTES_MAX {
            return Ok(None);
        }
        let login = login.to_owned();
        let found = self.store().blocking(move |store| {
            Ok(match store.user(&login)? {
                Some(user) => Some(user),
                None => store.user_by_email(&login)?,
            })
        });
        Ok(found.await?)
    }
}
