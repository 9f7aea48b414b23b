//! An issuer of keys that is down in every way, and old keys meanwhile: senders are asked to come
//! back, and nothing that is genuine is called forged.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::ingest::oidc::STALE;
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::fixture;
use crate::oidc::{ACCOUNT, AUDIENCE, KID, Signer, claims, head};

const PACKAGE: &str = "
package: {format: 1, id: keys, name: Keys, operators: all}
people: [{id: ann, name: Ann, contacts: [{channel: ntfy, to: 'http://127.0.0.1:9/ann'}]}]
roles: [{id: one, name: One, holders: [{person: ann}]}]
teams: [{id: t, name: T, accountable: one, members: [one], escalation_policy: all}]
escalation_policies: [{id: all, name: All, steps: [{notify: [{role: one}]}], fallback: {role: one}}]
components: [{id: ledger, name: Ledger, kind: service, team: t}]
sources:
  - {id: push, name: Push, kind: google-pubsub, service_account: '${env:ACCOUNT}', audience: '${env:AUDIENCE}', jwks_url: '${env:KEYS}'}
";
/// Longer than the server waits before it asks for keys again that it could not get.
const NEXT_TRY_MS: i64 = 6_000;
/// Longer than it waits before it looks for a name that it does not know.
const NEXT_LOOK_MS: i64 = 61_000;
/// Longer than keys are fresh here.
const NOT_FRESH_MS: i64 = 3_601_000;

/// Who hands out the keys: how it answers, and how often it was asked.
#[derive(Clone)]
struct Issuer {
    says: Arc<Mutex<(StatusCode, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    fn new() -> Self {
        Self {
            says: Arc::new(Mutex::new((StatusCode::OK, key_set(KID)))),
            asked: Arc::default(),
        }
    }

    fn says(&self, status: StatusCode, body: &str) {
        *self.says.lock().unwrap() = (status, body.to_owned());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Begins to answer at an address.
    async fn up(&self, at: SocketAddr) -> JoinHandle<()> {
        let listener = tokio::net::TcpListener::bind(at).await.unwrap();
        let issuer = self.clone();
        let answer = async move || {
            issuer.asked.fetch_add(1, Ordering::SeqCst);
            let (status, body) = issuer.says.lock().unwrap().clone();
            (status, [("cache-control", "max-age=3600")], body)
        };
        let routes = Router::new().route("/keys", get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() })
    }
}

fn key_set(kid: &str) -> String {
    json!({"keys": [Signer::google().jwk(kid)]}).to_string()
}

/// A running server, and somebody at Google's end.
struct Pushed {
    app: App,
    http: reqwest::Client,
}

impl Pushed {
    async fn start(dir: &Path, keys: SocketAddr) -> Self {
        std::fs::create_dir_all(dir.join("ops")).unwrap();
        std::fs::write(dir.join("ops/gonogo.yaml"), PACKAGE).unwrap();
        let outside = [
            ("ACCOUNT", ACCOUNT.to_owned()),
            ("AUDIENCE", AUDIENCE.to_owned()),
            ("KEYS", format!("http://{keys}/keys")),
        ];
        let options = Options {
            package_dir: dir.join("ops"),
            data_dir: dir.join("data"),
            listen: ([127, 0, 0, 1], 0).into(),
            base_url: None,
            outside: Outside::with(outside.map(|(k, v)| (k.to_owned(), v)).into()),
            overlay: Overlay::default(),
            channels: Settings::default(),
            exercise: true,
        };
        let app = App::start(options, routes).await.unwrap();
        let mut view = app.site.view.clone();
        let loaded = view.wait_for(|v| v.loaded);
        tokio::time::timeout(Duration::from_secs(20), loaded)
            .await
            .unwrap()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { app, http }
    }

    /// Pushes something genuine, signed now with the key of a name.
    async fn push(&self, kid: &str) -> (u16, Option<String>, Value) {
        let now = self.app.site.clock.now().timestamp().as_second();
        let head = head().replace(KID, kid);
        let claims = claims(json!({"iat": now, "exp": now + 3600}));
        let token = Signer::google().token(&head, &claims);
        let request = self
            .http
            .post(format!("http://{}/in/push", self.app.address))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(fixture!("google/clouddeploy_operation.json"));
        let answer = request.send().await.unwrap();
        let again = answer.headers().get("retry-after");
        let again = again.map(|v| v.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            again,
            answer.json().await.unwrap_or_default(),
        )
    }

