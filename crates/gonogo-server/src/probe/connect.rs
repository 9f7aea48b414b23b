//! From a host to an open TCP connection.
//!
//! It exists so that both kinds of probe find addresses, obey the policy and name errors
//! alike. Invariant: errors that speak about this machine are unknown, errors that speak
//! about the other side are failing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::outcome::{Reason, code};
use super::policy::Scope;
use super::{AddressPolicy, DnsError, Refusal, Resolve};

/// A host as written in a spec or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

/// One address behind a host, with the policy's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub address: SocketAddr,
    pub refused: Option<Reason>,
}

/// A limit in time that remembers how long it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub at: Instant,
    pub timeout: Duration,
}

impl Host {
    /// Reads a bare host; international names become their ASCII form.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        if text.contains(['/', '@', '?', '#', '\\']) || text.is_empty() {
            return None;
        }
        let url = reqwest::Url::parse(&format!("https://{text}/")).ok()?;
        if url.port().is_some() {
            return None;
        }
        Self::of_url(&url)
    }

    /// The host of a URL.
    pub fn of_url(url: &reqwest::Url) -> Option<Self> {
        let text = url.host_str()?;
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        match bare.parse() {
            Ok(address) => Some(Self::Address(address)),
            Err(_) => Some(Self::Name(text.trim_end_matches('.').to_owned())),
        }
        .filter(|host| *host != Self::Name(String::new()))
    }

    pub fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Address(address) => address.to_string(),
        }
    }
}

/// What [`locate`] needs beyond the host.
pub(super) struct Locator<'a> {
    pub resolver: &'a dyn Resolve,
    pub policy: &'a AddressPolicy,
    pub scope: Scope,
    pub deadline: Deadline,
}

impl Locator<'_> {
    /// Every address to ask, each judged once; the caller connects to exactly these.
    pub async fn locate(
        &self,
        host: &Host,
        port: u16,
        pinned: Option<SocketAddr>,
    ) -> Result<Vec<Candidate>, Reason> {
        let name = host.text();
        if self.policy.judge_name(&name).is_err() {
            return Err(Reason::unknown(
                code::ADDRESS_FORBIDDEN,
                format!("{name} is a metadata service; probes do not ask it."),
            ));
        }
        let given = match (pinned, host) {
            (Some(address), _) => address,
            (None, Host::Address(address)) => SocketAddr::new(*address, port),
            (None, Host::Name(name)) => {
                let found = self.resolve(name, port).await?;
                let judged = found.into_iter().map(|address| {
                    let ip = address.ip();
                    candidate(address, self.policy.judge_resolved(name, ip, self.scope))
                });
                return Ok(judged.collect());
            }
        };
        let judged = self.policy.judge_address(given.ip(), self.scope);
        Ok(vec![candidate(given, judged)])
    }

    async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, Reason> {
        let lookup = self.resolver.lookup(name.to_owned());
        let found = match timeout_at(self.deadline.at, lookup).await {
            Ok(Ok(found)) if !found.is_empty() => found,
            Ok(Ok(_)) | Ok(Err(DnsError::NotFound)) => {
                return Err(Reason::failing(
                    code::DNS_NOT_FOUND,
                    format!("{name} does not exist or has no address."),
                ));
            }
            Ok(Err(DnsError::Unavailable(why))) => {
                return Err(Reason::unknown(
                    code::DNS_UNAVAILABLE,
                    format!("The resolver gave no answer for {name}: {why}."),
                ));
            }
            Err(_) => {
                return Err(Reason::unknown(
                    code::DNS_UNAVAILABLE,
                    format!(
                        "The resolver gave no answer for {name} within {}.",
                        millis(self.deadline.timeout)
                    ),
                ));
            }
        };
        let mut addresses: Vec<SocketAddr> = Vec::with_capacity(found.len());
        for ip in found {
            let address = SocketAddr::new(ip, port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }
}

fn candidate(address: SocketAddr, judged: Result<(), Refusal>) -> Candidate {
    Candidate {
        address,
        refused: judged.err().map(|refusal| refused(refusal, address)),
    }
}

pub(super) fn refused(refusal: Refusal, address: SocketAddr) -> Reason {
    let ip = address.ip();
    match refusal {
        Refusal::Forbidden => Reason::unknown(
            code::ADDRESS_FORBIDDEN,
            format!("{ip} is a link-local, metadata or reserved address; probes do not ask it."),
        ),
        Refusal::Private => Reason::unknown(
            code::ADDRESS_PRIVATE,
            format!("{ip} is a private address and this check may only ask public ones."),
        ),
    }
}

/// Opens a connection to exactly this address.
pub(super) async fn open(address: SocketAddr, deadline: Deadline) -> Result<TcpStream, Reason> {
    let connected = deadline
        .guard(TcpStream::connect(address), || {
            format!("connecting to {address}")
        })
        .await?;
    let stream = connected.map_err(|error| connect_reason(&error, address))?;
    // Small requests should not wait for a full segment; without it the probe still works.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

impl Deadline {
    pub fn after(timeout: Duration) -> Self {
        Self {
            at: Instant::now() + timeout,
            timeout,
        }
    }

    /// Runs a phase until the deadline; `doing` completes "no answer while ...".
    pub async fn guard<F: Future>(
        self,
        phase: F,
        doing: impl FnOnce() -> String,
    ) -> Result<F::Output, Reason> {
        timeout_at(self.at, phase).await.map_err(|_| {
            Reason::failing(
                code::TIMEOUT,
                format!(
                    "No answer within {} while {}.",
                    millis(self.timeout),
                    doing()
                ),
            )
        })
    }

    /// A share of the time that is left, for one of `parts` tries.
    pub fn share(self, parts: usize) -> Self {
        let left = self.at.saturating_duration_since(Instant::now());
        let parts = u32::try_from(parts.max(1)).unwrap_or(u32::MAX);
        Self {
            at: self.at.min(Instant::now() + left / parts),
            timeout: (left / parts).min(self.timeout),
        }
    }
}

fn connect_reason(error: &io::Error, address: SocketAddr) -> Reason {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Reason::failing(
            code::CONNECT_REFUSED,
            format!("{address} refused the connection."),
        ),
        Kind::TimedOut => Reason::failing(
            code::TIMEOUT,
            format!("No answer from {address} to the connection."),
        ),
        Kind::HostUnreachable => Reason::failing(
            code::HOST_UNREACHABLE,
            format!("The network says that {address} cannot be reached."),
        ),
        Kind::ConnectionReset | Kind::ConnectionAborted => closed(address, "while connecting"),
        Kind::NetworkUnreachable | Kind::NetworkDown => no_route(address),
        // With IPv6 switched off there is no address of our own to ask from.
        Kind::AddrNotAvailable if address.is_ipv6() => no_route(address),
        Kind::AddrNotAvailable | Kind::AddrInUse | Kind::PermissionDenied | Kind::OutOfMemory => {
            local(error, address)
        }
        _ => other_reason(error, address),
    }
}

/// Errors that have no kind of their own in the standard library.
fn other_reason(error: &io::Error, address: SocketAddr) -> Reason {
    match Errno::from_io_error(error) {
        Some(Errno::AFNOSUPPORT) => no_route(address),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS) => local(error, address),
        _ => Reason::failing(
            code::CONNECT_FAILED,
            format!("Connecting to {address} failed: {error}."),
        ),
    }
}

