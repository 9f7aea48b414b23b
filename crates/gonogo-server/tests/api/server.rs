//! A real server over a tiny package, on a port of its own, with a world that answers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use gonogo_engine::input::{CheckResult, CheckVerdict};
use gonogo_engine::{Input, Time};
use gonogo_model::Id;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::auth::{FIRST_ADMIN, Identity, Role, Scope, Via};
use gonogo_server::courier::append;
use gonogo_server::ingest::{Secret, sign};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use gonogo_server::store::{Lane, NewDeadLetter, RawBody};
use gonogo_server::view::View;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::described::held_against_the_description;

/// How long a test waits for what should happen at once.
const WITHIN: Duration = Duration::from_secs(20);
/// The secret that signs the till's events.
pub const TILL_SECRET: &str = "whsec_dGhlIHRpbGwncyBvd24gc2VjcmV0LCAzMiBieXRlcyE=";
/// What other tools show that send alerts; a routing key of PagerDuty's length.
pub const TOOL_TOKEN: &str = "samplekeyhere0000000000000000000";

/// A server under test.
pub struct Server {
    pub app: App,
    dir: TempDir,
    world: String,
    phones: watch::Receiver<Vec<String>>,
    http: reqwest::Client,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The JSON of an answer that has to be a 200.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// Status and code of a refusal, which has to say something to people too.
    pub fn refusal(&self) -> (u16, String) {
        let error = self.json()["error"].take();
        assert!(
            error["message"].as_str().is_some_and(|m| m.ends_with('.')),
            "{error}"
        );
        let code = error["code"].as_str().expect("a code").to_owned();
        (self.status.as_u16(), code)
    }
}

impl Server {
    /// Starts one on an empty data directory.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts one whose package says something more.
    pub async fn start_with(more: &str) -> Self {
        let dir = TempDir::new().unwrap();
        copy(&tiny_package(), &dir.path().join("package"));
        if !more.is_empty() {
            std::fs::write(dir.path().join("package/more.yaml"), more).unwrap();
        }
        let (world, phones) = world().await;
        let app = open(dir.path(), &world).await;
        app.site.gate.auth.first_run(now(&app)).await.unwrap();
        let server = Self {
            app,
            dir,
            world,
            phones,
            http: http(),
        };
        server.until(|view| view.loaded).await;
        server
    }

    /// Stops it and starts another on the same data.
    pub async fn restarted(self) -> Self {
        self.app.shut_down().await.unwrap();
        let app = open(self.dir.path(), &self.world).await;
        Self { app, ..self }
    }

    pub async fn stop(self) {
        self.app.shut_down().await.unwrap();
    }

    /// Where its package can be edited.
    pub fn package_dir(&self) -> PathBuf {
        self.dir.path().join("package")
    }

    /// A token of the administrator's, for a scope.
    pub async fn token(&self, scope: Scope) -> String {
        let owner = Identity {
            user_id: FIRST_ADMIN.to_owned(),
            name: "Administrator".to_owned(),
            role: Role::Admin,
            person: None,
            via: Via::Token,
            csrf: None,
        };
        let auth = &self.app.site.gate.auth;
        let made = auth.create_token(&owner, "test", scope, None, now(&self.app));
        made.await.unwrap().token.expose().to_owned()
    }

    /// Lets a check say something.
    pub async fn check_says(&self, check: &str, verdict: CheckVerdict) {
        let site = &self.app.site;
        let result = Input::Check(CheckResult {
            check: Id::parse(check).unwrap(),
            at: site.clock.now(),
            verdict,
            code: "test".to_owned(),
            detail: "500 instead of 200".to_owned(),
            took: gonogo_model::Duration::from_millis(12),
            count: 1,
            seen: Default::default(),
            certificate: None,
            registration: None,
        });
        append(&site.store, Lane::World, &[result], site.clock.now())
            .await
            .unwrap();
    }

    /// Opens the first incident: the store front fails.
    pub async fn incident(&self) {
        self.check_says("front-answers", CheckVerdict::Failing)
            .await;
        self.until(|view| view.incidents.contains_key(&1)).await;
    }

    /// Waits until the view is as it should be.
    pub async fn until(&self, holds: impl FnMut(&Arc<View>) -> bool) -> Arc<View> {
        let mut view = self.app.site.view.clone();
        let found = tokio::time::timeout(WITHIN, view.wait_for(holds)).await;
        found.expect("in time").expect("a view").clone()
    }

