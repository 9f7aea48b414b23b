//! Alerts, checks, flows, sources, components, people on call.

use gonogo_engine::input::CheckVerdict;
use gonogo_server::auth::Scope;
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worst_comes_first() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    server.incident().await;
    let first = async |what: &str| {
        let found = server.get(&format!("/api/v1/{what}"), &token).await.ok();
        found[what][0].clone()
    };
    let alert = first("alerts").await;
    assert_eq!(
        (&alert["id"], &alert["stage"]),
        (&json!("front-down"), &json!("firing"))
    );
    assert_eq!(
        (&alert["incident"], &alert["team"]["name"]),
        (&json!(1), &json!("The shop"))
    );
    assert_eq!(alert["detail"], "500 instead of 200");
    let check = first("checks").await;
    assert_eq!(
        (&check["id"], &check["state"]),
        (&json!("front-answers"), &json!("failing"))
    );
    assert_eq!(check["last"]["took_ms"], 12);
    let component = first("components").await;
    assert_eq!(
        (&component["id"], &component["state"]),
        (&json!("store-front"), &json!("failing"))
    );

    let firing = server.get("/api/v1/alerts?stage=firing", &token).await.ok();
    assert_eq!(firing["alerts"].as_array().unwrap().len(), 1);
    let wrong = server.get("/api/v1/alerts?stage=loud", &token).await;
    assert_eq!(wrong.refusal(), (400, "malformed".into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_watches_is_unknown() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let found = server.get("/api/v1/components", &token).await.ok();
    let cellar = found["components"].as_array().unwrap();
    let cellar = cellar.iter().find(|c| c["id"] == "cellar").unwrap();
    assert_eq!(
        (&cellar["state"], &cellar["why"]),
        (&json!("unknown"), &json!("no check watches it"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_end_is_written_off_once_and_by_name() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    server
        .sale("s-1", "sale.made", json!({"sale": "s-1", "amount": 1200}))
        .await;
    server.until(|view| view.flows[0].open == 1).await;
    let path = "/api/v1/flows/sale-recorded/write-off";
    let write_off = |key: &str| json!({"key": key, "reason": "a test sale"});
    let refused = [
        (path, write_off("s-2"), (404, "unknown_key")),
        (path, json!({"key": "s-1", "reason": ""}), (422, "empty")),
        (
            "/api/v1/flows/nothing/write-off",
            write_off("s-1"),
            (404, "unknown_flow"),
        ),
    ];
    for (path, body, (status, code)) in refused {
        let answer = server.post(path, &token, body).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()));
    }
    server.post(path, &token, write_off("s-1")).await.ok();
    let flows = server.get("/api/v1/flows", &token).await.ok();
    assert_eq!(flows["flows"][0]["open"], 0);
    let again = server.post(path, &token, write_off("s-1")).await;
    assert_eq!(again.refusal(), (404, "unknown_key".into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_tells_what_it_took_and_what_it_refused() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    server
        .sale("e-1", "sale.made", json!({"sale": "s-1", "amount": 1200}))
        .await;
    server
        .sale("e-1", "sale.made", json!({"sale": "s-1", "amount": 1200}))
        .await;
    let forged = server
        .send(reqwest::Method::POST, "/in/till", None, Some("{}".into()))
        .await;
    assert_eq!(forged.status, 401);
    server.until(|view| view.sources[0].hour == 1).await;
    let source = server.get("/api/v1/sources", &token).await.ok()["sources"][0].clone();
    assert_eq!(
        (&source["accepted"], &source["duplicates"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(source["refused"], json!({"signature_missing": 1}));
    assert_eq!(source["last_event_type"], "sale.made");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_on_call_and_can_be_paged_for_a_test() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    let on_call = server.get("/api/v1/oncall", &token).await.ok();
    let names = |turn: &Value| turn["person"]["id"].as_str().unwrap().to_owned();
    let turns: Vec<String> = on_call["schedules"]
        .as_array()
        .unwrap()
        .iter()
        .map(names)
        .collect();
    assert_eq!(turns.len(), 2);
    assert!(
        turns.contains(&"ada".into()) && turns.contains(&"bob".into()),
        "{turns:?}"
    );
    let paged = server
        .post("/api/v1/test-page", &token, json!({"person": "ada"}))
        .await
        .ok();
    assert_eq!(paged["channels"], json!(["ntfy", "email"]));
    server.message_to("ada").await;
    let nobody = server
        .post("/api/v1/test-page", &token, json!({"person": "eve"}))
        .await;
    assert_eq!(nobody.refusal(), (422, "unknown_person".into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_works_again_is_listed_as_working() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    server.incident().await;
    server.check_says("front-answers", CheckVerdict::Ok).await;
    server
        .until(|view| {
            view.checks
                .iter()
                .all(|c| c.health != gonogo_engine::check::Health::Failing)
        })
        .await;
    let checks = server.get("/api/v1/checks", &token).await.ok();
    let states: Vec<&str> = checks["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["state"].as_str())
        .collect();
    assert!(!states.contains(&"failing"), "{states:?}");
    server.stop().await;
}
