//! Setting an account up by a link: name, mail address and password.
//!
//! Invariant: the link is used up together with the new password or not at all, and every
//! session and link that the account had before ends in the same moment.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Action;
use super::identity::Role;
use super::link::LinkPurpose;
use super::login::LoggedIn;
use super::password::acceptable;
use super::users::lacks_email;
use super::{Auth, AuthError, secret};
use crate::store::{StoreError, User, UserSetup};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// The longest mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;

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
        user: Box<User>,
        /// What.
        mistakes: SetupMistakes,
    },
    /// The link is wrong, used or too old.
    NoLink,
}

impl Auth {
    /// Sets name and password by a link, and signs the person in.
    pub(super) async fn set_up(
        &self,
        token: &str,
        form: SetupForm,
        now: Timestamp,
    ) -> Result<SetupOutcome, AuthError> {
        let purpose = LinkPurpose::Setup;
        let Some(user) = self.look_at_link(token, purpose, now).await? else {
            return Ok(SetupOutcome::NoLink);
        };
        let mistakes = form.mistakes(&user);
        if mistakes != SetupMistakes::default() {
            let user = Box::new(user);
            return Ok(SetupOutcome::Mistakes { user, mistakes });
        }
        let email = Some(form.email.trim()).filter(|email| !email.is_empty());
        let setup = UserSetup {
            user: user.id.clone(),
            name: form.name.trim().to_owned(),
            email: email.filter(|_| chooses_email(&user)).map(str::to_owned),
            password_hash: self.inner.hashing.hash(form.password).await?,
        };
        let (id, hash) = (user.id.clone(), secret::hash(token));
        let now_ms = now.as_millisecond();
        let write = self
            .store()
            .redeem_setup(&hash, purpose.word(), now_ms, setup);
        match write.await {
            Ok(true) => {}
            Ok(false) => return Ok(SetupOutcome::NoLink),
            Err(StoreError::Taken(_)) => {
                let email = Some("Somebody else uses this address.".to_owned());
                let mistakes = SetupMistakes {
                    email,
                    ..SetupMistakes::default()
                };
                let user = Box::new(user);
                return Ok(SetupOutcome::Mistakes { user, mistakes });
            }
            Err(error) => return Err(error.into()),
        }
        let session = self.begin_session(&id, now).await?;
        self.record(now, &id, Action::SetupDone, &id, json!({}))
            .await?;
        let user_id = id;
        Ok(SetupOutcome::Done(LoggedIn { user_id, session }))
    }
}

impl SetupForm {
    fn mistakes(&self, user: &User) -> SetupMistakes {
        let mut mistakes = SetupMistakes::default();
        let name = self.name.trim();
        if name.is_empty() {
            mistakes.name = Some("Say what to call you.".to_owned());
        } else if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            mistakes.name = Some(format!("Use at most {NAME_CHARS_MAX} plain characters."));
        }
        let email = self.email.trim();
        if chooses_email(user) && !email.is_empty() && !looks_like_an_address(email) {
            mistakes.email = Some("This is not a mail address.".to_owned());
        }
        if let Err(weakness) = acceptable(&self.password, &[&user.id, name]) {
            mistakes.password = Some(weakness.to_string());
        } else if self.password != self.again {
            mistakes.again = Some("The two passwords differ.".to_owned());
        }
        mistakes
    }
}

/// Whether somebody who sets the account up says which mail address is theirs.
///
/// The address may say which person of the package the account is, so everybody but an
/// administrator gets it from one.
pub(super) fn chooses_email(user: &User) -> bool {
    lacks_email(user) && user.role == Role::Admin.word()
}

pub(super) fn looks_like_an_address(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>,;\"".contains(c);
    text.len() <= EMAIL_BYTES_MAX
        && text.chars().all(plain)
        && !text.ends_with(".invalid")
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
        form.mistakes(&account(Role::Admin))
    }

    fn account(role: Role) -> User {
        User {
            id: "admin".into(),
            name: "Administrator".into(),
            email: format!("admin{}", crate::auth::users::NO_EMAIL_AT),
            role: role.word().into(),
            password_hash: None,
            oidc_subject: None,
            created_at_ms: 0,
            disabled_at_ms: None,
        }
    }

    #[test]
    fn only_an_administrator_without_an_address_says_which_is_theirs() {
        assert!(chooses_email(&account(Role::Admin)));
        assert!(!chooses_email(&account(Role::Director)));
        let email = "ada@example.com".to_owned();
        let known = User {
            email,
            ..account(Role::Admin)
        };
        assert!(!chooses_email(&known));
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
