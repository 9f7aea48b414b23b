//! Tokens for programs.
//!
//! Rows only: what a token may do is the business of `auth`; it reaches the store hashed.
//! Invariant: a revoked token stays revoked.

use rusqlite::{Row, params};

use super::users::{all, found, taken};
use super::writer::Urgency;
use super::{Store, StoreError, Write};

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

const TOKEN: &str = "id, name, token_hash, owner, scopes, created_at_ms, expires_at_ms,
  last_used_at_ms, revoked_at_ms";

impl Store {
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
