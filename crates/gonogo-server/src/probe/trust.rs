//! Roots and the verifier built on them, made once per distinct set.
//!
//! It exists because building a verifier means parsing every root, which a probe must not
//! pay each time. Invariant: the public roots are always part of the set.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use super::Trust;
use super::outcome::{Reason, code};

/// Distinct sets of own roots that are kept ready; one more empties the cache.
const MAX_SETS: usize = 64;

/// The largest PEM text that is read.
const MAX_PEM_BYTES: usize = 1024 * 1024;

/// A set of roots, ready to verify with.
pub(super) struct Roots {
    pub store: Arc<RootCertStore>,
    pub verifier: Arc<WebPkiServerVerifier>,
    pub provider: Arc<CryptoProvider>,
}

/// Every set of roots in use.
pub(super) struct TrustStore {
    public: Arc<Roots>,
    own: Mutex<HashMap<[u8; 32], Arc<Roots>>>,
}

impl TrustStore {
    pub fn new() -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let public = build(public_roots(), provider).expect("the public roots are not empty");
        Self {
            public: Arc::new(public),
            own: Mutex::default(),
        }
    }

    /// The roots for a spec, or why its PEM text is of no use.
    pub fn roots(&self, trust: &Trust) -> Result<Arc<Roots>, Reason> {
        let pem = match trust {
            Trust::WebPki => return Ok(Arc::clone(&self.public)),
            Trust::Roots(pem) => pem,
        };
        let key: [u8; 32] = Sha256::digest(pem).into();
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roots) = own.get(&key) {
            return Ok(Arc::clone(roots));
        }
        let roots = Arc::new(self.parse(pem)?);
        if own.len() >= MAX_SETS {
            own.clear();
        }
        own.insert(key, Arc::clone(&roots));
        Ok(roots)
    }

    fn parse(&self, pem: &[u8]) -> Result<Roots, Reason> {
        let bad = |why: String| Reason::unknown(code::TRUST_UNREADABLE, why);
        if pem.len() > MAX_PEM_BYTES {
            return Err(bad(format!(
                "The trusted roots are {} bytes long; at most {MAX_PEM_BYTES} are read.",
                pem.len()
            )));
        }
        let mut store = public_roots();
        let mut added = 0_u32;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let parsed = certificate.ok().and_then(|der| store.add(der).ok());
            if parsed.is_none() {
                return Err(bad(format!(
                    "Certificate {} of the trusted roots cannot be read.",
                    added + 1
                )));
            }
            added += 1;
        }
        if added == 0 {
            return Err(bad("The trusted roots hold no PEM certificate.".to_owned()));
        }
        build(store, Arc::clone(&self.public.provider))
            .ok_or_else(|| bad("The trusted roots cannot be used.".to_owned()))
    }
}

fn public_roots() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

fn build(store: RootCertStore, provider: Arc<CryptoProvider>) -> Option<Roots> {
    let store = Arc::new(store);
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), Arc::clone(&provider))
            .build()
            .ok()?;
    Some(Roots {
        store,
        verifier,
        provider,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_roots_are_unknown_and_say_why() {
        let store = TrustStore::new();
        for (pem, why) in [
            (b"hello".to_vec(), "no PEM certificate"),
            (
                b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n".to_vec(),
                "cannot be read",
            ),
            (vec![b'a'; MAX_PEM_BYTES + 1], "at most"),
        ] {
            let reason = store.roots(&Trust::Roots(pem)).err().unwrap();
            assert_eq!(reason.code, code::TRUST_UNREADABLE);
            assert!(reason.detail.contains(why), "{}", reason.detail);
        }
    }

    #[test]
    fn the_cache_of_own_roots_is_bounded() {
        let store = TrustStore::new();
        for n in 0..=MAX_SETS {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(vec![format!("r{n}.example.com")]).unwrap();
            let pem = params.self_signed(&key).unwrap().pem();
            store.roots(&Trust::Roots(pem.into_bytes())).unwrap();
        }
        assert!(store.own.lock().unwrap().len() <= MAX_SETS);
    }
}
