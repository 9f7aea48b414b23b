//! Two sides that differ, over the API and on pages, and a difference that is written off.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use gonogo_server::auth::Scope;
use serde_json::{Value, json};

use crate::server::Server;

/// A side whose answer can be changed: a path each for the charges and the ledger.
#[derive(Clone, Default)]
struct Sides {
    charges: Arc<Mutex<Value>>,
    ledger: Arc<Mutex<Value>>,
}

impl Sides {
    async fn serve(&self) -> String {
        let answer = |side: &Arc<Mutex<Value>>| {
            let side = Arc::clone(side);
            get(async move || side.lock().unwrap().to_string())
        };
        let routes = Router::new()
            .route("/charges", answer(&self.charges))
            .route("/ledger", answer(&self.ledger));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_nobody_recorded_is_named_and_can_be_written_off() {
    let server = Server::start().await;
    let at = (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30)).to_string();
    let record =
        |id: &str, amount: i64| json!({"id": id, "at": at, "amount": amount, "currency": "usd"});
    let sides = Sides::default();
    *sides.charges.lock().unwrap() = json!([
        record("ch_1", 1200),
        record("ch_2", 800),
        record("ch_3", 500)
    ]);
    *sides.ledger.lock().unwrap() = json!([record("ch_1", 1200), record("ch_3", 450)]);
    let world = sides.serve().await;
    let side = |path: &str| {
        format!(
            r#"{{http_json: {{url: "{world}/{path}", key: id, at: at, amount: amount, currency: currency, allow_private: true}}}}"#
        )
    };
    let text = format!(
        r#"
reconciliations:
  - {{id: charges, name: Charges and ledger, component: ledger, every: 10s, settle: 1s, catch_up: 1s, left: {}, right: {}}}
alerts:
  - {{id: charge-unrecorded, name: A charge is not in the ledger, severity: SEV2, runbook: front-down, when: {{reconciliation: {{reconciliation: charges}}}}}}
"#,
        side("charges"),
        side("ledger")
    );
    std::fs::write(server.package_dir().join("sides.yaml"), text).unwrap();
    let admin = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert_eq!(reloaded["refused"], Value::Null, "{reloaded}");
    let id = gonogo_model::Id::from_static("charges");
    server
        .until(|view| {
            let state = view.reconciliations.get(&id);
            state.is_some_and(|s| s.counting().count() == 2)
        })
        .await;

    let list = server.get("/api/v1/reconciliations", &admin).await.ok();
    let one = &list["reconciliations"][0];
    assert_eq!(one["state"], "bad");
    assert_eq!(one["matched"], 1);
    assert_eq!(one["left"]["records"], 3);
    assert_eq!(one["left"]["amounts"]["usd"], 2500);
    assert_eq!(one["right"]["amounts"]["usd"], 1650);
    let difference = |key: &str| {
        let all = one["differences"].as_array().unwrap();
        all.iter().find(|d| d["key"] == key).unwrap().clone()
    };
    assert_eq!(difference("ch_2")["kind"], "missing_right");
    assert_eq!(difference("ch_2")["left"]["amount"], 800);
    assert_eq!(difference("ch_3")["kind"], "differs");
    let page = server.get("/signals/reconciliations/charges", &admin).await;
    for says in [
        "ch_2",
        "ch_3",
        "25.00 USD",
        "16.50 USD",
        "A charge is not in the ledger",
    ] {
        assert!(page.text.contains(says), "{says}: {}", page.text);
    }
    let only = server
        .get("/signals/reconciliations/charges?kind=differs", &admin)
        .await;
    assert!(only.text.contains("ch_3") && !only.text.contains("difference-ch_2"));
    let csv = server
        .get("/signals/reconciliations/charges/differences.csv", &admin)
        .await;
    assert_eq!(csv.text.lines().count(), 3, "{}", csv.text);
    for path in ["/signals", "/signals/reconciliations"] {
        let page = server.get(path, &admin).await;
        assert!(page.text.contains("Charges and ledger"), "{path}");
    }

    // Who only reads writes nothing off, and what does not differ cannot be.
    let path = "/api/v1/reconciliations/charges/write-off";
    let what = |key: &str| json!({"key": key, "reason": "A gift; booked by hand."});
    let reader = server.token(Scope::Read).await;
    assert_eq!(
        server.post(path, &reader, what("ch_2")).await.refusal().0,
        403
    );
    let unknown = server.post(path, &admin, what("ch_1")).await.refusal();
    assert_eq!(unknown, (404, "unknown_key".to_owned()));
    let none = "/api/v1/reconciliations/none/write-off";
    assert_eq!(
        server.post(none, &admin, what("ch_2")).await.refusal().0,
        404
    );
    server.post(path, &admin, what("ch_2")).await.ok();
    server
        .until(|view| view.reconciliations[&id].counting().count() == 1)
        .await;
    let page = server.get("/signals/reconciliations/charges", &admin).await;
    assert!(
        page.text.contains("A gift; booked by hand."),
        "{}",
        page.text
    );

    // What arrives clears the rest; the one that was written off stays so while it is the same.
    *sides.ledger.lock().unwrap() = json!([record("ch_1", 1200), record("ch_3", 500)]);
    server
        .until(|view| view.reconciliations[&id].open() == 0)
        .await;
    server.stop().await;
}
