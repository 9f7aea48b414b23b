//! Certificates made on the spot and listeners that serve them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub const HOST: &str = "app.example.com";

const DAY: i64 = 86_400;

/// A root or intermediate.
pub struct Authority {
    pub der: CertificateDer<'static>,
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key and the chain as it will be sent.
pub struct Served {
    pub chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

/// What a certificate says, in days from now.
pub struct Wish {
    pub names: Vec<String>,
    pub from_days: i64,
    pub until_days: i64,
    pub purpose: ExtendedKeyUsagePurpose,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            names: vec![HOST.to_owned()],
            from_days: -10,
            until_days: 80,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
        }
    }
}

impl Wish {
    pub fn days(from_days: i64, until_days: i64) -> Self {
        Self {
            from_days,
            until_days,
            ..Self::default()
        }
    }

    pub fn named(name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            ..Self::default()
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).unwrap();
        let name = self.names.first().cloned().unwrap_or_default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![self.purpose.clone()];
        set_days(&mut params, self.from_days, self.until_days);
        params
    }

    pub fn self_signed(&self) -> Served {
        let key = KeyPair::generate().unwrap();
        let certificate = self.params().self_signed(&key).unwrap();
        Served {
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
        }
    }
}

fn set_days(params: &mut CertificateParams, from: i64, until: i64) {
    let now = Timestamp::now();
    let at = |days: i64| {
        let since_1970 = (now + SignedDuration::from_secs(days * DAY)).as_second();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(since_1970.try_into().unwrap())
    };
    params.not_before = at(from);
    params.not_after = at(until);
}

fn authority_params(name: &str, from: i64, until: i64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    set_days(&mut params, from, until);
    params
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority_params(name, -1000, 1000);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    pub fn intermediate(&self, name: &str, from: i64, until: i64) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority_params(name, from, until);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    pub fn issue(&self, wish: &Wish) -> Served {
        let key = KeyPair::generate().unwrap();
        let certificate = wish.params().signed_by(&key, &self.issuer).unwrap();
        Served {
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
        }
    }
}

impl Served {
    /// Sends this certificate after the others.
    pub fn sending(mut self, other: &CertificateDer<'static>) -> Self {
        self.chain.push(other.clone());
        self
    }

    /// Sends something else in place of the certificate.
    pub fn replaced(mut self, bytes: &[u8]) -> Self {
        self.chain = vec![bytes.to_vec().into()];
        self
    }

    fn certified_key(&self) -> CertifiedKey {
        let key = PrivateKeyDer::Pkcs8(self.key.clone().into());
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
        CertifiedKey::new(self.chain.clone(), key)
    }

    /// Chain and key as files hold them.
    pub fn pem(&self) -> (String, String) {
        let block = |label: &str, der: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
        };
        let chain = self.chain.iter().map(|der| block("CERTIFICATE", der));
        (chain.collect(), block("PRIVATE KEY", &self.key))
    }

    pub fn acceptor(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Acceptor {
        self.accepting(versions, WebPkiClientVerifier::no_client_auth())
    }

    /// Lets in only clients with a certificate of this authority.
    pub fn acceptor_for_clients_of(
        &self,
        authority: &Authority,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Acceptor {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .unwrap();
        self.accepting(versions, verifier)
    }

    fn accepting(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        clients: Arc<dyn ClientCertVerifier>,
    ) -> Acceptor {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(OneKey {
                key: Arc::new(self.certified_key()),
                names: Arc::clone(&seen),
            }));
        Acceptor {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            names: seen,
        }
    }

    /// Serves on loopback.
    pub async fn serve(&self) -> TlsServer {
        self.serve_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn serve_at(&self, at: SocketAddr) -> TlsServer {
        let acceptor = self.acceptor(rustls::ALL_VERSIONS);
        TlsServer::start(at, acceptor).await
    }

    pub async fn serve_tls12(&self) -> TlsServer {
        let acceptor = self.acceptor(&[&rustls::version::TLS12]);
        TlsServer::start("127.0.0.1:0".parse().unwrap(), acceptor).await
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Accepts handshakes and remembers the names they asked for.
#[derive(Clone)]
pub struct Acceptor {
    pub acceptor: TlsAcceptor,
    pub names: Arc<Mutex<Vec<Option<String>>>>,
}

#[derive(Debug)]
struct OneKey {
    key: Arc<CertifiedKey>,
    names: Arc<Mutex<Vec<Option<String>>>>,
}

impl ResolvesServerCert for OneKey {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_owned);
        self.names.lock().unwrap().push(name);
        Some(Arc::clone(&self.key))
    }
}

/// A listener that shakes hands and keeps what it is then sent.
pub struct TlsServer {
    pub address: SocketAddr,
    pub names: Arc<Mutex<Vec<Option<String>>>>,
    pub received: Arc<Mutex<Vec<u8>>>,
    task: tokio::task::JoinHandle<()>,
}

impl TlsServer {
    pub async fn start(at: SocketAddr, acceptor: Acceptor) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let names = Arc::clone(&acceptor.names);
        let sink = Arc::clone(&received);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.acceptor.clone();
                let sink = Arc::clone(&sink);
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(tcp).await else {
                        return;
                    };
                    let mut buffer = Vec::new();
                    let _ = stream.read_to_end(&mut buffer).await;
                    sink.lock().unwrap().extend(buffer);
                });
            }
        });
        Self {
            address,
            names,
            received,
            task,
        }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
