//! Before anybody is paged for a missing end, gonogo asks: a real PostgreSQL, read only, or an
//! HTTP endpoint. Only a clear answer counts; when nobody can say, it pages.

#[path = "support/postgres.rs"]
mod postgres;
mod reconcile;

use std::path::Path;
use std::time::Duration;

use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::ingest::{Secret, sign};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use gonogo_server::view::FlowView;
use jiff::Timestamp;

use crate::postgres::Postgres;

const SECRET: &str = "whsec_Y29uZmlybS10ZXN0LWtleS1jb25maXJtLXRlc3Q=";

async fn start(dir: &Path, confirm: &str, outside: &[(&str, String)]) -> App {
    let package = format!(
        "package: {{format: 1, id: c, name: C, operators: all}}
people: [{{id: ann, name: Ann, contacts: [{{channel: ntfy, to: 'http://127.0.0.1:9/ann'}}]}}]
roles: [{{id: one, name: One, holders: [{{person: ann}}]}}]
teams: [{{id: t, name: T, accountable: one, members: [one], escalation_policy: all}}]
escalation_policies: [{{id: all, name: All, steps: [{{notify: [{{role: one}}]}}], fallback: {{role: one}}}}]
components: [{{id: ledger, name: Ledger, kind: service, team: t}}]
sources: [{{id: app, name: App, kind: cloudevents, secrets: ['${{env:APP}}']}}]
flows:
  - id: charges
    name: Charges
    component: ledger
    deadline: 1s
    start: {{source: app, event: [start], key: subject}}
    end: {{source: app, event: [end], key: subject}}
    confirm: {confirm}
alerts: [{{id: late, name: Late, severity: SEV2, when: {{flow_overdue: {{flow: charges}}}}}}]
"
    );
    std::fs::create_dir_all(dir.join("ops")).unwrap();
    std::fs::write(dir.join("ops/gonogo.yaml"), package).unwrap();
    let mut instead = vec![("APP".to_string(), SECRET.to_string())];
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

async fn charge(app: &App, key: &str) {
    let (id, now) = (format!("start-{key}"), Timestamp::now());
    let body = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/t","type":"start","subject":"{key}"}}"#
    );
    let signature =
        sign::cloudevents(&Secret::new(SECRET).unwrap(), &id, body.as_bytes(), now).unwrap();
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

async fn until(app: &App, what: impl Fn(&FlowView) -> bool) -> FlowView {
    let mut view = app.site.view.clone();
    let seen = view.wait_for(|v| v.flows.first().is_some_and(&what));
    let seen = tokio::time::timeout(Duration::from_secs(30), seen)
        .await
        .expect("it never came to that")
        .unwrap();
    seen.flows[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_asked_in_sql_and_cannot_be_written_to() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    assert!(
        postgres.sql("CREATE TABLE ledger (charge_id text); INSERT INTO ledger VALUES ('known')")
    );
    let dir = tempfile::tempdir().unwrap();
    let confirm =
        "{postgres: {url: '${env:LEDGER}', query: 'SELECT 1 FROM ledger WHERE charge_id = $1'}}";
    let app = start(dir.path(), confirm, &[("LEDGER", postgres.url())]).await;

    // Only its event was lost: nobody is called.
    charge(&app, "known").await;
    let flow = until(&app, |f| f.day.lost_events == 1).await;
    assert_eq!((flow.open, flow.overdue), (0, 0));
    assert!(app.site.view().open_incidents().is_empty());

    // The ledger does not have it: somebody is.
    charge(&app, "missing'; DROP TABLE ledger; --").await;
    until(&app, |f| f.overdue == 1).await;
    assert_eq!(app.site.view().open_incidents().len(), 1);
    assert!(postgres.sql("SELECT 1 FROM ledger"));
    app.shut_down().await.unwrap();

    // A query that writes is refused by the database, and the answer is "nobody can say": it pages.
    let dir = tempfile::tempdir().unwrap();
    let confirm = "{postgres: {url: '${env:LEDGER}', query: 'DELETE FROM ledger WHERE charge_id = $1 RETURNING 1'}}";
    let app = start(dir.path(), confirm, &[("LEDGER", postgres.url())]).await;
    charge(&app, "known").await;
    until(&app, |f| f.overdue == 1).await;
    assert!(
        postgres.sql("SELECT 1 / count(*) FROM ledger"),
        "the row is gone"
    );
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_asked_and_its_silence_is_no_answer() {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};
    let ledger = MockServer::start().await;
    let answers = [
        ("/charges/known", 200),
        ("/charges/missing", 404),
        ("/charges/a%2Fb", 500),
    ];
    for (place, status) in answers {
        Mock::given(method("GET"))
            .and(path(place))
            .and(header("authorization", "Bearer t0ken"))
            .respond_with(ResponseTemplate::new(status))
            .mount(&ledger)
            .await;
    }
    let dir = tempfile::tempdir().unwrap();
    let confirm = "{http: {url: '${env:LEDGER}/charges/{key}', token: '${env:TOKEN}'}}";
    let app = start(
        dir.path(),
        confirm,
        &[("LEDGER", ledger.uri()), ("TOKEN", "t0ken".into())],
    )
    .await;
    for key in ["known", "missing", "a/b"] {
        charge(&app, key).await;
    }
    let flow = until(&app, |f| f.overdue == 2 && f.day.lost_events == 1).await;
    let overdue: Vec<&str> = flow.overdue_items.iter().map(|(k, _)| k.as_str()).collect();
    assert_eq!(overdue, ["a/b", "missing"]);
    app.shut_down().await.unwrap();
}
