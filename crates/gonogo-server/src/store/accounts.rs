//! People who sign in, their sessions and API tokens, and the audit log.
//!
//! Rows only: hashing, expiry rules and permissions are the business of `auth`. Tokens and
//! passwords reach the store hashed. Invariant: an audit row is never changed or deleted;
//! the database itself refuses.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// Sessions a person may have; the oldest ends when another begins.
pub const SESSIONS_PER_USER_MAX: usize = 50;

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

/// A signed-in browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of the cookie.
    pub token_hash: Vec<u8>,
    /// Whose it is.
    pub user: String,
    /// What its forms must carry.
    pub csrf: String,
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

/// A token for programs.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Public id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Hash of the token.
    pub token_hash: Vec<u8>,
    /// Whose it is.
    pub owner: String,
    /// What it may do, as `auth` writes it.
    pub scopes: String,
    /// When it was made.
    pub created_at_ms: i64,
    /// When it ends.
    pub expires_at_ms: Option<i64>,
    /// When it was last used.
    pub last_used_at_ms: Option<i64>,
    /// Since when it does not work.
    pub revoked_at_ms: Option<i64>,
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiToken({}, {})", self.id, self.owner)
    }
}

/// Something done by somebody, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// When.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// More, as JSON, without secrets.
    pub json: String,
}

/// Something done by somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Grows in the order of recording.
    pub id: i64,
    /// What was recorded.
    pub what: NewAudit,
}

/// Which audit rows a page lists; newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only before this id, to page on.
    pub before_id: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

const USER: &str =
    "id, name, email, role, password_hash, oidc_subject, created_at_ms, disabled_at_ms";
const SESSION: &str = "token_hash, user, csrf, created_at_ms, last_seen_at_ms, expires_at_ms";
const TOKEN: &str = "id, name, token_hash, owner, scopes, created_at_ms, expires_at_ms,
  last_used_at_ms, revoked_at_ms";

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

    /// Replaces what is known of a user, by id.
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

    /// Begins a session; the person's oldest ends if there are too many.
    pub fn add_session(&self, session: Session) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO session (token_hash, user, csrf, created_at_ms, last_seen_at_ms,
                   expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                session.token_hash,
                session.user,
                session.csrf,
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

    /// Adds a token.
    pub fn add_api_token(&self, token: ApiToken) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO api_token (id, name, token_hash, owner, scopes, created_at_ms,
                   expires_at_ms, last_used_at_ms, revoked_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                token.id,
                token.name,
                token.token_hash,
                token.owner,
                token.scopes,
                token.created_at_ms,
                token.expires_at_ms,
                token.last_used_at_ms,
                token.revoked_at_ms
            ])
            .map_err(|e| taken(e, "a token with this id, or its owner does not exist"))?;
            Ok(())
        })
    }

    /// A token by its hash; whether it still works is for the caller to see.
    pub fn api_token(&self, token_hash: &[u8]) -> Result<Option<ApiToken>, StoreError> {
        let sql = format!("SELECT {TOKEN} FROM api_token WHERE token_hash = ?1");
        self.one(&sql, token_hash, read_token)
    }

    /// All tokens, newest first.
    pub fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let sql = format!("SELECT {TOKEN} FROM api_token ORDER BY created_at_ms DESC, id");
        self.inner
            .readers
            .with(|conn| all(conn, &sql, [], read_token))
    }

    /// Notes that a token was used.
    pub fn touch_api_token(&self, id: &str, at_ms: i64) -> Write<()> {
        let id = id.to_owned();
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            conn.prepare_cached("UPDATE api_token SET last_used_at_ms = ?2 WHERE id = ?1")?
                .execute(params![id, at_ms])?;
            Ok(())
        })
    }

    /// Makes a token stop working.
    pub fn revoke_api_token(&self, id: &str, at_ms: i64) -> Write<()> {
        let id = id.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let rows = conn
                .prepare_cached(
                    "UPDATE api_token SET revoked_at_ms = coalesce(revoked_at_ms, ?2)
                     WHERE id = ?1",
                )?
                .execute(params![id, at_ms])?;
            found(rows, "token")
        })
    }

    /// Records what somebody did and answers its id.
    pub fn add_audit(&self, row: NewAudit) -> Write<i64> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO audit (at_ms, actor, action, target, json)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                row.at_ms, row.actor, row.action, row.target, row.json
            ])?;
            Ok(conn.last_insert_rowid())
        })
    }

    /// Audit rows for a page, newest first.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let sql = "SELECT id, at_ms, actor, action, target, json FROM audit
                   WHERE (?1 IS NULL OR actor = ?1) AND (?2 IS NULL OR action = ?2)
                     AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4";
        let AuditFilter {
            actor,
            action,
            before_id,
            limit,
        } = filter;
        self.inner.readers.with(|conn| {
            all(
                conn,
                sql,
                params![actor, action, before_id, limit],
                read_audit,
            )
        })
    }

    fn one<T>(
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

fn all<T>(
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

fn found(rows: usize, what: &'static str) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::NotFound(what))
    } else {
        Ok(())
    }
}

/// Says which value is taken without repeating it.
fn taken(error: rusqlite::Error, what: &str) -> StoreError {
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

fn read_session(r: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token_hash: r.get(0)?,
        user: r.get(1)?,
        csrf: r.get(2)?,
        created_at_ms: r.get(3)?,
        last_seen_at_ms: r.get(4)?,
        expires_at_ms: r.get(5)?,
    })
}

fn read_token(r: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        id: r.get(0)?,
        name: r.get(1)?,
        token_hash: r.get(2)?,
        owner: r.get(3)?,
        scopes: r.get(4)?,
        created_at_ms: r.get(5)?,
        expires_at_ms: r.get(6)?,
        last_used_at_ms: r.get(7)?,
        revoked_at_ms: r.get(8)?,
    })
}

fn read_audit(r: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let what = NewAudit {
        at_ms: r.get(1)?,
        actor: r.get(2)?,
        action: r.get(3)?,
        target: r.get(4)?,
        json: r.get(5)?,
    };
    Ok(AuditRow {
        id: r.get(0)?,
        what,
    })
}
