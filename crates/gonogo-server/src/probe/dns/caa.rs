//! May this authority issue? CAA records, evaluated as an authority does (RFC 8659, RFC 8657).
//!
//! It exists because a customer's CAA record is the commonest reason why a certificate is
//! never issued, and a check that reads only the name's own records misses it. Invariant: what
//! cannot be understood does not permit.

use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::CAA;

/// Property tags that an authority understands, so that they may be critical.
const KNOWN_TAGS: [&str; 7] = [
    "issue",
    "issuewild",
    "issuemail",
    "issuevmc",
    "iodef",
    "contactemail",
    "contactphone",
];

/// Who wants to issue what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaaQuestion {
    /// The authority's word: `pki.goog`.
    pub issuer: String,
    /// Its account, as a URI.
    pub account: Option<String>,
    /// How it proves the name: `http-01`.
    pub method: Option<String>,
}

/// What the records say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe) enum Ruling {
    Allows,
    /// Others may, this one may not.
    Forbids {
        others: Vec<String>,
    },
    /// Nobody may.
    ForbidsAll,
    /// A critical tag that nobody understands.
    Critical(String),
    /// Only another account may, or it was not said which account asks.
    OtherAccount(String),
    /// Only by other methods.
    OtherMethod(String),
}

/// Rules on the closest set of records.
pub(in crate::probe) fn rule(records: &[RData], wildcard: bool, asked: &CaaQuestion) -> Ruling {
    let records: Vec<&CAA> = records
        .iter()
        .filter_map(|record| match record {
            RData::CAA(caa) => Some(caa),
            _ => None,
        })
        .collect();
    let strange = records.iter().find(|caa| {
        let known = KNOWN_TAGS.iter().any(|t| caa.tag.eq_ignore_ascii_case(t));
        caa.issuer_critical && !known
    });
    if let Some(caa) = strange {
        return Ruling::Critical(caa.tag.clone());
    }
    let of = |tag: &str| -> Vec<&CAA> {
        let has = |caa: &&&CAA| caa.tag.eq_ignore_ascii_case(tag);
        records.iter().filter(has).copied().collect()
    };
    let mut relevant = if wildcard {
        of("issuewild")
    } else {
        Vec::new()
    };
    if relevant.is_empty() {
        relevant = of("issue");
    }
    if relevant.is_empty() {
        return Ruling::Allows;
    }
    let mut others = Vec::new();
    let mut narrowed = None;
    for caa in relevant {
        let Some(issue) = Issue::parse(&caa.value) else {
            continue;
        };
        if !issue.issuer.eq_ignore_ascii_case(&asked.issuer) {
            if !issue.issuer.is_empty() {
                others.push(issue.issuer);
            }
            continue;
        }
        match issue.narrows(asked) {
            None => return Ruling::Allows,
            Some(why) => narrowed = Some(why),
        }
    }
    match (narrowed, others.is_empty()) {
        (Some(why), _) => why,
        (None, true) => Ruling::ForbidsAll,
        (None, false) => Ruling::Forbids { others },
    }
}

/// The value of an `issue` property.
struct Issue {
    issuer: String,
    parameters: Vec<(String, String)>,
}

impl Issue {
    /// `None` for a value that does not follow the grammar: it permits nobody.
    fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let mut parts = text.split(';');
        let issuer = parts.next()?.trim_matches([' ', '\t']).to_owned();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if !issuer.chars().all(fits) {
            return None;
        }
        let mut parameters = Vec::new();
        for part in parts {
            let part = part.trim_matches([' ', '\t']);
            if part.is_empty() {
                continue;
            }
            let (tag, value) = part.split_once('=')?;
            let (tag, value) = (tag.trim_end(), value.trim_start());
            let tag_fits = !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric());
            if !tag_fits || !value.bytes().all(|b| b.is_ascii_graphic()) {
                return None;
            }
            parameters.push((tag.to_ascii_lowercase(), value.to_owned()));
        }
        Some(Self { issuer, parameters })
    }

    /// Does a parameter shut out whoever asks?
    fn narrows(&self, asked: &CaaQuestion) -> Option<Ruling> {
        let values = |tag: &str| -> Vec<&str> {
            let of = self.parameters.iter().filter(|(t, _)| t == tag);
            of.map(|(_, value)| value.as_str()).collect()
        };
        match values("accounturi")[..] {
            [] => {}
            [only] if asked.account.as_deref() == Some(only) => {}
            // Two accounts at once are nobody's (RFC 8657, section 3).
            [first, ..] => return Some(Ruling::OtherAccount(first.to_owned())),
        }
        let methods = values("validationmethods");
        if let (Some(first), Some(method)) = (methods.first(), &asked.method) {
            let allowed = methods.len() == 1 && first.split(',').any(|m| m == method);
            if !allowed {
                return Some(Ruling::OtherMethod((*first).to_owned()));
            }
        }
        None
    }
}

