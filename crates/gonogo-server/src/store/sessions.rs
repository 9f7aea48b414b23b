//! Signed-in browsers.
//!
//! Rows only: expiry is the business of `auth`; a cookie reaches the store hashed.
//! Invariant: a session belongs to a user who exists.

use rusqlite::{Row, params};

use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// Sessions a person may have; the oldest ends when another begins.
pub const SESSIONS_PER_USER_MAX: usize = 50;

/// A signed-in browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of the cookie.
    pub token_hash: Vec<u8>,
    /// Whose it is.
    pub user: String,
    /// When it began.
    pub created_at_ms: i64,
    /// When it was last used.
    pub last_seen_at_ms: i64,
    /// When it ends.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.user)
    }
}

const SESSION: &str = "token_hash, user, created_at_ms, last_seen_at_ms, expires_at_ms";

impl Store {
    /// Begins a session; the person's oldest ends if there are too many.
    pub fn add_session(&self, session: Session) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO session (token_hash, user, created_at_ms, last_seen_at_ms,
                   expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                session.token_hash,
                session.user,
                session.created_at_ms,
                session.last_seen_at_ms,
                session.expires_at_ms
            ])?;
            conn.prepare_cached(
                "DELETE FROM session WHERE token_hash IN
                   (SELECT token_hash FROM session WHERE user = ?1
                    ORDER BY created_at_ms DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![session.user, SESSIONS_PER_USER_MAX])?;
            Ok(())
        })
    }

    /// A session by the hash of its cookie; whether it has ended is for the caller to see.
    pub fn session(&self, token_hash: &[u8]) -> Result<Option<Session>, StoreError> {
        let sql = format!("SELECT {SESSION} FROM session WHERE token_hash = ?1");
        self.one(&sql, token_hash, read_session)
    }

    /// Notes that a session was used, and its new end.
    pub fn touch_session(&self, token_hash: &[u8], seen_ms: i64, expires_ms: i64) -> Write<()> {
        let hash = token_hash.to_vec();
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            conn.prepare_cached(
                "UPDATE session SET last_seen_at_ms = ?2, expires_at_ms = ?3
                 WHERE token_hash = ?1",
            )?
            .execute(params![hash, seen_ms, expires_ms])?;
            Ok(())
        })
    }

    /// Ends a session.
    pub fn end_session(&self, token_hash: &[u8]) -> Write<()> {
        let hash = token_hash.to_vec();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached("DELETE FROM session WHERE token_hash = ?1")?
                .execute([hash])?;
            Ok(())
        })
    }

    /// Ends all sessions of a user and answers how many there were.
    pub fn end_sessions_of(&self, user: &str) -> Write<usize> {
        let user = user.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            Ok(conn
                .prepare_cached("DELETE FROM session WHERE user = ?1")?
                .execute([user])?)
        })
    }

    /// Deletes sessions that have ended and answers how many there were.
    pub fn prune_sessions(&self, now_ms: i64) -> Write<usize> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            Ok(conn
                .prepare_cached("DELETE FROM session WHERE expires_at_ms <= ?1")?
                .execute([now_ms])?)
        })
    }
}

fn read_session(r: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token_hash: r.get(0)?,
        user: r.get(1)?,
        created_at_ms: r.get(2)?,
        last_seen_at_ms: r.get(3)?,
        expires_at_ms: r.get(4)?,
    })
}
