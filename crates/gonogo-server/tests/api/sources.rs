//! Silence with different causes is told apart, and so are clocks.

use std::time::Duration;

use gonogo_server::auth::Scope;
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_turned_away_is_not_one_that_is_silent() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let till = async || -> Value {
        server.get("/api/v1/sources", &token).await.ok()["sources"][0].clone()
    };
    let until = async |health: &str| {
        let wait = async {
            while till().await["health"] != health {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(came.is_ok(), "{health}: {}", till().await);
    };
    until("never_heard").await;
    assert_eq!(till().await["clock"], Value::Null, "nobody knows");

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let address = format!("http://{}/in/till", server.app.address);
    for _ in 0..3 {
        let refused = http.post(&address).body("{}").send().await.unwrap();
        assert_eq!(refused.status(), 401);
    }
    until("rejecting").await;
    let page = server.get("/signals/sources/till", &token).await.text;
    assert!(page.contains("rejecting: signature missing"), "{page}");

    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    for n in 0..3 {
        let event = json!({
            "specversion": "1.0", "id": format!("e-{n}"), "source": "tests",
            "type": "sale.made", "time": ahead.to_string(),
            "data": {"sale": format!("s-{n}")}
        });
        server.delivered(&format!("e-{n}"), event).await.ok();
    }
    until("healthy").await;
    let clock = &till().await["clock"];
    assert_eq!(clock["events"], 3);
    let median = clock["median_ms"].as_i64().unwrap();
    assert!((-600_000..-500_000).contains(&median), "{clock}");
    let page = server.get("/signals/sources/till", &token).await.text;
    assert!(page.contains("its clock is ahead"), "{page}");
    let event = server.get("/events/e-1?source=till", &token).await.text;
    assert!(event.contains("ahead of our clock"), "{event}");
    server.stop().await;
}
