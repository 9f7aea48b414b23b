//! Requests that were put aside, and what becomes of them.

use gonogo_server::api::DEAD_LETTERS_REPLAYED_MAX;
use gonogo_server::auth::{FIRST_ADMIN, Scope};
use gonogo_server::store::AuditFilter;
use serde_json::{Value, json};

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

/// What is understood now: as if an older release had put it aside.
fn sale(number: u32) -> Value {
    json!({
        "specversion": "1.0", "id": format!("e-{number}"), "source": "tests", "type": "sale.made",
        "data": {"sale": format!("s-{number}"), "amount": 5}
    })
}

/// What is not.
fn garbled() -> Value {
    json!({"specversion": "1.0", "id": "x", "source": "tests"})
}

/// What the audit log says of replays, newest first: what of which.
fn audited(server: &Server) -> Vec<(String, String, Value)> {
    let all = AuditFilter {
        limit: 100,
        ..AuditFilter::default()
    };
    let rows = server.app.site.store.audit(&all).unwrap();
    let replays = rows.into_iter().map(|row| row.what);
    replays
        .filter(|what| what.action.starts_with("dead_letter"))
        .map(|what| {
            assert_eq!(what.actor, FIRST_ADMIN);
            let more = serde_json::from_str(&what.json).unwrap();
            (what.action, what.target, more)
        })
        .collect()
}

const ALL_OF_TILL: &str = "/api/v1/sources/till/dead-letters/replay";

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_source_are_looked_at_again_part_by_part() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    server.put_aside(&garbled()).await;
    let understood = DEAD_LETTERS_REPLAYED_MAX + 1;
    for number in 0..understood {
        server.put_aside(&sale(number)).await;
    }
    let counted = server.post(ALL_OF_TILL, &token, json!({"dry_run": true}));
    assert_eq!(counted.await.ok()["dead_letters"], understood + 1);
    assert_eq!(audited(&server), [], "counting is nothing to write down");

    let first = server.post(ALL_OF_TILL, &token, json!({})).await.ok();
    assert_eq!(first["dead_letters"], DEAD_LETTERS_REPLAYED_MAX);
    assert_eq!(first["understood"], DEAD_LETTERS_REPLAYED_MAX - 1);
    assert_eq!(first["still"], json!({"unknown_shape": 1}));
    let next = json!({"after": first["next"]});
    let second = server.post(ALL_OF_TILL, &token, next).await.ok();
    assert_eq!(
        second,
        json!({
            "dead_letters": 2, "understood": 2, "accepted": 2, "duplicates": 0, "gone": 0,
            "still": {}, "next": null
        })
    );
    let open = server.until(|v| v.flows[0].open == u64::from(understood) as usize);
    open.await;
    let left = server.get("/api/v1/dead-letters", &token).await.ok();
    assert_eq!(left["dead_letters"].as_array().unwrap().len(), 1);
    let range = json!({"from": null, "to": null, "dead_letters": 2});
    let (action, target, more) = audited(&server).remove(0);
    assert_eq!((&*action, &*target), ("dead_letters.replay", "till"));
    assert_eq!(more, range);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_them_and_nothing_for_those_who_may_only_read() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    let at = server.put_aside(&sale(1)).await.timestamp();
    let later = json!({"from": at + jiff::SignedDuration::from_secs(1)});
    let none = server.post(ALL_OF_TILL, &token, later).await.ok();
    assert_eq!(none["dead_letters"], 0);
    let until = json!({"to": at});
    let none = server.post(ALL_OF_TILL, &token, until).await.ok();
    assert_eq!(none["dead_letters"], 0, "`to` is not in it");
    let turned = server
        .post(ALL_OF_TILL, &token, json!({"from": at, "to": at}))
        .await;
    assert_eq!(turned.refusal(), (422, "invalid_range".into()));
    let read = server.token(Scope::Read).await;
    let refused = server.post(ALL_OF_TILL, &read, json!({})).await;
    assert_eq!(refused.refusal(), (403, "not_allowed".into()));
    let elsewhere = "/api/v1/sources/nothing/dead-letters/replay";
    let unknown = server.post(elsewhere, &token, json!({})).await;
    assert_eq!(unknown.refusal(), (404, "unknown_source".into()));
    let one = server
        .post(ALL_OF_TILL, &token, json!({"from": at}))
        .await
        .ok();
    assert_eq!(
        (&one["understood"], &one["accepted"]),
        (&json!(1), &json!(1))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_of_a_source_asks_first_and_tries_them_all() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    let read = server.token(Scope::Read).await;
    for body in [sale(1), garbled(), sale(2)] {
        server.put_aside(&body).await;
    }
    let button = "/signals/sources/till/replay-dead-letters";
    for path in ["/signals/sources/till", "/signals/dead-letters"] {
        let page = server.get(path, &token).await.text;
        assert!(page.contains(button), "{path}");
        assert!(page.contains("Try all 3 again"), "{path}");
        assert!(page.contains("data-confirm=\"Look at all 3"), "{path}");
        let page = server.get(path, &read).await.text;
        assert!(!page.contains(button), "{path}, who may only read");
    }
    let others = "/signals/dead-letters?source=other";
    assert!(!server.get(others, &token).await.text.contains(button));
    let refused = server.form(button, &read, "").await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let done = server.form(button, &token, "").await;
    assert!(
        done.status.is_success() || done.status.is_redirection(),
        "{}",
        done.text
    );
    server.until(|v| v.flows[0].open == 2).await;
    let left = server.get("/api/v1/dead-letters", &token).await.ok();
    assert_eq!(left["dead_letters"].as_array().unwrap().len(), 1);
    let (action, target, more) = audited(&server).remove(0);
    assert_eq!((&*action, &*target), ("dead_letters.replay", "till"));
    assert_eq!(more, json!({"dead_letters": 3}));
    let page = server.get("/signals/sources/till", &token).await.text;
    assert!(!page.contains(button), "one alone has its own button");
    server.stop().await;
}
