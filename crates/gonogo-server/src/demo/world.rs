//! The outside world of the demonstration: services to probe, a ledger to ask, a TLS
//! listener with real certificates, and an inbox that stands in for people's phones.
//!
//! Nothing in here knows the engine. What it shows is decided by the script, and gonogo
//! finds out by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use gonogo_model::Package;
use gonogo_model::check::Probe;
use gonogo_model::vendor::VendorProbe;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How many messages the inbox keeps.
const INBOX_MAX: usize = 1_000;

/// How long domains are registered for.
const REGISTERED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(300 * 24);

/// The world; clones share it.
#[derive(Clone)]
pub(super) struct World {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<Shown>,
    /// What each check has to see to be content.
    pages: BTreeMap<String, Value>,
    /// What vendors say while they are down.
    troubled: BTreeMap<String, Value>,
    issuer: CertifiedIssuer<'static, KeyPair>,
    certificates: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
    /// Where services and the inbox are.
    url: String,
    tls: SocketAddr,
    roots: PathBuf,
}

#[derive(Default)]
struct Shown {
    down: BTreeSet<String>,
    ledger_down: bool,
    recorded: BTreeSet<String>,
    inbox: Vec<Mail>,
    heartbeats: u64,
}

/// A message on somebody's phone.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// Whose.
    pub person: String,
    /// The link that acknowledges, where there is one.
    pub ack_url: Option<String>,
}

impl World {
    /// Opens the world's listeners on this machine.
    pub(super) async fn open(package: &Package, dir: &Path) -> anyhow::Result<Self> {
        let web = TcpListener::bind(("127.0.0.1", 0)).await?;
        let tls = TcpListener::bind(("127.0.0.1", 0)).await?;
        let issuer = issuer()?;
        let roots = dir.join("demo-roots.pem");
        std::fs::write(&roots, issuer.pem()).context("cannot write the demonstration's roots")?;
        let world = Self {
            inner: Arc::new(Inner {
                state: Mutex::default(),
                pages: package
                    .checks
                    .iter()
                    .filter_map(|(id, c)| Some((id.to_string(), page(&c.probe)?)))
                    .collect(),
                troubled: package
                    .checks
                    .iter()
                    .filter_map(|(id, c)| match &c.probe {
                        Probe::VendorStatus(vendor) => {
                            Some((id.to_string(), vendor_page(vendor, false)))
                        }
                        _ => None,
                    })
                    .collect(),
                issuer,
                certificates: Mutex::default(),
                url: format!("http://{}", web.local_addr()?),
                tls: tls.local_addr()?,
                roots,
            }),
        };
        for check in package.checks.values() {
            if let Probe::Tls(tls) = &check.probe {
                world.serve_certificate(&tls.host.to_string(), 90, 60)?;
            }
        }
        let routes = Router::new()
            .route("/check/{id}", get(check))
            .route("/check/{id}/summary.json", get(vendor))
            .route("/ledger/{kind}/{key}", get(ledger))
            .route("/rdap/domain/{name}", get(registry))
            .route("/value/{value}", get(value))
            .route("/domains", get(|| async { Json(json!([])) }))
            .route("/inbox/{person}", post(inbox))
            .route("/inbox", post(inbox_root))
            .route("/", post(inbox_root))
            .route("/heartbeat", get(heartbeat))
            .with_state(world.clone());
        tokio::spawn(async move { axum::serve(web, routes).await });
        world.accept_tls(tls)?;
        Ok(world)
    }

    /// Where services and the inbox are, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.inner.url
    }

    /// Where certificates are served.
    pub(super) fn tls(&self) -> String {
        self.inner.tls.to_string()
    }

    /// The file with the authority that signed them.
    pub(super) fn roots(&self) -> &Path {
        &self.inner.roots
    }

    /// A service begins or stops to fail.
    pub(super) fn set_down(&self, check: &str, down: bool) {
        let mut shown = self.shown();
        if down {
            shown.down.insert(check.to_string());
        } else {
            shown.down.remove(check);
        }
    }

    /// The ledger begins or stops to fail.
    pub(super) fn set_ledger_down(&self, down: bool) {
        self.shown().ledger_down = down;
    }

    /// The ledger has written something down.
    pub(super) fn record(&self, key: &str) {
        self.shown().recorded.insert(key.to_string());
    }

    /// The messages on everybody's phones, oldest first.
    pub(super) fn inbox(&self) -> Vec<Mail> {
        self.shown().inbox.clone()
    }

    /// A host begins to serve a certificate with so many days left of its life.
    pub(super) fn serve_certificate(
        &self,
        host: &str,
        life_days: i64,
        left_days: i64,
    ) -> anyhow::Result<()> {
        let now = jiff::Timestamp::now();
        let day = jiff::SignedDuration::from_hours(24);
        let end = now + day * i32::try_from(left_days)?;
        let begin = end - day * i32::try_from(life_days)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_string()])?;
        params.not_before = (std::time::SystemTime::from(begin)).into();
        params.not_after = (std::time::SystemTime::from(end)).into();
        let certificate = params.signed_by(&key, &self.inner.issuer)?;
        let chain = vec![
            certificate.der().clone(),
            CertificateDer::from(self.inner.issuer.der().to_vec()),
        ];
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let signing = provider.key_provider.load_private_key(private)?;
        let served = Arc::new(CertifiedKey::new(chain, signing));
        self.inner
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(host.to_string(), served);
        Ok(())
    }

    fn accept_tls(&self, listener: TcpListener) -> anyhow::Result<()> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ByName(self.clone())));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                // A probe that hangs up after the handshake has seen what it wanted.
                tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
            }
        });
        Ok(())
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("url", &self.inner.url)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct ByName(World);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certificates = self
            .0
            .inner
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        certificates.get(hello.server_name()?).cloned()
    }
}

