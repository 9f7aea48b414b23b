//! Sending on: endpoints that work, fail, hang, hang up, ask for time and want no more.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::ingest::{Secret, sign};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use gonogo_server::store::{ForwardFilter, ForwardRow, ForwardState};
use jiff::Timestamp;
use tokio::sync::watch;

const STRIPE: &str = "whsec_test_of_forwarding";
const WITHIN: Duration = Duration::from_secs(30);

const PACKAGE: &str = "
package: {format: 1, id: onward, name: Onward, operators: all}
people: [{id: ann, name: Ann, contacts: [{channel: ntfy, to: 'http://127.0.0.1:9/ann'}]}]
roles: [{id: one, name: One, holders: [{person: ann}]}]
teams: [{id: t, name: T, accountable: one, members: [one], escalation_policy: all}]
escalation_policies: [{id: all, name: All, steps: [{notify: [{role: one}]}], fallback: {role: one}}]
components:
  - {id: hooks, name: Hooks, kind: service, team: t, depends_on: [{component: gonogo}]}
  - {id: gonogo, name: gonogo, kind: tool, team: t}
sources:
  - id: stripe
    name: Stripe
    kind: stripe
    secrets: ['${env:STRIPE}']
    max_body_bytes: 12000000
    forward: {url: '${env:HOOKS}', to: hooks, through: gonogo, allow_private: true, timeout: 1s, FORWARD}
alerts:
  - {id: undelivered, name: Undelivered, severity: SEV2, urgency: ticket, when: {delivery_failing: {source: stripe, consecutive: 2}}}
";

/// How the endpoint takes a request.
#[derive(Clone, Copy, Debug)]
enum Says {
    Status(u16),
    RetryAfter(u64),
    Hangs,
    HangsUp,
}

/// What came in, as it came in.
#[derive(Clone, Debug)]
struct Got {
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone)]
struct Endpoint {
    script: Arc<Mutex<VecDeque<Says>>>,
    got: Arc<watch::Sender<Vec<Got>>>,
    url: String,
}

impl Endpoint {
    /// Answers as written, then 200.
    async fn start(script: &[Says]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self {
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            got: Arc::new(watch::channel(Vec::new()).0),
            url: format!("http://{}/hooks", listener.local_addr().unwrap()),
        };
        let routes = Router::new()
            .route("/hooks", post(take))
            .layer(axum::extract::DefaultBodyLimit::max(20_000_000))
            .with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        endpoint
    }

    async fn has(&self, count: usize) -> Vec<Got> {
        let mut got = self.got.subscribe();
        let found = tokio::time::timeout(WITHIN, got.wait_for(|g| g.len() >= count)).await;
        found.expect("it arrives in time").unwrap().clone()
    }
}

