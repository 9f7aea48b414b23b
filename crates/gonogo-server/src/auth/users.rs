//! Accounts: making them, setting name and password, changing a password.
//!
//! Invariant: a new password ends every session and link that the account had.

use std::net::IpAddr;

use gonogo_model::id::Id;
use jiff::Timestamp;
use serde_json::json;

use super::audit::{self, Action};
use super::first_run::can_sign_in;
use super::identity::{Identity, Role};
use super::link::LinkPurpose;
use super::login::LoggedIn;
use super::password::{Weakness, acceptable};
use super::throttle::Throttled;
use super::{Auth, AuthError, secret};
use crate::store::{StoreError, User};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// The longest mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;

/// Stands for the mail address of somebody who gave none; `invalid` is nobody's domain.
const NO_EMAIL_AT: &str = "@no-address.invalid";

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

/// What somebody filled in to set their account up. Never printed.
#[derive(Clone, Default)]
pub struct SetupForm {
    /// What to call them.
    pub name: String,
    /// A mail address to sign in with; may be empty.
    pub email: String,
    /// The new password.
    pub password: String,
    /// The same again.
    pub again: String,
}

/// What has to be changed in the form, field by field, in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupMistakes {
    /// About the name.
    pub name: Option<String>,
    /// About the mail address.
    pub email: Option<String>,
    /// About the password.
    pub password: Option<String>,
    /// About the repetition.
    pub again: Option<String>,
}

/// What became of a setup.
#[derive(Debug)]
pub enum SetupOutcome {
    /// The account is set up and signed in.
    Done(LoggedIn),
    /// Something has to be changed first; the link still works.
    Mistakes {
        /// The account.
        user_id: String,
        /// What.
        mistakes: SetupMistakes,
    },
    /// The link is wrong, used or too old.
    NoLink,
}

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

    /// Lets an account in no more, or again. Its sessions and links end.
    pub async fn set_disabled(
        &self,
        by: &Identity,
        user: &str,
        disabled: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let mut user = self.user(user).await?.ok_or(AuthError::NoSuchUser)?;
        if disabled.is_some() {
            self.another_admin(&user.id).await?;
        }
        user.disabled_at_ms = disabled.map(Timestamp::as_millisecond);
        let id = user.id.clone();
        self.store().update_user_and_sign_out(user).await?;
        let more = json!({ "disabled": disabled.is_some() });
        self.record(now, &by.user_id, Action::UserChanged, &id, more)
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
        let mut user = self.user(user).await?.ok_or(AuthError::NoSuchUser)?;
        if role != Role::Admin {
            self.another_admin(&user.id).await?;
        }
        user.role = role.word().to_owned();
        let id = user.id.clone();
        self.store().update_user(user).await?;
        let more = json!({ "role": role.word() });
        self.record(now, &by.user_id, Action::UserChanged, &id, more)
            .await
    }

    /// Refuses if nobody but `user` could administer this installation.
    async fn another_admin(&self, user: &str) -> Result<(), AuthError> {
        let users = self.store().blocking(|s| s.users()).await?;
        let is_admin = |u: &&User| u.role == Role::Admin.word() && can_sign_in(u);
        if users.iter().filter(is_admin).any(|u| u.id != user) {
            return Ok(());
        }
        Err(AuthError::LastAdmin)
    }

    /// Sets name and password by a link, and signs the person in.
    pub(super) async fn set_up(
        &self,
        token: &str,
        form: SetupForm,
        now: Timestamp,
    ) -> Result<SetupOutcome, AuthError> {
        let purpose = LinkPurpose::Setup;
        let Some(mut user) = self.look_at_link(token, purpose, now).await? else {
            return Ok(SetupOutcome::NoLink);
        };
        let mistakes = form.mistakes(&user.id);
        if mistakes != SetupMistakes::default() {
            let user_id = user.id;
            return Ok(SetupOutcome::Mistakes { user_id, mistakes });
        }
        user.name = form.name.trim().to_owned();
        user.email = match form.email.trim() {
            "" => no_email(&user.id),
            email => email.to_owned(),
        };
        user.password_hash = Some(self.inner.hashing.hash(form.password).await?);
        let (id, hash) = (user.id.clone(), secret::hash(token));
        let now_ms = now.as_millisecond();
        let write = self
            .store()
            .redeem_link_as(&hash, purpose.word(), now_ms, user);
        match write.await {
            Ok(true) => {}
            Ok(false) => return Ok(SetupOutcome::NoLink),
            Err(StoreError::Taken(_)) => {
                let email = Some("Somebody else uses this address.".to_owned());
                let mistakes = SetupMistakes {
                    email,
                    ..SetupMistakes::default()
                };
                let user_id = id;
                return Ok(SetupOutcome::Mistakes { user_id, mistakes });
            }
            Err(error) => return Err(error.into()),
        }
        let session = self.begin_session(&id, now).await?;
        self.record(now, &id, Action::SetupDone, &id, json!({}))
            .await?;
        let user_id = id;
        Ok(SetupOutcome::Done(LoggedIn { user_id, session }))
    }

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
        let mut user = self
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
        user.password_hash = Some(self.inner.hashing.hash(new).await?);
        let id = user.id.clone();
        self.store().update_user_and_sign_out(user).await?;
        let session = self.begin_session(&id, now).await?;
        self.record(now, &id, Action::PasswordChanged, &id, json!({}))
            .await?;
        let user_id = id;
        Ok(PasswordChange::Done(LoggedIn { user_id, session }))
    }
}

