//! Links that let somebody in once, and what is stored when one of them is used.
//!
//! Tokens reach the store hashed. Invariant: of two requests that use the same link at the
//! same moment one succeeds, because finding and deleting it is one statement; and a link is
//! used up only together with what it was used for.

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Urgency;
use super::{Store, StoreError, User, Write};

/// A link that lets somebody in once.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    /// Hash of the token in the link.
    pub token_hash: Vec<u8>,
    /// Whom it lets in.
    pub user: String,
    /// What for, as `auth` writes it.
    pub purpose: String,
    /// When it stops working.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for OneTimeLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OneTimeLink({}, {})", self.user, self.purpose)
    }
}

impl Store {
    /// Adds a link; an earlier one of the same user for the same purpose stops working.
    pub fn add_link(&self, link: OneTimeLink) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached("DELETE FROM one_time_link WHERE user = ?1 AND purpose = ?2")?
                .execute(params![link.user, link.purpose])?;
            conn.prepare_cached(
                "INSERT INTO one_time_link (token_hash, user, purpose, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                link.token_hash,
                link.user,
                link.purpose,
                link.expires_at_ms
            ])?;
            Ok(())
        })
    }

    /// A link by the hash of its token; whether it has expired is for the caller to see.
    pub fn link(&self, token_hash: &[u8]) -> Result<Option<OneTimeLink>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT token_hash, user, purpose, expires_at_ms FROM one_time_link
                     WHERE token_hash = ?1",
                )?
                .query_row([token_hash], |r| {
                    Ok(OneTimeLink {
                        token_hash: r.get(0)?,
                        user: r.get(1)?,
                        purpose: r.get(2)?,
                        expires_at_ms: r.get(3)?,
                    })
                })
                .optional()?)
        })
    }

    /// Uses a link up and answers whom it let in; nobody if it is gone or too old.
    pub fn redeem_link(
        &self,
        token_hash: &[u8],
        purpose: &'static str,
        now_ms: i64,
    ) -> Write<Option<String>> {
        let hash = token_hash.to_vec();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            take_link(conn, &hash, purpose, now_ms, None)
        })
    }

    /// Uses a link up to replace what is known of its user, `user`, in one transaction; all
    /// sessions of the user end. Answers `false`, with nothing changed, if the link is gone.
    pub fn redeem_link_as(
        &self,
        token_hash: &[u8],
        purpose: &'static str,
        now_ms: i64,
        user: User,
    ) -> Write<bool> {
        let hash = token_hash.to_vec();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            if take_link(conn, &hash, purpose, now_ms, Some(&user.id))?.is_none() {
                return Ok(false);
            }
            super::users::replace(conn, &user)?;
            end_all(conn, &user.id)?;
            Ok(true)
        })
    }

    /// Replaces what is known of a user and ends everything that let the user in before:
    /// sessions and links, in one transaction.
    pub fn update_user_and_sign_out(&self, user: User) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            super::users::replace(conn, &user)?;
            end_all(conn, &user.id)
        })
    }

    /// Deletes links that have expired and answers how many there were.
    pub fn prune_links(&self, now_ms: i64) -> Write<usize> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            Ok(conn
                .prepare_cached("DELETE FROM one_time_link WHERE expires_at_ms <= ?1")?
                .execute([now_ms])?)
        })
    }
}

fn take_link(
    conn: &Connection,
    token_hash: &[u8],
    purpose: &str,
    now_ms: i64,
    only: Option<&str>,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(
            "DELETE FROM one_time_link
             WHERE token_hash = ?1 AND purpose = ?2 AND expires_at_ms > ?3
               AND (?4 IS NULL OR user = ?4) RETURNING user",
        )?
        .query_row(params![token_hash, purpose, now_ms, only], |r| r.get(0))
        .optional()?)
}

fn end_all(conn: &Connection, user: &str) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM session WHERE user = ?1")?
        .execute([user])?;
    conn.prepare_cached("DELETE FROM one_time_link WHERE user = ?1")?
        .execute([user])?;
    Ok(())
}
