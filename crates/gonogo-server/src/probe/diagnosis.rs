//! Why a served chain does not verify, in one code and one sentence.
//!
//! The verifier stops at its first objection; an operator needs the one to act on. A wrong
//! name comes first, because the other facts then speak about somebody else's certificate.
//! Invariant: a chain that the verifier accepts has no fault here, unless it is too weak or
//! breaks a promise of its own.

use jiff::{SignedDuration, Timestamp};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::certificate::name_text;
use super::chain::{Path, PathEnd};
use super::depth::weakness;
use super::outcome::code;
use super::recording::Recording;
use super::{CertificateFacts, Depth};

/// Names shown when a certificate is for others.
const SHOWN_NAMES: usize = 3;

/// What a recording means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    /// Absent when the certificate cannot be parsed.
    pub facts: Option<CertificateFacts>,
    /// Absent when the chain verifies.
    pub fault: Option<Fault>,
}

/// Why the chain does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: &'static str,
    /// A clause that follows "the certificate", such as "expired 3 days ago".
    pub clause: String,
}

/// Explains a recording.
pub(super) fn diagnose(
    recording: &Recording,
    name: &ServerName<'_>,
    roots: &RootCertStore,
    now: Timestamp,
) -> Diagnosis {
    let parsed: Vec<X509Certificate<'_>> = recording
        .chain
        .iter()
        .enumerate()
        .map_while(|(place, der)| match X509Certificate::from_der(der) {
            Ok((_, certificate)) => Some(Some(certificate)),
            // Without the server's own certificate the others say nothing.
            Err(_) if place == 0 => None,
            Err(_) => Some(None),
        })
        .flatten()
        .collect();
    let Some(path) = Path::follow(&parsed, roots, now) else {
        return Diagnosis {
            facts: None,
            fault: Some(Fault {
                code: code::CERT_UNREADABLE,
                clause: "cannot be parsed".to_owned(),
            }),
        };
    };
    let mut facts = CertificateFacts::read(&parsed[0]);
    facts.chain_len = recording.chain.len();
    facts.depth = Depth::read(&parsed[0], recording.stapled);
    let weak = weakness(&path.links).map(|clause| Fault::new(code::CERT_WEAK, clause));
    facts.earliest_chain_expiry = path.earliest_expiry();
    let fault = match &recording.verdict {
        Ok(()) => weak.or_else(|| not_stapled(&facts)),
        Err(error) => {
            let wrong_name = wrong_name(recording, name, &facts);
            let mut faults = wrong_name
                .into_iter()
                .chain(out_of_time(&facts, now))
                .chain(chain_fault(error, &path, now))
                .chain(weak);
            // Later objections go into the sentence, not into the code. The verifier said no,
            // so there is a fault even if none of the usual ones explains it.
            let first = faults.next().unwrap_or_else(|| unexplained(error));
            Some(faults.fold(first, Fault::and))
        }
    };
    facts.verified = recording.verdict.is_ok();
    facts.verify_error = fault.as_ref().map(|fault| fault.code);
    Diagnosis {
        facts: Some(facts),
        fault,
    }
}

fn not_stapled(facts: &CertificateFacts) -> Option<Fault> {
    let broken = facts.depth.must_staple && !facts.depth.stapled;
    broken.then(|| {
        Fault::new(
            code::CERT_NOT_STAPLED,
            "promises a stapled OCSP answer, and none came",
        )
    })
}

