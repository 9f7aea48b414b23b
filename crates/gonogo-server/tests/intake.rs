//! The door from outside: every bad request gets its documented answer, and nothing is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::ingest::http::IN_FLIGHT_MAX;
use gonogo_server::ingest::{Secret, sign};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const STRIPE: &str = "whsec_test_of_the_intake";

const PACKAGE: &str = "
package: {format: 1, id: intake, name: Intake, operators: all}
people: [{id: ann, name: Ann, contacts: [{channel: ntfy, to: 'http://127.0.0.1:9/ann'}]}]
roles: [{id: one, name: One, holders: [{person: ann}]}]
teams: [{id: t, name: T, accountable: one, members: [one], escalation_policy: all}]
escalation_policies: [{id: all, name: All, steps: [{notify: [{role: one}]}], fallback: {role: one}}]
components: [{id: ledger, name: Ledger, kind: service, team: t}]
sources:
  - {id: stripe, name: Stripe, kind: stripe, secrets: ['${env:STRIPE_OLD}', '${env:STRIPE}'], max_body_bytes: 20000}
  - {id: bare, name: Bare, kind: github, secrets: ['${env:NOT_SET}']}
flows:
  - id: charges
    name: Charges
    component: ledger
    deadline: 1h
    start: {source: stripe, event: [charge.succeeded], key: data.object.id}
    end: {source: stripe, event: [charge.refunded], key: data.object.id}
alerts: [{id: late, name: Late, severity: SEV2, urgency: ticket, when: {flow_overdue: {flow: charges}}}]
";

async fn start(dir: &Path) -> App {
    let instead = [("STRIPE", STRIPE), ("STRIPE_OLD", "whsec_the_one_before")];
    let options = Options {
        package_dir: dir.join("ops"),
        data_dir: dir.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::with(instead.map(|(k, v)| (k.to_string(), v.to_string())).into()),
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

fn write(dir: &Path, text: &str) {
    std::fs::create_dir_all(dir.join("ops")).unwrap();
    std::fs::write(dir.join("ops/gonogo.yaml"), text).unwrap();
}

fn charge(id: &str) -> String {
    format!(
        r#"{{"id":"evt_{id}","object":"event","type":"charge.succeeded","created":{},"livemode":true,"data":{{"object":{{"id":"{id}"}}}}}}"#,
        Timestamp::now().as_second()
    )
}

struct Door {
    http: reqwest::Client,
    url: String,
}

impl Door {
    fn of(app: &App) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            url: format!("http://{}", app.address),
        }
    }

    async fn send(
        &self,
        source: &str,
        headers: &[(&str, String)],
        body: impl Into<reqwest::Body>,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .post(format!("{}/in/{source}", self.url))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or(Value::Null),
        )
    }

    async fn stripe(&self, secret: &str, body: &str, at: Timestamp) -> (u16, Value) {
        let signature = sign::stripe(&Secret::new(secret).unwrap(), body.as_bytes(), at);
        self.send(
            "stripe",
            &[("stripe-signature", signature)],
            body.to_string(),
        )
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_request_gets_its_documented_answer() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), PACKAGE);
    let app = start(dir.path()).await;
    let door = Door::of(&app);
    let now = Timestamp::now();
    let code = |answer: &(u16, Value)| {
        (
            answer.0,
            answer.1["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_string(),
        )
    };
    let is = |status: u16, word: &str| (status, word.to_string());

    assert_eq!(
        code(&door.send("nothing-here", &[], "{}").await),
        is(404, "unknown_source")
    );
    assert_eq!(
        code(&door.send("stripe", &[], "{}").await),
        is(401, "signature_missing")
    );
    assert_eq!(
        code(
            &door
                .send("stripe", &[("stripe-signature", "rubbish".into())], "{}")
                .await
        ),
        is(400, "signature_malformed")
    );
    assert_eq!(
        code(&door.stripe("whsec_another", &charge("ch_1"), now).await),
        is(401, "signature_mismatch")
    );
    let old = now - SignedDuration::from_mins(6);
    assert_eq!(
        code(&door.stripe(STRIPE, &charge("ch_1"), old).await),
        is(401, "timestamp_too_old")
    );
    assert_eq!(
        code(&door.stripe(STRIPE, &"x".repeat(20_001), now).await),
        is(413, "body_too_large")
    );
    assert_eq!(
        code(&door.stripe(STRIPE, &"x".repeat(10 << 20), now).await),
        is(413, "body_too_large")
    );
    assert_eq!(
        code(
            &door
                .send("bare", &[("x-github-event", "push".into())], "{}")
                .await
        ),
        is(503, "secret_not_configured")
    );

    // Verified and not to be read: kept whole, and the sender did its part.
    let (status, taken) = door.stripe(STRIPE, "{ this is no JSON", now).await;
    assert_eq!((status, taken["dead_letters"].as_u64()), (200, Some(1)));
    let counts = app
        .site
        .store
        .blocking(|s| s.dead_letter_counts())
        .await
        .unwrap();
    assert_eq!(counts[0].open, 1);

    // Good, by the new key and by the one before; and again, which changes nothing.
    assert_eq!(
        door.stripe(STRIPE, &charge("ch_1"), now).await.1["accepted"],
        1
    );
    assert_eq!(
        door.stripe("whsec_the_one_before", &charge("ch_2"), now)
            .await
            .1["accepted"],
        1
    );
    let (status, again) = door.stripe(STRIPE, &charge("ch_1"), now).await;
    assert_eq!(
        (
            status,
            again["duplicates"].as_u64(),
            again["accepted"].as_u64()
        ),
        (200, Some(1), Some(0))
    );

    let tally = app.site.intake.tallies();
    let stripe = tally
        .iter()
        .find(|(id, _)| id.as_str() == "stripe")
        .unwrap()
        .1;
    let expected: BTreeMap<&str, u64> = [
        ("body_too_large", 2),
        ("signature_malformed", 1),
        ("signature_mismatch", 1),
        ("signature_missing", 1),
        ("timestamp_too_old", 1),
    ]
    .into();
    assert_eq!(stripe.refused, expected);
    app.shut_down().await.unwrap();

    // What was acknowledged is there after a restart, and its repeat is still one.
    let app = start(dir.path()).await;
    let flow = app.site.view().flows[0].clone();
    assert_eq!(flow.open, 2);
    let (_, again) = Door::of(&app)
        .stripe(STRIPE, &charge("ch_2"), Timestamp::now())
        .await;
    assert_eq!(again["duplicates"], 1);
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_package_on_reload_leaves_the_running_one_in_force() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), PACKAGE);
    let app = start(dir.path()).await;
    let before = app.site.view().plan.package.digest.clone();

    write(
        dir.path(),
        &PACKAGE.replace("component: ledger", "component: lodger"),
    );
    app.site.reload.send_modify(|n| *n += 1);
    let mut disk = app.site.disk.clone();
    let refused = tokio::time::timeout(
        Duration::from_secs(20),
        disk.wait_for(|d| d.refused.is_some()),
    )
    .await
    .unwrap()
    .unwrap();
    let why = refused.refused.clone().unwrap();
    drop(refused);
    assert!(why.summary.contains("stays in force"), "{}", why.summary);
    assert!(
        why.mistakes[0].starts_with("gonogo.yaml:14:16: there is no component `lodger`"),
        "{:?}",
        why.mistakes
    );
    assert_eq!(app.site.view().plan.package.digest, before);

    write(
        dir.path(),
        &PACKAGE.replace("name: Charges", "name: Charges end"),
    );
    app.site.reload.send_modify(|n| *n += 1);
    let begin = Instant::now();
    while app.site.view().plan.package.digest == before {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "the mended package was not put in force"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The banner goes a moment after the package is in force.
    tokio::time::timeout(
        Duration::from_secs(20),
        disk.wait_for(|d| d.refused.is_none()),
    )
    .await
    .unwrap()
    .unwrap();
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_with_a_bad_package_says_why_and_does_not_run() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &PACKAGE.replace("operators: all", "operators: al"),
    );
    let options = Options {
        package_dir: dir.path().join("ops"),
        data_dir: dir.path().join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::default(),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    let Err(error) = App::start(options, routes).await else {
        panic!("it ran")
    };
    let text = error.to_string();
    assert!(
        text.contains("there is no escalation policy `al`") && text.contains("gonogo check"),
        "{text}"
    );
}

