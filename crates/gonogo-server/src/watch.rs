//! Watching: the package's checks become probes, and their answers become inputs.
//!
//! A changed answer is journalled at once, equal ones as one summary a minute, so that
//! thousands of healthy checks do not fill the journal. Invariant: an answer that differs
//! from the one before is in the journal before the next of its check is taken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::input::{
    Certificate, CheckResult, CheckVerdict, Notice, Phases, Registration, Seen,
};
use gonogo_engine::{Input, Time};
use gonogo_model::check::{
    Check, DnsProbe, HttpProbe, Probe, RecordType as Declared, StartTls as Spoken, TlsProbe,
};
use gonogo_model::setting::Setting;
use gonogo_model::vendor::{VendorProbe, VendorState};
use gonogo_model::{Id, Package};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::courier::append;
use crate::probe::{
    AcmeTarget, Aim, Bound, CaaQuestion, DnsExpect, DnsTarget, Feed, GOOGLE_CLOUD_FEED, GrpcTarget,
    HttpTarget, JsonRule, Level, Options, ProbeResult, ProbeSpec, RecordType, RegistrationTarget,
    Scheduler, StartTls, Target, TcpTarget, TlsExpect, TlsTarget, Trust, VendorNotice,
    VendorTarget, Verdict,
};
use crate::settings::Outside;
use crate::store::{Lane, Store};
use crate::view::View;

/// How often equal answers are summed up.
const SUMMARY_EVERY: Duration = Duration::from_secs(60);
/// The pause between the first questions to new checks.
const FIRST_EVERY: Duration = Duration::from_millis(50);
/// Answers that may wait to be written down.
const ANSWERS_WAITING_MAX: usize = 1024;

/// How tokens of our own challenges begin.
pub const CHALLENGE_TOKEN: &str = "gonogo-probe";

/// What watching needs.
pub struct Watch {
    /// Where answers go.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where targets and roots are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// What the stagger follows from.
    pub seed: u64,
}

impl Watch {
    /// Probes what the package in force says until `stop` is told.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (sink, mut answers) = mpsc::channel(ANSWERS_WAITING_MAX);
        let options = Options {
            seed: self.seed,
            ..Options::default()
        };
        let scheduler = Scheduler::start(Vec::new(), sink, options);
        let mut in_force = None;
        let mut kept: BTreeMap<Id, Kept> = BTreeMap::new();
        let mut summary = tokio::time::interval(SUMMARY_EVERY);
        // A check that is new is asked at once, whatever its interval, one after the other.
        let mut fresh: VecDeque<String> = VecDeque::new();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut first = tokio::time::interval(FIRST_EVERY);
        while !*stop.borrow() {
            let view = self.view.borrow_and_update().clone();
            let key = (view.plan.package.digest.clone(), view.overlay.clone());
            if in_force.as_ref() != Some(&key) {
                in_force = Some(key);
                let (specs, mistakes) = specs(&view.plan.package, &self.outside, self.seed);
                kept.retain(|id, _| view.plan.package.checks.contains_key(id));
                let names: BTreeSet<String> = specs.iter().map(|s| s.check.clone()).collect();
                fresh.extend(names.difference(&asked).cloned());
                asked = names;
                scheduler.replace(specs).await;
                for (id, why) in mistakes {
                    let result = self.result(id, CheckVerdict::Unknown, "not_configured", why);
                    self.write(&[result]).await;
                }
            }
            tokio::select! {
                Some(answer) = answers.recv() => self.take(answer, &mut kept).await,
                _ = summary.tick() => self.sum_up(&mut kept).await,
                _ = first.tick(), if !fresh.is_empty() => {
                    if let Some(check) = fresh.pop_front() {
                        scheduler.run_now(&check).await;
                    }
                }
                _ = self.view.changed() => {}
                _ = stop.changed() => {}
            }
        }
        scheduler.stop().await;
        self.sum_up(&mut kept).await;
    }

    async fn take(&self, answer: ProbeResult, kept: &mut BTreeMap<Id, Kept>) {
        let Ok(id) = Id::parse(&answer.check) else {
            return;
        };
        let result = self.converted(id.clone(), &answer);
        let declared = self
            .view
            .borrow()
            .plan
            .package
            .checks
            .get(&id)
            .map(|c| c.recovers_after);
        let entry = kept.entry(id).or_default();
        entry.run = match &entry.last {
            Some(last) if same(last, &result) => entry.run.saturating_add(1),
            _ => 1,
        };
        // Until a check has settled every answer counts: a few in a row make a verdict.
        if entry.run > u32::from(declared.unwrap_or(1).max(1)) {
            entry.waiting += 1;
            entry.last = Some(result);
            return;
        }
        let before = entry.flush();
        entry.last = Some(result.clone());
        let results: Vec<CheckResult> = before.into_iter().chain([result]).collect();
        self.write(&results).await;
    }

    async fn sum_up(&self, kept: &mut BTreeMap<Id, Kept>) {
        let results: Vec<CheckResult> = kept.values_mut().filter_map(Kept::flush).collect();
        if !results.is_empty() {
            self.write(&results).await;
        }
    }

    /// Writes answers down, and keeps trying: an answer that was taken is not lost.
    async fn write(&self, results: &[CheckResult]) {
        let inputs: Vec<Input> = results.iter().cloned().map(Input::Check).collect();
        while let Err(error) = append(&self.store, Lane::World, &inputs, self.clock.now()).await {
            if error == crate::store::StoreError::Closed {
                return;
            }
            tracing::error!(%error, "answers of checks cannot be written down; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    fn converted(&self, check: Id, answer: &ProbeResult) -> CheckResult {
        let verdict = match answer.verdict {
            Verdict::Ok => CheckVerdict::Ok,
            Verdict::Failing => CheckVerdict::Failing,
            Verdict::Unknown => CheckVerdict::Unknown,
        };
        let mut result = self.result(check, verdict, answer.code, answer.detail.clone());
        result.took = gonogo_model::Duration::from_millis(
            i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX),
        );
        result.seen = Box::new(seen(answer));
        result.certificate = answer.certificate.as_ref().map(|c| Certificate {
            not_before: Time::from(c.not_before),
            not_after: Time::from(c.earliest_chain_expiry.min(c.not_after)),
            issuer: c.issuer.clone(),
            serial: c.serial.clone(),
        });
        result.registration = answer.registration.as_ref().map(|r| Registration {
            ends: r.ends.map(Time::from),
            registrar: r.registrar.clone(),
            status: r.status.clone(),
        });
        result
    }

    fn result(&self, check: Id, verdict: CheckVerdict, code: &str, detail: String) -> CheckResult {
        CheckResult {
            check,
            at: self.clock.now(),
            verdict,
            code: code.into(),
            detail,
            took: gonogo_model::Duration::ZERO,
            count: 1,
            certificate: None,
            registration: None,
            seen: Box::default(),
        }
    }
}

