//! Requests that were put aside, and what becomes of them.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn what_still_cannot_be_understood_stays_in_the_list() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    // Genuine, and without a type.
    let answer = server
        .delivered(
            "m-1",
            json!({"specversion": "1.0", "id": "1", "source": "x"}),
        )
        .await;
    assert_eq!(answer.ok()["dead_letters"], 1, "{}", answer.text);
    let listed = server.get("/api/v1/dead-letters", &token).await.ok();
    let letter = &listed["dead_letters"][0];
    assert_eq!(
        (&letter["id"], &letter["source"]),
        (&json!(1), &json!("till"))
    );
    assert!(
        !letter.to_string().contains("specversion"),
        "its content is not shown"
    );
    let replayed = server
        .post("/api/v1/dead-letters/1/replay", &token, json!({}))
        .await
        .ok();
    assert_eq!(replayed["accepted"], 0);
    assert!(
        replayed["still"].as_str().unwrap().contains("type"),
        "{replayed}"
    );
    let listed = server
        .get("/api/v1/dead-letters?source=till", &token)
        .await
        .ok();
    assert_eq!(listed["dead_letters"].as_array().unwrap().len(), 1);
    for (id, refused) in [
        ("2", (404, "unknown_dead_letter")),
        ("x", (400, "malformed")),
    ] {
        let path = format!("/api/v1/dead-letters/{id}/replay");
        let answer = server.post(&path, &token, json!({})).await;
        assert_eq!(answer.refusal(), (refused.0, refused.1.to_owned()));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_understood_now_happens_at_its_own_time_and_once() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    // As if an older release had put it aside.
    let sale = json!({
        "specversion": "1.0", "id": "e-7", "source": "tests", "type": "sale.made",
        "data": {"sale": "s-7", "amount": 5}
    });
    let received = server.put_aside(&sale).await;
    let replayed = server
        .post("/api/v1/dead-letters/1/replay", &token, json!({}))
        .await
        .ok();
    assert_eq!(
        replayed,
        json!({"accepted": 1, "duplicates": 0, "still": null})
    );
    let view = server.until(|view| view.flows[0].open == 1).await;
    assert_eq!(view.flows[0].open_items[0].1.received_at, received);
    let again = server
        .post("/api/v1/dead-letters/1/replay", &token, json!({}))
        .await;
    assert_eq!(again.refusal(), (409, "replayed".into()));
    let open = server.get("/api/v1/dead-letters", &token).await.ok();
    assert_eq!(open["dead_letters"], json!([]));
    let all = server
        .get("/api/v1/dead-letters?all=true", &token)
        .await
        .ok();
    assert!(all["dead_letters"][0]["replayed_at"].is_string());
    server.stop().await;
}
