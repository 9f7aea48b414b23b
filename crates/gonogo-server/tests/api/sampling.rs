//! Gauges, skews and counters that have to be asked for, with a real Prometheus.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use gonogo_engine::alerting::Holds;
use gonogo_model::Id;
use gonogo_server::auth::Scope;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::Server;

/// A Prometheus from Debian.
struct Prometheus {
    process: Child,
    url: String,
    _dir: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// One that scrapes a target.
    async fn start(target: &str) -> Self {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: shop\n    static_configs: [{{targets: [\"{target}\"]}}]\n"
        );
        let found = Self::run(TempDir::new().unwrap(), &config);
        found.knows("queue_age_seconds").await;
        found
    }

    /// One that scrapes nothing and knows what was written down before it began.
    async fn backfilled(history: &str) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("history.txt"), history).unwrap();
        let made = Command::new("promtool")
            .args([
                "tsdb",
                "create-blocks-from",
                "openmetrics",
                "history.txt",
                "data",
            ])
            .current_dir(dir.path())
            .output()
            .expect("Debian's prometheus has promtool");
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success(), "{said}");
        let found = Self::run(dir, "global: {}\n");
        found.knows("requests_total").await;
        found
    }

    fn run(dir: TempDir, config: &str) -> Self {
        std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new("prometheus")
            .arg(format!(
                "--config.file={}/prometheus.yml",
                dir.path().display()
            ))
            .arg(format!("--storage.tsdb.path={}/data", dir.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's prometheus is installed");
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            _dir: dir,
        }
    }

    async fn knows(&self, series: &str) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let known = async {
            let url = format!("{}/api/v1/query?query={series}", self.url);
            loop {
                if let Ok(answer) = http.get(&url).send().await {
                    let answer: Value = answer.json().await.unwrap_or_default();
                    if answer["data"]["result"][0].is_object() {
                        break;
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), known)
            .await
            .unwrap_or_else(|_| panic!("it does not know {series}"));
    }
}

/// What the service under watch says.
#[derive(Default)]
struct Shop {
    age: AtomicU64,
    version: Mutex<String>,
    quota: Mutex<(u16, String)>,
}

async fn shop() -> (Arc<Shop>, String) {
    let shop = Arc::new(Shop::default());
    *shop.version.lock().unwrap() = "1.4.0".into();
    *shop.quota.lock().unwrap() = (200, r#"{"quota":{"left":"12.50"}}"#.into());
    let metrics = {
        let shop = Arc::clone(&shop);
        async move || {
            let age = shop.age.load(Ordering::Relaxed);
            format!("queue_age_seconds {age}\nrequests_total{{code=\"200\"}} 7\n")
        }
    };
    let version = {
        let shop = Arc::clone(&shop);
        async move || shop.version.lock().unwrap().clone()
    };
    let quota = {
        let shop = Arc::clone(&shop);
        async move || {
            let (status, body) = shop.quota.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), body)
        }
    };
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/version", get(version))
        .route("/quota", get(quota));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (shop, address)
}

async fn declare(server: &Server, text: &str) {
    std::fs::write(server.package_dir().join("measures.yaml"), text).unwrap();
    let token = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &token, json!({})).await.ok();
    assert_eq!(reloaded["refused"], Value::Null, "{reloaded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_to_be_asked_for_is_asked_and_judged() {
    let (shop, address) = shop().await;
    let prometheus = Prometheus::start(&address).await;
    let server = Server::start().await;
    let url = &prometheus.url;
    declare(
        &server,
        &format!(
            r#"
gauges:
  - {{id: age, name: Age of the queue, component: cellar, unit: s, every: 5s, from: {{promql: {{url: "{url}", query: queue_age_seconds, allow_private: true}}}}}}
  - {{id: quota, name: Quota left, component: cellar, every: 5s, from: {{http_json: {{url: "http://{address}/quota", path: quota.left, allow_private: true}}}}}}
  - {{id: nothing, name: Nothing, component: cellar, every: 5s, from: {{promql: {{url: "{url}/api/v1", query: "no_such_series", allow_private: true}}}}}}
  - {{id: wrong, name: Wrong, component: cellar, every: 5s, from: {{promql: {{url: "{url}", query: "sum(", allow_private: true}}}}}}
  - {{id: walled, name: Walled off, component: cellar, every: 5s, from: {{promql: {{url: "{url}", query: "up"}}}}}}
skews:
  - {{id: version, name: What is served, component: cellar, every: 5s, agree_within: 1s, expected: {{fixed: "1.4.0"}}, actual: {{http_text: {{url: "http://{address}/version", allow_private: true}}}}}}
alerts:
  - {{id: queue-old, name: The queue is old, severity: SEV2, runbook: front-down, when: {{gauge: {{gauge: age, above: 100}}}}}}
  - {{id: version-differs, name: Another version, severity: SEV3, runbook: front-down, when: {{skew: {{skew: version}}}}}}
"#
        ),
    )
    .await;
    let known = |view: &gonogo_server::view::View, id: &'static str| {
        let found = view.gauges.get(&Id::from_static(id));
        found
            .and_then(|g| g.trend.last())
            .map(|p| p.last.to_string())
    };
    let trouble = |view: &gonogo_server::view::View, id: &'static str| {
        let found = view.gauges.get(&Id::from_static(id));
        found.and_then(|g| g.trouble.clone()).unwrap_or_default()
    };
    server
        .until(|view| {
            known(view, "age").as_deref() == Some("0")
                && known(view, "quota").as_deref() == Some("12.5")
                && trouble(view, "nothing").contains("no series")
                && trouble(view, "wrong").contains("parse error")
                && trouble(view, "walled").contains("allow_private")
                && view.skews[&Id::from_static("version")].agreed_at.is_some()
        })
        .await;

    // The numbers get out of bounds, and what cannot be read is not taken for good.
    shop.age.store(240, Ordering::Relaxed);
    *shop.version.lock().unwrap() = "1.3.9".into();
    *shop.quota.lock().unwrap() = (503, "try later".into());
    let fires = |view: &gonogo_server::view::View, id: &'static str| {
        view.reading(&Id::from_static(id)).map(|r| r.holds) == Some(Holds::Yes)
    };
    server
        .until(|view| {
            fires(view, "queue-old")
                && fires(view, "version-differs")
                && trouble(view, "quota").contains("503")
        })
        .await;

    let token = server.token(Scope::Read).await;
    let gauges = server.get("/api/v1/gauges", &token).await.ok();
    let by_id = |id: &str| {
        let all = gauges["gauges"].as_array().unwrap();
        all.iter().find(|g| g["id"] == id).unwrap().clone()
    };
    assert_eq!(by_id("age")["number"], "240");
    assert_eq!(by_id("age")["state"], "bad");
    assert_eq!(by_id("age")["alerts"][0]["detail"], "240 s, above 100 s");
    assert_eq!(by_id("nothing")["state"], "unknown");
    assert_eq!(by_id("nothing")["number"], Value::Null);
    let skews = server.get("/api/v1/skews", &token).await.ok();
    assert_eq!(skews["skews"][0]["expected"], "1.4.0");
    assert_eq!(skews["skews"][0]["actual"], "1.3.9");
    assert_eq!(skews["skews"][0]["state"], "bad");
    for (path, says) in [
        ("/signals", "Age of the queue"),
        ("/signals/gauges", "1.3.9 instead of 1.4.0"),
        ("/signals/gauges/age", "queue_age_seconds"),
        ("/signals/gauges/nothing", "the query gives no series"),
        ("/signals/skews/version", "1.3.9"),
    ] {
        let page = server.get(path, &token).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains(says), "{path}: {}", page.text);
    }
    assert_eq!(server.get("/signals/gauges/none", &token).await.status, 404);
    server.stop().await;
}

