//! Challenges on port 80: ours, somebody else's, and sent elsewhere.

use std::net::SocketAddr;

use gonogo_server::probe::{AcmeTarget, ProbeResult, Target, code};

use crate::probe_support::http::{HttpServer, Script, answer, ok, redirect};
use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, ask};
use crate::{OK, failing, told, unknown};

fn target(at: SocketAddr) -> AcmeTarget {
    AcmeTarget {
        host: "shop.example.com".into(),
        token: "gonogo-probe".into(),
        answer: "gonogo-probe.0123".into(),
        connect_to: Some(at),
        allow_private: true,
    }
}

async fn asked(script: Script) -> (ProbeResult, HttpServer) {
    let server = HttpServer::start(script).await;
    let target = Target::Acme(target(server.address));
    (ask(Names::none(), target, PATIENT).await, server)
}

#[tokio::test]
async fn a_challenge_that_reaches_us_is_well() {
    let (result, server) = asked(ok("gonogo-probe.0123\n")).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let head = &server.requests()[0];
    assert!(
        head.starts_with("GET /.well-known/acme-challenge/gonogo-probe HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("host: shop.example.com\r\n"), "{head}");
}

#[tokio::test]
async fn a_redirect_within_the_name_is_followed_and_one_to_elsewhere_is_a_finding() {
    let server = HttpServer::routing(|path| match path {
        "/there" => ok("gonogo-probe.0123"),
        _ => redirect("/there"),
    })
    .await;
    let result = ask(Names::none(), Target::Acme(target(server.address)), PATIENT).await;
    assert_eq!(told(&result), OK, "{}", result.detail);

    for to in [
        "http://parking.example.net/",
        "https://www.shop.example.com/x",
    ] {
        let (result, _server) = asked(redirect(to)).await;
        assert_eq!(
            told(&result),
            failing(code::ACME_FOREIGN_REDIRECT),
            "{}",
            result.detail
        );
    }
    let (result, _server) = asked(redirect("/again")).await;
    assert_eq!(
        told(&result),
        failing(code::TOO_MANY_REDIRECTS),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn what_somebody_else_answers_is_told_from_ours() {
    for (script, want) in [
        (ok("gonogo-probe.9999"), failing(code::ACME_OTHER_ANSWER)),
        (ok(&"x".repeat(100_000)), failing(code::ACME_OTHER_ANSWER)),
        (ok(""), failing(code::ACME_OTHER_ANSWER)),
        (answer(404, "", "no"), failing("status_404")),
        (answer(403, "", "no"), failing("status_403")),
        (
            Script::Send(b"SSH-2.0-x\r\n".to_vec()),
            failing(code::HTTP_NOT_SPOKEN),
        ),
    ] {
        let (result, _server) = asked(script).await;
        assert_eq!(told(&result), want, "{}", result.detail);
    }
}

#[tokio::test]
async fn a_token_cannot_leave_its_path() {
    let server = HttpServer::start(ok("x")).await;
    for token in ["", "../../x", "a b", "a?b"] {
        let mut bad = target(server.address);
        bad.token = token.into();
        let result = ask(Names::none(), Target::Acme(bad), PATIENT).await;
        assert_eq!(told(&result), unknown(code::SPEC_INVALID), "{token}");
    }
    assert!(server.requests().is_empty());
}
