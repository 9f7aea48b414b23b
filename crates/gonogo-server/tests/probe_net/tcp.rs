//! Ports: open, closed, silent, and what they say.

use std::net::SocketAddr;

use gonogo_server::probe::{Target, TcpTarget, code};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, SHORT, ask};
use crate::{OK, failing, told, unknown};

async fn says(text: &'static [u8], hang: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(text).await;
            if hang {
                kept.push(stream);
            }
        }
    });
    address
}

fn target(address: SocketAddr, banner: Option<&str>) -> TcpTarget {
    TcpTarget {
        host: address.ip().to_string(),
        port: address.port(),
        banner: banner.map(Into::into),
        send: None,
        allow_private: true,
    }
}

#[tokio::test]
async fn a_port_that_takes_us_is_well_and_says_what_it_should() {
    let address = says(b"220 mail.example.com ESMTP\r\n", true).await;
    for banner in [None, Some("ESMTP"), Some("220 mail.example.com ")] {
        let target = Target::Tcp(target(address, banner));
        let result = ask(Names::none(), target, PATIENT).await;
        assert_eq!(told(&result), OK, "{}", result.detail);
    }
}

#[tokio::test]
async fn another_banner_a_silent_one_and_an_endless_one_fail() {
    let cases = [
        (
            says(b"554 no\x1b[2J\r\n", false).await,
            code::BANNER_DIFFERS,
        ),
        (says(b"", false).await, code::CONNECTION_CLOSED),
        (says(b"", true).await, code::TIMEOUT),
        (says(&[b'x'; 100_000], true).await, code::BANNER_DIFFERS),
        (says(b"\xff\xfe\x00", false).await, code::BANNER_DIFFERS),
    ];
    for (address, code) in cases {
        let target = Target::Tcp(target(address, Some("220")));
        let result = ask(Names::none(), target, SHORT).await;
        assert_eq!(told(&result), failing(code), "{}", result.detail);
        assert!(!result.detail.contains('\x1b'), "{}", result.detail);
        assert!(result.detail.len() < 400, "{}", result.detail);
    }
}

#[tokio::test]
async fn a_closed_port_fails_and_a_forbidden_one_is_not_asked() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let result = ask(Names::none(), Target::Tcp(target(address, None)), PATIENT).await;
    assert_eq!(told(&result), failing(code::CONNECT_REFUSED));

    let mut public = target(address, None);
    public.allow_private = false;
    let result = ask(Names::none(), Target::Tcp(public), PATIENT).await;
    assert_eq!(told(&result), unknown(code::ADDRESS_PRIVATE));
    let metadata = target("169.254.169.254:80".parse().unwrap(), None);
    let result = ask(Names::none(), Target::Tcp(metadata), PATIENT).await;
    assert_eq!(told(&result), unknown(code::ADDRESS_FORBIDDEN));
}