/// The names at which records are looked for: the name itself, then each ancestor.
pub(in crate::probe) fn climb(host: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = host.trim_end_matches('.');
    rest = rest.strip_prefix("*.").unwrap_or(rest);
    loop {
        names.push(rest.to_owned());
        match rest.split_once('.') {
            Some((_, above)) if !above.is_empty() => rest = above,
            _ => return names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caa(critical: bool, tag: &str, value: &str) -> RData {
        let mut caa = CAA::new_issue(critical, None, Vec::new());
        caa.tag = tag.into();
        caa.value = value.as_bytes().to_vec();
        RData::CAA(caa)
    }

    fn google() -> CaaQuestion {
        CaaQuestion {
            issuer: "pki.goog".into(),
            ..CaaQuestion::default()
        }
    }

    #[test]
    fn the_examples_of_the_standard_are_ruled_as_it_says() {
        let plain = |records: &[RData]| rule(records, false, &google());
        let wild = |records: &[RData]| rule(records, true, &google());
        assert_eq!(plain(&[]), Ruling::Allows);
        assert_eq!(plain(&[caa(false, "issue", "pki.goog")]), Ruling::Allows);
        assert_eq!(
            plain(&[caa(false, "ISSUE", " PKI.goog ; ")]),
            Ruling::Allows
        );
        assert_eq!(plain(&[caa(false, "issue", ";")]), Ruling::ForbidsAll);
        assert_eq!(plain(&[caa(false, "issue", "")]), Ruling::ForbidsAll);
        assert_eq!(plain(&[caa(false, "issue", "%%%%%")]), Ruling::ForbidsAll);
        assert_eq!(
            plain(&[caa(false, "issue", "ca1.example.net")]),
            Ruling::Forbids {
                others: vec!["ca1.example.net".into()]
            }
        );
        // Records that only say whom to tell restrict nobody.
        assert_eq!(
            plain(&[caa(false, "iodef", "mailto:a@example.com")]),
            Ruling::Allows
        );
        // Only wildcards are ruled by issuewild, and it takes precedence there.
        let both = [
            caa(false, "issue", "pki.goog"),
            caa(false, "issuewild", ";"),
        ];
        assert_eq!(
            (plain(&both), wild(&both)),
            (Ruling::Allows, Ruling::ForbidsAll)
        );
        let only_wild = [caa(false, "issuewild", "ca1.example.net")];
        assert_eq!(plain(&only_wild), Ruling::Allows);
        assert!(matches!(wild(&only_wild), Ruling::Forbids { .. }));
        assert_eq!(wild(&[caa(false, "issue", "pki.goog")]), Ruling::Allows);
    }

    #[test]
    fn a_critical_tag_that_nobody_knows_blocks() {
        let records = [caa(false, "issue", "pki.goog"), caa(true, "tbs", "Unknown")];
        assert_eq!(
            rule(&records, false, &google()),
            Ruling::Critical("tbs".into())
        );
        let harmless = [
            caa(false, "issue", "pki.goog"),
            caa(false, "tbs", "Unknown"),
        ];
        assert_eq!(rule(&harmless, false, &google()), Ruling::Allows);
        assert_eq!(
            rule(&[caa(true, "issue", "pki.goog")], false, &google()),
            Ruling::Allows
        );
    }

    #[test]
    fn accounts_and_methods_narrow() {
        let bound = [caa(
            false,
            "issue",
            "pki.goog; accounturi=https://ca.example/acct/1; validationmethods=dns-01,http-01",
        )];
        let ask = |account: Option<&str>, method: Option<&str>| {
            let asked = CaaQuestion {
                account: account.map(Into::into),
                method: method.map(Into::into),
                ..google()
            };
            rule(&bound, false, &asked)
        };
        let ours = Some("https://ca.example/acct/1");
        assert_eq!(ask(ours, Some("http-01")), Ruling::Allows);
        assert_eq!(ask(ours, None), Ruling::Allows);
        assert!(matches!(ask(None, None), Ruling::OtherAccount(_)));
        assert!(matches!(
            ask(Some("https://ca.example/acct/2"), None),
            Ruling::OtherAccount(_)
        ));
        assert!(matches!(
            ask(ours, Some("tls-alpn-01")),
            Ruling::OtherMethod(_)
        ));
        // A second record may allow what the first does not.
        let two = [bound[0].clone(), caa(false, "issue", "pki.goog")];
        assert_eq!(rule(&two, false, &google()), Ruling::Allows);
        let broken = [caa(false, "issue", "pki.goog; accounturi")];
        assert_eq!(rule(&broken, false, &google()), Ruling::ForbidsAll);
    }

    #[test]
    fn the_climb_ends_below_the_root() {
        assert_eq!(
            climb("a.b.example.com."),
            ["a.b.example.com", "b.example.com", "example.com", "com"]
        );
        assert_eq!(climb("*.example.com"), ["example.com", "com"]);
    }
}
