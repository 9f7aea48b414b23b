//! The registration check: until when a domain is ours, by RDAP (RFC 9082, 9083).
//!
//! A domain that nobody renewed takes everything with it and warns nobody who watches
//! servers. Registries answer sparingly, so an answer serves for a day. Invariant: a registry
//! that does not answer, limits us or speaks no RDAP says nothing about the domain.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::certificate::printable;
use super::connect::Deadline;
use super::http::{Fetched, fetch};
use super::outcome::{Reason, code};
use super::prober::{Finding, Prober};
use super::{HttpTarget, RegistrationTarget};

/// The most of an answer that is read.
pub const MAX_RDAP_BYTES: usize = 512 * 1024;
/// IANA's list of registries has some 60 KB.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;
/// Where IANA publishes which registry speaks for which top-level domain (RFC 9224).
pub(super) const IANA_LIST: &str = "https://data.iana.org/rdap/dns.json";
/// How long that list serves.
const LIST_SERVES: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long a registry's answer serves, a little less than the interval of the check.
const ANSWER_SERVES: Duration = Duration::from_secs(23 * 3_600);
/// Answers that are kept; one more empties the cache.
const MAX_ANSWERS: usize = 10_000;
/// Redirects from a registry to who answers for it.
const REDIRECTS: u8 = 3;
/// Status words that are kept, and their length.
const MAX_STATUS: usize = 24;
const DAY_SECONDS: i64 = 86_400;

/// Words that say that a domain is out of DNS or on its way out.
const HELD: [&str; 5] = [
    "client hold",
    "server hold",
    "redemption period",
    "pending delete",
    "inactive",
];

/// What a registry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrationFacts {
    /// Until when.
    pub ends: Option<Timestamp>,
    /// With whom; empty where it is not said.
    pub registrar: String,
    /// Its status words.
    pub status: Vec<String>,
}

/// Suffix → where its registry answers.
type List = Arc<BTreeMap<String, String>>;

/// What was learnt from registries.
#[derive(Default)]
pub(super) struct Registries {
    list: Mutex<Option<(Instant, List)>>,
    answers: Mutex<HashMap<String, (Instant, Option<RegistrationFacts>)>>,
}

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &RegistrationTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let domain = domain(&target.domain)?;
    let facts = look_up(prober, target, &domain, deadline).await?;
    let Some(facts) = facts else {
        return Err(Reason::failing(
            code::NOT_REGISTERED,
            format!("The registry knows no domain {domain}: it is not registered."),
        ));
    };
    let reason = judge(target, &domain, &facts, Timestamp::now());
    Ok(Finding {
        registration: Some(facts),
        ..Finding::of(reason)
    })
}

fn domain(text: &str) -> Result<String, Reason> {
    let bad = || {
        let shown = printable(text);
        Reason::unknown(code::SPEC_INVALID, format!("{shown:?} is not a domain."))
    };
    match super::connect::Host::parse(text) {
        Some(super::connect::Host::Name(name)) if name.contains('.') => Ok(name),
        _ => Err(bad()),
    }
}

/// What the registry says; `None` where it knows no such domain.
async fn look_up(
    prober: &Prober,
    target: &RegistrationTarget,
    domain: &str,
    deadline: Deadline,
) -> Result<Option<RegistrationFacts>, Reason> {
    let base = match &target.rdap {
        Some(base) => base.clone(),
        None => registry(prober, domain, deadline).await?,
    };
    let url = format!("{}/domain/{domain}", base.trim_end_matches('/'));
    if let Some(kept) = prober.registries.kept(&url) {
        return Ok(kept);
    }
    let fetched = get(prober, &url, target.allow_private, MAX_RDAP_BYTES, deadline).await?;
    let facts = match fetched.status {
        200 => Some(read(&fetched, domain)?),
        404 => None,
        429 => {
            let later = match &fetched.retry_after {
                Some(when) => format!(" Try again after {}.", printable(when)),
                None => String::new(),
            };
            return Err(Reason::unknown(
                code::RDAP_LIMITED,
                format!("The registry of {domain} says that it is asked too often.{later}"),
            ));
        }
        other => {
            return Err(Reason::unknown(
                code::RDAP_UNAVAILABLE,
                format!("The registry of {domain} answers {other}, which says nothing."),
            ));
        }
    };
    prober.registries.keep(url, facts.clone());
    Ok(facts)
}

/// A request of which every trouble is the registry's or ours, never the domain's.
async fn get(
    prober: &Prober,
    url: &str,
    allow_private: bool,
    limit: usize,
    deadline: Deadline,
) -> Result<Fetched, Reason> {
    let mut request = HttpTarget::get(url);
    request.allow_private = allow_private;
    request.follow_redirects = REDIRECTS;
    let accept = "application/rdap+json, application/json".to_owned();
    request.headers.push(("accept".into(), accept.into()));
    fetch(prober, &request, limit, deadline)
        .await
        .map_err(|reason| {
            Reason::unknown(
                code::RDAP_UNAVAILABLE,
                format!("The registry could not be asked. {}", reason.detail),
            )
        })
}

