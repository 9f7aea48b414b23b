//! Status feeds over a real connection.

use gonogo_server::probe::{Feed, Level, Target, Trust, VendorTarget, Verdict, code};

use crate::probe_support::http::{HttpServer, Script, answer, ok};
use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, SHORT, ask, page};

const TROUBLE: &str = r#"[{"id": "a", "begin": "2026-01-01T00:00:00Z", "modified": "2099-01-01T00:00:00Z",
    "external_desc": "Down", "status_impact": "SERVICE_OUTAGE", "uri": "incidents/a"}]"#;

async fn told(script: Script, patience: std::time::Duration) -> (Verdict, &'static str, String) {
    let server = HttpServer::start(script).await;
    let target = VendorTarget {
        http: page(server.address, "/incidents.json"),
        stale_after: std::time::Duration::from_secs(600),
        feed: Feed::GoogleCloud {
            products: Vec::new(),
            locations: Vec::new(),
            informational: false,
            forgotten_after: std::time::Duration::from_secs(86_400),
        },
    };
    assert_eq!(target.http.trust, Trust::WebPki);
    let result = ask(Names::none(), Target::Vendor(target), patience).await;
    (result.verdict, result.code, result.detail)
}

#[tokio::test]
async fn a_feed_is_read_and_trouble_with_it_is_unknown() {
    let (verdict, code, detail) = told(ok(TROUBLE), PATIENT).await;
    assert_eq!((verdict, code), (Verdict::Failing, code::VENDOR_TROUBLE));
    assert!(detail.contains("/incidents/a)"), "{detail}");
    let (verdict, ..) = told(ok("[]"), PATIENT).await;
    assert_eq!(verdict, Verdict::Ok);
    for (script, expected) in [
        (ok("<html>"), code::FEED_UNREADABLE),
        (answer(503, "", "[]"), code::FEED_UNREACHABLE),
        (answer(200, "age: 601\r\n", "[]"), code::FEED_STALE),
        (
            answer(200, "date: Mon, 01 Jan 2024 00:00:00 GMT\r\n", TROUBLE),
            code::FEED_STALE,
        ),
    ] {
        let (verdict, code, detail) = told(script, PATIENT).await;
        assert_eq!((verdict, code), (Verdict::Unknown, expected), "{detail}");
    }
    let silent = Script::SendAndHang(Vec::new());
    let (verdict, code, _) = told(silent, SHORT).await;
    assert_eq!((verdict, code), (Verdict::Unknown, code::FEED_UNREACHABLE));
}

#[tokio::test]
async fn a_status_page_is_read_where_it_is() {
    let body = r#"{"page": {"name": "Git"}, "status": {"indicator": "none"},
        "components": [{"id": "1", "name": "Actions", "status": "major_outage"}]}"#;
    let server = HttpServer::start(ok(body)).await;
    let target = VendorTarget {
        http: page(server.address, "/api/v2/summary.json"),
        stale_after: std::time::Duration::from_secs(600),
        feed: Feed::Statuspage {
            components: vec!["Actions".into()],
            groups: Vec::new(),
            fails_from: Level::Major,
            informational: false,
        },
    };
    let result = ask(Names::none(), Target::Vendor(target), PATIENT).await;
    assert_eq!(result.code, code::VENDOR_TROUBLE, "{}", result.detail);
    assert_eq!(result.extra.notices[0].state, "major outage");
    assert!(result.phases.transfer.is_some());
}
