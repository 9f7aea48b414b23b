//! A server with a door and a few handlers behind it, its clock in the test's hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::routing::{get, post};
use axum::{Json, Router};
use gonogo_model::id::Id;
use gonogo_server::auth::{
    Auth, FIRST_ADMIN, Gate, Identity, LinkPurpose, NewUser, Require, Role, Surroundings, http,
    need,
};
use gonogo_server::store::{AuditFilter, Store, User};
use gonogo_server::web::{Frame, Nav, Shell};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse battery";

pub struct App {
    pub auth: Auth,
    pub store: Store,
    pub url: String,
    pub dir: TempDir,
    world: Arc<World>,
}

/// The rest of the server, as far as the door can see.
struct World {
    now_ms: AtomicI64,
}

impl Surroundings for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms.load(Ordering::SeqCst)).unwrap()
    }

    fn package_name(&self) -> String {
        "Example integrations".into()
    }

    fn person(&self, user: &User) -> Option<Id> {
        (user.id == "ada").then(|| Id::parse("ada").unwrap())
    }

    fn shell(&self, who: &Identity, frame: Frame, title: &str) -> Shell {
        let mut shell = Shell::new(title, Nav::Settings, self.now(), frame);
        shell.csrf = who.csrf().to_owned();
        shell
    }
}

impl App {
    /// A server at its first start.
    pub async fn start() -> Self {
        Self::start_at(None).await
    }

    /// The same, known to people under another address.
    pub async fn start_at(base_url: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let auth = Auth::new(store.clone());
        let start: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
        let world = Arc::new(World {
            now_ms: AtomicI64::new(start.as_millisecond()),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let around: Arc<dyn Surroundings> = world.clone();
        let gate = Gate::new(auth.clone(), base_url.unwrap_or(&url), around);
        let service = router(&gate).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self {
            auth,
            store,
            url,
            dir,
            world,
        }
    }

    /// A server whose administrator has set a password.
    pub async fn set_up() -> Self {
        let app = Self::start().await;
        let token = app.auth.first_run(app.now()).await.unwrap().unwrap();
        let path = LinkPurpose::Setup.path(&token);
        let answer = app.browser().post(path.expose(), &setup_form()).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        app
    }

    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub fn pass(&self, time: SignedDuration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.world.now_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// An account of some role.
    pub async fn add(&self, id: &str, role: Role) {
        let new = NewUser {
            id: id.into(),
            name: format!("{id} Example"),
            email: Some(format!("{id}@example.com")),
            role,
        };
        self.auth.add_user_locally(new, self.now()).await.unwrap();
    }

    /// A browser in which somebody is signed in.
    pub async fn browser_of(&self, user: &str) -> Browser<'_> {
        let token = self.auth.enter_link(user, self.now()).await.unwrap();
        let mut browser = self.browser();
        let path = LinkPurpose::Enter.path(&token);
        let answer = browser.post(path.expose(), &[]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        browser
    }

    /// A browser that knows nobody.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            app: self,
            client: client(),
            cookie: None,
        }
    }

    /// An account as handlers see it.
    pub async fn identity(&self, user: &str) -> Identity {
        let user = self.auth.user(user).await.unwrap().unwrap();
        Identity {
            user_id: user.id,
            name: user.name,
            role: Role::parse(&user.role).unwrap(),
            person: None,
            via: gonogo_server::auth::Via::Session,
            csrf: None,
        }
    }

    /// The audit log, oldest first: actor, action, target.
    pub fn audit(&self) -> Vec<String> {
        let filter = AuditFilter {
            limit: 1000,
            ..AuditFilter::default()
        };
        let rows = self.store.audit(&filter).unwrap();
        let line = |row: &gonogo_server::store::AuditRow| {
            format!("{} {} {}", row.what.actor, row.what.action, row.what.target)
        };
        rows.iter().rev().map(line).collect()
    }

    /// A request of a program.
    pub async fn program(&self, method: Method, path: &str, token: &str) -> Response {
        client()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    }
}

pub fn setup_form() -> [(&'static str, &'static str); 4] {
    [
        ("name", "Ada Example"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ]
}

/// A browser: keeps the cookie, says where a form was made, follows nothing by itself.
pub struct Browser<'a> {
    app: &'a App,
    client: Client,
    /// Name and value.
    pub cookie: Option<(String, String)>,
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Sends a form from one of our own pages.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self
            .request(Method::POST, path)
            .header("sec-fetch-site", "same-origin");
        let answer = with_form(request, form).send().await.unwrap();
        self.keep_cookie(&answer);
        answer
    }

