//! The probes that a package's checks become, with settings resolved where they are asked.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use gonogo_model::check::{
    Check, DnsProbe, HttpProbe, Probe, RecordType as Declared, StartTls as Spoken, TlsProbe,
};
use gonogo_model::setting::Setting;
use gonogo_model::vendor::{VendorProbe, VendorState};
use gonogo_model::{Id, Package, PackageText};
use sha2::{Digest as _, Sha256};

use crate::probe::{
    AcmeTarget, Aim, Bound, CaaQuestion, DnsExpect, DnsTarget, Feed, GOOGLE_CLOUD_FEED, GrpcTarget,
    HttpTarget, JsonRule, Level, ProbeSpec, RecordType, RegistrationTarget, StartTls, Target,
    TcpTarget, TlsExpect, TlsTarget, Trust, VendorTarget,
};
use crate::settings::Outside;

/// What is asked from a place.
#[derive(Debug)]
pub struct Asked {
    /// The probes.
    pub specs: Vec<ProbeSpec>,
    /// After how many equal answers each check has settled.
    pub settles_after: BTreeMap<Id, u32>,
    /// The checks that cannot be asked, and why.
    pub mistakes: Vec<(Id, String)>,
}

/// What is asked from a place other than the server itself. The text may be a part of a
/// package: what else it declares is not looked at.
pub fn asked_from(text: &PackageText, place: &str, outside: &Outside) -> Asked {
    of(&gonogo_model::load(text).package, place, outside, None)
}

/// What is asked from a place. `seed` is what answers to challenges of this server's own follow
/// from; nobody else knows it.
pub(super) fn of(package: &Package, place: &str, outside: &Outside, seed: Option<u64>) -> Asked {
    let mut specs = Vec::new();
    let mut settles_after = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (id, check) in &package.checks {
        if !check.is_asked_from(place) {
            continue;
        }
        settles_after.insert(id.clone(), u32::from(check.recovers_after));
        match target(check, outside, seed) {
            Ok(None) => {}
            Ok(Some(target)) => specs.push(ProbeSpec {
                check: id.to_string(),
                target,
                every: length(check.asked_every()),
                timeout: length(check.timeout),
                retry: check.retry,
            }),
            Err(why) => mistakes.push((id.clone(), format!("it cannot be asked: {why}"))),
        }
    }
    Asked {
        specs,
        settles_after,
        mistakes,
    }
}

/// What is asked; `None` where we are the one that is told.
fn target(check: &Check, outside: &Outside, seed: Option<u64>) -> Result<Option<Target>, String> {
    let asked = match &check.probe {
        Probe::VendorStatus(vendor) => vendor_target(vendor, outside).map(Target::Vendor),
        Probe::Heartbeat(_) => return Ok(None),
        Probe::Http(http) => http_target(http, outside).map(Target::Http),
        Probe::Tls(tls) => tls_target(tls, outside).map(Target::Tls),
        Probe::Dns(dns) => dns_target(dns, outside).map(|t| Target::Dns(Box::new(t))),
        Probe::Registration(registration) => Ok(Target::Registration(RegistrationTarget {
            domain: outside.resolve(&registration.domain)?,
            days_left: registration.days_left,
            registrar: registration.registrar.clone(),
            refuse_status: registration.refuse_status.clone(),
            rdap: optional(registration.rdap.as_ref(), outside)?,
            allow_private: registration.allow_private,
        })),
        Probe::Tcp(tcp) => Ok(Target::Tcp(TcpTarget {
            host: outside.resolve(&tcp.host)?,
            port: tcp.port,
            banner: tcp.banner.clone(),
            send: tcp.send.clone(),
            allow_private: tcp.allow_private,
        })),
        Probe::Grpc(grpc) => Ok(Target::Grpc(GrpcTarget {
            host: outside.resolve(&grpc.host)?,
            port: grpc.port,
            service: grpc.service.clone(),
            tls: grpc.tls,
            trust: trust(grpc.trust.as_ref(), outside)?,
            allow_private: grpc.allow_private,
        })),
        Probe::Acme(acme) => Ok(Target::Acme(AcmeTarget {
            host: outside.resolve(&acme.host)?,
            token: acme.token.clone(),
            answer: match (optional(acme.answer.as_ref(), outside)?, seed) {
                (Some(answer), _) => answer,
                (None, Some(seed)) => challenge_answer(seed, &acme.token),
                (None, None) => {
                    return Err("only the server knows the answer to a challenge of its own".into());
                }
            },
            connect_to: (acme.connect_to.as_ref())
                .map(|there| address(&outside.resolve(there)?, 80))
                .transpose()?,
            allow_private: acme.allow_private,
        })),
    };
    asked.map(Some)
}

