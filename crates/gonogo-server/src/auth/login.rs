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
        let found = self.find(&login).await?;
        // An account counts as one, by whichever of its names it is tried.
        let account = found.as_ref().map_or(login.as_str(), |user| &user.id);
        if let Err(throttled) = self.throttle().try_once(account, address, now) {
            return Ok(LoginOutcome::Throttled(throttled));
        }
        let user = found.filter(|user| user.disabled_at_ms.is_none());
        let stored = user.as_ref().and_then(|user| user.password_hash.clone());
        let right = self.inner.hashing.check(password, stored).await?;
        match user {
            Some(user) if right => {
                self.throttle().succeeded(&user.id, address, now);
                self.sweep(now).await?;
                let session = self.begin_session(&user.id, now).await?;
                self.record(
                    now,
                    &user.id,
                    Action::LoginOk,
                    &user.id,
                    audit::from(address),
                )
                .await?;
                let user_id = user.id;
                Ok(LoginOutcome::In(LoggedIn { user_id, session }))
            }
            user => {
                // What was typed is not written down: it may be a password.
                let target = user.map_or_else(|| "unknown".to_owned(), |user| user.id);
                self.record(
                    now,
                    audit::NOBODY,
                    Action::LoginFailed,
                    &target,
                    audit::from(address),
                )
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
