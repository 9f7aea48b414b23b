//! From a name to its addresses, once, with an honest error.
//!
//! It exists to keep "this name does not exist" (their fault, red) apart from "nobody
//! answered us" (could not tell). Invariant: lookups in flight are bounded even though the
//! system's resolver cannot be cancelled.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use futures::future::BoxFuture;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Lookups that may wait in the system's resolver at once; each holds a blocking thread.
const MAX_LOOKUPS: usize = 32;

/// Why a name has no addresses.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DnsError {
    /// The resolver answered: no such name, or no address for it.
    #[error("the name does not exist or has no address")]
    NotFound,
    /// The resolver did not answer, or could not.
    #[error("the resolver gave no answer: {0}")]
    Unavailable(String),
}

/// Turns a host name into addresses.
pub trait Resolve: Send + Sync {
    /// Every address behind `host`, in the resolver's order.
    fn lookup(&self, host: String) -> BoxFuture<'_, Result<Vec<IpAddr>, DnsError>>;
}

/// The operating system's resolver.
pub struct SystemResolver {
    in_flight: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }
}

impl Resolve for SystemResolver {
    fn lookup(&self, host: String) -> BoxFuture<'_, Result<Vec<IpAddr>, DnsError>> {
        Box::pin(async move {
            let permit = Arc::clone(&self.in_flight).acquire_owned().await;
            // The permit moves into the thread: a caller that gave up does not free a slot
            // that the resolver still occupies.
            let lookup = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                (host.as_str(), 0).to_socket_addrs()
            });
            match lookup.await {
                Ok(Ok(found)) => {
                    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                    if found.is_empty() {
                        Err(DnsError::NotFound)
                    } else {
                        Ok(found)
                    }
                }
                Ok(Err(error)) => Err(classify(&error.to_string())),
                Err(_) => Err(DnsError::Unavailable("the lookup was aborted".to_owned())),
            }
        })
    }
}

/// The standard library gives the resolver's error code only as text.
fn classify(message: &str) -> DnsError {
    const NOT_FOUND: [&str; 6] = [
        "Name or service not known",
        "No address associated with",
        "nodename nor servname provided",
        "Name does not resolve",
        "Name has no usable address",
        "No such host is known",
    ];
    if NOT_FOUND.iter().any(|text| message.contains(text)) {
        DnsError::NotFound
    } else {
        let reason = message
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(message);
        DnsError::Unavailable(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_name_is_told_from_a_silent_resolver() {
        let prefix = "failed to lookup address information";
        assert_eq!(
            classify(&format!("{prefix}: Name or service not known")),
            DnsError::NotFound
        );
        assert_eq!(
            classify(&format!("{prefix}: No address associated with hostname")),
            DnsError::NotFound
        );
        assert_eq!(
            classify(&format!("{prefix}: Temporary failure in name resolution")),
            DnsError::Unavailable("Temporary failure in name resolution".to_owned())
        );
    }

    #[tokio::test]
    async fn localhost_resolves_to_loopback() {
        let found = SystemResolver::default()
            .lookup("localhost".to_owned())
            .await
            .unwrap();
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