fn vendor_target(vendor: &VendorProbe, outside: &Outside) -> Result<VendorTarget, String> {
    let request = |url: String, trusted: Option<&Setting>, private: bool| {
        let mut http = HttpTarget::get(url);
        http.trust = trust(trusted, outside)?;
        http.allow_private = private;
        http.follow_redirects = 3;
        Ok::<_, String>(http)
    };
    match vendor {
        VendorProbe::GoogleCloud(google) => {
            let url = google.url.as_ref().map(|url| outside.resolve(url));
            let url = url.unwrap_or_else(|| Ok(GOOGLE_CLOUD_FEED.into()))?;
            Ok(VendorTarget {
                http: request(url, google.trust.as_ref(), google.allow_private)?,
                stale_after: length(google.stale_after),
                feed: Feed::GoogleCloud {
                    products: google.products.clone(),
                    locations: google.locations.clone(),
                    informational: google.informational,
                    forgotten_after: length(google.forgotten_after),
                },
            })
        }
        VendorProbe::Statuspage(page) => {
            let url = summary_of(&outside.resolve(&page.url)?);
            Ok(VendorTarget {
                http: request(url, page.trust.as_ref(), page.allow_private)?,
                stale_after: length(page.stale_after),
                feed: Feed::Statuspage {
                    components: page.components.clone(),
                    groups: page.groups.clone(),
                    fails_from: match page.fails_from {
                        VendorState::Degraded => Level::Degraded,
                        VendorState::Partial => Level::Partial,
                        VendorState::Major => Level::Major,
                    },
                    informational: page.informational,
                },
            })
        }
    }
}

/// The `summary.json` of a page, which may be named itself.
fn summary_of(url: &str) -> String {
    match url.ends_with(".json") {
        true => url.to_owned(),
        false => format!("{}/api/v2/summary.json", url.trim_end_matches('/')),
    }
}

fn http_target(http: &HttpProbe, outside: &Outside) -> Result<HttpTarget, String> {
    let mut target = HttpTarget::get(outside.resolve(&http.url)?);
    target.method.clone_from(&http.method);
    for (name, value) in &http.headers {
        target
            .headers
            .push((name.clone(), outside.resolve(value)?.into()));
    }
    if !http.status.is_empty() {
        target.accept_status = http.status.iter().map(|s| *s..=*s).collect();
    }
    target.body_contains.clone_from(&http.body_contains);
    target.body_lacks.clone_from(&http.body_lacks);
    target.json = http.json.clone().into_iter().collect();
    target.json_rules = http.json_rules.iter().map(json_rule).collect();
    target.min_bytes = http.min_bytes.map_or(0, |n| n as usize);
    target.redirects_to.clone_from(&http.redirects_to);
    target.content_sha256.clone_from(&http.content_sha256);
    target.watch_content = http.watch_content;
    target.follow_redirects = http.follow_redirects;
    if http.redirects_to.is_some() && http.status.is_empty() && http.follow_redirects == 0 {
        target.accept_status = vec![301..=303, 307..=308];
    }
    target.trust = trust(http.trust.as_ref(), outside)?;
    target.allow_private = http.allow_private;
    Ok(target)
}

fn json_rule(rule: &gonogo_model::check::JsonRule) -> JsonRule {
    let bounds = [
        (Bound::Below, &rule.below),
        (Bound::AtMost, &rule.at_most),
        (Bound::Above, &rule.above),
        (Bound::AtLeast, &rule.at_least),
    ];
    let written = bounds
        .into_iter()
        .filter_map(|(bound, limit)| Some((bound, limit.clone()?)));
    JsonRule {
        at: rule.at.clone(),
        bounds: written.collect(),
        one_of: rule.one_of.clone(),
        none_of: rule.none_of.clone(),
        members: rule.members.map(|n| n as usize),
        absent: !rule.present,
    }
}

