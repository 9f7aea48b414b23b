//! Links that let somebody in once: to set a password, or straight in.
//!
//! Opening a link shows a page and changes nothing, because mail scanners and chat previews
//! open links; the button on the page uses it up. Invariant: an account has one working link
//! of each kind at the most, the newest.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::audit::Action;
use super::identity::Identity;
use super::login::LoggedIn;
use super::{Auth, AuthError, secret};
use crate::notify::secret::SecretString;
use crate::store::{OneTimeLink, User};

/// How long a link to set a password works.
pub const SETUP_LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long a link that leads straight in works.
pub const ENTER_LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// What a link lets somebody do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Set name and password, and be signed in. Its page is `/setup/<token>`.
    Setup,
    /// Be signed in. Its page is `/enter/<token>`.
    Enter,
}

impl LinkPurpose {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Enter => "enter",
        }
    }

    fn lifetime(self) -> SignedDuration {
        match self {
            Self::Setup => SETUP_LINK_LIFETIME,
            Self::Enter => ENTER_LINK_LIFETIME,
        }
    }

    /// The path of a link, to be put behind the address of this server.
    pub fn path(self, token: &SecretString) -> SecretString {
        format!("/{}/{}", self.word(), token.expose()).into()
    }
}

impl Auth {
    /// A new link for an account, asked for by an administrator; the one before it stops
    /// working. Whoever calls this shows it to the right person only: with it comes
    /// everything that the account may do.
    pub async fn issue_link(
        &self,
        by: &Identity,
        user: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<SecretString, AuthError> {
        self.issue_link_by(&by.user_id, user, purpose, now).await
    }

    pub(super) async fn issue_link_by(
        &self,
        actor: &str,
        user: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<SecretString, AuthError> {
        if self.user(user).await?.is_none() {
            return Err(AuthError::NoSuchUser);
        }
        let token = secret::token()?;
        let expires = now
            .checked_add(purpose.lifetime())
            .unwrap_or(Timestamp::MAX);
        let link = OneTimeLink {
            token_hash: secret::hash(token.expose()),
            user: user.to_owned(),
            purpose: purpose.word().to_owned(),
            expires_at_ms: expires.as_millisecond(),
        };
        self.store().add_link(link).await?;
        let more = json!({ "purpose": purpose.word() });
        self.record(now, actor, Action::LinkIssued, user, more)
            .await?;
        Ok(token)
    }

    /// Whom a link would let in at this moment; using it is another matter.
    pub(super) async fn look_at_link(
        &self,
        token: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<Option<User>, AuthError> {
        if token.len() > secret::TOKEN_TEXT_MAX {
            return Ok(None);
        }
        let hash = secret::hash(token);
        let found = self
            .store()
            .blocking(move |store| match store.link(&hash)? {
                Some(link) => Ok(store.user(&link.user)?.map(|user| (link, user))),
                None => Ok(None),
            })
            .await?;
        let works = |link: &OneTimeLink| {
            link.purpose == purpose.word() && now.as_millisecond() < link.expires_at_ms
        };
        Ok(found
            .filter(|(link, user)| works(link) && user.disabled_at_ms.is_none())
            .map(|(_, user)| user))
    }

    /// Uses a link up and signs its person in; nobody if it is wrong, used or too old.
    pub(super) async fn enter(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<LoggedIn>, AuthError> {
        let purpose = LinkPurpose::Enter;
        if self.look_at_link(token, purpose, now).await?.is_none() {
            return Ok(None);
        }
        let hash = secret::hash(token);
        let redeemed = self
            .store()
            .redeem_link(&hash, purpose.word(), now.as_millisecond())
            .await?;
        let Some(user) = redeemed else {
            return Ok(None);
        };
        let session = self.begin_session(&user, now).await?;
        let more = json!({ "purpose": purpose.word() });
        self.record(now, &user, Action::LinkUsed, &user, more)
            .await?;
        Ok(Some(LoggedIn {
            user_id: user,
            session,
        }))
    }
}
