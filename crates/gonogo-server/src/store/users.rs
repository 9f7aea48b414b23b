//! People who sign in.
//!
//! Rows only: hashing and permissions are the business of `auth`; a password reaches the
//! store hashed. Invariant: no two users share an address or a provider's subject.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// Somebody who can sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Stable id, the person's id in the package where there is one.
    pub id: String,
    /// For people.
    pub name: String,
    /// Unique without regard to case.
    pub email: String,
    /// One of the roles that `auth` knows.
    pub role: String,
    /// Nothing for people who come through a provider only.
    pub password_hash: Option<String>,
    /// Issuer and subject at the identity provider.
    pub oidc_subject: Option<String>,
    /// When the account was made.
    pub created_at_ms: i64,
    /// Since when it may not sign in.
    pub disabled_at_ms: Option<i64>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {})", self.id, self.role)
    }
}

const USER: &str =
    "id, name, email, role, password_hash, oidc_subject, created_at_ms, disabled_at_ms";

impl Store {
    /// Adds a user; [`StoreError::Taken`] if the id, address or subject exists.
    pub fn add_user(&self, user: User) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO user (id, name, email, role, password_hash, oidc_subject,
                   created_at_ms, disabled_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                user.id,
                user.name,
                user.email,
                user.role,
                user.password_hash,
                user.oidc_subject,
                user.created_at_ms,
                user.disabled_at_ms
            ])
            .map_err(|e| taken(e, "a user with this id, address or subject"))?;
            Ok(())
        })
    }

    /// Replaces what is known of a user, by id. Whoever changes one thing only uses a function
    /// of its own instead, so as not to bring back what changed in between.
    pub fn update_user(&self, user: User) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let rows = conn
                .prepare_cached(
                    "UPDATE user SET name = ?2, email = ?3, role = ?4, password_hash = ?5,
                       oidc_subject = ?6, disabled_at_ms = ?7 WHERE id = ?1",
                )?
                .execute(params![
                    user.id,
                    user.name,
                    user.email,
                    user.role,
                    user.password_hash,
                    user.oidc_subject,
                    user.disabled_at_ms
                ])
                .map_err(|e| taken(e, "a user with this address or subject"))?;
            found(rows, "user")
        })
    }

    /// Gives a user another role; [`StoreError::NobodyLeft`] if nobody who can sign in would
    /// have the role `keep` then.
    pub fn set_role(&self, user: &str, role: &'static str, keep: &'static str) -> Write<()> {
        let user = user.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let rows = conn
                .prepare_cached("UPDATE user SET role = ?2 WHERE id = ?1")?
                .execute(params![user, role])?;
            found(rows, "user")?;
            if role != keep {
                somebody_left(conn, keep)?;
            }
            Ok(())
        })
    }

    /// A user by id.
    pub fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.one(
            &format!("SELECT {USER} FROM user WHERE id = ?1"),
            id,
            read_user,
        )
    }

    /// A user by address, without regard to case.
    pub fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.one(
            &format!("SELECT {USER} FROM user WHERE email = ?1"),
            email,
            read_user,
        )
    }

    /// A user by identity provider subject.
    pub fn user_by_subject(&self, subject: &str) -> Result<Option<User>, StoreError> {
        self.one(
            &format!("SELECT {USER} FROM user WHERE oidc_subject = ?1"),
            subject,
            read_user,
        )
    }

    /// Everybody, by name.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = format!("SELECT {USER} FROM user ORDER BY name, id");
        self.inner
            .readers
            .with(|conn| all(conn, &sql, [], read_user))
    }

    /// One row by its key.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        key: impl rusqlite::ToSql,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached(sql)?
                .query_row([key], read)
                .optional()?)
        })
    }
}

/// All rows of a query.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    Ok(conn
        .prepare_cached(sql)?
        .query_map(params, read)?
        .collect::<Result<_, _>>()?)
}

/// An update that met no row.
pub(super) fn found(rows: usize, what: &'static str) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::NotFound(what))
    } else {
        Ok(())
    }
}

/// Refuses a change, and thereby undoes it, after which nobody with this role could sign in.
/// In the change's own transaction, or two changes at once could each rely on the other's.
pub(super) fn somebody_left(conn: &Connection, role: &str) -> Result<(), StoreError> {
    let left: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM user WHERE role = ?1 AND disabled_at_ms IS NULL
               AND (password_hash IS NOT NULL OR oidc_subject IS NOT NULL))",
        )?
        .query_row([role], |r| r.get(0))?;
    match left {
        true => Ok(()),
        false => Err(StoreError::NobodyLeft),
    }
}

/// Says which value is taken without repeating it.
pub(super) fn taken(error: rusqlite::Error, what: &str) -> StoreError {
    match StoreError::from(error) {
        StoreError::Taken(_) => StoreError::Taken(what.into()),
        other => other,
    }
}

fn read_user(r: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: r.get(0)?,
        name: r.get(1)?,
        email: r.get(2)?,
        role: r.get(3)?,
        password_hash: r.get(4)?,
        oidc_subject: r.get(5)?,
        created_at_ms: r.get(6)?,
        disabled_at_ms: r.get(7)?,
    })
}
