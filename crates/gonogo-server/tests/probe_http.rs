//! The HTTP probe against a listener that answers by script.

#[path = "probe_http/guards.rs"]
mod guards;
mod probe_support;
#[path = "probe_http/vendor.rs"]
mod vendor;

use std::sync::atomic::Ordering;
use std::time::Duration;

use gonogo_server::probe::{
    HttpTarget, MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_REDIRECTS, ProbeResult, Target, Trust, Verdict,
    code,
};
use probe_support::http::{HttpServer, Script, answer, ok, redirect};
use probe_support::names::Names;
use probe_support::tls::{Authority, HOST, Wish};
use probe_support::{PATIENT, SHORT, ask, ask_http, page};

fn told(result: &ProbeResult) -> (Verdict, &'static str) {
    (result.verdict, result.code)
}

fn failing(code: &'static str) -> (Verdict, &'static str) {
    (Verdict::Failing, code)
}

const OK: (Verdict, &str) = (Verdict::Ok, code::OK);

/// Asks a listener with this script, with a short timeout.
async fn ask_script(script: Script, change: impl FnOnce(&mut HttpTarget)) -> ProbeResult {
    let server = HttpServer::start(script).await;
    let mut target = page(server.address, "/");
    change(&mut target);
    ask(Names::none(), Target::Http(target), PATIENT).await
}

#[tokio::test]
async fn a_good_answer_is_ok_with_phases_and_address() {
    let server = HttpServer::start(ok("welcome")).await;
    let result = ask_http(page(server.address, "/a?b=c#d")).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    assert!(
        result.detail.starts_with("Answered 200 with 7 bytes in "),
        "{}",
        result.detail
    );
    assert_eq!(result.addresses.len(), 1);
    assert_eq!(result.addresses[0].address, server.address);
    assert!(result.phases.connect.is_some() && result.phases.first_byte.is_some());
    assert_eq!(result.phases.tls, None);
    assert_eq!(result.certificate, None);

    let head = &server.requests()[0];
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
    let host = format!("host: {}\r\n", server.address);
    assert!(head.contains(&host), "{head}");
    assert!(head.contains("connection: close\r\n"), "{head}");
}

