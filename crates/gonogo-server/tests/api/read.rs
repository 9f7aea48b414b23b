//! Reading: what programs see of a server that runs.

use gonogo_engine::input::CheckVerdict;
use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn the_state_says_what_is_worst_first() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let state = server.get("/api/v1/state", &token).await.ok();
    assert_eq!(state["package"]["name"], "A tiny shop");
    assert_eq!(state["counts"]["incidents_open"], 0);
    server.incident().await;
    let state = server.get("/api/v1/state", &token).await.ok();
    assert_eq!(state["headline"]["state"], "incident");
    assert_eq!(
        state["headline"]["text"],
        "SEV1 INC-1: The store front does not answer"
    );
    assert_eq!(state["counts"]["incidents_open"], 1);
    assert_eq!(state["counts"]["checks_failing"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_listed_by_where_they_stand() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Respond).await;
    let names = async |query: &str| {
        let found = server
            .get(&format!("/api/v1/incidents{query}"), &token)
            .await
            .ok();
        let found = found["incidents"].as_array().unwrap().clone();
        found
            .iter()
            .map(|i| i["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["INC-1"]);
    assert_eq!(names("?state=open").await, ["INC-1"]);
    assert_eq!(names("?state=resolved").await, [""; 0]);
    server.check_says("front-answers", CheckVerdict::Ok).await;
    let reason = json!({"reason": "it answers again"});
    server
        .post("/api/v1/incidents/1/resolve", &token, reason)
        .await
        .ok();
    assert_eq!(names("?state=open").await, [""; 0]);
    assert_eq!(names("?state=resolved").await, ["INC-1"]);
    let wrong = server.get("/api/v1/incidents?state=ajar", &token).await;
    assert_eq!(wrong.refusal(), (400, "malformed".into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_tells_its_cause_its_reach_and_what_to_do() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    server
        .check_says("ledger-answers", CheckVerdict::Failing)
        .await;
    server.incident().await;
    server
        .until(|view| view.incidents[&1].alerts.len() == 2)
        .await;
    let shown = server.get("/api/v1/incidents/1", &token).await.ok();
    assert_eq!(
        shown["cause"]["component"],
        json!({"id": "ledger", "name": "The ledger"})
    );
    assert_eq!(shown["cause"]["standing"], "confirmed");
    let hit: Vec<&str> = shown["blast_radius"]["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(hit, ["ledger", "store-front"]);
    assert_eq!(
        shown["blast_radius"]["journeys"][0]["name"],
        "Buy something"
    );
    assert_eq!(shown["runbooks"][0]["id"], "front-down");
    assert_eq!(shown["promise"]["title"], "We are investigating");
    assert_eq!(shown["engagements"][0]["messages"][0]["channel"], "ntfy");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_goes_on_where_it_was_left() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Read).await;
    let all = server.get("/api/v1/incidents/1", &token).await.ok();
    assert!(all["timeline_next"].is_null());
    let rest = server
        .get("/api/v1/incidents/1?after=999999", &token)
        .await
        .ok();
    assert_eq!(rest["timeline"], json!([]));
    server.stop().await;
}