/// Counters of a shop: half of what it is asked fails, in every minute before and after.
fn history(now: i64) -> String {
    let (mut well, mut failed) = (String::new(), String::new());
    for (n, minute) in (-30..30).enumerate() {
        let (count, at) = (n * 50, now - now.rem_euclid(60) + minute * 60);
        well += &format!("requests_total{{code=\"200\"}} {count} {at}\n");
        failed += &format!("requests_total{{code=\"500\"}} {count} {at}\n");
    }
    format!("# TYPE requests counter\n{well}{failed}# EOF\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_prometheus_counts_burns_and_pages() {
    let now = jiff::Timestamp::now().as_second();
    let prometheus = Prometheus::backfilled(&history(now)).await;
    let server = Server::start().await;
    let url = &prometheus.url;
    declare(
        &server,
        &format!(
            r#"
slos:
  - {{id: requests, name: Requests are answered, component: cellar, target: 99%, min_events: 50, sli: {{promql: {{url: "{url}", bad: 'requests_total{{code=~"5.."}}', total: sum(requests_total)}}}}}}
  - {{id: nothing, name: Nobody counts, component: cellar, target: 99%, min_events: 50, sli: {{promql: {{url: "{url}", bad: no_such_series, total: no_such_series}}}}}}
alerts:
  - {{id: requests-burn, name: Requests fail, severity: SEV2, runbook: front-down, when: {{slo_burn: {{slo: requests}}}}}}
  - {{id: nothing-burns, name: Nothing fails, severity: SEV2, runbook: front-down, when: {{slo_burn: {{slo: nothing}}}}}}
"#
        ),
    )
    .await;
    let burns = Id::from_static("requests-burn");
    // The first reading comes within 20 s of the start.
    let fires = async {
        let mut view = server.app.site.view.clone();
        let firing = view.wait_for(|view| {
            let mut attached = view.incidents.values().filter_map(|i| i.alerts.get(&burns));
            attached.any(|a| a.firing)
        });
        firing.await.unwrap().clone()
    };
    let fired = tokio::time::timeout(Duration::from_secs(90), fires).await;
    let view = fired.unwrap_or_else(|_| panic!("{:?}", server.app.site.view().slos));
    let slo = |id: &str| view.slos.iter().find(|s| s.id.as_str() == id).unwrap();
    assert!(slo("requests").sampled_until.is_some());
    let nothing = Id::from_static("nothing-burns");
    let nothing = view.reading(&nothing).map(|r| r.holds);
    assert_ne!(nothing, Some(Holds::Yes));
    let token = server.token(Scope::Read).await;
    let slos = server.get("/api/v1/slos", &token).await.ok();
    let shown = |id: &str| {
        let all = slos["slos"].as_array().unwrap();
        all.iter().find(|s| s["id"] == id).unwrap().clone()
    };
    assert_eq!(shown("requests")["bad"], 50, "{}", shown("requests"));
    assert_eq!(shown("requests")["total"], 100);
    assert_eq!(
        shown("nothing")["state"],
        "cannot_tell",
        "a query that matches nothing is no 100 %"
    );
    server.stop().await;
}