#[tokio::test]
async fn every_run_opens_its_own_connection() {
    let server = HttpServer::start(Script::SendAndHang(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec(),
    ))
    .await;
    // The listener reads one request per connection, so a second one on it would hang.
    for _ in 0..2 {
        assert_eq!(told(&ask_http(page(server.address, "/")).await), OK);
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_status_outside_the_accepted_ones_is_failing_with_its_number() {
    for (status, code) in [
        (500, "status_500"),
        (503, "status_503"),
        (404, "status_404"),
        (302, "status_302"),
        (599, "status_599"),
    ] {
        let result = ask_script(answer(status, "location: /\r\n", ""), |_| {}).await;
        assert_eq!(told(&result), failing(code));
        assert!(result.detail.contains("expected 200-299"));
    }
    let result = ask_script(answer(401, "", ""), |target| {
        target.accept_status = vec![200..=200, 401..=401];
    })
    .await;
    assert_eq!(told(&result), OK);
}

#[tokio::test]
async fn a_page_that_only_looks_green_is_failing() {
    let contains = |text: &str| {
        let text = Some(text.to_owned());
        move |target: &mut HttpTarget| target.body_contains = text
    };
    let lacks = |text: &str| {
        let text = Some(text.to_owned());
        move |target: &mut HttpTarget| target.body_lacks = text
    };
    let json = |path: &str, value: &str| {
        let pair = (path.to_owned(), value.to_owned());
        move |target: &mut HttpTarget| target.json = vec![pair]
    };
    let sorry = || ok("We are sorry. Something went wrong.");
    let result = ask_script(sorry(), contains("Checkout")).await;
    assert_eq!(told(&result), failing(code::BODY_MISSING_TEXT));
    let result = ask_script(sorry(), contains("sorry")).await;
    assert_eq!(told(&result), OK);
    let result = ask_script(sorry(), lacks("went wrong")).await;
    assert_eq!(told(&result), failing(code::BODY_FORBIDDEN_TEXT));
    let result = ask_script(sorry(), json("status", "ok")).await;
    assert_eq!(told(&result), failing(code::JSON_INVALID));

    let health = || ok(r#"{"status":"ok","queues":[{"lag":0},{"lag":7}]}"#);
    assert_eq!(
        told(&ask_script(health(), json("queues.1.lag", "7")).await),
        OK
    );
    assert_eq!(
        told(&ask_script(health(), json("queues.0.lag", "7")).await),
        failing(code::JSON_DIFFERS)
    );
    assert_eq!(
        told(&ask_script(health(), json("queues.2.lag", "7")).await),
        failing(code::JSON_MISSING)
    );
}

#[tokio::test]
async fn slow_servers_cost_the_timeout_and_the_sentence_says_where() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    for (script, place) in [
        (Script::SendAndHang(Vec::new()), "to answer"),
        (Script::SendAndHang(b"HTTP/1.1 20".to_vec()), "to answer"),
        (
            Script::SendAndHang(head),
            "reading the body, of which 4 bytes had arrived",
        ),
    ] {
        let server = HttpServer::start(script).await;
        let target = Target::Http(page(server.address, "/"));
        let result = ask(Names::none(), target, SHORT).await;
        assert_eq!(told(&result), failing(code::TIMEOUT));
        assert!(result.took >= SHORT && result.took < SHORT * 10);
        assert!(result.detail.contains(place), "{}", result.detail);
        assert_eq!(result.addresses.len(), 1);
    }
}

#[tokio::test]
async fn an_endless_body_is_read_to_the_limit_and_no_further() {
    let head = || Script::SendForEver(b"HTTP/1.1 200 OK\r\n\r\nwelcome".to_vec());
    let result = ask_script(head(), |_| {}).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    assert!(result.detail.contains("1048576 bytes"), "{}", result.detail);
    let result = ask_script(head(), |target| {
        target.body_contains = Some("goodbye".to_owned());
    })
    .await;
    assert_eq!(told(&result), failing(code::BODY_TOO_LARGE));
    let result = ask_script(head(), |target| {
        target.body_contains = Some("welcome".to_owned());
    })
    .await;
    assert_eq!(told(&result), OK);
}

#[tokio::test]
async fn the_body_limit_is_exact() {
    for (limit, expected) in [(10, OK), (9, failing(code::BODY_TOO_LARGE))] {
        let result = ask_script(ok("0123456789"), |target| {
            target.max_body_bytes = limit;
            target.body_lacks = Some("error".to_owned());
        })
        .await;
        assert_eq!(told(&result), expected, "{limit}");
    }
    let result = ask_script(ok("0123456789"), |target| target.max_body_bytes = 0).await;
    assert_eq!(told(&result), OK);
    let endless = Script::SendForEver(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let result = ask_script(endless, |target| target.max_body_bytes = usize::MAX).await;
    let read = format!("with {MAX_BODY_BYTES} bytes");
    assert!(result.detail.contains(&read), "{}", result.detail);
}

#[tokio::test]
async fn a_body_that_ends_early_is_failing() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    ] {
        let result = ask_script(Script::Send(bytes.to_vec()), |_| {}).await;
        assert_eq!(told(&result), failing(code::BODY_CUT_SHORT));
    }
}

#[tokio::test]
async fn answers_that_are_not_http_are_named_so() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.9\r\n"[..],
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\0\r\n\r\n",
    ] {
        let result = ask_script(Script::Send(bytes.to_vec()), |_| {}).await;
        assert_eq!(
            told(&result),
            failing(code::HTTP_NOT_SPOKEN),
            "{:?}: {}",
            String::from_utf8_lossy(bytes),
            result.detail
        );
    }
    let result = ask_script(Script::Send(Vec::new()), |_| {}).await;
    assert_eq!(told(&result), failing(code::CONNECTION_CLOSED));
    let result = ask_script(
        Script::SendForEver(b"HTTP/1.1 200 OK\r\na: ".to_vec()),
        |_| {},
    )
    .await;
    assert_eq!(told(&result), failing(code::HEAD_TOO_LARGE));
}

#[tokio::test]
async fn the_head_limit_holds_at_its_edge() {
    let fixed = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\na: \r\n\r\n".len();
    for (size, expected) in [
        (MAX_HEAD_BYTES - 1, OK),
        (MAX_HEAD_BYTES + 1, failing(code::HEAD_TOO_LARGE)),
    ] {
        let filler = "x".repeat(size - fixed);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\na: {filler}\r\n\r\n");
        assert_eq!(head.len(), size);
        let result = ask_script(Script::Send(head.into_bytes()), |_| {}).await;
        assert_eq!(told(&result), expected, "{size}: {}", result.detail);
    }
    for (lines, expected) in [(900, OK), (1_100, failing(code::HEAD_TOO_LARGE))] {
        let result = ask_script(answer(200, &"a: b\r\n".repeat(lines), ""), |_| {}).await;
        assert_eq!(told(&result), expected, "{lines} lines");
    }
}

