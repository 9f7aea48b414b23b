//! Keys that are fetched over HTTP while their server is away, and while they change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::oidc::{ACCOUNT, AUDIENCE, KID, Signer, claims};

/// What the server of the keys answers: nothing is an error.
type Served = Arc<Mutex<Option<Value>>>;

const PACKAGE: &str = "
package: {format: 1, id: keys, name: Keys, operators: all}
people: [{id: ann, name: Ann, contacts: [{channel: ntfy, to: 'http://127.0.0.1:9/ann'}]}]
roles: [{id: one, name: One, holders: [{person: ann}]}]
teams: [{id: t, name: T, accountable: one, members: [one], escalation_policy: all}]
escalation_policies: [{id: all, name: All, steps: [{notify: [{role: one}]}], fallback: {role: one}}]
components: [{id: builds, name: Builds, kind: service, team: t}]
";

async fn start(dir: &std::path::Path, keys: &str) -> App {
    let source = format!(
        "sources: [{{id: google, name: Google, kind: google-pubsub, component: builds, audience: '{AUDIENCE}', service_account: '{ACCOUNT}', jwks_url: '{keys}'}}]\n"
    );
    std::fs::create_dir_all(dir.join("ops")).unwrap();
    std::fs::write(dir.join("ops/gonogo.yaml"), PACKAGE.to_owned() + &source).unwrap();
    let options = Options {
        package_dir: dir.join("ops"),
        data_dir: dir.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::with(BTreeMap::new()),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    let app = App::start(options, routes).await.unwrap();
    app.site.view.clone().wait_for(|v| v.loaded).await.unwrap();
    app
}

async fn serve(served: Served) -> String {
    let answer = move || async move {
        match &*served.lock().unwrap() {
            Some(keys) => (StatusCode::OK, keys.to_string()),
            None => (StatusCode::BAD_GATEWAY, String::new()),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let routes = Router::new().route("/keys", get(answer));
        axum::serve(listener, routes).await.unwrap();
    });
    format!("http://{address}/keys")
}

/// A push with a token of now, under a name of its key.
async fn push(app: &App, kid: &str, id: &str) -> (u16, String, bool) {
    let now = Timestamp::now().as_second();
    let said = claims(json!({"iat": now - 60, "exp": now + 3540}));
    let head = json!({"alg": "RS256", "kid": kid, "typ": "JWT"}).to_string();
    let body = json!({
        "message": {"messageId": id, "publishTime": Timestamp::now().to_string(), "attributes": {}, "data": "e30="},
        "subscription": "projects/example-project/subscriptions/builds",
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = http.post(format!("http://{}/in/google", app.address));
    let answer = post
        .bearer_auth(Signer::google().token(&head, &said))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let says_when = answer.headers().contains_key("retry-after");
    let status = answer.status().as_u16();
    let told: Value = answer.json().await.unwrap();
    let code = told["error"]["code"].as_str().unwrap_or_default();
    (status, code.to_owned(), says_when)
}

/// Sends it again, as its sender would, until it is answered so.
async fn sent_until(app: &App, kid: &str, id: &str, wanted: u16) {
    let again = async {
        while push(app, kid, id).await.0 != wanted {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(20), again).await;
    came.unwrap_or_else(|_| panic!("{id} is not answered {wanted}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_push_is_lost_while_keys_cannot_be_had_and_none_is_believed_without() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::default();
    let url = serve(Arc::clone(&served)).await;
    let app = start(dir.path(), &url).await;
    let later = (503, "keys_unavailable".to_owned(), true);
    assert_eq!(push(&app, KID, "1").await, later, "Pub/Sub sends it again");

    let google = Signer::google();
    *served.lock().unwrap() = Some(json!({"keys": [google.jwk(KID)]}));
    sent_until(&app, KID, "1", 200).await;
    // They are kept, whatever becomes of their server.
    *served.lock().unwrap() = None;
    assert_eq!(push(&app, KID, "2").await.0, 200);
    // What is signed with a key that nobody knows yet is looked up once, and then refused.
    *served.lock().unwrap() = Some(json!({"keys": [google.jwk(KID)]}));
    sent_until(&app, "unheard-of", "3", 401).await;
    let view = app
        .site
        .view
        .clone()
        .wait_for(|v| v.sources[0].day == 2)
        .await
        .unwrap()
        .clone();
    assert_eq!(view.sources[0].day, 2, "each of the two once");
    app.shut_down().await.unwrap();
}
