//! The TCP check: does a port take connections, and say what it should?
//!
//! Invariant: what the other side says is read up to a limit and never repeated raw.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::TcpTarget;
use super::certificate::printable;
use super::connect::{Deadline, Host, Locator, closed, millis};
use super::exchange::{Trail, connect_any};
use super::outcome::{Reason, code};
use super::policy::Scope;
use super::prober::{Finding, Prober};

/// The most that is read while looking for the banner.
pub const MAX_BANNER_BYTES: usize = 4_096;
/// How much of what came instead is shown.
const SHOWN_CHARS: usize = 80;

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &TcpTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let host = Host::parse(&target.host)
        .ok_or_else(|| Reason::unknown(code::SPEC_INVALID, "The host is not a host name."))?;
    let started = Instant::now();
    let locator = Locator {
        resolver: prober.resolver.as_ref(),
        policy: &prober.policy,
        scope: Scope::of(target.allow_private),
        deadline,
    };
    let mut trail = Trail::default();
    let candidates = locator.locate(&host, target.port, None).await?;
    trail.phases.dns = Some(started.elapsed());
    let outcome = async {
        let (mut stream, address) = connect_any(candidates, deadline, &mut trail).await?;
        let took = millis(started.elapsed());
        let said =
            listen(&mut stream, target, deadline)
                .await
                .map_err(|trouble| match trouble {
                    Trouble::Closed => closed(address, "before it said what it should"),
                    Trouble::Reason(reason) => reason,
                })?;
        Ok(match said {
            true => Reason::ok(format!(
                "{address} took the connection and said what it should, in {took}."
            )),
            false => Reason::ok(format!("{address} took the connection in {took}.")),
        })
    }
    .await;
    Ok(Finding {
        phases: trail.phases,
        addresses: trail.addresses,
        ..Finding::of(outcome.unwrap_or_else(|reason| reason))
    })
}

enum Trouble {
    Closed,
    Reason(Reason),
}

/// Reads until the banner is there. Without one, being let in is enough.
async fn listen(
    stream: &mut TcpStream,
    target: &TcpTarget,
    deadline: Deadline,
) -> Result<bool, Trouble> {
    if let Some(send) = &target.send {
        let sent = deadline.guard(stream.write_all(send.as_bytes()), || "sending".into());
        let sent = sent.await.map_err(Trouble::Reason)?;
        sent.map_err(|_| Trouble::Closed)?;
    }
    let Some(banner) = &target.banner else {
        return Ok(false);
    };
    let mut heard = Vec::new();
    let mut buffer = [0; 1_024];
    loop {
        let whole = String::from_utf8_lossy(&heard);
        if whole.contains(banner.as_str()) {
            return Ok(true);
        }
        if heard.len() >= MAX_BANNER_BYTES {
            return Err(Trouble::Reason(differs(&whole)));
        }
        let read = deadline.guard(stream.read(&mut buffer), || "waiting for its banner".into());
        match read.await {
            Ok(Ok(0) | Err(_)) if heard.is_empty() => return Err(Trouble::Closed),
            Ok(Ok(0) | Err(_)) => return Err(Trouble::Reason(differs(&whole))),
            Err(late) if heard.is_empty() => return Err(Trouble::Reason(late)),
            Err(_) => return Err(Trouble::Reason(differs(&whole))),
            Ok(Ok(length)) => {
                let room = MAX_BANNER_BYTES - heard.len();
                heard.extend_from_slice(&buffer[..length.min(room)]);
            }
        }
    }
}

fn differs(heard: &str) -> Reason {
    let shown: String = heard.trim().chars().take(SHOWN_CHARS).collect();
    Reason::failing(
        code::BANNER_DIFFERS,
        format!("It says {:?}, not what it should.", printable(&shown)),
    )
}
