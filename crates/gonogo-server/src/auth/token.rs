//! Tokens for programs: `gng_<id>_<secret>`.
//!
//! The prefix lets secret scanners find a token that leaked, and the id says which one to
//! revoke. Invariant: a token never may more than its owner may at this moment.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::audit::Action;
use super::identity::{Identity, Role, Via};
use super::{Auth, AuthError, secret};
use crate::notify::secret::SecretString;
use crate::store::{ApiToken, User};

/// Tokens that work at the same time for one account.
pub const API_TOKENS_PER_USER_MAX: usize = 50;
/// The longest name of a token, in characters; longer ones are cut.
pub const TOKEN_NAME_CHARS_MAX: usize = 80;

const PREFIX: &str = "gng_";
const ID_LEN: usize = 6;
const USED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reading.
    Read,
    /// Reading, and recording evidence in the name of whoever found it out.
    Evidence,
    /// Asking checks from another place, and nothing else: it may lie on a machine of others.
    Agent,
    /// Reading, and what responders do.
    Respond,
    /// All that its owner may do.
    Admin,
}

impl Scope {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Evidence,
        Self::Agent,
        Self::Respond,
        Self::Admin,
    ];

    /// The word for it, in the database and on pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Evidence => "evidence",
            Self::Agent => "agent",
            Self::Respond => "respond",
            Self::Admin => "admin",
        }
    }

    /// What it allows, for people who choose one.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Evidence => "read and record evidence",
            Self::Agent => "ask checks from another place, and nothing else",
            Self::Respond => "read and respond",
            Self::Admin => "do all that you may",
        }
    }

    /// The scope that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// What whoever makes one, and owns it, has to be.
    pub fn needs(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Evidence | Self::Agent | Self::Respond => Role::Responder,
            Self::Admin => Role::Admin,
        }
    }

    fn at_most(self) -> Role {
        match self {
            Self::Read | Self::Evidence | Self::Agent => Role::Viewer,
            Self::Respond => Role::Responder,
            Self::Admin => Role::Admin,
        }
    }
}

/// A token that was just made.
#[derive(Debug)]
pub struct NewToken {
    /// Its public id.
    pub id: String,
    /// The token itself, to be shown once.
    pub token: SecretString,
}

impl Auth {
    /// Makes a token for `owner`.
    pub async fn create_token(
        &self,
        owner: &Identity,
        name: &str,
        scope: Scope,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<NewToken, AuthError> {
        let working = self.tokens_of(&owner.user_id, now).await?.len();
        if working >= API_TOKENS_PER_USER_MAX {
            let what = "tokens of this account";
            return Err(AuthError::Limit {
                what,
                max: API_TOKENS_PER_USER_MAX,
            });
        }
        let id = id()?;
        let token = format!("{PREFIX}{id}_{}", secret::token()?.expose());
        let row = ApiToken {
            id: id.clone(),
            name: name.trim().chars().take(TOKEN_NAME_CHARS_MAX).collect(),
            token_hash: secret::hash(&token),
            owner: owner.user_id.clone(),
            scopes: scope.word().to_owned(),
            created_at_ms: now.as_millisecond(),
            expires_at_ms: expires.map(Timestamp::as_millisecond),
            last_used_at_ms: None,
            revoked_at_ms: None,
        };
        let more = json!({ "name": row.name, "scope": row.scopes });
        self.store().add_api_token(row).await?;
        self.record(now, &owner.user_id, Action::TokenCreated, &id, more)
            .await?;
        let token = token.into();
        Ok(NewToken { id, token })
    }

    /// The tokens of an account that work at this moment, newest first.
    pub async fn tokens_of(&self, user: &str, now: Timestamp) -> Result<Vec<ApiToken>, AuthError> {
        let mut tokens = self.store().blocking(|s| s.api_tokens()).await?;
        tokens.retain(|token| token.owner == user && works(token, now.as_millisecond()));
        Ok(tokens)
    }

    /// Makes a token stop working: its owner's right, and every administrator's. Answers
    /// `false` if there is no such token within reach.
    pub async fn revoke_token(
        &self,
        by: &Identity,
        id: &str,
        now: Timestamp,
    ) -> Result<bool, AuthError> {
        let tokens = self.store().blocking(|s| s.api_tokens()).await?;
        let within_reach = |token: &&ApiToken| token.owner == by.user_id || by.may(Role::Admin);
        let found = tokens
            .iter()
            .filter(|token| token.id == id)
            .find(within_reach);
        let Some(token) = found else {
            return Ok(false);
        };
        let now_ms = now.as_millisecond();
        self.store().revoke_api_token(&token.id, now_ms).await?;
        let more = json!({ "name": token.name, "owner": token.owner });
        self.record(now, &by.user_id, Action::TokenRevoked, id, more)
            .await?;
        Ok(true)
    }

    /// Whose token this is, and notes that it was used.
    pub(super) async fn by_token(
        &self,
        presented: &str,
        now: Timestamp,
    ) -> Result<Option<(Identity, User)>, AuthError> {
        if !presented.starts_with(PREFIX) || presented.len() > secret::TOKEN_TEXT_MAX {
            return Ok(None);
        }
        let hash = secret::hash(presented);
        let found = self
            .store()
            .blocking(move |store| {
                let Some(token) = store.api_token(&hash)? else {
                    return Ok(None);
                };
                let user = store.user(&token.owner)?;
                Ok(user.map(|user| (token, user)))
            })
            .await?;
        let now_ms = now.as_millisecond();
        let Some((token, user)) = found.filter(|(token, _)| works(token, now_ms)) else {
            return Ok(None);
        };
        let Some(scope) = Scope::parse(&token.scopes) else {
            tracing::error!(token = token.id, "a token has a scope that does not exist");
            return Ok(None);
        };
        let unused_ms = now_ms - token.last_used_at_ms.unwrap_or(i64::MIN / 2);
        if unused_ms >= USED_EVERY.as_millis() as i64 {
            self.note_token_use(&token.id, now_ms);
        }
        let owner = Role::parse(&user.role);
        let via = match scope {
            Scope::Evidence if owner >= Some(scope.needs()) => Via::Recorder,
            Scope::Agent if owner >= Some(scope.needs()) => Via::Agent,
            Scope::Agent => return Ok(None),
            _ => Via::Token,
        };
        let identity = Self::identity(&user, scope.at_most(), via, None);
        Ok(identity.map(|identity| (identity, user)))
    }

    /// Nobody waits for this: the time of use is for people to read.
    fn note_token_use(&self, id: &str, now_ms: i64) {
        let write = self.store().touch_api_token(id, now_ms);
        tokio::spawn(async move {
            if let Err(error) = write.await {
                tracing::warn!(%error, "the use of a token could not be noted");
            }
        });
    }
}

fn works(token: &ApiToken, now_ms: i64) -> bool {
    token.revoked_at_ms.is_none() && token.expires_at_ms.is_none_or(|end| now_ms < end)
}

fn id() -> Result<String, AuthError> {
    let bytes = secret::random::<ID_LEN>()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
