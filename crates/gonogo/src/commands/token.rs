//! `gonogo token`: what programs, and people at a terminal, prove themselves with.

use std::path::Path;

use anyhow::Context as _;
use gonogo_server::auth::{self, Auth, FIRST_ADMIN, Identity, Role, Via};
use gonogo_server::store::{Store, StoreError};
use jiff::Timestamp;

use crate::args::{Scope, Token, TokenVerb};
use crate::exit::Exit;

pub fn run(args: &Token) -> anyhow::Result<Exit> {
    match &args.verb {
        TokenVerb::Create { name, scope, data } => create(name, *scope, data),
    }
}

/// Whoever can write the journal may act for the administrator.
fn create(name: &str, scope: Scope, data: &Path) -> anyhow::Result<Exit> {
    if !data.join("journal.db").exists() {
        anstream::eprintln!("error: there is no journal in {}", data.display());
        anstream::eprintln!("help: `gonogo serve --data {}` makes one", data.display());
        return Ok(Exit::CouldNotRun);
    }
    let store = match Store::open(data) {
        Ok(store) => store,
        Err(error @ StoreError::Locked { .. }) => {
            anstream::eprintln!("error: {error}");
            return Ok(Exit::CouldNotRun);
        }
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let auth = Auth::new(store.clone());
    let made = runtime.block_on(async {
        let now = Timestamp::now();
        if auth.user(FIRST_ADMIN).await?.is_none() {
            // Makes the account; the link that comes with it is made anew by the server.
            auth.first_run(now).await?;
        }
        auth.create_token(&administrator(), name, meant(scope), None, now)
            .await
    });
    let closed = store.close();
    let token = made?.token;
    closed?;
    anstream::println!("{}", token.expose());
    Ok(Exit::Clean)
}

fn administrator() -> Identity {
    Identity {
        user_id: FIRST_ADMIN.to_owned(),
        name: "Administrator".to_owned(),
        role: Role::Admin,
        person: None,
        via: Via::Token,
        csrf: None,
    }
}

fn meant(scope: Scope) -> auth::Scope {
    match scope {
        Scope::Read => auth::Scope::Read,
        Scope::Respond => auth::Scope::Respond,
        Scope::Admin => auth::Scope::Admin,
    }
}
