//! Registrations, asked of a registry that answers by script.

use gonogo_server::probe::{
    AddressPolicy, MAX_RDAP_BYTES, ProbeResult, Prober, RegistrationTarget, Target, code,
};

use crate::probe_support::http::{HttpServer, Script, answer, ok, redirect};
use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, spec};
use crate::{OK, failing, told, unknown};

/// The parts of the answer of a real registry that matter, with a registrar of no one's.
const REGISTERED: &str = r#"{
  "objectClassName": "domain",
  "ldhName": "EXAMPLE.COM",
  "status": ["client delete prohibited", "client transfer prohibited"],
  "entities": [
    {"objectClassName": "entity", "roles": ["abuse"]},
    {"objectClassName": "entity", "handle": "376", "roles": ["registrar"],
     "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar, Inc."]]]}
  ],
  "events": [
    {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
    {"eventAction": "expiration", "eventDate": "2999-08-13T04:00:00Z"}
  ]
}"#;

fn target(rdap: Option<String>) -> RegistrationTarget {
    RegistrationTarget {
        domain: "example.com".into(),
        days_left: 7,
        registrar: Some("example registrar".into()),
        refuse_status: Vec::new(),
        rdap,
        allow_private: true,
    }
}

async fn ask(prober: &Prober, target: RegistrationTarget) -> ProbeResult {
    prober
        .run(&spec(Target::Registration(target), PATIENT))
        .await
}

fn prober() -> Prober {
    Prober::new(Names::none().into_resolver(), AddressPolicy::default())
}

#[tokio::test]
async fn the_registry_is_asked_once_a_day_and_its_answer_is_kept() {
    let server = HttpServer::start(ok(REGISTERED)).await;
    let prober = prober();
    let base = format!("http://{}/v1/", server.address);
    for _ in 0..3 {
        let result = ask(&prober, target(Some(base.clone()))).await;
        assert_eq!(told(&result), OK, "{}", result.detail);
        let facts = result.registration.unwrap();
        assert_eq!(facts.registrar, "Example Registrar, Inc.");
        assert_eq!(facts.ends, Some("2999-08-13T04:00:00Z".parse().unwrap()));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0].starts_with("GET /v1/domain/example.com HTTP/1.1"),
        "{}",
        requests[0]
    );
}

#[tokio::test]
async fn the_registry_is_found_by_the_list() {
    let server = HttpServer::routing(|path| match path {
        "/dns.json" => Script::Send(Vec::new()),
        "/com/domain/example.com" => ok(REGISTERED),
        _ => answer(404, "", ""),
    })
    .await;
    let list = format!(
        r#"{{"services": [[["net"], ["https://rdap.example.net/"]], [["com"], ["http://{}/com/"]]]}}"#,
        server.address
    );
    let listed = HttpServer::start(ok(&list)).await;
    let of = |url: String| prober().with_registry_list(url);
    let prober = of(format!("http://{}/dns.json", listed.address));
    let result = ask(&prober, target(None)).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    // A top-level domain of which nobody publishes anything.
    let mut none = target(None);
    none.domain = "example.de".into();
    let result = ask(&prober, none).await;
    assert_eq!(told(&result), unknown(code::RDAP_NONE), "{}", result.detail);
    assert_eq!(listed.requests().len(), 1, "the list is kept");
    // A list that cannot be had says nothing about the domain.
    let broken = of(format!("http://{}/dns.json", server.address));
    let result = ask(&broken, target(None)).await;
    assert_eq!(
        told(&result),
        unknown(code::RDAP_UNAVAILABLE),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn a_registry_that_is_busy_broken_or_strange_says_nothing() {
    let huge = format!(
        "{{\"objectClassName\": \"domain\", \"x\": \"{}\"}}",
        "x".repeat(MAX_RDAP_BYTES)
    );
    for (script, want) in [
        (
            answer(429, "retry-after: 60\r\n", ""),
            unknown(code::RDAP_LIMITED),
        ),
        (answer(500, "", ""), unknown(code::RDAP_UNAVAILABLE)),
        (answer(403, "", ""), unknown(code::RDAP_UNAVAILABLE)),
        (ok("<html>"), unknown(code::RDAP_UNAVAILABLE)),
        (ok("{}"), unknown(code::RDAP_UNAVAILABLE)),
        (ok(&huge), unknown(code::RDAP_UNAVAILABLE)),
        (redirect("/for/ever"), unknown(code::RDAP_UNAVAILABLE)),
        (
            redirect("http://169.254.169.254/"),
            unknown(code::RDAP_UNAVAILABLE),
        ),
        (Script::Send(Vec::new()), unknown(code::RDAP_UNAVAILABLE)),
        (answer(404, "", "{}"), failing(code::NOT_REGISTERED)),
        (
            ok(&REGISTERED.replace("2999", "2001")),
            failing(code::REGISTRATION_ENDED),
        ),
        (
            ok(&REGISTERED.replace("client delete prohibited", "redemption period")),
            failing(code::REGISTRATION_HELD),
        ),
        (
            ok(&REGISTERED.replace("Example Registrar", "Another One")),
            failing(code::REGISTRAR_DIFFERS),
        ),
        (
            ok(&REGISTERED.replace("\"expiration\"", "\"last changed\"")),
            unknown(code::REGISTRATION_OPEN),
        ),
    ] {
        let server = HttpServer::start(script).await;
        let base = format!("http://{}", server.address);
        let result = ask(&prober(), target(Some(base))).await;
        assert_eq!(told(&result), want, "{}", result.detail);
    }
}

#[tokio::test]
async fn addresses_and_rubbish_are_no_domains() {
    for domain in [
        "",
        "192.0.2.1",
        "localhost",
        "a b.example",
        "https://example.com",
    ] {
        let mut bad = target(Some("http://127.0.0.1:1".into()));
        bad.domain = domain.into();
        let result = ask(&prober(), bad).await;
        assert_eq!(told(&result), unknown(code::SPEC_INVALID), "{domain}");
    }
}
