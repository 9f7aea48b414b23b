//! Sending a range on again from a terminal, to an endpoint that failed and was mended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use gonogo_server::ingest::{Secret, sign};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::served::{Sandbox, Served, until};

const SECRET: &str = "whsec_dGhlIHRpbGwncyBvd24gc2VjcmV0LCAzMiBieXRlcyE=";
const LONG_AGO: &str = "2026-01-01T00:00:00Z";

/// The product's endpoint: refuses everything until it is mended.
#[derive(Clone, Default)]
struct Endpoint {
    mended: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
}

#[test]
fn what_failed_is_counted_then_sent_again_once_the_endpoint_is_mended() {
    let runtime = Runtime::new().unwrap();
    let endpoint = Endpoint::default();
    let url = runtime.block_on(start(endpoint.clone()));
    let sandbox = Sandbox::new();
    sandbox.edit("ops/gonogo.yaml", |t| {
        let secrets = "secrets: [\"${env:TINY_TILL_SECRET}\"]";
        let forward =
            format!("forward: {{url: '{url}', to: ledger, through: cellar, allow_private: true}}");
        t.replace(secrets, &format!("{secrets}\n    {forward}"))
            .replace(
                "    name: The ledger\n",
                "    name: The ledger\n    depends_on: [{component: cellar}]\n",
            )
    });
    let token = sandbox.token("respond");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    let replay = |more: &[&str]| {
        let named = ["source", "replay", "till", "--from", LONG_AGO];
        ask(&[&named[..], more].concat())
    };
    assert_eq!(
        replay(&["--dry-run"]).ok(),
        "0 deliveries would be sent again, 0 dead letters looked at again\n"
    );
    runtime.block_on(deliver(&served, "one"));
    runtime.block_on(deliver(&served, "two"));
    let would = "2 deliveries would be sent again, 0 dead letters looked at again\n";
    until(|| (replay(&["--only", "failed", "--dry-run"]).out == would).then_some(()));
    let refused = endpoint.taken.load(Ordering::SeqCst);
    assert_eq!(refused, 2, "counting sends nothing");

    endpoint.mended.store(true, Ordering::SeqCst);
    assert_eq!(
        replay(&["--only", "failed"]).ok(),
        "2 of 2 deliveries queued to be sent again\n"
    );
    until(|| (endpoint.taken.load(Ordering::SeqCst) == 4).then_some(()));
    until(|| {
        let failed = replay(&["--only", "failed", "--dry-run", "--format", "json"]).json();
        let all = replay(&["--dry-run", "--format", "json"]).json();
        (failed["matched"] == 0 && all["matched"] == 2).then_some(())
    });
    served.end();
}

#[test]
fn a_replay_that_cannot_be_is_refused_with_a_reason() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("respond");
    let served = sandbox.serve();
    let replay =
        |args: &[&str]| sandbox.ask(&served, &token, &[&["source", "replay"], args].concat());
    let turned = replay(&["till", "--from", "2026-01-02T00:00:00Z", "--to", LONG_AGO]);
    assert_eq!(turned.code, 64, "{turned:?}");
    let garbled = replay(&["till", "--from", "yesterday"]);
    assert_eq!(garbled.code, 64, "{garbled:?}");
    let unknown = replay(&["no/such", "--from", LONG_AGO]);
    assert_eq!(unknown.code, 70, "{unknown:?}");
    assert!(unknown.err.contains("(unknown_source)"), "{unknown:?}");
}

#[test]
fn dead_letters_are_looked_at_again_all_at_once() {
    let runtime = Runtime::new().unwrap();
    let sandbox = Sandbox::new();
    let token = sandbox.token("respond");
    let served = sandbox.serve();
    let replay = |args: &[&str]| {
        let all = [&["source", "replay", "till", "--dead"], args].concat();
        sandbox.ask(&served, &token, &all)
    };
    let none = "0 of 0 dead letters understood now: 0 events taken, 0 had come before\n";
    assert_eq!(replay(&[]).ok(), none);
    // Genuine, and without a type.
    let body = r#"{"specversion":"1.0","id":"1","source":"/till"}"#;
    for id in ["one", "two"] {
        runtime.block_on(send(&served, id, body.to_owned()));
    }
    let would = "2 dead letters would be looked at again\n";
    assert_eq!(replay(&["--dry-run"]).ok(), would);
    assert_eq!(replay(&["--to", LONG_AGO]).ok(), none, "none in the range");
    let tried = replay(&[]);
    assert_eq!(tried.code, 1, "{tried:?}");
    assert_eq!(
        tried.out,
        "0 of 2 dead letters understood now: 0 events taken, 0 had come before\n\
         2 still cannot be read: unknown_shape\n"
    );
    assert_eq!(replay(&["--format", "json"]).json()["dead_letters"], 2);
    let both = replay(&["--only", "failed"]);
    assert_eq!(both.code, 64, "deliveries and dead letters: {both:?}");
    let turned = replay(&["--from", "2026-01-02T00:00:00Z", "--to", LONG_AGO]);
    assert_eq!(turned.code, 64, "{turned:?}");
    served.end();
}

async fn start(endpoint: Endpoint) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/hooks", post(take))
        .with_state(endpoint);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn take(State(endpoint): State<Endpoint>) -> StatusCode {
    endpoint.taken.fetch_add(1, Ordering::SeqCst);
    match endpoint.mended.load(Ordering::SeqCst) {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

async fn deliver(served: &Served, id: &str) {
    let now = Timestamp::now();
    let body = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/till","type":"sale.made","time":"{now}","data":{{"sale":"{id}"}}}}"#
    );
    send(served, id, body).await;
}

async fn send(served: &Served, id: &str, body: String) {
    let now = Timestamp::now();
    let secret = Secret::new(SECRET).unwrap();
    let signature = sign::cloudevents(&secret, id, body.as_bytes(), now).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http
        .post(format!("{}/in/till", served.url))
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now.as_second().to_string())
        .header("webhook-signature", signature)
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}