fn no_route(address: SocketAddr) -> Reason {
    Reason::unknown(
        code::NETWORK_UNREACHABLE,
        format!("This machine has no route to {}.", address.ip()),
    )
}

fn local(error: &io::Error, address: SocketAddr) -> Reason {
    Reason::unknown(
        code::LOCAL_LIMIT,
        format!("This machine could not open a connection to {address}: {error}."),
    )
}

/// The other side hung up.
pub(super) fn closed(address: SocketAddr, when: &str) -> Reason {
    Reason::failing(
        code::CONNECTION_CLOSED,
        format!("{address} closed the connection {when}."),
    )
}

/// A duration the way sentences print it.
pub(super) fn millis(duration: Duration) -> String {
    if duration >= Duration::from_secs(10) {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{Failing, Unknown};
    use super::*;

    const V4: &str = "192.0.2.1:443";
    const V6: &str = "[2001:db8::1]:443";

    #[test]
    fn hosts_are_read_with_brackets_and_international_names() {
        assert_eq!(
            Host::parse("[::1]"),
            Some(Host::Address("::1".parse().unwrap()))
        );
        assert_eq!(
            Host::parse("::1"),
            Some(Host::Address("::1".parse().unwrap()))
        );
        assert_eq!(
            Host::parse("Bücher.example.com."),
            Some(Host::Name("xn--bcher-kva.example.com".into()))
        );
        // Old spellings of 127.0.0.1 do not get past the policy as names.
        assert_eq!(
            Host::parse("0x7f.1"),
            Some(Host::Address("127.0.0.1".parse().unwrap()))
        );
        for bad in ["", "a/b", "u@h", "host:80", "a b", "."] {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn errors_about_this_machine_are_unknown() {
        for (address, errno, verdict, code) in [
            (V4, Errno::NETUNREACH, Unknown, code::NETWORK_UNREACHABLE),
            (V6, Errno::NETUNREACH, Unknown, code::NETWORK_UNREACHABLE),
            (V6, Errno::ADDRNOTAVAIL, Unknown, code::NETWORK_UNREACHABLE),
            (V6, Errno::AFNOSUPPORT, Unknown, code::NETWORK_UNREACHABLE),
            (V4, Errno::ADDRNOTAVAIL, Unknown, code::LOCAL_LIMIT),
            (V4, Errno::MFILE, Unknown, code::LOCAL_LIMIT),
            (V4, Errno::ACCESS, Unknown, code::LOCAL_LIMIT),
            (V4, Errno::CONNREFUSED, Failing, code::CONNECT_REFUSED),
            (V4, Errno::HOSTUNREACH, Failing, code::HOST_UNREACHABLE),
            (V4, Errno::TIMEDOUT, Failing, code::TIMEOUT),
            (V4, Errno::CONNRESET, Failing, code::CONNECTION_CLOSED),
            (V4, Errno::PROTO, Failing, code::CONNECT_FAILED),
        ] {
            let reason = connect_reason(&errno.into(), address.parse().unwrap());
            assert_eq!((reason.verdict, reason.code), (verdict, code), "{errno:?}");
        }
    }
}
