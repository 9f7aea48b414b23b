//! `gonogo token`: what programs, and people at a terminal, prove themselves with.

use gonogo_server::api::{MadeToken, RevokedToken, Tokens};
use gonogo_server::auth::{self, FIRST_ADMIN, Identity, Role, Via};
use jiff::{SignedDuration, Timestamp};

use super::accounts::Accounts;
use super::ask;
use crate::args::{Scope, Token, TokenVerb};
use crate::client::path;
use crate::exit::Exit;
use crate::print::{self, columns, relative, time};

pub fn run(args: &Token) -> anyhow::Result<Exit> {
    let format = args.server.format;
    if let TokenVerb::Create {
        name,
        scope,
        days,
        data: Some(data),
    } = &args.verb
    {
        let accounts = match Accounts::open(data)? {
            Ok(accounts) => accounts,
            Err(exit) => return Ok(exit),
        };
        let made = create(&accounts, name, *scope, *days);
        accounts.close()?;
        let made = serde_json::to_value(made?)?;
        return print::answer(format, made, shown_once).map(|()| Exit::Clean);
    }
    ask(&args.server, async |client| {
        match &args.verb {
            TokenVerb::Create {
                name, scope, days, ..
            } => {
                let answer = client.post("/tokens", &scope.wanted(name, *days)).await?;
                print::answer(format, answer, shown_once)?;
            }
            TokenVerb::List => {
                let answer = client.get("/tokens").await?;
                print::answer(format, answer, listed)?;
            }
            TokenVerb::Revoke { id } => {
                let answer = client.delete(&path(&["tokens", id])).await?;
                print::answer(format, answer, |gone: RevokedToken| {
                    format!("{} works no more\n", gone.revoked)
                })?;
            }
        }
        Ok(Exit::Clean)
    })
}

/// Whoever can write the journal may act for the administrator.
fn create(
    accounts: &Accounts,
    name: &str,
    scope: Scope,
    days: Option<u16>,
) -> anyhow::Result<MadeToken> {
    let scope = match scope {
        Scope::Read => auth::Scope::Read,
        Scope::Evidence => auth::Scope::Evidence,
        Scope::Agent => auth::Scope::Agent,
        Scope::Respond => auth::Scope::Respond,
        Scope::Admin => auth::Scope::Admin,
    };
    let administrator = Identity {
        user_id: FIRST_ADMIN.to_owned(),
        name: "Administrator".to_owned(),
        role: Role::Admin,
        person: None,
        via: Via::Token,
        csrf: None,
    };
    accounts.run(async |auth| {
        let now = Timestamp::now();
        let life = |days| SignedDuration::from_hours(24 * i64::from(days));
        let expires = days.map(|days: u16| now + life(days));
        let made = auth
            .create_token(&administrator, name, scope, expires, now)
            .await?;
        Ok(MadeToken {
            id: made.id,
            token: made.token.expose().to_owned(),
        })
    })
}

/// Nothing but the token, so that `$(...)` takes it.
fn shown_once(made: MadeToken) -> String {
    format!("{}\n", made.token)
}

fn listed(found: Tokens) -> String {
    if found.tokens.is_empty() {
        return "No token works.\n".to_owned();
    }
    let now = Timestamp::now();
    let rows: Vec<_> = found
        .tokens
        .into_iter()
        .map(|token| {
            let used = match token.last_used_at {
                Some(at) => format!("used {}", relative(at, now)),
                None => "never used".to_owned(),
            };
            let ends = match token.expires_at {
                Some(at) => format!("ends {}", time(at)),
                None => String::new(),
            };
            [token.id, token.scope, token.name, used, ends]
        })
        .collect();
    columns(&rows)
}
