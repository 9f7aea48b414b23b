//! Who may do what with which token.

use gonogo_server::auth::Scope;
use reqwest::Method;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_that_works_there_is_nothing() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Read).await;
    let altered = format!("{}x", &token[..token.len() - 1]);
    for bad in [
        None,
        Some(""),
        Some("gng_"),
        Some("gng_000000000000_x"),
        Some(&*altered),
    ] {
        for (method, path) in [
            (Method::GET, "/api/v1/state"),
            (Method::GET, "/api/v1/incidents/1"),
            (Method::GET, "/api/v1/incidents/2"),
            (Method::POST, "/api/v1/incidents/1/ack"),
            (Method::GET, "/api/v1/nothing"),
        ] {
            let answer = server.send(method, path, bad, None).await;
            assert_eq!(answer.refusal(), (401, "sign_in".into()), "{path} {bad:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert!(!answer.text.contains("store front"), "{}", answer.text);
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_ends_where_it_says() {
    let server = Server::start().await;
    server.incident().await;
    let read = server.token(Scope::Read).await;
    let respond = server.token(Scope::Respond).await;
    let admin = server.token(Scope::Admin).await;
    server.get("/api/v1/incidents", &read).await.ok();
    let ack = "/api/v1/incidents/1/ack";
    let publish = "/api/v1/incidents/1/publish";
    let update = json!({"state": "investigating", "text": "We look at it."});
    let refused = (403, "not_allowed".to_owned());
    assert_eq!(server.post(ack, &read, json!({})).await.refusal(), refused);
    server.post(ack, &respond, json!({})).await.ok();
    // Speaking to customers is the director's.
    assert_eq!(
        server
            .post(publish, &respond, update.clone())
            .await
            .refusal(),
        refused
    );
    server.post(publish, &admin, update).await.ok();
    server.stop().await;
}