    /// An event of the till, as it sends it.
    pub async fn sale(&self, id: &str, kind: &str, data: Value) {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "tests", "type": kind, "data": data
        });
        self.delivered(id, event).await.ok();
    }

    /// A body that the till signed.
    pub async fn delivered(&self, id: &str, body: Value) -> Answer {
        let (body, now) = (body.to_string(), jiff::Timestamp::now());
        let secret = Secret::new(TILL_SECRET).unwrap();
        let signature = sign::cloudevents(&secret, id, body.as_bytes(), now).unwrap();
        let request = self
            .http
            .post(format!("http://{}/in/till", self.app.address))
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        answer(request).await
    }

    /// Puts a genuine body aside, a minute ago; answers when that was.
    pub async fn put_aside(&self, body: &Value) -> Time {
        let site = &self.app.site;
        let at = site.clock.now() - gonogo_model::Duration::from_mins(1);
        let letter = NewDeadLetter {
            source: "till".to_owned(),
            received_at_ms: at.as_millis(),
            reason: "unknown_shape".to_owned(),
            detail: String::new(),
            raw: RawBody {
                source: "till".to_owned(),
                headers_json: r#"{"content-type": "application/cloudevents+json"}"#.to_owned(),
                body: body.to_string().into_bytes(),
                keep_days: 1,
            },
        };
        site.store.add_dead_letter(letter).await.unwrap();
        at
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address)
    }

    /// A form that is sent as a browser without scripts sends it.
    pub async fn form(&self, path: &str, token: &str, body: &str) -> Answer {
        let request = self.http.post(self.url(path)).bearer_auth(token);
        let form = "application/x-www-form-urlencoded";
        let request = request.header("content-type", form).body(body.to_owned());
        answer(request).await
    }

    /// A request that some other tool makes; it says itself who it is.
    pub async fn tool(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, self.url(path));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// Waits for a message on somebody's phone.
    pub async fn message_to(&self, person: &str) {
        let mut phones = self.phones.clone();
        let rang = phones.wait_for(|rang| rang.iter().any(|to| to == person));
        tokio::time::timeout(WITHIN, rang)
            .await
            .expect("in time")
            .unwrap();
    }

    /// A request that a proxy on this machine passes on.
    pub async fn passed_on(&self, path: &str, token: Option<&str>) -> Answer {
        let url = format!("http://{}{path}", self.app.address);
        let mut request = self.http.get(url).header("x-forwarded-for", "192.0.2.7");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body.to_string()))
            .await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<String>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.app.address);
        let mut request = self.http.request(method.clone(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = answer(request).await;
        held_against_the_description(&method, path, &answer);
        answer
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// The package that all tests of the API run.
pub fn tiny_package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-package")
}

async fn open(dir: &Path, world: &str) -> App {
    let outside = BTreeMap::from([
        ("TINY_WORLD".to_owned(), world.to_owned()),
        ("TINY_PHONES".to_owned(), world.to_owned()),
        ("TINY_TILL_SECRET".to_owned(), TILL_SECRET.to_owned()),
        ("TINY_TOOL_TOKEN".to_owned(), TOOL_TOKEN.to_owned()),
    ]);
    let options = Options {
        package_dir: dir.join("package"),
        data_dir: dir.join("data"),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        base_url: None,
        outside: Outside::with(outside),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    App::start(options, routes).await.unwrap()
}

/// Everything that is asked answers 200, and every message rings a phone.
async fn world() -> (String, watch::Receiver<Vec<String>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ring, phones) = watch::channel(Vec::new());
    let answer = async move |body: String| {
        if let Ok(message) = serde_json::from_str::<Value>(&body) {
            let topic = message["topic"].as_str().unwrap_or_default().to_owned();
            ring.send_modify(|rang| rang.push(topic));
        }
        r#"{"id": "m-1"}"#
    };
    let routes = Router::new().fallback(any(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://{address}"), phones)
}

fn http() -> reqwest::Client {
    let http = reqwest::Client::builder().no_proxy().timeout(WITHIN);
    http.build().unwrap()
}

fn now(app: &App) -> jiff::Timestamp {
    app.site.clock.now().timestamp()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