    async fn is_asked_to_come_back(&self, kid: &str, when: &str) {
        let (status, again, said) = self.push(kid).await;
        assert_eq!(status, 503, "{when}: {said}");
        assert_eq!(said["error"]["code"], "keys_unavailable", "{when}");
        let again: u64 = again.expect(when).parse().unwrap();
        assert!((1..=60).contains(&again), "{when}: {again} s");
    }

    async fn is_taken(&self, kid: &str, when: &str) -> Value {
        let (status, _, said) = self.push(kid).await;
        assert_eq!(status, 200, "{when}: {said}");
        said
    }

    /// Lets time pass without waiting for it.
    fn later(&self, ms: i64) {
        self.app.site.clock.take_over(ms);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_hands_out_keys_a_push_is_asked_to_come_back_and_then_taken() {
    let dir = tempfile::tempdir().unwrap();
    // An address where nobody listens yet.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let pushed = Pushed::start(dir.path(), address).await;
    pushed.is_asked_to_come_back(KID, "nobody listens").await;
    pushed.is_asked_to_come_back(KID, "at once again").await;

    let issuer = Issuer::new();
    let running = issuer.up(address).await;
    for (status, body, when) in [
        (StatusCode::SERVICE_UNAVAILABLE, "", "it is overloaded"),
        (StatusCode::OK, "<html>Sign in</html>", "a portal answers"),
        (StatusCode::OK, r#"{"keys": []}"#, "there are no keys"),
        (StatusCode::FOUND, "", "it points elsewhere"),
    ] {
        issuer.says(status, body);
        pushed.later(NEXT_TRY_MS);
        let before = issuer.asked();
        pushed.is_asked_to_come_back(KID, when).await;
        assert_eq!(issuer.asked(), before + 1, "{when}");
        pushed.is_asked_to_come_back(KID, when).await;
        assert_eq!(issuer.asked(), before + 1, "it is not pressed: {when}");
    }

    issuer.says(StatusCode::OK, &key_set(KID));
    pushed.later(NEXT_TRY_MS);
    let first = pushed.is_taken(KID, "it is back").await;
    assert_eq!(first["accepted"], 1, "nothing was stored before: {first}");
    let again = pushed.is_taken(KID, "a repeat").await;
    assert_eq!(again["duplicates"], 1, "{again}");
    running.abort();
    pushed.app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_serve_for_a_while_and_a_new_one_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let issuer = Issuer::new();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let running = issuer.up(address).await;
    let pushed = Pushed::start(dir.path(), address).await;
    pushed.is_taken(KID, "as always").await;

    issuer.says(StatusCode::INTERNAL_SERVER_ERROR, "");
    pushed.later(NOT_FRESH_MS);
    pushed.is_taken(KID, "the keys that are known").await;
    // Signed with a key that was made while they cannot be fetched: it may well be genuine.
    pushed.is_asked_to_come_back("new", "a new key").await;
    issuer.says(StatusCode::OK, &key_set("new"));
    pushed.later(NEXT_TRY_MS);
    pushed.is_taken("new", "the new key").await;
    let (status, _, said) = pushed.push(KID).await;
    assert_eq!(status, 401, "a key that was withdrawn: {said}");
    pushed.later(NEXT_LOOK_MS);
    let (status, _, said) = pushed.push(KID).await;
    assert_eq!(status, 401, "looked up, and not there: {said}");

    // A connection that is kept alive would still be answered.
    issuer.says(StatusCode::INTERNAL_SERVER_ERROR, "");
    running.abort();
    let _ = running.await;
    let stale = i64::try_from(STALE.as_millis()).unwrap();
    // The server sets its clock right by the wall's after a while, which may be just then.
    let mut said = Value::Null;
    for _ in 0..5 {
        pushed.later(NOT_FRESH_MS + stale);
        let (status, _, body) = pushed.push("new").await;
        said = json!([status, body["error"]["code"]]);
        if status == 503 {
            break;
        }
    }
    assert_eq!(said, json!([503, "keys_unavailable"]), "too old to trust");
    pushed.app.shut_down().await.unwrap();
}
