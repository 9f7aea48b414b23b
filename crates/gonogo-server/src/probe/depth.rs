//! What a certificate is made of: keys and signatures too weak, and what it says of its own
//! revocation and publication.
//!
//! It exists because a chain can verify here and be refused by a newer client. Invariant: only
//! what is sent is judged; a root is trusted for itself, whatever its signature is.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::public_key::PublicKey;

/// The fewest bits of an RSA key that authorities may certify.
const RSA_BITS_MIN: usize = 2048;

const SHA1_AND_OLDER: [(&str, &str); 5] = [
    ("1.2.840.113549.1.1.2", "MD2"),
    ("1.2.840.113549.1.1.4", "MD5"),
    ("1.2.840.113549.1.1.5", "SHA-1"),
    ("1.2.840.10045.4.1", "SHA-1"),
    ("1.2.840.10040.4.3", "SHA-1"),
];
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
const OCSP: &str = "1.3.6.1.5.5.7.48.1";

/// What a certificate says beyond its names and times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Certificate Transparency timestamps inside it.
    pub timestamps: usize,
    /// Whether it names an OCSP responder.
    pub ocsp: bool,
    /// Whether it promises a stapled OCSP answer with every handshake.
    pub must_staple: bool,
    /// Whether an OCSP answer was stapled.
    pub stapled: bool,
}

impl Depth {
    /// Reads a certificate.
    pub(super) fn read(certificate: &X509Certificate<'_>, stapled: bool) -> Self {
        let mut depth = Self {
            stapled,
            ..Self::default()
        };
        for extension in certificate.extensions() {
            if extension.oid.to_id_string() == TLS_FEATURE {
                depth.must_staple = true;
            }
            match extension.parsed_extension() {
                ParsedExtension::SCT(all) => depth.timestamps = all.len(),
                ParsedExtension::AuthorityInfoAccess(access) => {
                    let mut all = access.accessdescs.iter();
                    depth.ocsp = all.any(|a| a.access_method.to_id_string() == OCSP);
                }
                _ => {}
            }
        }
        depth
    }

    /// The same in sentences, for whoever looks at the check.
    pub(super) fn remarks(&self) -> Vec<String> {
        let transparency = match self.timestamps {
            0 => "The certificate has no Certificate Transparency timestamps inside.".to_owned(),
            n => format!("The certificate has {n} Certificate Transparency timestamps inside."),
        };
        let revocation = match (self.ocsp, self.stapled) {
            (_, true) => "An OCSP answer was stapled to the handshake.",
            (true, false) => "It names an OCSP responder, and no answer was stapled.",
            (false, false) => "It names no OCSP responder; revocation is told by lists only.",
        };
        vec![transparency, revocation.to_owned()]
    }
}

/// Why a certificate of the path is too weak, as a clause that follows "the certificate".
pub(super) fn weakness(links: &[&X509Certificate<'_>]) -> Option<String> {
    links.iter().enumerate().find_map(|(place, link)| {
        let whose = match place {
            0 => String::new(),
            n => format!(
                "is vouched for by certificate {} of the chain, which ",
                n + 1
            ),
        };
        let algorithm = link.signature_algorithm.algorithm.to_id_string();
        let old = SHA1_AND_OLDER.iter().find(|(oid, _)| *oid == algorithm);
        let self_issued = link.issuer().as_raw() == link.subject().as_raw();
        if let Some((_, name)) = old.filter(|_| !self_issued) {
            return Some(format!("{whose}is signed with {name}, which can be forged"));
        }
        let key = link.public_key().parsed().ok()?;
        match key {
            PublicKey::RSA(rsa) if (1..RSA_BITS_MIN).contains(&rsa.key_size()) => Some(format!(
                "{whose}has an RSA key of {} bits; at least {RSA_BITS_MIN} are needed",
                rsa.key_size()
            )),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use x509_parser::prelude::FromDer as _;

    use super::*;

    fn weakness_of(pem: &str) -> Option<String> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        weakness(&[&certificate])
    }

    #[test]
    fn short_keys_and_old_signatures_are_weak() {
        let short = weakness_of(include_str!("fixtures/rsa1024.pem")).unwrap();
        assert_eq!(
            short,
            "has an RSA key of 1024 bits; at least 2048 are needed"
        );
        let old = weakness_of(include_str!("fixtures/sha1.pem")).unwrap();
        assert_eq!(old, "is signed with SHA-1, which can be forged");
    }

    #[test]
    fn a_certificate_of_today_is_not_weak_and_says_what_it_lacks() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let (_, certificate) = X509Certificate::from_der(made.der()).unwrap();
        assert_eq!(weakness(&[&certificate]), None);
        let depth = Depth::read(&certificate, false);
        assert_eq!(depth, Depth::default());
        assert_eq!(depth.remarks().len(), 2);
    }

    #[test]
    fn a_promise_to_staple_is_seen() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        // TLS feature: status_request (RFC 7633).
        let feature = rcgen::CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 5, 5, 7, 1, 24],
            vec![0x30, 0x03, 0x02, 0x01, 0x05],
        );
        params.custom_extensions.push(feature);
        let made = params.self_signed(&key).unwrap();
        let (_, certificate) = X509Certificate::from_der(made.der()).unwrap();
        assert!(Depth::read(&certificate, false).must_staple);
    }
}
