//! `/tokens`: what programs prove themselves with.
//!
//! Invariant: a token that leaked makes no other token, unless it is an administrator's, and
//! none that may more than its maker.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::act::words;
use super::answer::{Answer, Body, Name};
use super::problem::Problem;
use crate::auth::{Identity, Role, Scope, Via};
use crate::site::Site;
use crate::store::ApiToken;

/// The longest life of a token that has an end, in days.
const DAYS_MAX: u16 = 3_650;

/// Your tokens that work, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// All of them.
    pub tokens: Vec<Token>,
}

/// A token, without its secret part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its public part, to revoke it by.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// `read`, `evidence`, `respond` or `admin`.
    pub scope: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedToken {
    /// What it is for, to recognise it later.
    pub name: String,
    /// `read`, `evidence`, `respond` or `admin`.
    pub scope: String,
    /// After how many days it ends; never, where this is not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
}

/// A token that was just made.
#[derive(Clone, Serialize, Deserialize)]
pub struct MadeToken {
    /// Its public part.
    pub id: String,
    /// The token itself. It is shown here and never again.
    pub token: String,
}

/// A token that works no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedToken {
    /// Its public part.
    pub revoked: String,
}

pub(super) async fn list(State(site): State<Site>, who: Identity) -> Answer<Tokens> {
    let now = site.clock.now().timestamp();
    let found = site.gate.auth.tokens_of(&who.user_id, now).await?;
    let tokens = found.into_iter().map(Token::of).collect();
    Ok(Json(Tokens { tokens }))
}

pub(super) async fn create(
    State(site): State<Site>,
    who: Identity,
    Body(wanted): Body<WantedToken>,
) -> Answer<MadeToken> {
    let scope = Scope::parse(&wanted.scope).ok_or_else(|| {
        let message = format!("`{}` is no scope.", wanted.scope);
        Problem::invalid("unknown_scope", message)
            .help("It is one of read, evidence, respond, admin.")
    })?;
    let needed = scope.needs();
    if !who.may(needed) {
        let message = format!("A token for `{}` takes the role {needed}.", scope.word());
        return Err(Problem::forbidden(message));
    }
    if who.via != Via::Session && !who.may(Role::Admin) {
        let message = "A token makes another one only with the scope `admin`.";
        return Err(Problem::forbidden(message).help("Sign in with a browser, and make it there."));
    }
    let name = words("name", wanted.name)?;
    let now = site.clock.now().timestamp();
    let expires = wanted.days.map(|days| expiry(days, now)).transpose()?;
    let made = site
        .gate
        .auth
        .create_token(&who, &name, scope, expires, now)
        .await?;
    Ok(Json(MadeToken {
        id: made.id,
        token: made.token.expose().to_owned(),
    }))
}

pub(super) async fn revoke(
    State(site): State<Site>,
    who: Identity,
    Name(id): Name,
) -> Answer<RevokedToken> {
    let now = site.clock.now().timestamp();
    // A token that may only read must not be able to take the others away.
    if !who.may(Role::Responder) {
        return Err(Problem::forbidden(
            "Revoking a token takes the role responder.",
        ));
    }
    match site.gate.auth.revoke_token(&who, &id, now).await? {
        true => Ok(Json(RevokedToken { revoked: id })),
        false => {
            let message = "There is no such token of yours.";
            Err(Problem::unknown("unknown_token", message))
        }
    }
}

fn expiry(days: u16, now: Timestamp) -> Result<Timestamp, Problem> {
    if days == 0 || days > DAYS_MAX {
        let message = format!("A token lives for 1 to {DAYS_MAX} days.");
        return Err(Problem::invalid("bad_days", message));
    }
    let life = SignedDuration::from_hours(24 * i64::from(days));
    Ok(now.checked_add(life).unwrap_or(Timestamp::MAX))
}

impl Token {
    fn of(row: ApiToken) -> Self {
        let time = |ms: i64| Time::from_millis(ms).timestamp();
        Self {
            id: row.id,
            name: row.name,
            scope: row.scopes,
            created_at: time(row.created_at_ms),
            expires_at: row.expires_at_ms.map(time),
            last_used_at: row.last_used_at_ms.map(time),
        }
    }
}

impl std::fmt::Debug for MadeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeToken({})", self.id)
    }
}