    /// The same with the proof that the page put into it.
    pub async fn post_with_proof(&mut self, path: &str) -> Response {
        let csrf = self.whoami().await["csrf"].as_str().unwrap().to_owned();
        self.post(path, &[("csrf", &csrf)]).await
    }

    pub async fn login(&mut self, login: &str, password: &str) -> Response {
        let form = [("login", login), ("password", password)];
        self.post("/login", &form).await
    }

    /// What a page behind the door sees.
    pub async fn whoami(&self) -> Value {
        self.get("/whoami").await.json().await.unwrap()
    }

    pub async fn is_signed_in(&self) -> bool {
        self.get("/whoami").await.status() == StatusCode::OK
    }

    pub fn token(&self) -> String {
        self.cookie.as_ref().unwrap().1.clone()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.app.url))
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        match &self.cookie {
            Some((name, value)) => request.header(header::COOKIE, format!("{name}={value}")),
            None => request,
        }
    }

    fn keep_cookie(&mut self, answer: &Response) {
        let Some(set) = answer.headers().get(header::SET_COOKIE) else {
            return;
        };
        let set = set.to_str().unwrap();
        let (pair, _) = set.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        let kept = (name.to_owned(), value.to_owned());
        self.cookie = Some(kept).filter(|(_, value)| !value.is_empty());
    }
}

/// Waits for something that the server does in its own time.
pub async fn eventually(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("never came about");
}

/// Fills a form in.
pub fn with_form(request: RequestBuilder, form: &[(&str, &str)]) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params("http://x/", form).unwrap();
    request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(url.query().unwrap_or_default().to_owned())
}

pub fn location(answer: &Response) -> &str {
    answer.headers()[header::LOCATION].to_str().unwrap()
}

fn client() -> Client {
    let policy = reqwest::redirect::Policy::none();
    Client::builder().redirect(policy).build().unwrap()
}

fn router(gate: &Gate) -> Router {
    let known = Router::new()
        .route("/", get(|_: Identity| async { "the overview" }))
        .route("/whoami", get(whoami))
        .route("/api/whoami", get(whoami))
        .route("/read", get(|_: Require<need::Viewer>| async { "read" }))
        .route(
            "/ack",
            post(|_: Require<need::Responder>| async { "acked" }),
        )
        .route(
            "/publish",
            post(|_: Require<need::Director>| async { "published" }),
        )
        .route("/users", post(|_: Require<need::Admin>| async { "added" }));
    let open = Router::new().route("/status", get(|| async { "all is well" }));
    // A handler that somebody forgot to put behind the door.
    let forgotten = Router::new().route("/forgotten", get(whoami));
    http::routes(gate)
        .merge(http::protect(gate, known))
        .merge(open)
        .merge(forgotten)
}

async fn whoami(identity: Identity) -> Json<Value> {
    Json(json!({
        "id": identity.user_id,
        "name": identity.name,
        "role": identity.role.word(),
        "person": identity.person.as_ref().map(Id::as_str),
        "actor": identity.actor().via,
        "csrf": identity.csrf(),
    }))
}

#[tokio::test]
async fn what_is_open_stays_open_and_nothing_else() {
    let app = App::start().await;
    let browser = app.browser();
    assert_eq!(browser.get("/status").await.status(), StatusCode::OK);
    for path in ["/", "/read", "/whoami"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(location(&answer).starts_with("/login"));
    }
    // Without a guard in front there is no identity, and no answer either.
    app.auth.first_run(app.now()).await.unwrap();
    let signed_in = app.browser_of(FIRST_ADMIN).await;
    assert_ne!(signed_in.get("/forgotten").await.status(), StatusCode::OK);
}
