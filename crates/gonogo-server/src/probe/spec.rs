//! What to ask, of whom, how often: the input of a probe.
//!
//! These types know nothing of the package's text; whoever reads the package converts.
//! Invariant: a spec holds everything that its run depends on, so two equal specs are the
//! same check and a reload may keep the first one's schedule.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

pub use gonogo_model::check::Dnssec;
pub use hickory_proto::rr::RecordType;

use super::dns::{Aim, CaaQuestion};
use super::{SecretString, StartTls, VendorTarget};

/// The shortest interval; a shorter one is raised to it.
pub const MIN_EVERY: Duration = Duration::from_secs(1);

/// The longest time one probe may take; a longer timeout is cut to it.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// The most of a body that is read, whatever the spec says.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most a bad answer is asked for again within one round.
pub const MAX_RETRIES: u8 = 3;

const DEFAULT_BODY_BYTES: usize = 1024 * 1024;

/// One active check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSpec {
    /// The check's id; results carry it back.
    pub check: String,
    /// What is asked.
    pub target: Target,
    /// The time between planned starts.
    pub every: Duration,
    /// The limit that covers everything from the DNS question to the last byte.
    pub timeout: Duration,
    /// How often a bad answer is asked for again at once; at most [`MAX_RETRIES`].
    pub retry: u8,
}

/// The kind of question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Ask for a page and judge the answer.
    Http(HttpTarget),
    /// Shake hands with every address behind a name and keep the certificate.
    Tls(TlsTarget),
    /// Ask resolvers about a name.
    Dns(Box<DnsTarget>),
    /// Ask the registry until when a domain is registered.
    Registration(RegistrationTarget),
    /// Open a connection, and perhaps read what is said first.
    Tcp(TcpTarget),
    /// Ask a gRPC server for its own word on its health.
    Grpc(GrpcTarget),
    /// Ask for a challenge as a certificate authority does.
    Acme(AcmeTarget),
    /// Read what a vendor says about itself.
    Vendor(VendorTarget),
}

/// A name and what resolvers should say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsTarget {
    /// The name.
    pub host: String,
    /// The type of record.
    pub record: RecordType,
    /// What should be said.
    pub expect: DnsExpect,
    /// Whom to ask; the machine's own resolver, where there is none.
    pub resolvers: Vec<SocketAddr>,
    /// Whether resolvers may be on loopback and private addresses.
    pub allow_private: bool,
}

/// What resolvers should say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsExpect {
    /// Exactly these.
    pub equals: Vec<String>,
    /// At least these.
    pub contains: Vec<String>,
    /// None at all.
    pub absent: bool,
    /// Where the name should lead.
    pub points_at: Option<Aim>,
    /// Who should be let issue certificates.
    pub caa: Option<CaaQuestion>,
    /// What DNSSEC should say.
    pub dnssec: Option<Dnssec>,
}

impl DnsExpect {
    /// Nothing is wanted of the records themselves.
    pub(super) fn is_plain(&self) -> bool {
        self.equals.is_empty()
            && self.contains.is_empty()
            && !self.absent
            && self.dnssec.is_none()
            && self.points_at.is_none()
    }
}

/// A registered domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationTarget {
    /// The domain.
    pub domain: String,
    /// Fails below so many days.
    pub days_left: u32,
    /// Part of the registrar's name.
    pub registrar: Option<String>,
    /// Status words that are bad.
    pub refuse_status: Vec<String>,
    /// The RDAP service; found by IANA's list, where it is not given.
    pub rdap: Option<String>,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpTarget {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Text that has to come.
    pub banner: Option<String>,
    /// Text that is sent first.
    pub send: Option<String>,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// A gRPC server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcTarget {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The service, or nothing for the server as a whole.
    pub service: String,
    /// Speaks TLS.
    pub tls: bool,
    /// Who may vouch for the server.
    pub trust: Trust,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// A challenge of a certificate authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeTarget {
    /// The name that is proven.
    pub host: String,
    /// The last part of the path.
    pub token: String,
    /// What has to come back.
    pub answer: String,
    /// Connect here instead of asking DNS.
    pub connect_to: Option<SocketAddr>,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// What a value of a JSON body has to be. All that is written has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonRule {
    /// The dotted path.
    pub at: String,
    /// Bounds of a number: the comparison, and the bound as it was written.
    pub bounds: Vec<(Bound, String)>,
    /// The values of which it is one, where there are any.
    pub one_of: Vec<String>,
    /// The values of which it is none.
    pub none_of: Vec<String>,
    /// The least members of a list or an object.
    pub members: Option<usize>,
    /// Whether it has to be missing.
    pub absent: bool,
}

/// A comparison with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Less than it.
    Below,
    /// Not more than it.
    AtMost,
    /// More than it.
    Above,
    /// Not less than it.
    AtLeast,
}

