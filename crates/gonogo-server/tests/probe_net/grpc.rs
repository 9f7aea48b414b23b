//! gRPC health, asked of a real HTTP/2 server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gonogo_server::probe::{GrpcTarget, ProbeResult, Target, Trust, code};
use hyper::{HeaderMap, Response};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, SHORT, ask};
use crate::{OK, failing, told, unknown};

/// What the server answers: the HTTP status, the message and gRPC's status.
#[derive(Clone)]
struct Says(u16, Vec<u8>, Option<&'static str>);

fn health(status: u8) -> Says {
    Says(200, vec![0, 0, 0, 0, 2, 8, status], Some("0"))
}

async fn server(says: Says) -> (SocketAddr, Arc<Mutex<Vec<(String, Vec<u8>)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (says, log) = (says.clone(), Arc::clone(&log));
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(tcp).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let path = request.uri().path().to_owned();
                    let (says, log) = (says.clone(), Arc::clone(&log));
                    tokio::spawn(async move {
                        let mut body = request.into_body();
                        let mut question = Vec::new();
                        while let Some(Ok(chunk)) = body.data().await {
                            question.extend_from_slice(&chunk);
                        }
                        log.lock().unwrap().push((path, question));
                        let Says(status, message, grpc) = says;
                        let response = Response::builder().status(status);
                        let response = response.header("content-type", "application/grpc");
                        let mut send = respond
                            .send_response(response.body(()).unwrap(), false)
                            .unwrap();
                        send.send_data(Bytes::from(message), grpc.is_none())
                            .unwrap();
                        if let Some(grpc) = grpc {
                            let mut trailers = HeaderMap::new();
                            trailers.insert("grpc-status", grpc.parse().unwrap());
                            send.send_trailers(trailers).unwrap();
                        }
                    });
                }
            });
        }
    });
    (address, asked)
}

fn target(address: SocketAddr) -> GrpcTarget {
    GrpcTarget {
        host: address.ip().to_string(),
        port: address.port(),
        service: "billing.Ledger".into(),
        tls: false,
        trust: Trust::WebPki,
        allow_private: true,
    }
}

async fn asked(says: Says) -> ProbeResult {
    let (address, _) = server(says).await;
    ask(Names::none(), Target::Grpc(target(address)), PATIENT).await
}

#[tokio::test]
async fn a_service_that_serves_is_well_and_is_asked_as_the_protocol_says() {
    let (address, log) = server(health(1)).await;
    let result = ask(Names::none(), Target::Grpc(target(address)), PATIENT).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let log = log.lock().unwrap();
    assert_eq!(log[0].0, "/grpc.health.v1.Health/Check");
    assert_eq!(
        log[0].1,
        [b"\0\0\0\0\x10\x0a\x0ebilling.Ledger".as_slice()].concat()
    );
}

#[tokio::test]
async fn every_other_word_has_its_code() {
    for (says, want) in [
        (health(0), unknown(code::GRPC_UNKNOWN)),
        (health(2), failing(code::GRPC_NOT_SERVING)),
        (health(3), failing(code::GRPC_SERVICE_UNKNOWN)),
        (
            Says(200, vec![0; 5], Some("0")),
            unknown(code::GRPC_UNKNOWN),
        ),
        (
            Says(200, Vec::new(), Some("5")),
            failing(code::GRPC_SERVICE_UNKNOWN),
        ),
        (
            Says(200, Vec::new(), Some("12")),
            failing(code::GRPC_UNIMPLEMENTED),
        ),
        (
            Says(200, Vec::new(), Some("14")),
            failing(code::GRPC_FAILED),
        ),
        (
            Says(200, Vec::new(), Some("soon")),
            failing(code::GRPC_NOT_SPOKEN),
        ),
        (
            Says(200, b"<html>".to_vec(), None),
            failing(code::GRPC_NOT_SPOKEN),
        ),
        (
            Says(200, b"<html>".to_vec(), Some("0")),
            failing(code::GRPC_NOT_SPOKEN),
        ),
        (
            Says(200, vec![0; 60_000], Some("0")),
            failing(code::GRPC_NOT_SPOKEN),
        ),
        (Says(503, Vec::new(), None), failing("status_503")),
    ] {
        let result = asked(says).await;
        assert_eq!(told(&result), want, "{}", result.detail);
    }
}

#[tokio::test]
async fn what_is_not_http2_is_said_and_what_is_silent_times_out() {
    for (text, want) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            failing(code::GRPC_NOT_SPOKEN),
        ),
        (&[0; 64][..], failing(code::GRPC_NOT_SPOKEN)),
        (b"", failing(code::TIMEOUT)),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let _ = tcp.write_all(text).await;
            std::future::pending::<()>().await;
        });
        let result = ask(Names::none(), Target::Grpc(target(address)), SHORT).await;
        assert_eq!(told(&result), want, "{}", result.detail);
    }
}
