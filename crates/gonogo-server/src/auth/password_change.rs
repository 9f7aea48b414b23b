//! Changing one's own password.
//!
//! Invariant: a new password ends every session and link that the account had; whoever
//! changed it goes on in a new session.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::json;

use super::audit::Action;
use super::identity::Identity;
use super::login::LoggedIn;
use super::password::{Weakness, acceptable};
use super::throttle::Throttled;
use super::{Auth, AuthError};

/// Somebody's wish for another password. Never printed.
pub struct NewPassword {
    /// The present one.
    pub present: String,
    /// The new one.
    pub new: String,
    /// Where from, where that is known.
    pub address: Option<IpAddr>,
}

/// What became of a change of password.
#[derive(Debug)]
pub enum PasswordChange {
    /// It is changed; every other session ended and this is a new one.
    Done(LoggedIn),
    /// The new one is not good enough.
    Weak(Weakness),
    /// The present one is not right.
    Wrong,
    /// Not even looked at: too many attempts.
    Throttled(Throttled),
}

impl Auth {
    /// Changes somebody's own password.
    pub async fn change_password(
        &self,
        who: &Identity,
        change: NewPassword,
        now: Timestamp,
    ) -> Result<PasswordChange, AuthError> {
        let NewPassword {
            present,
            new,
            address,
        } = change;
        let user = self
            .user(&who.user_id)
            .await?
            .ok_or(AuthError::NoSuchUser)?;
        if let Err(weakness) = acceptable(&new, &[&user.id, &user.name]) {
            return Ok(PasswordChange::Weak(weakness));
        }
        // Somebody at an unlocked screen must not guess either.
        if let Err(throttled) = self.throttle().try_once(&user.id, address, now) {
            return Ok(PasswordChange::Throttled(throttled));
        }
        let stored = user.password_hash.clone();
        if !self.inner.hashing.check(present, stored).await? {
            return Ok(PasswordChange::Wrong);
        }
        self.throttle().succeeded(&[&user.id], address, now);
        let hash = self.inner.hashing.hash(new).await?;
        let id = user.id;
        self.store().set_password(&id, hash).await?;
        let session = self.begin_session(&id, now).await?;
        self.record(now, &id, Action::PasswordChanged, &id, json!({}))
            .await?;
        let user_id = id;
        Ok(PasswordChange::Done(LoggedIn { user_id, session }))
    }
}
