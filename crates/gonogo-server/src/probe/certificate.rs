//! The facts of a served certificate, for rules about its remaining life.
//!
//! It exists so that thresholds live in the engine and not here: an expiring certificate is
//! still a good one. Invariant: nothing of a certificate is trusted to be well formed, short
//! or printable.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::Depth;

/// Names kept of one certificate.
const MAX_NAMES: usize = 200;

/// Characters kept of one text of a certificate.
const MAX_TEXT_CHARS: usize = 256;

/// A certificate as one address served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The start of its validity.
    pub not_before: Timestamp,
    /// The end of its validity.
    pub not_after: Timestamp,
    /// The time between the two.
    pub lifetime: Duration,
    /// Who issued it.
    pub issuer: String,
    /// Whom it was issued to; often empty where the names say it.
    pub subject: String,
    /// The serial number in lower-case hex.
    pub serial: String,
    /// SHA-256 of the certificate in lower-case hex.
    pub fingerprint_sha256: String,
    /// The DNS names and addresses it is for.
    pub names: Vec<String>,
    /// How many certificates were sent.
    pub chain_len: usize,
    /// Whether the chain as sent verifies for the name that was asked.
    pub verified: bool,
    /// Why it does not: a `cert_...` code.
    pub verify_error: Option<&'static str>,
    /// The first end of validity on the path from this certificate towards its root. Sent
    /// certificates that the path does not use do not count.
    pub earliest_chain_expiry: Timestamp,
    /// What it says beyond names and times.
    pub depth: Depth,
}

impl CertificateFacts {
    /// The life left on the path at a time; negative once it is over.
    pub fn left(&self, at: Timestamp) -> SignedDuration {
        self.earliest_chain_expiry.duration_since(at)
    }

    /// Whole days left at a time.
    pub fn days_left(&self, at: Timestamp) -> i64 {
        self.left(at).as_secs().div_euclid(86_400)
    }

    /// The share of the certificate's own life that is left, in thousandths from 0 to 1000.
    pub fn left_permille(&self, at: Timestamp) -> u16 {
        let lifetime = i128::from(self.lifetime.as_secs()).max(1);
        let left = i128::from(self.not_after.duration_since(at).as_secs());
        let share = (left * 1000 / lifetime).clamp(0, 1000);
        u16::try_from(share).unwrap_or(0)
    }

    /// Reads a parsed certificate; the verdict about it is filled in by the caller.
    pub(super) fn read(certificate: &X509Certificate<'_>) -> Self {
        let not_before = timestamp(certificate.validity().not_before);
        let not_after = timestamp(certificate.validity().not_after);
        Self {
            not_before,
            not_after,
            lifetime: Duration::try_from(not_after.duration_since(not_before)).unwrap_or_default(),
            issuer: name_text(certificate.issuer()),
            subject: name_text(certificate.subject()),
            serial: hex(certificate.raw_serial()),
            fingerprint_sha256: hex(&Sha256::digest(certificate.as_raw())),
            names: names(certificate),
            chain_len: 1,
            verified: false,
            verify_error: None,
            earliest_chain_expiry: not_after,
            depth: Depth::default(),
        }
    }
}

/// A certificate's time; years beyond what a timestamp holds become its end.
pub(super) fn timestamp(time: ASN1Time) -> Timestamp {
    let second = time
        .timestamp()
        .clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// A distinguished name as one printable line.
pub(super) fn name_text(name: &X509Name<'_>) -> String {
    printable(&name.to_string())
}

/// Outside text without control characters and cut to a bearable length.
pub(super) fn printable(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut kept: String = text.chars().take(MAX_TEXT_CHARS).map(clean).collect();
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        kept.push('…');
    }
    kept
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(printable(name)),
            GeneralName::IPAddress(bytes) => address_text(bytes),
            _ => None,
        })
        .take(MAX_NAMES)
        .collect()
}

fn address_text(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(v6).to_string())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(not_before: &str, not_after: &str) -> CertificateFacts {
        let not_before: Timestamp = not_before.parse().unwrap();
        let not_after: Timestamp = not_after.parse().unwrap();
        CertificateFacts {
            not_before,
            not_after,
            lifetime: Duration::try_from(not_after.duration_since(not_before)).unwrap(),
            issuer: String::new(),
            subject: String::new(),
            serial: String::new(),
            fingerprint_sha256: String::new(),
            names: Vec::new(),
            chain_len: 1,
            verified: true,
            verify_error: None,
            earliest_chain_expiry: not_after,
            depth: Depth::default(),
        }
    }

    #[test]
    fn days_and_share_left_are_whole_numbers_without_surprises() {
        let facts = facts("2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(facts.left_permille(at("2026-01-05T00:00:00Z")), 333);
        assert_eq!(facts.days_left(at("2026-01-05T00:00:00Z")), 2);
        assert_eq!(facts.left_permille(at("2025-01-01T00:00:00Z")), 1000);
        assert_eq!(facts.left_permille(at("2027-01-01T00:00:00Z")), 0);
        assert_eq!(facts.days_left(at("2026-01-07T00:00:01Z")), -1);
    }

    #[test]
    fn a_certificate_without_end_fits_a_timestamp() {
        let end = ASN1Time::from_timestamp(253_402_300_799).unwrap();
        assert_eq!(timestamp(end).as_second(), Timestamp::MAX.as_second());
    }

    #[test]
    fn outside_text_is_cut_and_cleaned() {
        assert_eq!(printable("a\nb\u{7}"), "a\u{fffd}b\u{fffd}");
        assert_eq!(
            printable(&"x".repeat(MAX_TEXT_CHARS)).chars().count(),
            MAX_TEXT_CHARS
        );
        assert!(printable(&"x".repeat(MAX_TEXT_CHARS + 1)).ends_with('…'));
    }
}