/// What a probe saw besides, as the journal keeps it.
fn seen(answer: &ProbeResult) -> Seen {
    let millis = |phase: Option<Duration>| {
        phase.map(|length| u32::try_from(length.as_millis()).unwrap_or(u32::MAX))
    };
    let notice = |notice: &VendorNotice| Notice {
        title: notice.title.clone(),
        state: notice.state.clone(),
        counts: notice.counts,
        since: notice.since.map(Time::from),
        link: notice.link.clone(),
    };
    let extra = &answer.extra;
    Seen {
        phases: Phases {
            dns: millis(answer.phases.dns),
            connect: millis(answer.phases.connect),
            tls: millis(answer.phases.tls),
            first_byte: millis(answer.phases.first_byte),
            transfer: millis(answer.phases.transfer),
        },
        notices: extra.notices.iter().map(notice).collect(),
        remarks: extra.remarks.clone(),
        content: extra.content.clone(),
    }
}

#[derive(Default)]
struct Kept {
    last: Option<CheckResult>,
    /// How many equal answers there were in a row.
    run: u32,
    /// Equal answers since the last one that was written down.
    waiting: u32,
}

impl Kept {
    fn flush(&mut self) -> Option<CheckResult> {
        let count = std::mem::take(&mut self.waiting);
        let last = self.last.as_ref().filter(|_| count > 0)?;
        Some(CheckResult {
            count,
            ..last.clone()
        })
    }
}

/// Do two answers say the same? A failing one is always news: a few in a row make a verdict,
/// and that must not wait for a summary.
fn same(before: &CheckResult, after: &CheckResult) -> bool {
    before.verdict == after.verdict
        && before.code == after.code
        && before.certificate == after.certificate
        && before.registration == after.registration
        && before.seen.notices == after.seen.notices
        && before.seen.content == after.seen.content
        && after.verdict == CheckVerdict::Ok
}

/// The probes of a package, and the checks that cannot be asked with the reason.
fn specs(package: &Package, outside: &Outside, seed: u64) -> (Vec<ProbeSpec>, Vec<(Id, String)>) {
    let mut specs = Vec::new();
    let mut mistakes = Vec::new();
    for (id, check) in &package.checks {
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
    (specs, mistakes)
}

/// What is asked; `None` where we are the one that is told.
fn target(check: &Check, outside: &Outside, seed: u64) -> Result<Option<Target>, String> {
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
            answer: optional(acme.answer.as_ref(), outside)?
                .unwrap_or_else(|| challenge_answer(seed, &acme.token)),
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