fn tls_target(tls: &TlsProbe, outside: &Outside) -> Result<TlsTarget, String> {
    let mut target = TlsTarget::new(outside.resolve(&tls.host)?, tls.port);
    target.trust = trust(tls.trust.as_ref(), outside)?;
    target.allow_private = tls.allow_private;
    target.starttls = tls.starttls.map(|protocol| match protocol {
        Spoken::Smtp => StartTls::Smtp,
        Spoken::Postgres => StartTls::Postgres,
    });
    target.expect = TlsExpect {
        serial: optional(tls.expect_serial.as_ref(), outside)?.map(|text| serial(&text)),
        fingerprint: match &tls.expect_file {
            Some(file) => Some(fingerprint(&outside.resolve(file)?)?),
            None => None,
        },
        issuer: tls.expect_issuer.clone(),
    };
    if let Some(there) = &tls.connect_to {
        target.connect_to = Some(address(&outside.resolve(there)?, tls.port)?);
    }
    Ok(target)
}

fn dns_target(dns: &DnsProbe, outside: &Outside) -> Result<DnsTarget, String> {
    let all = |settings: &[Setting]| -> Result<Vec<String>, String> {
        settings.iter().map(|s| outside.resolve(s)).collect()
    };
    let resolvers = all(&dns.resolvers)?;
    let resolver = |text: &String| resolver(text);
    Ok(DnsTarget {
        host: outside.resolve(&dns.host)?,
        record: match dns.record {
            Declared::A => RecordType::A,
            Declared::Aaaa => RecordType::AAAA,
            Declared::Cname => RecordType::CNAME,
            Declared::Txt => RecordType::TXT,
            Declared::Caa => RecordType::CAA,
            Declared::Ns => RecordType::NS,
            Declared::Mx => RecordType::MX,
        },
        expect: DnsExpect {
            equals: all(&dns.equals)?,
            contains: all(&dns.contains)?,
            absent: dns.absent,
            points_at: (dns.points_at.as_ref())
                .map(|there| outside.resolve(there).map(|there| aim(&there)))
                .transpose()?,
            caa: match &dns.caa_allows {
                Some(issuer) => Some(CaaQuestion {
                    issuer: issuer.clone(),
                    account: optional(dns.caa_account.as_ref(), outside)?,
                    method: dns.caa_method.clone(),
                }),
                None => None,
            },
            dnssec: dns.dnssec,
        },
        resolvers: resolvers.iter().map(resolver).collect::<Result<_, _>>()?,
        allow_private: dns.allow_private,
    })
}

/// A name or an address.
fn aim(there: &str) -> Aim {
    match there.parse::<IpAddr>() {
        Ok(address) => Aim {
            addresses: vec![address],
            ..Aim::default()
        },
        Err(_) => Aim {
            names: vec![there.to_owned()],
            ..Aim::default()
        },
    }
}

/// An address with or without a port; a name would have to be resolved first.
pub(crate) fn resolver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    bare.or_else(|_| text.parse())
        .map_err(|_| format!("the resolver `{text}` is not an address"))
}

fn optional(setting: Option<&Setting>, outside: &Outside) -> Result<Option<String>, String> {
    setting.map(|s| outside.resolve(s)).transpose()
}

/// What this installation answers to a challenge of its own.
pub fn challenge_answer(seed: u64, token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"gonogo acme probe");
    hash.update(seed.to_be_bytes());
    hash.update(token.as_bytes());
    let hash: String = hash.finalize()[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    format!("{token}.{hash}")
}

/// A serial number as tools print it: upper case, colons, leading zeros.
fn serial(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_hexdigit);
    let lower: String = digits.map(|c| c.to_ascii_lowercase()).collect();
    lower.trim_start_matches('0').to_owned()
}

/// The SHA-256 of the first certificate of a PEM file.
fn fingerprint(path: &str) -> Result<String, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let first = CertificateDer::from_pem_file(path)
        .map_err(|_| format!("no certificate can be read from {path}"))?;
    let hash = Sha256::digest(&first);
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `host`, `host:port` or an address.
fn address(text: &str, port: u16) -> Result<SocketAddr, String> {
    let with_port = if text.parse::<SocketAddr>().is_ok()
        || text
            .rsplit_once(':')
            .is_some_and(|(_, p)| p.parse::<u16>().is_ok())
    {
        text.to_string()
    } else {
        format!("{text}:{port}")
    };
    with_port
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| format!("`{text}` leads to no address"))
}

pub(crate) fn trust(file: Option<&Setting>, outside: &Outside) -> Result<Trust, String> {
    let Some(file) = file else {
        return Ok(Trust::WebPki);
    };
    let path = outside.resolve(file)?;
    std::fs::read(&path)
        .map(Trust::Roots)
        .map_err(|error| format!("the roots at {path} cannot be read: {error}"))
}

fn length(length: gonogo_model::Duration) -> Duration {
    Duration::from_millis(length.as_millis().unsigned_abs())
}
