//! Links that let somebody in once, and what is stored when one of them is used.
//!
//! Tokens reach the store hashed. Invariant: of two requests that use the same link at the
//! same moment one succeeds, because finding and deleting it is one statement; and a link is
//! used up only together with what it was used for.

use rusqlite::{Connection, OptionalExtension, params};

use super::users::{found, somebody_left, taken};
use super::writer::Urgency;
use super::{Store, StoreError, Write};

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

/// What somebody says who sets an account up.
pub struct UserSetup {
    /// The account.
    pub user: String,
    /// What to call them.
    pub name: String,
    /// Their mail address, where it changes.
    pub email: Option<String>,
    /// Of the password that they chose.
    pub password_hash: String,
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

    /// Uses a link up to set an account up, in one transaction; all sessions and links of the
    /// user end. Answers `false`, with nothing changed, if the link is gone.
    pub fn redeem_setup(
        &self,
        token_hash: &[u8],
        purpose: &'static str,
        now_ms: i64,
        setup: UserSetup,
    ) -> Write<bool> {
        let hash = token_hash.to_vec();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let UserSetup {
                user,
                name,
                email,
                password_hash,
            } = setup;
            if take_link(conn, &hash, purpose, now_ms, Some(&user))?.is_none() {
                return Ok(false);
            }
            let rows = conn
                .prepare_cached(
                    "UPDATE user SET name = ?2, email = coalesce(?3, email), password_hash = ?4
                     WHERE id = ?1",
                )?
                .execute(params![user, name, email, password_hash])
                .map_err(|e| taken(e, "a user with this address"))?;
            found(rows, "user")?;
            end_all(conn, &user)?;
            Ok(true)
        })
    }

    /// Gives a user another password and ends everything that let the user in before,
    /// sessions and links, in one transaction.
    pub fn set_password(&self, user: &str, password_hash: String) -> Write<()> {
        let user = user.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let rows = conn
                .prepare_cached("UPDATE user SET password_hash = ?2 WHERE id = ?1")?
                .execute(params![user, password_hash])?;
            found(rows, "user")?;
            end_all(conn, &user)
        })
    }

    /// Lets a user in no more from some moment on, or again; sessions and links end.
    /// [`StoreError::NobodyLeft`] if nobody who can sign in would have the role `keep` then.
    pub fn set_disabled(&self, user: &str, since_ms: Option<i64>, keep: &'static str) -> Write<()> {
        let user = user.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let rows = conn
                .prepare_cached("UPDATE user SET disabled_at_ms = ?2 WHERE id = ?1")?
                .execute(params![user, since_ms])?;
            found(rows, "user")?;
            if since_ms.is_some() {
                somebody_left(conn, keep)?;
            }
            end_all(conn, &user)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::User;

    #[test]
    fn a_link_is_good_for_its_purpose_its_user_and_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let user = |id: &str| User {
            id: id.into(),
            name: id.into(),
            email: format!("{id}@example.com"),
            role: "viewer".into(),
            password_hash: None,
            oidc_subject: None,
            created_at_ms: 0,
            disabled_at_ms: None,
        };
        store.add_user(user("ada")).wait().unwrap();
        store.add_user(user("bob")).wait().unwrap();
        let link = OneTimeLink {
            token_hash: vec![7; 32],
            user: "ada".into(),
            purpose: "setup".into(),
            expires_at_ms: 100,
        };
        store.add_link(link.clone()).wait().unwrap();
        let setup = |user: &str| UserSetup {
            user: user.into(),
            name: "New".into(),
            email: None,
            password_hash: "hash".into(),
        };
        let redeem = |purpose, now_ms| store.redeem_link(&[7; 32], purpose, now_ms).wait();
        assert_eq!(redeem("enter", 99), Ok(None));
        assert_eq!(redeem("setup", 100), Ok(None));
        let as_bob = store.redeem_setup(&[7; 32], "setup", 99, setup("bob"));
        assert_eq!(as_bob.wait(), Ok(false));
        assert_eq!(store.user("bob").unwrap().unwrap().name, "bob");
        assert_eq!(store.link(&[7; 32]).unwrap(), Some(link));
        let as_ada = store.redeem_setup(&[7; 32], "setup", 99, setup("ada"));
        assert_eq!(as_ada.wait(), Ok(true));
        let ada = store.user("ada").unwrap().unwrap();
        assert_eq!((&*ada.name, &*ada.email), ("New", "ada@example.com"));
        assert_eq!(redeem("setup", 99), Ok(None));
    }
}
