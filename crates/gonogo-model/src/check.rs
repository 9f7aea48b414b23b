//! Active probes: what to ask, how often, and how many answers make a verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::{Component, Journey};
use crate::decode::{choice, record, words};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::heartbeat::HeartbeatProbe;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::setting::Setting;
use crate::text::Spanned;
use crate::vendor::VendorProbe;

/// Registries answer strangers sparingly, and an end of registration moves by years.
pub const REGISTRATION_EVERY_MIN: Duration = Duration::from_hours(24);

record! {
    /// A question asked again and again.
    pub struct Check as "a check" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component it tells about.
        pub component: Ref<Component>,
        /// The journey it tells about.
        pub journey: Option<Ref<Journey>>,
        /// What is asked.
        pub probe: Probe,
        /// How often; for a heartbeat, how often it is expected.
        pub every: Duration = Duration::from_secs(60),
        /// How long an answer may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// How many bad answers in a row make it fail.
        pub fails_after: u8 = 2,
        /// How many good ones in a row make it well again.
        pub recovers_after: u8 = 2,
        /// How often a bad answer is asked for again at once, before it counts.
        pub retry: u8 = 0,
        /// After how long without an answer its state is unknown; three times `every`, where it is not written.
        pub unknown_after: Option<Duration>,
        /// From where it is asked, and how many have to agree; by the server alone, where it is
        /// not written.
        pub from: Option<From>,
    }
}

record! {
    /// From where a check is asked.
    pub struct From as "places that ask" {
        /// The places: `local` is the server itself, each other one is a `gonogo agent`.
        pub places: Vec<Id>,
        /// How many of them have to agree before it fails, and how many have to report before
        /// anything is said; more than half, where it is not written.
        pub agree: Option<u8>,
    }
}

/// The server itself, as a place.
pub const LOCAL: &str = "local";
/// The most places that one check is asked from.
pub const MAX_PLACES: usize = 16;

impl From {
    /// How many places have to agree.
    pub fn agree(&self) -> usize {
        let more_than_half = self.places.len() / 2 + 1;
        self.agree.map_or(more_than_half, usize::from)
    }
}

/// Places that nothing could agree from.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    for check in package.checks.values() {
        let Some(from) = &check.from else { continue };
        let names: BTreeSet<&Id> = from.places.iter().collect();
        let (there, agree) = (from.places.len(), from.agree());
        let mut help = "name each place once in `places:`, and let one to all of them agree";
        let wrong = if matches!(check.probe, Probe::Heartbeat(_)) {
            help = "take `from` away";
            "a heartbeat is reported and not asked, so that it has no places".to_string()
        } else if there == 0 || there > MAX_PLACES {
            format!("a check is asked from one to {MAX_PLACES} places")
        } else if names.len() < there {
            "a place is named twice".to_string()
        } else if agree == 0 || agree > there {
            format!("{agree} cannot agree of {there}")
        } else if let Probe::Acme(acme) = &check.probe
            && acme.answer.is_none()
            && check
                .from
                .iter()
                .flat_map(|f| &f.places)
                .any(|p| p.as_str() != LOCAL)
        {
            help =
                "write `answer` of a challenge that is served for good, or ask from `local` alone";
            "only the server knows the answer to a challenge of its own".to_string()
        } else {
            continue;
        };
        found.push(Diagnostic::error("check-places", check.id.span, wrong).help(help));
    }
}

entity!(Check, Check);

impl Check {
    /// After how long without an answer the state is unknown.
    pub fn stale_after(&self) -> Duration {
        self.unknown_after.unwrap_or_else(|| {
            Duration::from_millis(
                self.asked_every().as_millis().saturating_mul(3) + self.timeout.as_millis(),
            )
        })
    }

    /// Is it asked from a place?
    pub fn is_asked_from(&self, place: &str) -> bool {
        match &self.from {
            Some(from) => from.places.iter().any(|p| p.as_str() == place),
            None => place == LOCAL,
        }
    }

