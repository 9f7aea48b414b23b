//! The path through the certificates that a server sent.
//!
//! Verification answers yes or no; this tells where the path leads, so that a missing
//! intermediate, an unknown authority and an expired link can be told apart. Invariant:
//! it decides nothing about trust, it only explains the verifier's answer.

use jiff::Timestamp;
use rustls::RootCertStore;
use x509_parser::certificate::X509Certificate;
use x509_parser::x509::X509Name;

use super::certificate::timestamp;

/// Certificates of one path; a longer one is cut.
const MAX_PATH: usize = 16;

/// The certificates from the server's own towards a root, as far as they were sent.
pub(super) struct Path<'a, 'der> {
    pub links: Vec<&'a X509Certificate<'der>>,
    pub end: PathEnd,
}

/// Where a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathEnd {
    /// At a certificate issued under the name of a trusted root.
    AtRoot,
    /// At a certificate that vouches for itself.
    SelfIssued,
    /// At a certificate whose issuer was neither sent nor is trusted.
    Open,
}

impl<'a, 'der> Path<'a, 'der> {
    /// Follows issuer names from the first certificate.
    pub fn follow(
        sent: &'a [X509Certificate<'der>],
        roots: &RootCertStore,
        now: Timestamp,
    ) -> Option<Self> {
        let mut links = vec![sent.first()?];
        let end = loop {
            let last = *links.last()?;
            if is_root(roots, last.issuer()) {
                break PathEnd::AtRoot;
            }
            if last.issuer().as_raw() == last.subject().as_raw() {
                break PathEnd::SelfIssued;
            }
            let next = sent
                .iter()
                .skip(1)
                .filter(|next| next.subject().as_raw() == last.issuer().as_raw())
                .filter(|next| !links.iter().any(|link| link.as_raw() == next.as_raw()))
                // Of several with one name, the verifier would use a valid one.
                .max_by_key(|next| (is_valid(next, now), timestamp(next.validity().not_after)));
            match next {
                Some(next) if links.len() < MAX_PATH => links.push(next),
                _ => break PathEnd::Open,
            }
        };
        Some(Self { links, end })
    }

    /// The first end of validity on the path.
    pub fn earliest_expiry(&self) -> Timestamp {
        self.links
            .iter()
            .map(|link| timestamp(link.validity().not_after))
            .min()
            .unwrap_or(Timestamp::MAX)
    }

    /// The first certificate above the server's own that is past its end.
    pub fn expired_above_leaf(&self, now: Timestamp) -> Option<&'a X509Certificate<'der>> {
        self.links
            .iter()
            .skip(1)
            .find(|link| timestamp(link.validity().not_after) < now)
            .copied()
    }

    /// The first certificate above the server's own whose validity has not begun.
    pub fn not_yet_valid_above_leaf(&self, now: Timestamp) -> Option<&'a X509Certificate<'der>> {
        self.links
            .iter()
            .skip(1)
            .find(|link| timestamp(link.validity().not_before) > now)
            .copied()
    }
}

fn is_valid(certificate: &X509Certificate<'_>, now: Timestamp) -> bool {
    let validity = certificate.validity();
    timestamp(validity.not_before) <= now && now <= timestamp(validity.not_after)
}

fn is_root(roots: &RootCertStore, issuer: &X509Name<'_>) -> bool {
    let Some(content) = sequence_content(issuer.as_raw()) else {
        return false;
    };
    roots
        .roots
        .iter()
        .any(|root| root.subject.as_ref() == content)
}

/// Roots keep their name without the DER tag and length.
fn sequence_content(der: &[u8]) -> Option<&[u8]> {
    let header = match *der.get(1)? {
        short if short < 0x80 => 2,
        long => 2 + usize::from(long & 0x7f),
    };
    der.get(header..)
}

#[cfg(test)]
mod tests {
    use super::sequence_content;

    #[test]
    fn the_der_header_is_stripped_whatever_its_length() {
        assert_eq!(sequence_content(&[0x30, 2, 7, 8]), Some(&[7, 8][..]));
        assert_eq!(sequence_content(&[0x30, 0x81, 1, 9]), Some(&[9][..]));
        assert_eq!(sequence_content(&[0x30, 0x82, 0, 1, 9]), Some(&[9][..]));
        assert_eq!(sequence_content(&[0x30, 0xff, 1]), None);
        assert_eq!(sequence_content(&[0x30]), None);
        assert_eq!(sequence_content(&[]), None);
    }
}