impl SetupForm {
    fn mistakes(&self, id: &str) -> SetupMistakes {
        let mut mistakes = SetupMistakes::default();
        let name = self.name.trim();
        if name.is_empty() {
            mistakes.name = Some("Say what to call you.".to_owned());
        } else if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            mistakes.name = Some(format!("Use at most {NAME_CHARS_MAX} plain characters."));
        }
        let email = self.email.trim();
        if !email.is_empty() && !looks_like_an_address(email) {
            mistakes.email = Some("This is not a mail address.".to_owned());
        }
        if let Err(weakness) = acceptable(&self.password, &[id, name]) {
            mistakes.password = Some(weakness.to_string());
        } else if self.password != self.again {
            mistakes.again = Some("The two passwords differ.".to_owned());
        }
        mistakes
    }
}

/// Whether a mail address was given; [`User::email`] holds a stand-in otherwise.
pub fn has_email(user: &User) -> bool {
    !user.email.ends_with(NO_EMAIL_AT)
}

fn no_email(id: &str) -> String {
    format!("{id}{NO_EMAIL_AT}")
}

fn looks_like_an_address(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>,;\"".contains(c);
    text.len() <= EMAIL_BYTES_MAX
        && text.chars().all(plain)
        && !text.ends_with(NO_EMAIL_AT)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, email: &str, password: &str, again: &str) -> SetupMistakes {
        let form = SetupForm {
            name: name.into(),
            email: email.into(),
            password: password.into(),
            again: again.into(),
        };
        form.mistakes("admin")
    }

    #[test]
    fn each_mistake_stands_at_its_field() {
        let good = "correct horse battery";
        assert_eq!(form("Ada", "", good, good), SetupMistakes::default());
        assert_eq!(
            form("Ada", "ada@example.com", good, good),
            SetupMistakes::default()
        );
        assert!(form(" ", "", good, good).name.is_some());
        assert!(
            form(&"x".repeat(NAME_CHARS_MAX), "", good, good)
                .name
                .is_none()
        );
        assert!(
            form(&"x".repeat(NAME_CHARS_MAX + 1), "", good, good)
                .name
                .is_some()
        );
        assert!(form("Ada\nBcc:", "", good, good).name.is_some());
        for email in ["ada", "@example.com", "ada@", "a b@example.com", "a@b@c"] {
            assert!(form("Ada", email, good, good).email.is_some(), "{email}");
        }
        let long = format!("{}@example.com", "a".repeat(EMAIL_BYTES_MAX - 11));
        assert!(form("Ada", &long, good, good).email.is_some());
        assert!(form("Ada", &long[1..], good, good).email.is_none());
        assert!(form("Ada", "", "short", "short").password.is_some());
        assert!(form("Ada", "", good, "another").again.is_some());
    }
}