/// A request of which nothing but the beginning is sent.
async fn begun(app: &App) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = "POST /in/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Tries until it is answered so; what is answered otherwise meanwhile is told.
async fn answered(door: &Door, wanted: u16, key: &str) -> Vec<(u16, Value)> {
    let mut others = Vec::new();
    let begin = Instant::now();
    loop {
        let n = others.len();
        let body = charge(&format!("{key}_{n}"));
        let answer = door.stripe(STRIPE, &body, Timestamp::now()).await;
        if answer.0 == wanted {
            return others;
        }
        assert!(begin.elapsed() < Duration::from_secs(15), "{answer:?}");
        others.push(answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_can_be_taken_is_asked_to_come_back_at_once() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), PACKAGE);
    let app = start(dir.path()).await;
    let door = Door::of(&app);
    let mut stuck = Vec::new();
    for _ in 0..IN_FLIGHT_MAX {
        stuck.push(begun(&app).await);
    }
    let before = answered(&door, 503, "full").await;
    assert!(
        before.iter().all(|(status, _)| *status == 200),
        "{before:?}"
    );
    let body = charge("full");
    let signature = sign::stripe(
        &Secret::new(STRIPE).unwrap(),
        body.as_bytes(),
        Timestamp::now(),
    );
    let request = door.http.post(format!("{}/in/stripe", door.url)).body(body);
    let begin = Instant::now();
    let refused = request
        .header("stripe-signature", signature)
        .send()
        .await
        .unwrap();
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "early, and not after a wait"
    );
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let told: Value = refused.json().await.unwrap();
    assert_eq!(told["error"]["code"], "overloaded");

    // We still hear ourselves: an overload must not look like deafness.
    let heard = app.site.view().heard;
    let mut view = app.site.view.clone();
    let later = tokio::time::timeout(Duration::from_secs(20), view.wait_for(|v| v.heard > heard));
    later.await.expect("a test event came in").unwrap();

    // One sender goes away, and there is room; what was accepted is there after a restart.
    stuck.truncate(IN_FLIGHT_MAX / 2);
    answered(&door, 200, "room").await;
    drop(stuck);
    app.shut_down().await.unwrap();
    let app = start(dir.path()).await;
    let taken = before.len() + 1;
    let mut view = app.site.view.clone();
    let all = view.wait_for(|v| v.flows[0].open == taken);
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("all that was answered 200")
        .unwrap();
    app.shut_down().await.unwrap();
}
