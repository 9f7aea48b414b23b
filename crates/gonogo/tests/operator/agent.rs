//! Real agents beside a real server: what they see from their places, and what waits for it
//! while it is away.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::served::{Sandbox, Served, until};

/// The shop as the agents find it; the server itself asks the ledger, of which it hears nothing.
const FAR: &str = r#"
checks:
  - id: far
    name: The shop, from afar
    component: cellar
    every: 2s
    fails_after: 1
    recovers_after: 1
    from: {places: [east, west, south], agree: 2}
    probe: {http: {url: "${env:SHOP}/", allow_private: true}}
"#;

struct Agent(Child);

impl Agent {
    fn start(sandbox: &Sandbox, server: &str, place: &str, token: &str, shop: &str) -> Self {
        std::fs::write(sandbox.path(place), token).unwrap();
        let args = [
            "agent",
            "--server",
            server,
            "--place",
            place,
            "--token-file",
            place,
        ];
        let mut command = sandbox.command(&args);
        command.env("SHOP", shop).stderr(log(sandbox, place));
        Self(command.spawn().unwrap())
    }

    fn end(mut self) {
        let pid = self.0.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(told.success());
        assert!(self.0.wait().unwrap().success(), "it ends in order");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn log(sandbox: &Sandbox, place: &str) -> File {
    let path = sandbox.path(&format!("{place}.log"));
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

fn said(sandbox: &Sandbox, place: &str) -> String {
    std::fs::read_to_string(sandbox.path(&format!("{place}.log"))).unwrap()
}

/// What the server knows of the check.
async fn far(served: &Served, token: &str) -> Option<Value> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.get(format!("{}/api/v1/checks", served.url));
    let answer = asked.bearer_auth(token).send().await.unwrap();
    let all: Value = answer.json().await.unwrap();
    let mut all = all["checks"].as_array()?.iter();
    all.find(|c| c["id"] == "far").cloned()
}

fn states(check: &Value) -> String {
    let places = check["places"].as_array().unwrap().iter();
    let word = |p: &Value| format!("{} {}", p["place"], p["state"]).replace('"', "");
    let places: Vec<String> = places.map(word).collect();
    format!(
        "{}: {}",
        check["state"].as_str().unwrap(),
        places.join(", ")
    )
}

#[test]
fn places_agree_before_a_check_fails_and_answers_wait_while_the_server_is_away() {
    let runtime = Runtime::new().unwrap();
    let status = Arc::new(AtomicU16::new(200));
    let shop = runtime.block_on(open(Arc::clone(&status)));
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("ops/far.yaml"), FAR).unwrap();
    let (read, admin) = (sandbox.token("read"), sandbox.token("admin"));
    let token = sandbox.token("agent");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let listen = format!("127.0.0.1:{port}");
    let served = sandbox.serve_at("data", &listen);
    let url = served.url.clone();
    let becomes = |served: &Served, wanted: &str| {
        until(|| {
            let check = runtime.block_on(far(served, &read));
            check.filter(|c| states(c) == wanted)
        })
    };

    let says = |wanted: &str| {
        until(|| {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
            said(&sandbox, "east").contains(wanted).then_some(())
        })
    };

    // The agent in the south is cut off: it reaches us, and not the shop.
    let nowhere = "http://127.0.0.1:1";
    let agents = [("east", &*shop), ("west", &*shop), ("south", nowhere)]
        .map(|(place, shop)| Agent::start(&sandbox, &url, place, &token, shop));
    let one = becomes(&served, "ok: east ok, south failing, west ok");
    let detail = one["last"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("only south cannot reach it"), "{detail}");

    status.store(503, Ordering::SeqCst);
    let all = becomes(
        &served,
        "failing: east failing, south failing, west failing",
    );
    let detail = all["last"]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("3 of 3 places cannot reach it"),
        "{detail}"
    );

    // The server goes away, the shop recovers, the server comes back.
    served.end();
    until(|| {
        said(&sandbox, "east")
            .contains("answers wait here")
            .then_some(())
    });
    status.store(200, Ordering::SeqCst);
    let served = sandbox.serve_at("data", &listen);
    becomes(&served, "ok: east ok, south failing, west ok");

    // Another package asks nothing from the east any more: its agent stops asking, and waits.
    sandbox.edit("ops/far.yaml", |t| {
        t.replace("[east, west, south]", "[west, south]")
    });
    sandbox.ask(&served, &admin, &["reload"]).ok();
    says("No check of the package is asked from a place `east`");
    becomes(&served, "ok: south failing, west ok");
    for agent in agents {
        agent.end();
    }
    served.end();
}

#[test]
fn what_cannot_work_is_said_at_once() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("ops/far.yaml"), FAR).unwrap();
    let (read, token) = (sandbox.token("read"), sandbox.token("agent"));
    let served = sandbox.serve();
    let refused = |place: &str, token: &str| {
        let ended = sandbox.ask(&served, token, &["agent", "--place", place]);
        assert!([64, 70].contains(&ended.code), "{ended:?}");
        ended.err
    };
    let said = refused("east", &read);
    assert!(said.contains("gonogo token create --scope agent"), "{said}");
    let said = refused("north", &token);
    assert!(said.contains("is asked from a place `north`"), "{said}");
    let said = refused("local", &token);
    assert!(said.contains("is the server itself"), "{said}");
    served.end();
}

async fn open(status: Arc<AtomicU16>) -> String {
    let answer =
        move || async move { StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/", get(answer)))
            .await
            .unwrap();
    });
    format!("http://{address}")
}
