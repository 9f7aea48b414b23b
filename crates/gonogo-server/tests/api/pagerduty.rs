//! PagerDuty's Events API v2, met from outside by clients with another base URL.

use gonogo_engine::external::Word;
use gonogo_model::Id;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Answer, Server, TOOL_TOKEN};

const PAGER: &str = r#"
sources:
  - id: pager
    name: Whatever speaks to PagerDuty
    kind: pagerduty
    component: store-front
    secrets: ["${env:TINY_TOOL_TOKEN}"]
    unmatched: page
"#;

async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.tool(Method::POST, path, None, Some(body)).await
}

fn trigger() -> Value {
    json!({
        "routing_key": TOOL_TOKEN, "event_action": "trigger",
        "payload": {"summary": "The till is stuck", "source": "till-1", "severity": "critical"},
    })
}

#[tokio::test]
async fn an_event_is_answered_as_pagerduty_answers() {
    let server = Server::start_with(PAGER).await;
    for path in ["/in/pager/v2/enqueue", "/v2/enqueue", "/in/pager"] {
        let answer = post(&server, path, &trigger()).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let told = answer.json();
        assert_eq!(told["status"], "success");
        assert_eq!(told["message"], "Event processed");
        assert_eq!(told["dedup_key"].as_str().unwrap().len(), 32);
    }
    let view = server
        .until(|v| v.externals.values().any(|k| k.alerts.len() == 3))
        .await;
    assert!(view.externals.contains_key(&Id::from_static("pager")));
    server.message_to("ada").await;
    let mut keyed = trigger();
    keyed["dedup_key"] = "till-1".into();
    let answer = post(&server, "/v2/enqueue", &keyed).await;
    assert_eq!(answer.json()["dedup_key"], "till-1");
    keyed["event_action"] = "resolve".into();
    let answer = post(&server, "/v2/enqueue", &keyed).await;
    assert_eq!(answer.status, 202);
    let over = |k: &gonogo_engine::external::Externals| {
        k.alerts.values().any(|h| h.standing == Word::Over)
    };
    server
        .until(|v| v.externals.values().any(|k| over(k)))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_change_is_taken_too() {
    let server = Server::start_with(PAGER).await;
    let change = json!({
        "routing_key": TOOL_TOKEN,
        "payload": {"summary": "Deployed 1.2", "source": "ci"},
    });
    for path in ["/in/pager/v2/change/enqueue", "/v2/change/enqueue"] {
        let answer = post(&server, path, &change).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.json()["status"], "success");
    }
    server
        .until(|v| {
            v.changes
                .iter()
                .any(|c| format!("{c:?}").contains("Deployed 1.2"))
        })
        .await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_event_is_said() {
    let server = Server::start_with(PAGER).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = trigger();
        change(&mut event);
        event
    };
    let cases = [
        (
            with(&|e| e["routing_key"] = "short".into()),
            "Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
        (
            with(&|e| e["routing_key"] = "x".repeat(32).into()),
            "'routing_key' is not one of this server's",
        ),
        (
            with(&|e| e["payload"]["summary"] = Value::Null),
            "'payload.summary' is missing or blank",
        ),
        (
            with(&|e| e["event_action"] = "resolve".into()),
            "'dedup_key' is missing or blank",
        ),
    ];
    for path in ["/in/pager/v2/enqueue", "/v2/enqueue"] {
        for (event, said) in &cases {
            let answer = post(&server, path, event).await;
            assert_eq!(answer.status, 400, "{event}");
            let told = answer.json();
            assert_eq!(told["status"], "invalid event");
            assert_eq!(told["message"], "Event object is invalid");
            assert_eq!(told["errors"], json!([said]));
        }
    }
    let elsewhere = post(&server, "/in/till/v2/enqueue", &trigger()).await;
    assert_eq!(elsewhere.status, 404);
    assert!(server.app.site.view().externals.is_empty());
    server.stop().await;
}
