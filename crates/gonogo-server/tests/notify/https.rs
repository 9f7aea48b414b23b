//! TLS towards channels over HTTP: who is trusted, and what happens to everybody else.

use std::sync::Arc;

use gonogo_model::team::Channel;
use gonogo_server::notify::settings::{HttpSettings, Settings};
use gonogo_server::notify::{Address, Outcome};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::mail_server::certificate;
use crate::{channels_with, failed, page, receipt};

/// Says `ok` to everybody over TLS, as `localhost` under a new authority: its port and authority.
async fn tls_server() -> (u16, String) {
    let (authority_pem, certificate_pem, key_pem) = certificate();
    let chain = vec![CertificateDer::from_pem_slice(certificate_pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, authority_pem)
}

async fn send(port: u16, host: &str, authority_pem: Option<String>) -> Outcome {
    let channels = channels_with(Settings {
        http: HttpSettings {
            extra_roots_pem: authority_pem,
            ..HttpSettings::default()
        },
        ..Settings::default()
    });
    let url = format!("https://{host}:{port}/services/T0/B0/s3cr3t");
    channels
        .send(&Address::new(Channel::Slack, url), &page())
        .await
}

#[tokio::test]
async fn an_authority_from_the_settings_is_trusted() {
    let (port, authority_pem) = tls_server().await;
    receipt(send(port, "localhost", Some(authority_pem)).await);
}

#[tokio::test]
async fn an_unknown_authority_and_a_wrong_name_fail_at_once() {
    let (port, authority_pem) = tls_server().await;
    let unknown = failed(send(port, "localhost", None).await);
    let wrong_name = failed(send(port, "127.0.0.1", Some(authority_pem)).await);
    for error in [unknown, wrong_name] {
        assert!(error.contains("has no valid certificate"), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
