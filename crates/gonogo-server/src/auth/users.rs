//! Accounts: making them, giving them a role, closing them.
//!
//! Invariant: somebody who can sign in is left to administer the installation.

use gonogo_model::id::Id;
use jiff::Timestamp;
use serde_json::json;

use super::audit::{self, Action};
use super::identity::{Identity, Role};
use super::{Auth, AuthError};
use crate::store::{StoreError, User};

/// Stands for the mail address of somebody who gave none; `invalid` is nobody's domain.
pub(super) const NO_EMAIL_AT: &str = "@no-address.invalid";

/// An account to be made. It gets a password through a link.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The id of the person in the package, where there is one.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// Their mail address, to sign in with.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
}

impl Auth {
    /// Makes an account. It gets its password through a link.
    pub async fn add_user(
        &self,
        by: &Identity,
        new: NewUser,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        self.add_user_by(&by.user_id, new, now).await
    }

    /// As [`Auth::add_user`], by the program itself: for demonstrations and the command line.
    pub async fn add_user_locally(&self, new: NewUser, now: Timestamp) -> Result<(), AuthError> {
        self.add_user_by(audit::PROGRAM, new, now).await
    }

    pub(super) async fn add_user_by(
        &self,
        actor: &str,
        new: NewUser,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        Id::parse(&new.id).map_err(|_| StoreError::Conflict("this id cannot be used".into()))?;
        let email = new.email.unwrap_or_else(|| no_email(&new.id));
        let user = User {
            id: new.id.clone(),
            name: new.name,
            email,
            role: new.role.word().to_owned(),
            password_hash: None,
            oidc_subject: None,
            created_at_ms: now.as_millisecond(),
            disabled_at_ms: None,
        };
        self.store().add_user(user).await?;
        let more = json!({ "role": new.role.word() });
        self.record(now, actor, Action::UserAdded, &new.id, more)
            .await
    }

    /// An account by id.
    pub async fn user(&self, id: &str) -> Result<Option<User>, AuthError> {
        let id = id.to_owned();
        Ok(self.store().blocking(move |s| s.user(&id)).await?)
    }

    /// Every account.
    pub async fn users(&self) -> Result<Vec<User>, AuthError> {
        Ok(self.store().blocking(|s| s.users()).await?)
    }

    /// Lets an account in no more, or again. Its sessions and links end.
    pub async fn set_disabled(
        &self,
        by: &Identity,
        user: &str,
        disabled: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let since_ms = disabled.map(Timestamp::as_millisecond);
        let write = self
            .store()
            .set_disabled(user, since_ms, Role::Admin.word());
        known(write.await)?;
        let more = json!({ "disabled": disabled.is_some() });
        self.record(now, &by.user_id, Action::UserChanged, user, more)
            .await
    }

    /// Gives an account another role, at once and for its tokens too.
    pub async fn set_role(
        &self,
        by: &Identity,
        user: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let write = self.store().set_role(user, role.word(), Role::Admin.word());
        known(write.await)?;
        let more = json!({ "role": role.word() });
        self.record(now, &by.user_id, Action::UserChanged, user, more)
            .await
    }
}

/// What a write says of an account, in our own words.
fn known(written: Result<(), StoreError>) -> Result<(), AuthError> {
    written.map_err(|error| match error {
        StoreError::NotFound(_) => AuthError::NoSuchUser,
        StoreError::NobodyLeft => AuthError::LastAdmin,
        error => error.into(),
    })
}

/// Whether an account has no mail address but only what stands for one.
pub(super) fn lacks_email(user: &User) -> bool {
    user.email.ends_with(NO_EMAIL_AT)
}

fn no_email(id: &str) -> String {
    format!("{id}{NO_EMAIL_AT}")
}