/// The registry that answers for a domain, by IANA's list.
async fn registry(prober: &Prober, domain: &str, deadline: Deadline) -> Result<String, Reason> {
    let list = match prober.registries.list() {
        Some(list) => list,
        None => {
            let url = &prober.registry_list;
            // The list is ours to choose, so it may stand on this machine.
            let fetched = get(prober, url, true, MAX_LIST_BYTES, deadline).await?;
            let list = (fetched.status == 200)
                .then(|| bootstrap(&fetched.body))
                .flatten();
            let list = Arc::new(list.ok_or_else(|| {
                Reason::unknown(
                    code::RDAP_UNAVAILABLE,
                    "IANA's list of registries could not be read.",
                )
            })?);
            prober.registries.keep_list(Arc::clone(&list));
            list
        }
    };
    let mut rest = domain;
    loop {
        if let Some(base) = list.get(rest) {
            return Ok(base.clone());
        }
        match rest.split_once('.') {
            Some((_, above)) => rest = above,
            None => {
                return Err(Reason::unknown(
                    code::RDAP_NONE,
                    format!("No registry publishes what it knows of .{rest} by RDAP."),
                ));
            }
        }
    }
}

/// Suffix → base URL, HTTPS before HTTP (RFC 9224, section 4).
fn bootstrap(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let list: Value = serde_json::from_slice(body).ok()?;
    let mut bases = BTreeMap::new();
    for service in list.get("services")?.as_array()? {
        let strings = |n: usize| {
            let values = service.get(n).and_then(Value::as_array);
            values.into_iter().flatten().filter_map(Value::as_str)
        };
        let secure = strings(1).find(|u| u.starts_with("https://"));
        let Some(base) = secure.or_else(|| strings(1).next()) else {
            continue;
        };
        for suffix in strings(0) {
            bases.insert(suffix.to_ascii_lowercase(), base.to_owned());
        }
    }
    (!bases.is_empty()).then_some(bases)
}

