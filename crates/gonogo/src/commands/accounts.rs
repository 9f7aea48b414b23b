//! The accounts of a data directory on which no server runs.

use std::path::Path;

use anyhow::Context as _;
use gonogo_server::auth::{Auth, AuthError, FIRST_ADMIN};
use gonogo_server::store::{Store, StoreError};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::exit::Exit;

/// Accounts, with the store that holds them.
pub struct Accounts {
    store: Store,
    auth: Auth,
    runtime: Runtime,
}

impl Accounts {
    /// Opens them, and makes the first administrator where there is nobody. The inner error
    /// was explained already.
    pub fn open(data: &Path) -> anyhow::Result<Result<Self, Exit>> {
        let dir = data.display();
        if !data.join("journal.db").exists() {
            anstream::eprintln!("error: there is no journal in {dir}");
            anstream::eprintln!("help: `gonogo serve --data {dir}` makes one");
            return Ok(Err(Exit::CouldNotRun));
        }
        let store = match Store::open(data) {
            Ok(store) => store,
            Err(error @ StoreError::Locked { .. }) => {
                anstream::eprintln!("error: {error}");
                anstream::eprintln!(
                    "help: a server that runs makes tokens on its pages, or when asked with --server by an administrator"
                );
                return Ok(Err(Exit::CouldNotRun));
            }
            Err(error) => return Err(error.into()),
        };
        let accounts = Self {
            auth: Auth::new(store.clone()),
            store,
            runtime: Runtime::new().context("cannot start the runtime")?,
        };
        accounts.run(async |auth| {
            if auth.user(FIRST_ADMIN).await?.is_none() {
                // The link that comes with the account is made anew by the server.
                auth.first_run(Timestamp::now()).await?;
            }
            Ok(())
        })?;
        Ok(Ok(accounts))
    }

    /// Does something with them.
    pub fn run<T>(
        &self,
        work: impl AsyncFnOnce(&Auth) -> Result<T, AuthError>,
    ) -> anyhow::Result<T> {
        Ok(self.runtime.block_on(work(&self.auth))?)
    }

    /// Writes everything down and lets go of the directory.
    pub fn close(self) -> anyhow::Result<()> {
        Ok(self.store.close()?)
    }
}
