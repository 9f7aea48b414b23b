//! A certificate verifier that writes down what it saw.
//!
//! rustls drops the chain of a handshake that does not verify, yet that chain is what the
//! check is about. Invariant: a configuration that lets a bad chain pass is made only by
//! [`observe`], is used for one connection, and nothing is ever sent over it.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::trust::Roots;

/// The chain as sent, the server's own certificate first, and what verification said.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub chain: Vec<CertificateDer<'static>>,
    pub verdict: Result<(), Error>,
    /// Whether an OCSP answer came with it.
    pub stapled: bool,
}

/// The place where a handshake leaves its recording.
#[derive(Debug)]
pub(super) struct Recorder {
    inner: Arc<WebPkiServerVerifier>,
    after: After,
    seen: Mutex<Option<Recording>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    LetFinish,
    Enforce,
}

/// For looking only: the handshake finishes whatever the chain is.
pub(super) fn observe(roots: &Roots) -> (Arc<ClientConfig>, Arc<Recorder>) {
    config(roots, After::LetFinish)
}

/// For talking: a chain that does not verify ends the handshake, and is on record.
pub(super) fn enforce(roots: &Roots) -> (Arc<ClientConfig>, Arc<Recorder>) {
    config(roots, After::Enforce)
}

fn config(roots: &Roots, after: After) -> (Arc<ClientConfig>, Arc<Recorder>) {
    let recorder = Arc::new(Recorder {
        inner: Arc::clone(&roots.verifier),
        after,
        seen: Mutex::new(None),
    });
    let verifier: Arc<dyn ServerCertVerifier> = recorder.clone();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&roots.provider))
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A resumed session shows no certificate.
    config.resumption = Resumption::disabled();
    (Arc::new(config), recorder)
}

impl Recorder {
    /// What was recorded, once the handshake is over.
    pub fn take(&self) -> Option<Recording> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|der| der.clone().into_owned())
            .collect();
        let recording = Recording {
            chain,
            verdict: verdict.as_ref().map(|_| ()).map_err(Clone::clone),
            stapled: !ocsp_response.is_empty(),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
        match self.after {
            After::LetFinish => Ok(ServerCertVerified::assertion()),
            After::Enforce => verdict,
        }
    }

    // The signatures stay checked either way: they prove that the server holds the key of
    // the certificate that is reported.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
