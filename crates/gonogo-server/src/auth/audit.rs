//! What is written down about signing in.
//!
//! Invariant: a row names accounts, tokens by their public id, and addresses; never what was
//! typed, because people type their password into the wrong field.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Auth, AuthError};
use crate::store::NewAudit;

/// The actor of what somebody did who was not signed in.
pub(super) const NOBODY: &str = "nobody";
/// The actor of what the program did by itself, or for whoever runs it.
pub(super) const PROGRAM: &str = "gonogo";

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    LoginOk,
    LoginFailed,
    Logout,
    LinkIssued,
    LinkUsed,
    SetupDone,
    PasswordChanged,
    TokenCreated,
    TokenRevoked,
    UserAdded,
    UserChanged,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::LoginOk => "login.ok",
            Self::LoginFailed => "login.failed",
            Self::Logout => "logout",
            Self::LinkIssued => "link.issued",
            Self::LinkUsed => "link.used",
            Self::SetupDone => "setup.done",
            Self::PasswordChanged => "password.changed",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::UserAdded => "user.added",
            Self::UserChanged => "user.changed",
        }
    }
}

impl Auth {
    pub(super) async fn record(
        &self,
        now: Timestamp,
        actor: &str,
        action: Action,
        target: &str,
        more: Value,
    ) -> Result<(), AuthError> {
        let row = NewAudit {
            at_ms: now.as_millisecond(),
            actor: actor.to_owned(),
            action: action.word().to_owned(),
            target: target.to_owned(),
            json: more.to_string(),
        };
        self.store().add_audit(row).await?;
        Ok(())
    }
}

/// Where a request came from.
pub(super) fn from(address: Option<IpAddr>) -> Value {
    match address {
        Some(address) => json!({ "address": address.to_string() }),
        None => json!({}),
    }
}
