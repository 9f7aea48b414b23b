//! Two sides are asked and compared: a local server that answers as Stripe, Fivetran and a
//! ledger do, well and badly, and a real PostgreSQL.
//!
//! Many reconciliations run in one server at the same time, each against its own case.

mod apis;
mod sides;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::reconciliation::ReconciliationState;
use gonogo_model::Id;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::ingest::{Secret, sign};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use gonogo_server::view::View;
use jiff::Timestamp;

const SECRET: &str = "whsec_Y29uZmlybS10ZXN0LWtleS1jb25maXJtLXRlc3Q=";
/// What stands for the key of an API: it must be found nowhere.
const KEY: &str = "rk_live_very_secret";

/// Starts a server with these reconciliations, each a line of YAML.
async fn start(dir: &Path, reconciliations: &[String], outside: &[(&str, String)]) -> App {
    let package = format!(
        "package: {{format: 1, id: c, name: C, operators: all}}
people: [{{id: ann, name: Ann, contacts: [{{channel: ntfy, to: 'http://127.0.0.1:9/ann'}}]}}]
roles: [{{id: one, name: One, holders: [{{person: ann}}]}}]
teams: [{{id: t, name: T, accountable: one, members: [one], escalation_policy: all}}]
escalation_policies: [{{id: all, name: All, steps: [{{notify: [{{role: one}}]}}], fallback: {{role: one}}}}]
components: [{{id: ledger, name: Ledger, kind: service, team: t}}]
sources: [{{id: app, name: App, kind: cloudevents, secrets: ['${{env:APP}}']}}]
reconciliations:
{}
",
        reconciliations.join("\n")
    );
    std::fs::create_dir_all(dir.join("ops")).unwrap();
    std::fs::write(dir.join("ops/gonogo.yaml"), package).unwrap();
    let mut instead = vec![
        ("APP".to_string(), SECRET.to_string()),
        ("KEY".to_string(), KEY.to_string()),
    ];
    instead.extend(outside.iter().map(|(k, v)| (k.to_string(), v.clone())));
    let options = Options {
        package_dir: dir.join("ops"),
        data_dir: dir.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::with(instead.into_iter().collect()),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    let app = App::start(options, routes).await.unwrap();
    let mut view = app.site.view.clone();
    tokio::time::timeout(Duration::from_secs(20), view.wait_for(|v| v.loaded))
        .await
        .unwrap()
        .unwrap();
    app
}

/// A reconciliation that runs every ten seconds and looks again after one.
fn declared(id: &str, left: &str, right: &str, more: &str) -> String {
    format!(
        "  - {{id: {id}, name: {id}, component: ledger, every: 10s, settle: 0s, catch_up: 1s, \
         timeout: 20s, left: {left}, right: {right}{more}}}"
    )
}

/// Waits until a reconciliation stands as it should.
async fn until(
    app: &App,
    id: &str,
    what: impl Fn(&ReconciliationState) -> bool,
) -> Arc<ReconciliationState> {
    let id = Id::from_static(id);
    let mut view = app.site.view.clone();
    let seen = view.wait_for(|v| v.reconciliations.get(&id).is_some_and(|s| what(s)));
    let waited = tokio::time::timeout(Duration::from_secs(60), seen).await;
    if waited.is_err() {
        let now = app.site.view();
        panic!("{id} never came to that: {:#?}", now.reconciliations[&id]);
    }
    let view: Arc<View> = app.site.view();
    Arc::clone(&view.reconciliations[&id])
}

/// The reason why nobody could say.
async fn unknown(app: &App, id: &str) -> (String, String) {
    let state = until(app, id, |s| s.unknown.is_some()).await;
    let why = state.unknown.clone().unwrap().why;
    assert!(state.told.is_none(), "{id}: {state:#?}");
    (why.code, why.detail)
}

/// The differences as "key kind left right".
fn found(state: &ReconciliationState) -> Vec<String> {
    let each = state.findings.values().map(|f| {
        let money = |m: &Option<_>| {
            m.as_ref().map_or(
                "-".to_string(),
                gonogo_engine::reconciliation::Money::to_string,
            )
        };
        let (left, right) = (money(&f.found.left), money(&f.found.right));
        let note = f
            .found
            .note
            .as_ref()
            .map_or(String::new(), |n| format!(" ({n})"));
        format!("{} {} {left} {right}{note}", f.found.key, f.found.kind)
    });
    each.collect()
}

async fn event(app: &App, id: &str, kind: &str, data: serde_json::Value) {
    let now = Timestamp::now();
    let body = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/t", "type": kind, "data": data,
    });
    let body = body.to_string();
    let secret = Secret::new(SECRET).unwrap();
    let signature = sign::cloudevents(&secret, id, body.as_bytes(), now).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("http://{}/in/app", app.address))
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now.as_second().to_string())
        .header("webhook-signature", signature)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}
