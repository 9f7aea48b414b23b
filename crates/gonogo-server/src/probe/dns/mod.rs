//! The DNS check: what each resolver says about a name, and whether that is as it should be.
//!
//! It exists because a name that leads elsewhere, a CAA record or a broken signature takes a
//! customer's domain down while every server is well. Invariant: "there is no such name" is
//! an answer, and a resolver that gave none makes nothing red.

pub(super) mod ask;
pub(super) mod caa;
mod judge;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use futures::future::join_all;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use tokio::time::Instant;

pub use caa::CaaQuestion;

use self::ask::{Checking, Mute, Said, text};
use self::caa::{Ruling, climb, rule};
use super::connect::{Deadline, millis};
use super::outcome::{Phases, Reason, code};
use super::policy::Scope;
use super::prober::{Finding, Prober};
use super::{DnsExpect, DnsTarget};

/// Resolvers that one check asks.
pub const MAX_RESOLVERS: usize = 8;
/// Values that a sentence names.
const SHOWN_VALUES: usize = 6;

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &DnsTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let resolvers = resolvers(prober, target)?;
    let started = Instant::now();
    let asked = resolvers.iter().take(MAX_RESOLVERS);
    let asked = asked.map(|resolver| one(*resolver, target, deadline));
    let opinions: Vec<Opinion> = join_all(asked).await;
    let reason = judge::together(target, &opinions, started.elapsed());
    let mut finding = Finding::of(reason);
    finding.phases = Phases {
        dns: Some(started.elapsed()),
        ..Phases::default()
    };
    Ok(finding)
}

/// What one resolver's answers come to.
pub(super) struct Opinion {
    pub resolver: SocketAddr,
    pub reason: Reason,
    /// The values, to compare with what others say.
    pub values: BTreeSet<String>,
}

fn resolvers(prober: &Prober, target: &DnsTarget) -> Result<Vec<SocketAddr>, Reason> {
    if target.resolvers.is_empty() {
        return prober.nameservers.clone().ok_or_else(|| {
            Reason::unknown(
                code::DNS_UNAVAILABLE,
                "This machine names no resolver in /etc/resolv.conf, and the check names none.",
            )
        });
    }
    for resolver in &target.resolvers {
        let scope = Scope::of(target.allow_private);
        if let Err(refusal) = prober.policy.judge_address(resolver.ip(), scope) {
            return Err(super::connect::refused(refusal, *resolver));
        }
    }
    Ok(target.resolvers.clone())
}

/// Asks one resolver everything that the check wants to know.
async fn one(resolver: SocketAddr, target: &DnsTarget, deadline: Deadline) -> Opinion {
    let mut values = BTreeSet::new();
    let outcome = expectations(resolver, target, &mut values, deadline).await;
    Opinion {
        resolver,
        reason: outcome.unwrap_or_else(|reason| reason),
        values,
    }
}

async fn expectations(
    resolver: SocketAddr,
    target: &DnsTarget,
    values: &mut BTreeSet<String>,
    deadline: Deadline,
) -> Result<Reason, Reason> {
    let asking = Asking { resolver, deadline };
    let expect = &target.expect;
    let mut told = Vec::new();
    // CAA of a wildcard is asked of the name without the star.
    let host = target.host.strip_prefix("*.").unwrap_or(&target.host);
    let only_caa = expect.caa.is_some() && expect.is_plain();
    if expect.points_at.is_none() && !only_caa {
        let said = asking.records(host, target.record).await?;
        *values = said.records.iter().map(value).collect();
        told.push(judge::records(host, target.record, &said, expect)?);
        dnssec(&asking, &said, expect).await?;
    }
    if let Some(aim) = &expect.points_at {
        told.push(asking.points_at(host, aim).await?);
    }
    if let Some(question) = &expect.caa {
        told.push(asking.caa(&target.host, question).await?);
    }
    Ok(Reason::ok(told.join(" ")))
}

/// Where a name should lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Names: an alias has to end at one of them, or share their addresses.
    pub names: Vec<String>,
    /// Addresses that are right whatever the names say.
    pub addresses: Vec<IpAddr>,
}

/// One resolver and the time that is left.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    pub resolver: SocketAddr,
    pub deadline: Deadline,
}

impl Asking {
    /// The records of a name. An empty set is an answer.
    pub async fn records(&self, name: &str, kind: RecordType) -> Result<Said, Reason> {
        let said = ask::ask(self.resolver, name, kind, Checking::Enabled, self.deadline).await;
        let said = said.map_err(|mute| self.mute(name, &mute))?;
        match said.code {
            ResponseCode::NoError | ResponseCode::NXDomain => Ok(said),
            ResponseCode::ServFail => Err(self.servfail(name, kind).await),
            ResponseCode::Refused => Err(Reason::unknown(
                code::DNS_REFUSED,
                format!(
                    "The resolver {} refuses to answer for {name}.",
                    self.resolver
                ),
            )),
            other => Err(Reason::unknown(
                code::DNS_UNAVAILABLE,
                format!("The resolver {} answers {other} for {name}.", self.resolver),
            )),
        }
    }

