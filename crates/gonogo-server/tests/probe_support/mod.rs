//! Real listeners and freshly made certificates for the tests of probes.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod http;
pub mod names;
pub mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use gonogo_server::probe::{
    AddressPolicy, HttpTarget, ProbeResult, ProbeSpec, Prober, Target, TlsTarget, Trust,
};

use names::Names;

/// Long enough that only a defect meets it.
pub const PATIENT: Duration = Duration::from_secs(20);

/// Short enough to wait for where the timeout is what is tested.
pub const SHORT: Duration = Duration::from_millis(250);

pub fn spec(target: Target, timeout: Duration) -> ProbeSpec {
    ProbeSpec {
        check: "edge".to_owned(),
        target,
        every: Duration::from_secs(60),
        timeout,
        retry: 0,
    }
}

/// Asks once with a resolver that knows only the given names.
pub async fn ask(names: Names, target: Target, timeout: Duration) -> ProbeResult {
    let prober = Prober::new(names.into_resolver(), AddressPolicy::default());
    prober.run(&spec(target, timeout)).await
}

pub async fn ask_http(target: HttpTarget) -> ProbeResult {
    ask(Names::none(), Target::Http(target), PATIENT).await
}

/// A page of a listener on loopback.
pub fn page(address: SocketAddr, path: &str) -> HttpTarget {
    let mut target = HttpTarget::get(format!("http://{address}{path}"));
    target.allow_private = true;
    target
}

/// A TLS listener on loopback, asked as `app.example.com`.
pub fn tls_at(address: SocketAddr, roots: &str) -> TlsTarget {
    let mut target = TlsTarget::new("app.example.com", 443);
    target.connect_to = Some(address);
    target.trust = Trust::Roots(roots.as_bytes().to_vec());
    target.allow_private = true;
    target
}