async fn take(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> Response {
    let says = endpoint.script.lock().unwrap().pop_front();
    endpoint
        .got
        .send_modify(|got| got.push(Got { headers, body }));
    match says.unwrap_or(Says::Status(200)) {
        Says::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Says::RetryAfter(secs) => (
            StatusCode::TOO_MANY_REQUESTS,
            [("retry-after", secs.to_string())],
        )
            .into_response(),
        Says::Hangs => {
            tokio::time::sleep(WITHIN).await;
            StatusCode::OK.into_response()
        }
        Says::HangsUp => panic!("the connection is cut"),
    }
}

async fn start(dir: &Path, url: &str, forward: &str) -> App {
    let ops = dir.join("ops");
    std::fs::create_dir_all(&ops).unwrap();
    std::fs::write(ops.join("gonogo.yaml"), PACKAGE.replace("FORWARD", forward)).unwrap();
    let instead = BTreeMap::from([
        ("STRIPE".to_owned(), STRIPE.to_owned()),
        ("HOOKS".to_owned(), url.to_owned()),
    ]);
    let options = Options {
        package_dir: ops,
        data_dir: dir.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::with(instead),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    let app = App::start(options, routes).await.unwrap();
    let mut view = app.site.view.clone();
    let loaded = tokio::time::timeout(WITHIN, view.wait_for(|v| v.loaded));
    loaded.await.unwrap().unwrap();
    app
}

async fn deliver(app: &App, id: &str, customer: &str, padding: usize) -> reqwest::Response {
    let body = format!(
        r#"{{"id":"evt_{id}","object":"event","type":"charge.succeeded","created":{},"livemode":true,"data":{{"object":{{"id":"{id}","customer":"{customer}"}}}},"pad":"{}"}}"#,
        Timestamp::now().as_second(),
        "x".repeat(padding)
    );
    let signature = sign::stripe(
        &Secret::new(STRIPE).unwrap(),
        body.as_bytes(),
        Timestamp::now(),
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.post(format!("http://{}/in/stripe", app.address))
        .header("stripe-signature", signature)
        .header("content-type", "application/json; charset=utf-8")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn log(app: &App, state: Option<ForwardState>) -> Vec<ForwardRow> {
    let filter = ForwardFilter {
        source: "stripe".into(),
        state,
        before_id: None,
        limit: 100,
    };
    app.site.store.forwards(&filter).unwrap()
}

async fn until_log(app: &App, state: ForwardState, count: usize) -> Vec<ForwardRow> {
    let deadline = tokio::time::Instant::now() + WITHIN;
    loop {
        let rows = log(app, Some(state));
        if rows.len() >= count {
            return rows;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{:?}",
            log(app, None)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_signature_pass_through_and_the_product_can_verify() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::start(&[]).await;
    let app = start(dir.path(), &endpoint.url, "headers: {x-from: gonogo}").await;
    assert_eq!(deliver(&app, "ch_1", "c", 10_000_000).await.status(), 200);
    let got = endpoint.has(1).await.remove(0);
    assert_eq!(got.headers["x-from"], "gonogo");
    assert_eq!(
        got.headers["content-type"],
        "application/json; charset=utf-8"
    );
    assert_eq!(got.headers["gonogo-delivery-attempt"], "1");
    let signature = got.headers["stripe-signature"].to_str().unwrap();
    let at: i64 = signature[2..].split(',').next().unwrap().parse().unwrap();
    let at = Timestamp::from_second(at).unwrap();
    let again = sign::stripe(&Secret::new(STRIPE).unwrap(), &got.body, at);
    assert_eq!(again, signature, "the bytes are those that were signed");
    let rows = until_log(&app, ForwardState::Delivered, 1).await;
    assert_eq!(
        (rows[0].status, rows[0].kind.as_str()),
        (Some(200), "charge.succeeded")
    );
    // The provider repeats what it got a 2xx for: the product does not see it twice.
    assert_eq!(deliver(&app, "ch_1", "c", 0).await.status(), 200);
    assert_eq!(log(&app, None).len(), 1);
    let mut view = app.site.view.clone();
    let known = view.wait_for(|v| {
        let forward = v.sources.iter().find_map(|s| s.forward.as_ref());
        forward.is_some_and(|f| f.hour.in_time == 1 && f.hour.latency.count() == 1)
    });
    tokio::time::timeout(WITHIN, known)
        .await
        .expect("it is reported")
        .unwrap();
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_is_tried_again_under_one_id() {
    let dir = tempfile::tempdir().unwrap();
    let script = [
        Says::Status(500),
        Says::HangsUp,
        Says::RetryAfter(1),
        Says::Hangs,
    ];
    let endpoint = Endpoint::start(&script).await;
    let app = start(dir.path(), &endpoint.url, "").await;
    assert_eq!(deliver(&app, "ch_1", "c", 0).await.status(), 200);
    let rows = until_log(&app, ForwardState::Delivered, 1).await;
    let got = endpoint.has(5).await;
    let ids: Vec<_> = got
        .iter()
        .map(|g| &g.headers["gonogo-delivery-id"])
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let (_, attempts) = app.site.store.forward(rows[0].id).unwrap().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|a| a.status).collect();
    assert_eq!(statuses, [Some(500), None, Some(429), None, Some(200)]);
    let errors: Vec<_> = attempts.iter().filter_map(|a| a.error.as_deref()).collect();
    assert!(errors[3].ends_with("did not answer in time"), "{errors:?}");
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_kept_and_can_be_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::start(&[Says::Status(422)]).await;
    let app = start(dir.path(), &endpoint.url, "").await;
    deliver(&app, "ch_1", "c", 0).await;
    let dead = until_log(&app, ForwardState::Dead, 1).await;
    assert_eq!(dead[0].status, Some(422));
    let store = &app.site.store;
    let range = (0, i64::MAX);
    let ids = store.forwards_between("stripe", range, true, 0).unwrap();
    assert_eq!(ids, [dead[0].id]);
    let now = app.site.clock.now().as_millis();
    assert_eq!(store.forward_again(ids, now).await.unwrap(), 1);
    app.site.intake.desk().changed();
    until_log(&app, ForwardState::Delivered, 1).await;
    let tally = store.forward_tally("stripe").unwrap();
    assert_eq!(
        (tally.received, tally.in_time, tally.failed),
        (1, 0, 1),
        "it counts once"
    );
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_wants_no_more_is_asked_no_more_until_somebody_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::start(&[Says::Status(410)]).await;
    let app = start(dir.path(), &endpoint.url, "concurrency: 1").await;
    deliver(&app, "ch_1", "c", 0).await;
    let mut view = app.site.view.clone();
    let told = view.wait_for(|v| v.troubles.contains_key("forward_stopped"));
    tokio::time::timeout(WITHIN, told)
        .await
        .expect("it is told")
        .unwrap();
    assert_eq!(deliver(&app, "ch_2", "c", 0).await.status(), 200);
    assert_eq!(log(&app, Some(ForwardState::Pending)).len(), 2);
    assert_eq!(endpoint.has(1).await.len(), 1);
    app.site.store.forward_go_on("stripe").await.unwrap();
    app.site.intake.desk().changed();
    until_log(&app, ForwardState::Delivered, 2).await;
    let over = view.wait_for(|v| !v.troubles.contains_key("forward_stopped"));
    tokio::time::timeout(WITHIN, over)
        .await
        .expect("it is over")
        .unwrap();
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_stays_in_order_and_another_does_not_wait_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::start(&[Says::Status(503)]).await;
    let key = "ordering_key: data.object.customer";
    let app = start(dir.path(), &endpoint.url, key).await;
    for (id, customer) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        assert_eq!(deliver(&app, id, customer, 0).await.status(), 200);
    }
    until_log(&app, ForwardState::Delivered, 4).await;
    let got = endpoint.has(5).await;
    let order: Vec<String> = got
        .iter()
        .map(|g| serde_json::from_slice::<serde_json::Value>(&g.body).unwrap())
        .map(|v| v["data"]["object"]["id"].as_str().unwrap().to_owned())
        .collect();
    let of_a: Vec<&str> = order
        .iter()
        .map(String::as_str)
        .filter(|o| o.starts_with('a'))
        .collect();
    assert_eq!(of_a, ["a1", "a1", "a2", "a3"], "{order:?}");
    assert!(order.iter().position(|o| o == "b1") < order.iter().position(|o| o == "a2"));
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_or_keeps_and_is_never_silent() {
    for (policy, status, kept) in [("refuse", 503, 0), ("keep", 200, 1)] {
        let dir = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::start(&[Says::Status(500), Says::Status(500)]).await;
        let bounds = format!("waiting: 1, when_full: {policy}, timeout: 5s");
        let app = start(
            dir.path(),
            &endpoint.url,
            &bounds.replace(", timeout: 5s", ""),
        )
        .await;
        assert_eq!(deliver(&app, "ch_1", "c", 0).await.status(), 200);
        let answer = deliver(&app, "ch_2", "c", 0).await;
        assert_eq!(answer.status(), status, "{policy}");
        assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
        assert_eq!(log(&app, Some(ForwardState::Kept)).len(), kept);
        let mut view = app.site.view.clone();
        let told = view.wait_for(|v| v.troubles.contains_key("forward_full"));
        tokio::time::timeout(WITHIN, told)
            .await
            .expect("it is told")
            .unwrap();
        app.shut_down().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_when_the_process_died_is_sent_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let closed = "http://127.0.0.1:9/hooks";
    let app = start(dir.path(), closed, "").await;
    for n in 0..20 {
        assert_eq!(
            deliver(&app, &format!("ch_{n}"), "c", 0).await.status(),
            200
        );
    }
    // What the disk holds at this moment, as a power cut or SIGKILL would leave it.
    let after = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(after.path().join("data")).unwrap();
    for entry in std::fs::read_dir(dir.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        if path.is_file() && !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(&path, after.path().join("data").join(name)).unwrap();
        }
    }
    app.shut_down().await.unwrap();
    let endpoint = Endpoint::start(&[]).await;
    let next = start(after.path(), &endpoint.url, "").await;
    let rows = until_log(&next, ForwardState::Delivered, 20).await;
    assert_eq!(rows.len(), 20);
    let mut ids: Vec<_> = rows.iter().map(|r| r.delivery.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    next.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_not_for_strangers() {
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path(), "http://127.0.0.1:9/hooks", "").await;
    deliver(&app, "ch_1", "c", 0).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, status) in [
        ("/api/v1/sources/stripe/deliveries", 401),
        ("/api/v1/sources/stripe/replay", 401),
    ] {
        let url = format!("http://{}{path}", app.address);
        let asked = if path.ends_with("replay") {
            http.post(url)
        } else {
            http.get(url)
        };
        assert_eq!(asked.send().await.unwrap().status(), status, "{path}");
    }
    app.shut_down().await.unwrap();
}
