//! Are the records as they should be, and do the resolvers agree?

use std::collections::BTreeSet;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::ask::Said;
use super::{Opinion, list, value};
use crate::probe::connect::millis;
use crate::probe::outcome::{Reason, Verdict, code};
use crate::probe::{DnsExpect, DnsTarget};

/// Judges the records that one resolver gave.
pub(super) fn records(
    host: &str,
    kind: RecordType,
    said: &Said,
    expect: &DnsExpect,
) -> Result<String, Reason> {
    let found: BTreeSet<String> = said.records.iter().map(value).collect();
    let shown: Vec<String> = found.iter().cloned().collect();
    if expect.absent {
        return match shown.is_empty() {
            true => Ok(format!("{host} has no {kind} record, as it should be.")),
            false => Err(Reason::failing(
                code::DNS_UNEXPECTED,
                format!(
                    "{host} has the {kind} record {}, and should have none.",
                    list(&shown)
                ),
            )),
        };
    }
    if said.code == ResponseCode::NXDomain && found.is_empty() {
        let name = said.chain.last().map_or(host, String::as_str);
        return Err(Reason::failing(
            code::DNS_NOT_FOUND,
            format!("There is no name {name} (NXDOMAIN)."),
        ));
    }
    if found.is_empty() {
        return Err(Reason::failing(
            code::DNS_NO_RECORD,
            format!("{host} exists and has no {kind} record."),
        ));
    }
    let normal = |values: &[String]| -> BTreeSet<String> {
        values.iter().map(|v| normal(kind, v)).collect()
    };
    let (equals, contains) = (normal(&expect.equals), normal(&expect.contains));
    let compared: BTreeSet<String> = shown.iter().map(|v| self::normal(kind, v)).collect();
    let wanted = if equals.is_empty() {
        &contains
    } else {
        &equals
    };
    let missing: Vec<String> = equals
        .union(&contains)
        .filter(|v| !compared.contains(*v))
        .cloned()
        .collect();
    let surplus: Vec<String> = match equals.is_empty() {
        true => Vec::new(),
        false => compared.difference(&equals).cloned().collect(),
    };
    if missing.is_empty() && surplus.is_empty() {
        return Ok(format!("{host} has the {kind} record {}.", list(&shown)));
    }
    let wanted: Vec<String> = wanted.iter().cloned().collect();
    Err(Reason::failing(
        code::DNS_DIFFERS,
        format!(
            "{host} has the {kind} record {}, and should have {}.",
            list(&shown),
            list(&wanted)
        ),
    ))
}

/// Two spellings of one value become one.
fn normal(kind: RecordType, value: &str) -> String {
    match kind {
        RecordType::A | RecordType::AAAA => value
            .parse::<std::net::IpAddr>()
            .map_or_else(|_| value.to_owned(), |ip| ip.to_string()),
        RecordType::TXT => value.to_owned(),
        RecordType::CAA => {
            // The tag is the same in any case, the value is not.
            let mut words = value.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some(flags), Some(tag), Some(rest)) => {
                    format!(
                        "{flags} {} \"{}\"",
                        tag.to_ascii_lowercase(),
                        rest.trim_matches('"')
                    )
                }
                _ => value.to_owned(),
            }
        }
        _ => value.trim_end_matches('.').to_ascii_lowercase(),
    }
}

/// One verdict from all resolvers.
pub(super) fn together(target: &DnsTarget, opinions: &[Opinion], took: Duration) -> Reason {
    let of = |verdict: Verdict| opinions.iter().filter(move |o| o.reason.verdict == verdict);
    let (good, bad, mute) = (
        of(Verdict::Ok).count(),
        of(Verdict::Failing).count(),
        of(Verdict::Unknown).count(),
    );
    if opinions.len() > 1
        && let (Some(well), Some(ill)) = (of(Verdict::Ok).next(), of(Verdict::Failing).next())
    {
        return Reason::failing(
            code::DNS_DISAGREE,
            format!(
                "The resolvers disagree. {}: {} {}: {}",
                ill.resolver, ill.reason.detail, well.resolver, well.reason.detail
            ),
        );
    }
    if let Some(ill) = of(Verdict::Failing).next() {
        let who = match bad {
            1 => String::new(),
            n => format!(" {n} resolvers say so."),
        };
        return Reason::failing(ill.reason.code, format!("{}{who}", ill.reason.detail));
    }
    // Nobody could get an answer, each for itself: then it is the zone, not the resolver.
    let servfail = |o: &Opinion| o.reason.code == code::DNS_SERVFAIL;
    if opinions.len() > 1 && opinions.iter().all(servfail) {
        return Reason::failing(
            code::DNS_SERVFAIL,
            format!(
                "None of {} resolvers gets an answer for {} (SERVFAIL): its name servers do not \
                 answer, or answer wrongly.",
                opinions.len(),
                target.host
            ),
        );
    }
    if good * 2 <= opinions.len() {
        return match of(Verdict::Unknown).next() {
            Some(unknown) => unknown.reason.clone(),
            None => Reason::unknown(code::DNS_UNAVAILABLE, "No resolver was asked."),
        };
    }
    let mut differing = of(Verdict::Ok).filter(|o| !o.values.is_empty());
    if let Some(first) = differing.next()
        && let Some(other) = differing.find(|o| o.values != first.values)
    {
        let shown = |o: &Opinion| list(&o.values.iter().cloned().collect::<Vec<_>>());
        return Reason::failing(
            code::DNS_DISAGREE,
            format!(
                "The resolvers disagree: {} says {}, {} says {}.",
                first.resolver,
                shown(first),
                other.resolver,
                shown(other)
            ),
        );
    }
    let mut detail = match of(Verdict::Ok).next() {
        Some(first) => first.reason.detail.clone(),
        None => String::new(),
    };
    if good > 1 {
        detail.push_str(&format!(" {good} resolvers agree."));
    }
    if mute > 0 {
        detail.push_str(&format!(" {mute} gave no answer."));
    }
    Reason::ok(format!("{detail} Asked in {}.", millis(took)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_are_one() {
        assert_eq!(normal(RecordType::AAAA, "2001:DB8:0::1"), "2001:db8::1");
        assert_eq!(
            normal(RecordType::CNAME, "Edge.Example.com."),
            "edge.example.com"
        );
        assert_eq!(
            normal(RecordType::MX, "10 Mail.example.com."),
            "10 mail.example.com"
        );
        assert_eq!(normal(RecordType::TXT, "V=spf1"), "V=spf1");
        assert_eq!(
            normal(RecordType::CAA, "0 Issue pki.goog"),
            "0 issue \"pki.goog\""
        );
    }
}