fn read(fetched: &Fetched, domain: &str) -> Result<RegistrationFacts, Reason> {
    let unreadable = || {
        Reason::unknown(
            code::RDAP_UNAVAILABLE,
            format!("What the registry of {domain} answers is not RDAP."),
        )
    };
    if fetched.cut {
        return Err(unreadable());
    }
    let answer: Value = serde_json::from_slice(&fetched.body).map_err(|_| unreadable())?;
    if answer.get("objectClassName").and_then(Value::as_str) != Some("domain") {
        return Err(unreadable());
    }
    let items = |name: &str| {
        let list = answer.get(name).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let is = |value: &Value, action: &str| {
        text(value, "eventAction").is_some_and(|a| a.eq_ignore_ascii_case(action))
    };
    let ends = items("events")
        .filter(|event| is(event, "expiration"))
        .filter_map(|event| moment(&text(event, "eventDate")?))
        .max();
    let registrar = items("entities").find(|entity| {
        let roles = entity.get("roles").and_then(Value::as_array);
        let mut roles = roles.into_iter().flatten();
        roles.any(|role| role.as_str() == Some("registrar"))
    });
    let status = items("status").filter_map(Value::as_str).take(MAX_STATUS);
    Ok(RegistrationFacts {
        ends,
        registrar: registrar.and_then(full_name).unwrap_or_default(),
        status: status.map(|word| printable(&word.to_lowercase())).collect(),
    })
}

/// Registries write times with an offset, and some only the day.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

/// The `fn` of a jCard: `["vcard", [["fn", {}, "text", "Name"], …]]`.
fn full_name(entity: &Value) -> Option<String> {
    let lines = entity.get("vcardArray")?.get(1)?.as_array()?;
    let line = lines
        .iter()
        .find(|line| line.get(0).and_then(Value::as_str) == Some("fn"))?;
    let name = line.get(3)?.as_str()?;
    Some(printable(name))
}

fn judge(
    target: &RegistrationTarget,
    domain: &str,
    facts: &RegistrationFacts,
    now: Timestamp,
) -> Reason {
    // EPP writes `clientHold`, RDAP `client hold`.
    let bare = |word: &str| -> String {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let refused = |word: &&String| {
        HELD.iter().any(|held| bare(held) == bare(word))
            || target
                .refuse_status
                .iter()
                .any(|bad| bare(bad) == bare(word))
    };
    if let Some(word) = facts.status.iter().find(refused) {
        return Reason::failing(
            code::REGISTRATION_HELD,
            format!("The registry says \"{word}\" of {domain}."),
        );
    }
    if let Some(wanted) = &target.registrar
        && !facts
            .registrar
            .to_lowercase()
            .contains(&wanted.to_lowercase())
    {
        let with = match facts.registrar.as_str() {
            "" => "nobody that the registry names",
            name => name,
        };
        return Reason::failing(
            code::REGISTRAR_DIFFERS,
            format!("{domain} is with {with}, not with {wanted}."),
        );
    }
    let Some(ends) = facts.ends else {
        return Reason::unknown(
            code::REGISTRATION_OPEN,
            format!("The registry does not say until when {domain} is registered."),
        );
    };
    let left = ends.duration_since(now).as_secs();
    let until = ends.strftime("%-d %b %Y");
    if left <= 0 {
        return Reason::failing(
            code::REGISTRATION_ENDED,
            format!("The registration of {domain} ended on {until}."),
        );
    }
    let days = left / DAY_SECONDS;
    let sentence = format!("{domain} is registered for another {days} days, until {until}.");
    match days < i64::from(target.days_left) {
        true => Reason::failing(code::REGISTRATION_ENDS, sentence),
        false => Reason::ok(sentence),
    }
}

impl Registries {
    fn list(&self) -> Option<List> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, list) = list.as_ref()?;
        (at.elapsed() < LIST_SERVES).then(|| Arc::clone(list))
    }

    fn keep_list(&self, list: List) {
        let mut kept = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Instant::now(), list));
    }

    fn kept(&self, url: &str) -> Option<Option<RegistrationFacts>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, facts) = answers.get(url)?;
        (at.elapsed() < ANSWER_SERVES).then(|| facts.clone())
    }

    fn keep(&self, url: String, facts: Option<RegistrationFacts>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        answers.insert(url, (Instant::now(), facts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(ends: &str) -> RegistrationFacts {
        RegistrationFacts {
            ends: moment(ends),
            registrar: "Example Registrar, Inc.".into(),
            status: vec!["client transfer prohibited".into()],
        }
    }

    fn verdict(target: &RegistrationTarget, facts: &RegistrationFacts) -> &'static str {
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        judge(target, "example.com", facts, now).code
    }

    fn target() -> RegistrationTarget {
        RegistrationTarget {
            domain: "example.com".into(),
            days_left: 7,
            registrar: None,
            refuse_status: Vec::new(),
            rdap: None,
            allow_private: false,
        }
    }

    #[test]
    fn days_status_and_registrar_are_judged() {
        let well = facts("2027-08-13T04:00:00Z");
        assert_eq!(verdict(&target(), &well), code::OK);
        assert_eq!(verdict(&target(), &facts("2026-11-08T00:00:00Z")), code::OK);
        let close = facts("2026-11-07T23:59:59Z");
        assert_eq!(verdict(&target(), &close), code::REGISTRATION_ENDS);
        let over = facts("2026-11-01T00:00:00Z");
        assert_eq!(verdict(&target(), &over), code::REGISTRATION_ENDED);
        assert_eq!(verdict(&target(), &facts("soon")), code::REGISTRATION_OPEN);
        let held = RegistrationFacts {
            status: vec!["clientHold".into()],
            ..well.clone()
        };
        assert_eq!(verdict(&target(), &held), code::REGISTRATION_HELD);
        let refusing = RegistrationTarget {
            refuse_status: vec!["clientTransferProhibited".into()],
            ..target()
        };
        assert_eq!(verdict(&refusing, &well), code::REGISTRATION_HELD);
        let named = |name: &str| RegistrationTarget {
            registrar: Some(name.into()),
            ..target()
        };
        assert_eq!(verdict(&named("example registrar"), &well), code::OK);
        assert_eq!(verdict(&named("Other"), &well), code::REGISTRAR_DIFFERS);
    }

    #[test]
    fn days_without_an_hour_are_read() {
        assert_eq!(moment("2027-08-13"), moment("2027-08-13T00:00:00Z"));
        assert_eq!(
            moment("2027-08-13T04:00:00+02:00"),
            moment("2027-08-13T02:00:00Z")
        );
        assert_eq!(moment("13.08.2027"), None);
        assert_eq!(moment(""), None);
    }

    #[test]
    fn the_list_of_registries_is_read() {
        let list = br#"{"services": [[["com", "Net"], ["http://a.example/", "https://b.example/v1/"]], [["x"], []], [["de"]]]}"#;
        let list = bootstrap(list).unwrap();
        assert_eq!(
            list.get("net").map(String::as_str),
            Some("https://b.example/v1/")
        );
        assert_eq!(list.len(), 2);
        assert_eq!(bootstrap(b"[]"), None);
        assert_eq!(bootstrap(b"{\"services\": []}"), None);
    }
}