fn issuer() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Demonstration authority");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// A page that a check is content with: its JSON values, and the text it looks for.
fn page(probe: &Probe) -> Option<Value> {
    let http = match probe {
        Probe::Http(http) => http,
        Probe::VendorStatus(vendor) => return Some(vendor_page(vendor, true)),
        Probe::Tls(_) | Probe::Registration(_) | Probe::Heartbeat(_) => return None,
        _ => return Some(json!({})),
    };
    let mut page = json!({"page": http.body_contains.clone().unwrap_or_default()});
    for (path, value) in &http.json {
        let mut place = &mut page;
        for part in path.split('.') {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[part];
        }
        *place = json!(value);
    }
    Some(page)
}

/// A status feed of a vendor that is well, or in trouble with all that is used of it.
fn vendor_page(vendor: &VendorProbe, well: bool) -> Value {
    let now = jiff::Timestamp::now().to_string();
    match vendor {
        VendorProbe::GoogleCloud(_) if well => json!([]),
        VendorProbe::GoogleCloud(google) => {
            let named = |names: &[String], key: &str| -> Vec<Value> {
                names.iter().map(|name| json!({key: name})).collect()
            };
            json!([{
                "id": "demonstration",
                "begin": now,
                "modified": now,
                "end": null,
                "external_desc": "Elevated errors (demonstration)",
                "status_impact": "SERVICE_OUTAGE",
                "affected_products": named(&google.products, "title"),
                "currently_affected_locations": named(&google.locations, "id"),
                "uri": "incidents/demonstration",
            }])
        }
        VendorProbe::Statuspage(page) => {
            let (state, indicator) = match well {
                true => ("operational", "none"),
                false => ("major_outage", "critical"),
            };
            let component = |name: &String| json!({"id": name, "name": name, "status": state});
            let group =
                |name: &String| json!({"id": name, "name": name, "status": state, "group": true});
            let parts = page.components.iter().map(component);
            let all: Vec<Value> = parts.chain(page.groups.iter().map(group)).collect();
            json!({
                "page": {"name": "Vendor (demonstration)"},
                "status": {"indicator": indicator, "description": indicator},
                "components": all,
                "incidents": [],
            })
        }
    }
}

async fn vendor(State(world): State<World>, UrlPath(id): UrlPath<String>) -> Response {
    let well = !world.shown().down.contains(&id);
    let page = match (well, world.inner.troubled.get(&id)) {
        (false, Some(troubled)) => Some(troubled),
        _ => world.inner.pages.get(&id),
    };
    match page {
        Some(page) => Json(page.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn check(State(world): State<World>, UrlPath(id): UrlPath<String>) -> Response {
    if world.shown().down.contains(&id) {
        return (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response();
    }
    match world.inner.pages.get(&id) {
        Some(page) => Json(page.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What gauges and skews read.
async fn value(UrlPath(value): UrlPath<String>) -> Json<Value> {
    Json(json!({ "value": value }))
}

/// Every domain is registered for most of another year.
async fn registry(UrlPath(name): UrlPath<String>) -> Response {
    let ends = jiff::Timestamp::now() + REGISTERED_FOR;
    let event = json!({"eventAction": "expiration", "eventDate": ends.to_string()});
    Json(json!({
        "objectClassName": "domain",
        "ldhName": name,
        "status": ["active"],
        "events": [event],
    }))
    .into_response()
}

async fn ledger(
    State(world): State<World>,
    UrlPath((_, key)): UrlPath<(String, String)>,
) -> StatusCode {
    let shown = world.shown();
    match (shown.ledger_down, shown.recorded.contains(&key)) {
        (true, _) => StatusCode::SERVICE_UNAVAILABLE,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::NOT_FOUND,
    }
}

/// A topic's own address.
async fn inbox(
    State(world): State<World>,
    UrlPath(person): UrlPath<String>,
    Json(message): Json<Value>,
) -> Json<Value> {
    world.deliver(&person, &message);
    Json(json!({"id": "demo", "event": "message"}))
}

/// ntfy takes JSON at its root, with the topic inside.
async fn inbox_root(State(world): State<World>, Json(message): Json<Value>) -> Json<Value> {
    let topic = message["topic"].as_str().unwrap_or_default().to_string();
    world.deliver(&topic, &message);
    Json(json!({"id": "demo", "event": "message"}))
}

async fn heartbeat(State(world): State<World>) -> &'static str {
    world.shown().heartbeats += 1;
    "ok"
}

impl World {
    fn deliver(&self, person: &str, message: &Value) {
        let text = message.to_string();
        let ack_url = text.find("/ack/").and_then(|at| {
            let begin = text[..at].rfind("http")?;
            let end =
                text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c)))? + at;
            Some(text[begin..end].to_string())
        });
        let mut shown = self.shown();
        if shown.inbox.len() < INBOX_MAX {
            shown.inbox.push(Mail {
                person: person.to_string(),
                ack_url,
            });
        }
    }
}
