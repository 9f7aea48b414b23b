//! Tokens that make, list and revoke tokens.

use gonogo_server::auth::Scope;
use reqwest::Method;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_a_token_uses_it_and_takes_it_back() {
    let server = Server::start().await;
    let admin = server.token(Scope::Admin).await;
    let wanted = json!({"name": "laptop", "scope": "read", "days": 30});
    let made = server.post("/api/v1/tokens", &admin, wanted).await.ok();
    let token = made["token"].as_str().unwrap();
    server.get("/api/v1/state", token).await.ok();
    let listed = server.get("/api/v1/tokens", &admin).await.ok();
    let laptop = &listed["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["name"] == "laptop")
        .unwrap();
    assert_eq!(laptop["scope"], "read");
    assert!(laptop["expires_at"].is_string());
    assert!(!listed.to_string().contains(token), "it is shown once");
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    server
        .send(Method::DELETE, &path, Some(&admin), None)
        .await
        .ok();
    assert_eq!(
        server.get("/api/v1/state", token).await.refusal(),
        (401, "sign_in".into())
    );
    let again = server
        .send(Method::DELETE, "/api/v1/tokens/nothing", Some(&admin), None)
        .await;
    assert_eq!(again.refusal(), (404, "unknown_token".into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_leaked_makes_no_other() {
    let server = Server::start().await;
    for scope in [Scope::Read, Scope::Respond] {
        let token = server.token(scope).await;
        for wanted in ["read", "respond", "admin"] {
            let wanted = json!({"name": "x", "scope": wanted});
            let answer = server.post("/api/v1/tokens", &token, wanted).await;
            assert_eq!(answer.refusal(), (403, "not_allowed".into()), "{scope:?}");
        }
    }
    let admin = server.token(Scope::Admin).await;
    for (wanted, code) in [
        (json!({"name": "x", "scope": "root"}), "unknown_scope"),
        (json!({"name": "", "scope": "read"}), "empty"),
        (json!({"name": "x", "scope": "read", "days": 0}), "bad_days"),
        (
            json!({"name": "x", "scope": "read", "days": 3651}),
            "bad_days",
        ),
    ] {
        let answer = server.post("/api/v1/tokens", &admin, wanted).await;
        assert_eq!(answer.refusal(), (422, code.to_owned()));
    }
    let read = server.token(Scope::Read).await;
    let answer = server
        .send(Method::DELETE, "/api/v1/tokens/x", Some(&read), None)
        .await;
    assert_eq!(answer.refusal(), (403, "not_allowed".into()));
    server.stop().await;
}
