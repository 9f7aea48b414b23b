//! When our own way out is closed, everything seems to be down; one trouble says so.

use gonogo_engine::check::Health;
use gonogo_server::auth::Scope;
use gonogo_server::uplink::{OWN_UPLINK, TROUBLE};
use gonogo_server::view::{CheckView, View};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::server::Server;

/// A port that nobody listens on.
async fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

fn far(view: &View) -> &CheckView {
    let mut checks = view.checks.iter();
    checks.find(|c| c.id.as_str() == "far").unwrap()
}

async fn start(way_out: u16) -> Server {
    let server = Server::start().await;
    let path = server.package_dir().join("gonogo.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let operators = "  operators: shop-on-call\n";
    let uplink = format!(
        "{operators}  uplink: {{targets: [{{host: 127.0.0.1, port: {way_out}, allow_private: true}}]}}\n"
    );
    std::fs::write(path, text.replacen(operators, &uplink, 1)).unwrap();
    let shop = closed().await;
    let checks = format!(
        "checks:\n  - {{id: far, name: The shop, component: cellar, every: 1s, fails_after: 1, probe: {{tcp: {{host: 127.0.0.1, port: {shop}, allow_private: true}}}}}}\nalerts:\n  - {{id: far-down, name: The shop is down, severity: SEV2, when: {{check_failing: {{check: far}}}}}}\n"
    );
    std::fs::write(server.package_dir().join("far.yaml"), checks).unwrap();
    let admin = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert_eq!(reloaded["refused"], Value::Null, "{reloaded}");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_way_out_is_one_trouble_and_pages_nobody_for_the_rest() {
    let way_out = closed().await;
    let server = start(way_out).await;
    let view = server
        .until(|view| view.troubles.contains_key(TROUBLE))
        .await;
    assert_eq!(view.incidents.len(), 1, "the operators hear of it, once");
    let doubted = |view: &std::sync::Arc<View>| {
        let last = far(view).last.as_ref();
        last.is_some_and(|l| l.code == OWN_UPLINK)
    };
    let view = server.until(doubted).await;
    assert_eq!(far(&view).health, Health::Unknown);
    let admin = server.token(Scope::Read).await;
    let alerts = server.get("/api/v1/alerts", &admin).await.text;
    assert!(!alerts.contains("\"firing\""), "{alerts}");

    // The way is open again: now it is the shop that is down.
    let _listener = TcpListener::bind(("127.0.0.1", way_out)).await.unwrap();
    server.until(|view| view.troubles.is_empty()).await;
    let view = server
        .until(|view| far(view).health == Health::Failing)
        .await;
    assert_ne!(far(&view).last.as_ref().unwrap().code, OWN_UPLINK);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_behind_an_open_way_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = start(listener.local_addr().unwrap().port()).await;
    let view = server
        .until(|view| far(view).health == Health::Failing)
        .await;
    assert_eq!(far(&view).last.as_ref().unwrap().code, "connect_refused");
    assert!(view.troubles.is_empty());
    server.stop().await;
}