    /// How often it is really asked: registries are asked once a day, whatever is written.
    pub fn asked_every(&self) -> Duration {
        match self.probe {
            Probe::Registration(_) => self.every.max(REGISTRATION_EVERY_MIN),
            _ => self.every,
        }
    }
}

choice! {
    /// What a check asks.
    pub enum Probe as "a probe" {
        /// A request and what the answer has to look like.
        Http(HttpProbe) = "http",
        /// The certificate that is really served, on every address behind the name.
        Tls(TlsProbe) = "tls",
        /// What DNS says about a name.
        Dns(DnsProbe) = "dns",
        /// Until when a domain is registered, by RDAP.
        Registration(RegistrationProbe) = "registration",
        /// A port that takes connections.
        Tcp(TcpProbe) = "tcp",
        /// A service's own word on its health, by the gRPC health protocol.
        Grpc(GrpcProbe) = "grpc",
        /// The way on which a certificate authority proves a name by HTTP.
        Acme(AcmeProbe) = "acme",
        /// What a vendor says about itself.
        VendorStatus(VendorProbe) = "vendor_status",
        /// A job that reports by itself, and is missed when it does not.
        Heartbeat(HeartbeatProbe) = "heartbeat",
    }
}

record! {
    /// A request over HTTP.
    pub struct HttpProbe as "an http probe" {
        /// The URL.
        pub url: Setting,
        /// The method.
        pub method: String = "GET".into(),
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// Status codes that are good; 200 to 299, where none are written.
        pub status: Vec<u16>,
        /// Text the body must have: 200 alone can be a maintenance page.
        pub body_contains: Option<String>,
        /// Text the body must not have.
        pub body_lacks: Option<String>,
        /// Fields of a JSON body and the values they must have.
        pub json: BTreeMap<String, String>,
        /// What numbers and values of a JSON body have to be, beyond being equal.
        pub json_rules: Vec<JsonRule>,
        /// The least that a whole answer has, in bytes: an empty page can be a 200 too.
        pub min_bytes: Option<u32>,
        /// Where the answer has to redirect to: a URL, or its beginning with `*` at the end.
        pub redirects_to: Option<String>,
        /// The SHA-256 that the body has to have, in hex.
        pub content_sha256: Option<String>,
        /// Tell on the check's page and in its history when the content changes.
        pub watch_content: bool = false,
        /// How many redirects are followed.
        pub follow_redirects: u8 = 0,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// What a value of a JSON body has to be. All that is written has to hold.
    pub struct JsonRule as "a rule for a JSON value" {
        /// Where it is: `queue.depth`, `items.0.age`.
        pub at: String,
        /// It is a number below this.
        pub below: Option<String>,
        /// It is a number of at most this.
        pub at_most: Option<String>,
        /// It is a number above this.
        pub above: Option<String>,
        /// It is a number of at least this.
        pub at_least: Option<String>,
        /// It is one of these.
        pub one_of: Vec<String>,
        /// It is none of these.
        pub none_of: Vec<String>,
        /// It is a list or an object with at least so many members.
        pub members: Option<u32>,
        /// It is there, or it is not.
        pub present: bool = true,
    }
}

record! {
    /// A TLS handshake.
    pub struct TlsProbe as "a tls probe" {
        /// The name that is asked for.
        pub host: Setting,
        /// The port.
        pub port: u16 = 443,
        /// Speak this protocol first, and ask it for TLS.
        pub starttls: Option<StartTls>,
        /// The serial number that has to be served, in hex: that of the newest issued.
        pub expect_serial: Option<Setting>,
        /// A PEM file whose first certificate has to be the one that is served.
        pub expect_file: Option<Setting>,
        /// Text that the name of the issuer has to have.
        pub expect_issuer: Option<String>,
        /// Connect there instead of where the name points: one's own edge, with the customer's name.
        pub connect_to: Option<Setting>,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A question to DNS. Every written expectation has to hold; where none is written, the
    /// record has to exist.
    pub struct DnsProbe as "a dns probe" {
        /// The name that is asked about; `*.example.com` asks whether a wildcard certificate may
        /// be issued.
        pub host: Setting,
        /// Which records.
        pub record: RecordType = RecordType::A,
        /// Exactly these values, in any order.
        pub equals: Vec<Setting>,
        /// At least these values.
        pub contains: Vec<Setting>,
        /// There has to be no such record.
        pub absent: bool = false,
        /// Has to lead here: the chain of aliases ends at this name, or both have the same
        /// addresses.
        pub points_at: Option<Setting>,
        /// This certificate authority may issue, by its word in CAA records: `pki.goog`.
        pub caa_allows: Option<String>,
        /// The account at the authority, for CAA records that bind one.
        pub caa_account: Option<Setting>,
        /// How the authority proves the name, for CAA records that bind that: `http-01`.
        pub caa_method: Option<String>,
        /// What DNSSEC has to say.
        pub dnssec: Option<Dnssec>,
        /// Whom to ask, as addresses; all have to agree. The machine's own, where none is written.
        pub resolvers: Vec<Setting>,
        /// The resolvers may be on private or loopback addresses.
        pub allow_private: bool = false,
    }
}

words! {
    /// A type of DNS record.
    pub enum RecordType as "a type of DNS record" {
        /// IPv4 addresses.
        A = "A" | "a",
        /// IPv6 addresses.
        Aaaa = "AAAA" | "aaaa",
        /// The name that it is an alias of.
        Cname = "CNAME" | "cname",
        /// Texts.
        Txt = "TXT" | "txt",
        /// Who may issue certificates.
        Caa = "CAA" | "caa",
        /// The servers of a zone.
        Ns = "NS" | "ns",
        /// Where mail goes, as `10 mail.example.com`.
        Mx = "MX" | "mx",
    }
}

words! {
    /// What DNSSEC has to say.
    pub enum Dnssec as "a DNSSEC status" {
        /// Signed, and the signatures verify.
        Secure = "secure",
        /// Not signed.
        Insecure = "insecure",
        /// Signed well or not at all, but never broken.
        NotBogus = "not_bogus",
    }
}

record! {
    /// A question to the registry of a domain, at most once a day.
    pub struct RegistrationProbe as "a registration probe" {
        /// The registered domain: `example.com`.
        pub domain: Setting,
        /// Fails when fewer days than this are left.
        pub days_left: u32 = 7,
        /// The registrar it has to be with; part of its name is enough.
        pub registrar: Option<String>,
        /// Status words that must not be there.
        pub refuse_status: Vec<String>,
        /// The registry's RDAP service, where IANA's list is not to be asked.
        pub rdap: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A TCP connection.
    pub struct TcpProbe as "a tcp probe" {
        /// The host.
        pub host: Setting,
        /// The port.
        pub port: u16,
        /// Text that the other side says first, or after `send`.
        pub banner: Option<String>,
        /// Text that is sent once connected.
        pub send: Option<String>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A question by the gRPC health protocol, `grpc.health.v1`.
    pub struct GrpcProbe as "a grpc probe" {
        /// The host.
        pub host: Setting,
        /// The port.
        pub port: u16 = 443,
        /// The service; the whole server, where it is not written.
        pub service: String = String::new(),
        /// Speaks TLS.
        pub tls: bool = true,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A request as a certificate authority makes it: port 80, the challenge's path, every
    /// redirect within the same name.
    pub struct AcmeProbe as "an acme probe" {
        /// The name that is to be proven.
        pub host: Setting,
        /// The last part of the path.
        pub token: String = "gonogo-probe".into(),
        /// The text that has to come back; that of this gonogo, where it is not written.
        pub answer: Option<Setting>,
        /// Connect there instead of where the name points.
        pub connect_to: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

words! {
    /// A protocol that turns to TLS when it is asked to.
    pub enum StartTls as "a protocol with STARTTLS" {
        /// Mail, RFC 3207.
        Smtp = "smtp",
        /// PostgreSQL's SSLRequest.
        Postgres = "postgres" | "postgresql",
    }
}
