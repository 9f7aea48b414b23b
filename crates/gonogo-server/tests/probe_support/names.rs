//! A resolver that answers from a table and remembers what it was asked.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use gonogo_server::probe::{DnsError, Resolve};

#[derive(Default)]
pub struct Names {
    table: HashMap<String, Result<Vec<IpAddr>, DnsError>>,
    silent: bool,
    asked: Arc<AtomicUsize>,
}

impl Names {
    /// Every name does not exist.
    pub fn none() -> Self {
        Self::default()
    }

    /// Nobody answers.
    pub fn silent() -> Self {
        Self {
            silent: true,
            ..Self::default()
        }
    }

    pub fn with(mut self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.table.insert(name.to_owned(), Ok(addresses));
        self
    }

    pub fn failing(mut self, name: &str, error: DnsError) -> Self {
        self.table.insert(name.to_owned(), Err(error));
        self
    }

    /// Counts the questions.
    pub fn asked(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.asked)
    }

    pub fn into_resolver(self) -> Arc<dyn Resolve> {
        Arc::new(self)
    }
}

impl Resolve for Names {
    fn lookup(&self, host: String) -> BoxFuture<'_, Result<Vec<IpAddr>, DnsError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if self.silent {
                std::future::pending::<()>().await;
            }
            self.table
                .get(&host)
                .cloned()
                .unwrap_or(Err(DnsError::NotFound))
        })
    }
}