    /// A resolver that fails only while it checks signatures has found them broken.
    async fn servfail(&self, name: &str, kind: RecordType) -> Reason {
        let unchecked = ask::ask(self.resolver, name, kind, Checking::Disabled, self.deadline);
        let answers =
            |said: &Said| matches!(said.code, ResponseCode::NoError | ResponseCode::NXDomain);
        match unchecked.await {
            Ok(said) if answers(&said) => Reason::failing(
                code::DNS_BOGUS,
                format!(
                    "The DNSSEC signatures of {name} do not verify: {} answers only when it is \
                     told not to check them.",
                    self.resolver
                ),
            ),
            _ => Reason::unknown(
                code::DNS_SERVFAIL,
                format!(
                    "The resolver {} cannot get an answer for {name} (SERVFAIL), with and without \
                     DNSSEC.",
                    self.resolver
                ),
            ),
        }
    }

    fn mute(&self, name: &str, mute: &Mute) -> Reason {
        let resolver = self.resolver;
        match mute {
            Mute::BadName => Reason::unknown(
                code::SPEC_INVALID,
                format!("{:?} is not a name.", super::certificate::printable(name)),
            ),
            Mute::Timeout => Reason::unknown(
                code::DNS_UNAVAILABLE,
                format!(
                    "The resolver {resolver} gave no answer for {name} within {}.",
                    millis(self.deadline.timeout)
                ),
            ),
            Mute::Unreachable(why) => Reason::unknown(
                code::DNS_UNAVAILABLE,
                format!("The resolver {resolver} cannot be asked for {name}: {why}."),
            ),
            Mute::Garbled(why) => Reason::unknown(
                code::DNS_GARBLED,
                format!("The resolver {resolver} sent something for {name}, but {why}."),
            ),
            Mute::Loop(at) => Reason::failing(
                code::DNS_LOOP,
                format!("The aliases of {name} lead in a circle or go on too long, at {at}."),
            ),
        }
    }

    /// Both families of addresses, and the way there.
    pub async fn addresses(&self, name: &str) -> Result<(Vec<String>, BTreeSet<IpAddr>), Reason> {
        let (four, six) = tokio::join!(
            self.records(name, RecordType::A),
            self.records(name, RecordType::AAAA)
        );
        let (four, six) = (four?, six?);
        let found = four.records.iter().chain(&six.records);
        let found = found.filter_map(|record| match record {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
            _ => None,
        });
        Ok((four.chain.clone(), found.collect()))
    }

    /// Does it lead where it should, with every address?
    pub async fn points_at(&self, host: &str, aim: &Aim) -> Result<String, Reason> {
        let (chain, found) = self.addresses(host).await?;
        if let Some(end) = (aim.names.iter()).find(|aim| {
            let bare = aim.trim_end_matches('.');
            chain.iter().any(|alias| alias.eq_ignore_ascii_case(bare))
        }) {
            return match found.len() {
                0 => Err(Reason::failing(
                    code::DNS_NO_RECORD,
                    format!("{host} is an alias of {end}, which has no address."),
                )),
                _ => Ok(format!("{host} is an alias of {end}.")),
            };
        }
        if found.is_empty() {
            return Err(nothing(host, &chain));
        }
        let mut right: BTreeSet<IpAddr> = aim.addresses.iter().copied().collect();
        for name in &aim.names {
            right.extend(self.addresses(name).await?.1);
        }
        if right.is_empty() {
            return Err(Reason::unknown(
                code::DNS_UNAVAILABLE,
                format!("{} has no address to compare with.", list(&aim.names)),
            ));
        }
        let strange: Vec<String> = found.difference(&right).map(ToString::to_string).collect();
        if strange.is_empty() {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            return Ok(format!("{host} leads to {}, as it should.", list(&found)));
        }
        let way = match chain.last() {
            Some(end) => format!(
                "{host} is an alias of {end} and leads to {}",
                list(&strange)
            ),
            None => format!("{host} leads to {}", list(&strange)),
        };
        let bare = |name: &String| name.trim_end_matches('.').to_owned();
        let aims: Vec<String> = (aim.names.iter().map(bare))
            .chain(aim.addresses.iter().map(ToString::to_string))
            .collect();
        Err(Reason::failing(
            code::DNS_POINTS_ELSEWHERE,
            format!("{way}, not to {}.", list(&aims)),
        ))
    }