#[tokio::test]
async fn redirects_are_followed_only_as_far_as_told() {
    let server = HttpServer::routing(|path| match path {
        "/a" => redirect("/b"),
        "/b" => redirect("/c?d=e"),
        "/c?d=e" => ok("there"),
        _ => redirect("/loop"),
    })
    .await;
    let follow = |path: &str, redirects: u8| {
        let mut target = page(server.address, path);
        target.follow_redirects = redirects;
        ask_http(target)
    };
    let result = follow("/a", 2).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    assert_eq!(result.addresses.len(), 3);
    assert_eq!(
        told(&follow("/a", 1).await),
        failing(code::TOO_MANY_REDIRECTS)
    );
    let before = server.requests().len();
    assert_eq!(
        told(&follow("/loop", u8::MAX).await),
        failing(code::TOO_MANY_REDIRECTS)
    );
    let asked = server.requests().len() - before;
    assert_eq!(asked, usize::from(MAX_REDIRECTS) + 1);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_or_where_probes_must_not_go() {
    for (location, expected) in [
        ("ftp://example.com/", failing(code::REDIRECT_INVALID)),
        ("http://", failing(code::REDIRECT_INVALID)),
        ("http://u:p@example.com/", failing(code::REDIRECT_INVALID)),
        (
            "http://169.254.169.254/latest/meta-data",
            (Verdict::Unknown, code::ADDRESS_FORBIDDEN),
        ),
        (
            "http://[::ffff:169.254.169.254]/",
            (Verdict::Unknown, code::ADDRESS_FORBIDDEN),
        ),
        (
            "http://0xa9fea9fe/",
            (Verdict::Unknown, code::ADDRESS_FORBIDDEN),
        ),
        (
            "http://metadata.google.internal/",
            (Verdict::Unknown, code::ADDRESS_FORBIDDEN),
        ),
    ] {
        let result = ask_script(redirect(location), |target| target.follow_redirects = 5).await;
        assert_eq!(told(&result), expected, "{location}: {}", result.detail);
    }
    let result = ask_script(answer(301, "", ""), |target| target.follow_redirects = 5).await;
    assert_eq!(told(&result), failing(code::REDIRECT_INVALID));
}

#[tokio::test]
async fn secrets_stay_with_the_origin_they_were_written_for() {
    let elsewhere = HttpServer::start(ok("elsewhere")).await;
    let away = format!("http://{}/", elsewhere.address);
    let home = HttpServer::routing(move |path| match path {
        "/login" => redirect("/next"),
        _ => redirect(&away),
    })
    .await;
    let mut target = page(home.address, "/login");
    target.follow_redirects = 5;
    target.headers = vec![("authorization".to_owned(), "Bearer very-secret".into())];
    let result = ask_http(target).await;
    assert_eq!(told(&result), OK);
    let at_home = home.requests();
    assert_eq!(at_home.len(), 2);
    assert!(at_home.iter().all(|head| head.contains("very-secret")));
    assert!(!elsewhere.requests()[0].contains("very-secret"));
}

#[tokio::test]
async fn https_carries_the_served_certificate() {
    let root = Authority::root("Example Root");
    let acceptor = root.issue(&Wish::default()).acceptor(rustls::ALL_VERSIONS);
    let server = HttpServer::secured(ok("welcome"), acceptor.clone()).await;
    let mut target = HttpTarget::get(format!("https://{HOST}:8443/"));
    target.connect_to = Some(server.address);
    target.allow_private = true;
    target.trust = Trust::Roots(root.pem.clone().into_bytes());
    let names = Names::none();
    let asked = names.asked();
    let result = ask(names, Target::Http(target.clone()), PATIENT).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    assert!(result.certificate.unwrap().verified);
    assert!(result.phases.tls.is_some());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(*acceptor.names.lock().unwrap(), [Some(HOST.to_owned())]);
    assert!(server.requests()[0].contains(&format!("host: {HOST}:8443\r\n")));

    // Public roots alone do not vouch for it, and then nothing is asked.
    target.trust = Trust::WebPki;
    let result = ask(Names::none(), Target::Http(target), PATIENT).await;
    assert_eq!(told(&result), failing(code::CERT_CHAIN_INCOMPLETE));
    assert_eq!(
        result.certificate.unwrap().verify_error,
        Some(code::CERT_CHAIN_INCOMPLETE)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_next_address_is_tried_when_the_first_is_dead() {
    let server = HttpServer::start(ok("welcome")).await;
    let mut target = HttpTarget::get(format!("http://{HOST}:{}/", server.address.port()));
    target.allow_private = true;
    let names = Names::none().with(HOST, &["127.0.0.9", "127.0.0.1"]);
    let result = ask(names, Target::Http(target.clone()), PATIENT).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let codes: Vec<_> = result.addresses.iter().map(|a| a.code).collect();
    assert_eq!(codes, [code::CONNECT_REFUSED, code::OK]);
    assert!(
        result
            .detail
            .ends_with("1 of its addresses could not be asked."),
        "{}",
        result.detail
    );

    let names = Names::none().with(HOST, &["127.0.0.8", "127.0.0.9"]);
    let result = ask(names, Target::Http(target.clone()), PATIENT).await;
    assert_eq!(told(&result), failing(code::CONNECT_REFUSED));

    target.allow_private = false;
    let names = Names::none().with(HOST, &["127.0.0.1"]);
    let result = ask(names, Target::Http(target), PATIENT).await;
    assert_eq!(told(&result), (Verdict::Unknown, code::ADDRESS_PRIVATE));
}

#[tokio::test]
async fn the_resolver_is_asked_once_and_its_failure_is_not_the_sites() {
    let server = HttpServer::start(ok("welcome")).await;
    let mut target = HttpTarget::get(format!("http://{HOST}:{}/", server.address.port()));
    target.allow_private = true;
    let names = Names::none().with(HOST, &["127.0.0.1"]);
    let asked = names.asked();
    assert_eq!(
        told(&ask(names, Target::Http(target.clone()), PATIENT).await),
        OK
    );
    assert_eq!(
        asked.load(Ordering::SeqCst),
        1,
        "no second answer to swap in"
    );
    let result = ask(Names::silent(), Target::Http(target.clone()), SHORT).await;
    assert_eq!(told(&result), (Verdict::Unknown, code::DNS_UNAVAILABLE));
    let result = ask(Names::none(), Target::Http(target), PATIENT).await;
    assert_eq!(told(&result), failing(code::DNS_NOT_FOUND));
}

#[tokio::test]
async fn requests_that_cannot_be_made_are_unknown_and_show_no_secret() {
    let base = || page("127.0.0.1:9".parse().unwrap(), "/");
    let header = |name: &str, value: &str| {
        let mut target = base();
        target.headers = vec![(name.to_owned(), value.into())];
        target
    };
    let mut method = base();
    method.method = "GET THIS".to_owned();
    let mut connect = base();
    connect.method = "CONNECT".to_owned();
    let mut nothing = base();
    nothing.accept_status = Vec::new();
    for target in [
        nothing,
        HttpTarget::get("not a url"),
        HttpTarget::get("ftp://example.com/"),
        HttpTarget::get("https://user:very-secret@example.com/"),
        method,
        connect,
        header("x-token", "very-secret\r\nx: y"),
        header("very-secret token", "x"),
        header("content-length", "5"),
        header("Transfer-Encoding", "chunked"),
    ] {
        let debug = format!("{:?}", target.headers);
        let result = ask_http(target).await;
        assert_eq!(told(&result), (Verdict::Unknown, code::SPEC_INVALID));
        assert!(!format!("{result:?}").contains("very-secret"));
        assert!(!debug.contains("very-secret\\r"), "{debug}");
    }
}

#[tokio::test]
async fn own_headers_replace_the_defaults() {
    let server = HttpServer::start(ok("")).await;
    let mut target = page(server.address, "/");
    target.method = "HEAD".to_owned();
    target.headers = vec![
        ("Host".to_owned(), "shop.example.com".into()),
        ("User-Agent".to_owned(), "acme".into()),
    ];
    assert_eq!(told(&ask_http(target).await), OK);
    let head = &server.requests()[0];
    assert!(head.starts_with("HEAD / "), "{head}");
    assert!(head.contains("host: shop.example.com\r\n"), "{head}");
    assert!(head.contains("user-agent: acme\r\n"), "{head}");
    assert_eq!(head.matches("host:").count(), 1);
}

#[tokio::test]
async fn a_timeout_of_nothing_is_over_at_once() {
    let server = HttpServer::start(Script::SendAndHang(Vec::new())).await;
    let target = Target::Http(page(server.address, "/"));
    let result = ask(Names::none(), target, Duration::ZERO).await;
    assert_eq!(told(&result), failing(code::TIMEOUT));
}