impl Fault {
    fn new(code: &'static str, clause: impl Into<String>) -> Self {
        Self {
            code,
            clause: clause.into(),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.clause.push_str(", and ");
        self.clause.push_str(&other.clause);
        self
    }
}

fn wrong_name(
    recording: &Recording,
    name: &ServerName<'_>,
    facts: &CertificateFacts,
) -> Option<Fault> {
    let leaf = ParsedCertificate::try_from(recording.chain.first()?).ok()?;
    verify_server_name(&leaf, name).err()?;
    let shown = facts.names.iter().take(SHOWN_NAMES).cloned();
    let mut names = shown.collect::<Vec<_>>().join(", ");
    match facts.names.len() {
        0 => names.push_str("no name at all"),
        n if n > SHOWN_NAMES => names.push_str(&format!(" and {} more", n - SHOWN_NAMES)),
        _ => {}
    }
    Some(Fault::new(
        code::CERT_WRONG_HOST,
        format!("is for {names}, not for {}", name.to_str()),
    ))
}

fn out_of_time(facts: &CertificateFacts, now: Timestamp) -> Option<Fault> {
    if facts.not_after < now {
        let ago = span(now.duration_since(facts.not_after));
        return Some(Fault::new(code::CERT_EXPIRED, format!("expired {ago} ago")));
    }
    if facts.not_before > now {
        let ahead = span(facts.not_before.duration_since(now));
        return Some(Fault::new(
            code::CERT_NOT_YET_VALID,
            format!("is not valid for another {ahead}"),
        ));
    }
    None
}

fn chain_fault(error: &Error, path: &Path<'_, '_>, now: Timestamp) -> Option<Fault> {
    use CertificateError as E;
    if let Some(link) = path.expired_above_leaf(now) {
        return Some(Fault::new(
            code::CERT_CHAIN_EXPIRED,
            format!(
                "depends on the intermediate \"{}\", which has expired",
                name_text(link.subject())
            ),
        ));
    }
    if let Some(link) = path.not_yet_valid_above_leaf(now) {
        return Some(Fault::new(
            code::CERT_NOT_YET_VALID,
            format!(
                "depends on the intermediate \"{}\", which is not valid yet",
                name_text(link.subject())
            ),
        ));
    }
    let Error::InvalidCertificate(error) = error else {
        return None;
    };
    match error {
        E::BadSignature => Some(Fault::new(
            code::CERT_BAD_SIGNATURE,
            "carries a signature that does not match its issuer",
        )),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => Some(Fault::new(
            code::CERT_WRONG_PURPOSE,
            "is not meant for servers",
        )),
        E::BadEncoding => Some(Fault::new(
            code::CERT_UNREADABLE,
            "or its chain cannot be parsed",
        )),
        // Whatever the verifier met first, it would not have reached a root.
        _ if path.end != PathEnd::AtRoot => Some(no_root(path)),
        E::UnknownIssuer => Some(Fault::new(
            code::CERT_UNTRUSTED,
            "names a trusted authority as issuer that did not sign it",
        )),
        _ => None,
    }
}

fn unexplained(error: &Error) -> Fault {
    let clause = match error {
        Error::InvalidCertificate(error) => format!("does not verify ({})", variant(error)),
        _ => "does not verify".to_owned(),
    };
    Fault::new(code::CERT_INVALID, clause)
}

/// The path does not lead to a trusted root: which of the three reasons is it?
fn no_root(path: &Path<'_, '_>) -> Fault {
    let top = path.links[path.links.len() - 1];
    let issuer = name_text(top.issuer());
    match (path.end, path.links.len()) {
        (PathEnd::SelfIssued, 1) => Fault::new(
            code::CERT_SELF_SIGNED,
            "is self-signed, no authority vouches for it",
        ),
        // Nothing that was sent issued the certificate. A private authority without
        // intermediates looks the same from here, so the sentence names both.
        (PathEnd::Open, 1) => Fault::new(
            code::CERT_CHAIN_INCOMPLETE,
            format!(
                "was sent without its issuer \"{issuer}\": an intermediate certificate is \
                 missing, or a private authority is not among the trusted roots"
            ),
        ),
        _ => Fault::new(
            code::CERT_UNTRUSTED,
            format!("leads to the authority \"{issuer}\", which is not trusted"),
        ),
    }
}

/// The name of the verifier's objection without its payload, which may be long.
fn variant(error: &CertificateError) -> String {
    let text = format!("{error:?}");
    text.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

/// A positive duration in its largest unit.
pub(super) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (amount, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7_200.. => (seconds / 3_600, "hour"),
        120.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    let plural = if amount == 1 { "" } else { "s" };
    format!("{amount} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_use_their_largest_unit() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn garbage_instead_of_a_certificate_is_a_fault_without_facts() {
        let name = ServerName::try_from("example.com").unwrap();
        for garbage in [&b""[..], b"\x30", b"\x30\x82\xff\xff\x00", &[0xff; 4096]] {
            let recording = Recording {
                chain: vec![garbage.to_vec().into()],
                verdict: Err(Error::InvalidCertificate(CertificateError::BadEncoding)),
                stapled: false,
            };
            let diagnosis = diagnose(&recording, &name, &RootCertStore::empty(), Timestamp::now());
            assert_eq!(diagnosis.facts, None);
            assert_eq!(diagnosis.fault.unwrap().code, code::CERT_UNREADABLE);
        }
    }

    #[test]
    fn a_refusal_that_nothing_explains_is_still_a_fault() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let name = ServerName::try_from("example.com").unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let recording = Recording {
            chain: vec![certificate.der().clone()],
            verdict: Err(Error::InvalidCertificate(CertificateError::Revoked)),
            stapled: false,
        };
        let diagnosis = diagnose(&recording, &name, &roots, Timestamp::now());
        let fault = diagnosis.fault.unwrap();
        assert_eq!(fault.code, code::CERT_INVALID);
        assert_eq!(fault.clause, "does not verify (Revoked)");
        assert!(!diagnosis.facts.unwrap().verified);
    }

    #[test]
    fn no_broken_byte_of_a_certificate_upsets_the_diagnosis() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        let whole = params.self_signed(&key).unwrap().der().to_vec();
        let name = ServerName::try_from("example.com").unwrap();
        let broken = (0..whole.len()).flat_map(|place| {
            let flipped = [0x01, 0x80, 0xff].map(|mask| {
                let mut der = whole.clone();
                der[place] ^= mask;
                der
            });
            flipped.into_iter().chain([whole[..place].to_vec()])
        });
        for der in broken {
            let recording = Recording {
                chain: vec![der.clone().into(), der.into()],
                verdict: Err(Error::InvalidCertificate(CertificateError::BadEncoding)),
                stapled: false,
            };
            let diagnosis = diagnose(&recording, &name, &RootCertStore::empty(), Timestamp::now());
            assert!(diagnosis.fault.is_some());
        }
    }
}