    /// Looks for CAA records from the name upwards and rules on the first that there are.
    pub async fn caa(&self, host: &str, question: &CaaQuestion) -> Result<String, Reason> {
        let issuer = &question.issuer;
        for name in climb(host) {
            let said = self.records(&name, RecordType::CAA).await?;
            if said.records.is_empty() {
                continue;
            }
            let at = match said.chain.last() {
                Some(end) => format!("{name} (an alias of {end})"),
                None => name,
            };
            let (code, why) = match rule(&said.records, host.starts_with("*."), question) {
                Ruling::Allows => {
                    return Ok(format!("The CAA records at {at} let {issuer} issue."));
                }
                Ruling::Forbids { others } => (
                    code::CAA_FORBIDS,
                    format!("let only {} issue, not {issuer}", list(&others)),
                ),
                Ruling::ForbidsAll => (code::CAA_FORBIDS, "let nobody issue".to_owned()),
                Ruling::Critical(tag) => (
                    code::CAA_CRITICAL_UNKNOWN,
                    format!(
                        "hold the critical tag {:?}, which no authority knows, so that none may \
                         issue",
                        super::certificate::printable(&tag)
                    ),
                ),
                Ruling::OtherAccount(account) => (
                    code::CAA_OTHER_ACCOUNT,
                    format!(
                        "let {issuer} issue only for the account {}",
                        super::certificate::printable(&account)
                    ),
                ),
                Ruling::OtherMethod(methods) => (
                    code::CAA_OTHER_METHOD,
                    format!(
                        "let {issuer} issue only after {}",
                        super::certificate::printable(&methods)
                    ),
                ),
            };
            return Err(Reason::failing(
                code,
                format!("The CAA records at {at} {why}."),
            ));
        }
        Ok(format!("No CAA record keeps {issuer} from issuing."))
    }
}

/// There are no addresses: the alias leads nowhere, or there is nothing at all.
fn nothing(host: &str, chain: &[String]) -> Reason {
    match chain.last() {
        Some(end) => Reason::failing(
            code::DNS_NO_RECORD,
            format!("{host} is an alias of {end}, which has no address."),
        ),
        None => Reason::failing(
            code::DNS_NOT_FOUND,
            format!("{host} does not exist or has no address."),
        ),
    }
}

/// What DNSSEC says, where the check wants to know.
async fn dnssec(asking: &Asking, said: &Said, expect: &DnsExpect) -> Result<(), Reason> {
    use gonogo_model::check::Dnssec;
    match (expect.dnssec, said.authentic) {
        (None | Some(Dnssec::NotBogus), _) | (Some(Dnssec::Secure), true) => Ok(()),
        (Some(Dnssec::Insecure), true) => Err(Reason::failing(
            code::DNS_SIGNED,
            "The zone is signed with DNSSEC, and should not be.",
        )),
        (Some(wanted), false) => {
            // A resolver that checks nothing calls nothing authentic, the root included.
            let root = asking.records(".", RecordType::SOA).await?;
            match (root.authentic, wanted) {
                (true, Dnssec::Secure) => Err(Reason::failing(
                    code::DNS_UNSIGNED,
                    "The zone is not signed with DNSSEC, or its parent does not say so.",
                )),
                (true, _) => Ok(()),
                (false, _) => Err(Reason::unknown(
                    code::DNS_UNCHECKED,
                    format!("The resolver {} checks no signatures.", asking.resolver),
                )),
            }
        }
    }
}

/// A record's value as the package writes it.
fn value(record: &RData) -> String {
    match record {
        RData::A(a) => a.0.to_string(),
        RData::AAAA(aaaa) => aaaa.0.to_string(),
        RData::CNAME(name) => text(&name.0),
        RData::NS(name) => text(&name.0),
        RData::MX(mx) => format!("{} {}", mx.preference, text(&mx.exchange)),
        RData::TXT(txt) => {
            let whole: Vec<u8> = txt.txt_data.concat();
            super::certificate::printable(&String::from_utf8_lossy(&whole))
        }
        RData::CAA(caa) => format!(
            "{} {} \"{}\"",
            caa.flags(),
            caa.tag.to_ascii_lowercase(),
            super::certificate::printable(&String::from_utf8_lossy(&caa.value))
        ),
        other => super::certificate::printable(&other.to_string()),
    }
}

/// "a, b and 3 more"
fn list(values: &[String]) -> String {
    let mut shown = values
        .iter()
        .take(SHOWN_VALUES)
        .cloned()
        .collect::<Vec<_>>();
    if values.len() > SHOWN_VALUES {
        shown.push(format!("{} more", values.len() - SHOWN_VALUES));
    }
    match shown.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The resolvers of the machine, read once.
pub(super) fn system_nameservers() -> Option<Vec<SocketAddr>> {
    let text = std::fs::read_to_string("/etc/resolv.conf").ok()?;
    let found: Vec<SocketAddr> = nameservers(&text);
    (!found.is_empty()).then_some(found)
}

fn nameservers(text: &str) -> Vec<SocketAddr> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next())?
    });
    // One is enough to know what the machine sees; the system's own asks the others only
    // when the first is silent.
    let mut found = lines.filter_map(|word| word.parse::<IpAddr>().ok());
    found
        .next()
        .map(|ip| SocketAddr::new(ip, 53))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_resolver_is_read() {
        let text = "# x\nsearch example.com\nnameserver 192.0.2.53\nnameserver ::1\n";
        assert_eq!(nameservers(text), ["192.0.2.53:53".parse().unwrap()]);
        assert_eq!(nameservers("nameserver fe80::1%eth0\nnameserver"), []);
        assert_eq!(nameservers(""), []);
    }

    #[test]
    fn lists_are_short() {
        let names: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        assert_eq!(list(&names), "0, 1, 2, 3, 4, 5 and 3 more");
        assert_eq!(list(&names[..1]), "0");
        assert_eq!(list(&[]), "nothing");
    }
}
