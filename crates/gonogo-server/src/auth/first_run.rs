//! The first account. There is no default password; there is a link that works once.
//!
//! Invariant: as soon as anybody can sign in, starting again gives no way in away.

use jiff::Timestamp;

use super::audit::PROGRAM;
use super::identity::Role;
use super::link::LinkPurpose;
use super::users::NewUser;
use super::{Auth, AuthError};
use crate::notify::secret::SecretString;
use crate::store::User;

/// The id of the account that the first start makes.
pub const FIRST_ADMIN: &str = "admin";

impl Auth {
    /// Where nobody can sign in yet, the token of a link that lets the administrator set a
    /// password; the account is made at the very first start. To be printed by the caller.
    ///
    /// A link that was lost before it was used is thereby replaced by starting again.
    pub async fn first_run(&self, now: Timestamp) -> Result<Option<SecretString>, AuthError> {
        let users = self.store().blocking(|s| s.users()).await?;
        if users.iter().any(can_sign_in) {
            return Ok(None);
        }
        if !users.iter().any(|user| user.id == FIRST_ADMIN) {
            let admin = NewUser {
                id: FIRST_ADMIN.to_owned(),
                name: "Administrator".to_owned(),
                email: None,
                role: Role::Admin,
            };
            self.add_user_by(PROGRAM, admin, now).await?;
        }
        self.reissue(FIRST_ADMIN, now).await.map(Some)
    }

    /// A new link to set name and password, in place of one that was lost, or of a password
    /// that was forgotten: the old password works until the new one is set.
    pub async fn reissue(&self, user: &str, now: Timestamp) -> Result<SecretString, AuthError> {
        self.issue_link_by(PROGRAM, user, LinkPurpose::Setup, now)
            .await
    }

    /// A link that signs somebody in without a password, once and for an hour: for a
    /// demonstration that prints its own address.
    pub async fn enter_link(&self, user: &str, now: Timestamp) -> Result<SecretString, AuthError> {
        self.issue_link_by(PROGRAM, user, LinkPurpose::Enter, now)
            .await
    }
}

/// Whether an account has what it takes to sign in.
pub(super) fn can_sign_in(user: &User) -> bool {
    let has_proof = user.password_hash.is_some() || user.oidc_subject.is_some();
    has_proof && user.disabled_at_ms.is_none()
}