/// An HTTP or HTTPS request and what its answer must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget {
    /// An absolute `http` or `https` URL without user name or password.
    pub url: String,
    /// The method; no body is ever sent.
    pub method: String,
    /// Extra request headers. They are left out once a redirect leaves the origin.
    pub headers: Vec<(String, SecretString)>,
    /// The status codes that count as good.
    pub accept_status: Vec<RangeInclusive<u16>>,
    /// A text that the body must contain.
    pub body_contains: Option<String>,
    /// A text that the body must not contain.
    pub body_lacks: Option<String>,
    /// Dotted paths into a JSON body and the text each must have, such as
    /// `("checks.0.status", "ok")`.
    pub json: Vec<(String, String)>,
    /// What values of a JSON body have to be, beyond being equal.
    pub json_rules: Vec<JsonRule>,
    /// The least that a body has, in bytes.
    pub min_bytes: usize,
    /// Where the answer has to lead: a URL, or its beginning and `*`.
    pub redirects_to: Option<String>,
    /// The SHA-256 that the body has to have, in lower-case hex.
    pub content_sha256: Option<String>,
    /// Whether the content's SHA-256 is part of the result.
    pub watch_content: bool,
    /// Whether the body is kept for whoever reads more of it.
    pub keep_body: bool,
    /// How much of the body is read; at most [`MAX_BODY_BYTES`].
    pub max_body_bytes: usize,
    /// How many redirects are followed; at most [`MAX_REDIRECTS`](super::MAX_REDIRECTS).
    pub follow_redirects: u8,
    /// Who may vouch for the server.
    pub trust: Trust,
    /// Connect here instead of asking DNS; the name stays in SNI and `Host`.
    pub connect_to: Option<SocketAddr>,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// A TLS service and the name under which it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsTarget {
    /// The name (or address) to resolve.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The protocol to speak first.
    pub starttls: Option<StartTls>,
    /// What has to be served, beyond what verifies.
    pub expect: TlsExpect,
    /// The name sent as SNI and verified, when it is not `host`.
    pub server_name: Option<String>,
    /// Connect here instead of asking DNS, for example one's own edge.
    pub connect_to: Option<SocketAddr>,
    /// Who may vouch for the server.
    pub trust: Trust,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
}

/// Which certificate has to be served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsExpect {
    /// Its serial number in lower-case hex, without leading zeros.
    pub serial: Option<String>,
    /// Its SHA-256 in lower-case hex.
    pub fingerprint: Option<String>,
    /// A part of its issuer's name.
    pub issuer: Option<String>,
}

/// Who may vouch for a server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The public roots (Mozilla's list).
    #[default]
    WebPki,
    /// The public roots and these PEM certificates.
    Roots(Vec<u8>),
}

impl HttpTarget {
    /// A `GET` that accepts any 2xx.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            accept_status: vec![200..=299],
            body_contains: None,
            body_lacks: None,
            json: Vec::new(),
            json_rules: Vec::new(),
            min_bytes: 0,
            redirects_to: None,
            content_sha256: None,
            watch_content: false,
            keep_body: false,
            max_body_bytes: DEFAULT_BODY_BYTES,
            follow_redirects: 0,
            trust: Trust::WebPki,
            connect_to: None,
            allow_private: false,
        }
    }
}

impl TlsTarget {
    /// The given host and port with the public roots.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            starttls: None,
            expect: TlsExpect::default(),
            server_name: None,
            connect_to: None,
            trust: Trust::WebPki,
            allow_private: false,
        }
    }
}

impl ProbeSpec {
    /// The interval within its limits.
    pub(super) fn every(&self) -> Duration {
        self.every.max(MIN_EVERY)
    }

    /// The timeout within its limits.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
    }

    /// What shares a concurrency limit: the pinned address, else the host that is asked.
    pub(super) fn host_key(&self) -> String {
        let of_http = |http: &HttpTarget| {
            let url = reqwest::Url::parse(&http.url).ok();
            let host = url.and_then(|url| url.host_str().map(str::to_owned));
            (host.unwrap_or_default(), http.connect_to)
        };
        let (host, pinned) = match &self.target {
            Target::Http(http) => of_http(http),
            Target::Vendor(vendor) => of_http(&vendor.http),
            Target::Tls(tls) => (tls.host.clone(), tls.connect_to),
            // Resolvers are asked all the time by everybody; the limit is for the name's sake.
            Target::Dns(dns) => (dns.host.clone(), None),
            Target::Registration(registration) => (
                // A registry is one host for all its domains.
                registration.rdap.clone().unwrap_or_else(|| {
                    let name = registration.domain.trim_end_matches('.');
                    format!("rdap {}", name.rsplit('.').next().unwrap_or(name))
                }),
                None,
            ),
            Target::Tcp(tcp) => (tcp.host.clone(), None),
            Target::Grpc(grpc) => (grpc.host.clone(), None),
            Target::Acme(acme) => (acme.host.clone(), acme.connect_to),
        };
        match pinned {
            Some(address) => address.ip().to_string(),
            None => host.trim_end_matches('.').to_ascii_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(target: Target) -> ProbeSpec {
        ProbeSpec {
            check: "c".into(),
            target,
            every: Duration::ZERO,
            timeout: Duration::from_secs(100_000),
            retry: 0,
        }
    }

    #[test]
    fn interval_and_timeout_stay_within_their_limits() {
        let spec = spec(Target::Tls(TlsTarget::new("example.com", 443)));
        assert_eq!(spec.every(), MIN_EVERY);
        assert_eq!(spec.timeout(), MAX_TIMEOUT);
    }

    #[test]
    fn the_host_key_is_the_name_or_the_pinned_address() {
        let mut http = HttpTarget::get("https://WWW.Example.com:8443/a");
        assert_eq!(
            spec(Target::Http(http.clone())).host_key(),
            "www.example.com"
        );
        http.connect_to = Some("192.0.2.1:443".parse().unwrap());
        assert_eq!(spec(Target::Http(http)).host_key(), "192.0.2.1");
        let tls = TlsTarget::new("Example.com.", 443);
        assert_eq!(spec(Target::Tls(tls)).host_key(), "example.com");
    }
}
