//! Signed-in browsers.
//!
//! A session ends after twelve hours without a request and after thirty days in any case.
//! Invariant: a session's token is made here at the moment somebody proves who they are, so a
//! cookie that was there before, planted or not, never becomes a session.

use jiff::{SignedDuration, Timestamp};

use super::identity::{Identity, Role, Via};
use super::{Auth, AuthError, csrf, secret};
use crate::notify::secret::SecretString;
use crate::store::{Session, User};

/// A session that is not used for so long ends.
pub const SESSION_IDLE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after so long in any case.
pub const SESSION_LENGTH_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Use is noted at most so often, so that reading a page seldom writes.
pub(super) const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Auth {
    /// Begins a session and answers its token.
    pub(super) async fn begin_session(
        &self,
        user: &str,
        now: Timestamp,
    ) -> Result<SecretString, AuthError> {
        let token = secret::token()?;
        let now_ms = now.as_millisecond();
        let session = Session {
            token_hash: secret::hash(token.expose()),
            user: user.to_owned(),
            created_at_ms: now_ms,
            last_seen_at_ms: now_ms,
            expires_at_ms: expires_ms(now_ms, now_ms),
        };
        self.store().add_session(session).await?;
        Ok(token)
    }

    /// Who is signed in with this token, and notes that the session was used.
    pub(super) async fn by_session(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Identity, User)>, AuthError> {
        if token.len() > secret::TOKEN_TEXT_MAX {
            return Ok(None);
        }
        let hash = secret::hash(token);
        let found = self
            .store()
            .blocking(move |store| {
                let Some(session) = store.session(&hash)? else {
                    return Ok(None);
                };
                let user = store.user(&session.user)?;
                Ok(user.map(|user| (session, user)))
            })
            .await?;
        let now_ms = now.as_millisecond();
        let Some((session, user)) = found.filter(|(s, _)| now_ms < s.expires_at_ms) else {
            return Ok(None);
        };
        if now_ms - session.last_seen_at_ms >= SEEN_EVERY.as_millis() as i64 {
            self.note_use(&session, now_ms);
        }
        let csrf = csrf::token_of(token);
        let identity = Self::identity(&user, Role::Admin, Via::Session, Some(csrf));
        Ok(identity.map(|identity| (identity, user)))
    }

    /// Ends a session. One that has ended already is fine.
    pub(super) async fn end_session(&self, token: &str) -> Result<(), AuthError> {
        self.store().end_session(&secret::hash(token)).await?;
        Ok(())
    }

    /// Nobody waits for this: if it is lost, the session ends a minute earlier.
    fn note_use(&self, session: &Session, now_ms: i64) {
        let ends = expires_ms(session.created_at_ms, now_ms);
        let write = self
            .store()
            .touch_session(&session.token_hash, now_ms, ends);
        tokio::spawn(async move {
            if let Err(error) = write.await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        });
    }
}

fn expires_ms(created_ms: i64, seen_ms: i64) -> i64 {
    let idle = seen_ms.saturating_add(SESSION_IDLE_MAX.as_millis() as i64);
    idle.min(created_ms.saturating_add(SESSION_LENGTH_MAX.as_millis() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_prolongs_a_session_up_to_its_full_length() {
        let idle = SESSION_IDLE_MAX.as_millis() as i64;
        let full = SESSION_LENGTH_MAX.as_millis() as i64;
        assert_eq!(expires_ms(0, 0), idle);
        assert_eq!(expires_ms(0, 5), idle + 5);
        assert_eq!(expires_ms(0, full - idle), full);
        assert_eq!(expires_ms(0, full - 1), full);
    }
}
