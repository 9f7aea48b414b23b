//! Alertmanager's API v2, met from outside by the requests that its clients make.

use std::time::Duration;

use gonogo_engine::external::Word;
use gonogo_model::Id;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Answer, Server, TOOL_TOKEN};

/// A source that takes alerts, and an alert that is about some of them.
pub const PROM: &str = r#"
sources:
  - id: prom
    name: Prometheus
    kind: alertmanager
    component: store-front
    secrets: ["${env:TINY_TOOL_TOKEN}"]
    unmatched: list
alerts:
  - id: prom-critical
    name: Prometheus raises something critical
    severity: SEV1
    when: {external_alert: {source: prom, labels: {severity: critical}}}
    impact: Nobody can buy anything.
    first_step: Read the alert.
    runbook: front-down
"#;

pub struct Tool<'a> {
    pub server: &'a Server,
    pub base: &'static str,
    pub authorization: Option<String>,
}

impl<'a> Tool<'a> {
    pub fn of(server: &'a Server) -> Self {
        Self {
            server,
            base: "/in/prom",
            authorization: Some(format!("Bearer {TOOL_TOKEN}")),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let path = format!("{}{path}", self.base);
        let shown = self.authorization.as_deref();
        self.server.tool(method, &path, shown, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.ok()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Posts alerts, and waits until the engine has them.
    pub async fn fires(&self, name: &str, severity: &str) {
        let alert = json!({"labels": {"alertname": name, "severity": severity}});
        let posted = self.post("/api/v2/alerts", &json!([alert])).await;
        assert_eq!((posted.status, posted.text.as_str()), (StatusCode::OK, ""));
        self.held(name, Word::Firing).await;
    }

    async fn held(&self, name: &str, standing: Word) {
        let held = |view: &std::sync::Arc<gonogo_server::view::View>| {
            let known = view.externals.get(&Id::from_static("prom"));
            known.is_some_and(|k| {
                let mut all = k.alerts.values();
                all.any(|h| h.labels["alertname"] == name && h.standing == standing)
            })
        };
        self.server.until(held).await;
    }

    async fn silence(&self, body: &Value) -> String {
        let answer = self.post("/api/v2/silences", body).await;
        answer.ok()["silenceID"].as_str().unwrap().to_owned()
    }
}

fn ahead(minutes: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_mins(minutes);
    at.to_string()
}

fn silence_of(name: &str) -> Value {
    json!({
        "matchers": [{"name": "alertname", "value": name, "isRegex": false}],
        "startsAt": ahead(0), "endsAt": ahead(60), "createdBy": "ada", "comment": "known",
    })
}

fn state(silence: &Value) -> &str {
    silence["status"]["state"].as_str().unwrap()
}

#[tokio::test]
async fn alerts_are_taken_and_listed_as_by_alertmanager() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    assert_eq!(tool.get("/api/v2/alerts").await, json!([]));
    tool.fires("Disk", "warning").await;
    tool.fires("Shop", "critical").await;
    let all = tool.get("/api/v2/alerts").await;
    let of = |name: &str| {
        let mut all = all.as_array().unwrap().iter();
        all.find(|a| a["labels"]["alertname"] == name)
            .unwrap()
            .clone()
    };
    let (disk, shop) = (of("Disk"), of("Shop"));
    assert_eq!(disk["receivers"], json!([{"name": "listed"}]));
    assert_eq!(shop["receivers"], json!([{"name": "prom-critical"}]));
    assert_eq!(shop["status"]["state"], "active");
    assert_eq!(shop["fingerprint"].as_str().unwrap().len(), 16);
    for field in ["startsAt", "endsAt", "updatedAt"] {
        let text = shop[field].as_str().unwrap();
        text.parse::<Timestamp>().unwrap();
    }
    let names = async |query: &str| {
        let found = tool.get(&format!("/api/v2/alerts?{query}")).await;
        let name = |a: &Value| a["labels"]["alertname"].as_str().unwrap().to_owned();
        found
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("filter=severity%3D%22critical%22").await, ["Shop"]);
    assert_eq!(
        names("filter=alertname!~S.*&filter=severity=~w.*").await,
        ["Disk"]
    );
    assert_eq!(names("receiver=prom-.*").await, ["Shop"]);
    assert_eq!(names("receiver=prom").await, [""; 0], "the whole name");
    assert_eq!(names("active=false").await, [""; 0]);
    let groups = tool.get("/api/v2/alerts/groups").await;
    assert_eq!(groups[0]["receiver"]["name"], "listed");
    assert_eq!(groups[1]["alerts"][0]["labels"]["alertname"], "Shop");
    assert_eq!(groups.as_array().unwrap().len(), 2);
    // The critical one wakes somebody, the other is only listed.
    server.until(|view| view.incidents.contains_key(&1)).await;
    server.message_to("ada").await;
    let over = json!([{"labels": {"alertname": "Shop", "severity": "critical"}, "endsAt": ahead(-1), "startsAt": ahead(-2)}]);
    assert_eq!(tool.post("/api/v2/alerts", &over).await.status, 200);
    tool.held("Shop", Word::Over).await;
    assert_eq!(names("").await, ["Disk"]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_rest_is_taken() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let good = json!({"labels": {"alertname": "Good", "empty": ""}});
    let body = json!([good, {"labels": {"gone": ""}}]);
    let answer = tool.post("/api/v2/alerts", &body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json(), "at least one label pair required");
    tool.held("Good", Word::Firing).await;
    let listed = tool.get("/api/v2/alerts").await;
    assert_eq!(listed[0]["labels"], json!({"alertname": "Good"}));
    for (body, said) in [
        (json!({}), "not a JSON array of alerts"),
        (
            json!([{"labels": {"a": "b"}, "startsAt": ahead(2), "endsAt": ahead(1)}]),
            "start time must be before end time",
        ),
    ] {
        let answer = tool.post("/api/v2/alerts", &body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (400, json!(said)));
    }
    let answer = tool
        .ask(Method::GET, "/api/v2/alerts?filter=a%3D~(", None)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json(), "invalid regular expression \"(\"");
    let answer = tool
        .ask(Method::GET, "/api/v2/alerts?active=maybe", None)
        .await;
    assert_eq!(answer.status, 400);
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_said_to_whoever_shows_no_token_of_the_source() {
    let server = Server::start_with(PROM).await;
    let mut tool = Tool::of(&server);
    let paths = [
        "/api/v2/alerts",
        "/api/v2/alerts/groups",
        "/api/v2/silences",
        "/api/v2/silence/x",
        "/api/v2/status",
        "/api/v2/receivers",
    ];
    for base in ["/in/prom", ""] {
        tool.base = base;
        for shown in [None, Some("Bearer another".to_owned())] {
            tool.authorization = shown;
            for path in paths {
                let answer = tool.ask(Method::GET, path, None).await;
                assert_eq!(answer.status, 401, "{base}{path}");
                assert!(answer.json().is_string());
            }
            let posted = tool.post("/api/v2/alerts", &json!([])).await;
            assert_eq!(posted.status, 401);
            let posted = tool.post("/api/v2/silences", &silence_of("x")).await;
            assert_eq!(posted.status, 401);
        }
        // The password of basic authentication, whatever the name is.
        tool.authorization =
            Some("Basic cHJvbWV0aGV1czpzYW1wbGVrZXloZXJlMDAwMDAwMDAwMDAwMDAwMDAwMA==".to_owned());
        assert_eq!(tool.get("/api/v2/alerts").await, json!([]));
        for path in ["/-/healthy", "/-/ready"] {
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(tool.ask(method, path, None).await.status, 200);
            }
        }
    }
    tool.base = "/in/till";
    assert_eq!(
        tool.ask(Method::GET, "/api/v2/status", None).await.status,
        404
    );
    server.stop().await;
}

#[tokio::test]
async fn a_silenced_alert_pages_when_its_silence_ends_and_not_before() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let id = tool.silence(&silence_of("Shop")).await;
    tool.fires("Shop", "critical").await;
    let listed = tool.get("/api/v2/alerts").await;
    assert_eq!(listed[0]["status"]["state"], "suppressed");
    assert_eq!(listed[0]["status"]["silencedBy"], json!([id]));
    assert_eq!(tool.get("/api/v2/alerts?silenced=false").await, json!([]));
    assert!(server.app.site.view().incidents.is_empty());
    let ended = tool
        .ask(Method::DELETE, &format!("/api/v2/silence/{id}"), None)
        .await;
    assert_eq!((ended.status, ended.text.as_str()), (StatusCode::OK, ""));
    server.message_to("ada").await;
    let listed = tool.get("/api/v2/alerts").await;
    assert_eq!(listed[0]["status"]["state"], "active");
    let silence = tool.get(&format!("/api/v2/silence/{id}")).await;
    assert_eq!(state(&silence), "expired");
    // It ended already: nothing more happens, and it is no mistake.
    let again = tool
        .ask(Method::DELETE, &format!("/api/v2/silence/{id}"), None)
        .await;
    assert_eq!(again.status, 200);
    let server = server.restarted().await;
    let tool = Tool::of(&server);
    server.until(|view| !view.externals.is_empty()).await;
    let silence = tool.get(&format!("/api/v2/silence/{id}")).await;
    assert_eq!(state(&silence), "expired");
    server.stop().await;
}

#[tokio::test]
async fn a_silence_keeps_its_id_only_while_it_says_the_same() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let id = tool.silence(&silence_of("Shop")).await;
    let mut wanted = tool.get(&format!("/api/v2/silence/{id}")).await;
    assert_eq!(state(&wanted), "active");
    assert_eq!(wanted["matchers"][0]["isEqual"], true);
    wanted["endsAt"] = ahead(120).into();
    wanted["comment"] = "longer".into();
    assert_eq!(tool.silence(&wanted).await, id, "only its end is another");
    wanted["matchers"][0]["value"] = "Disk".into();
    let other = tool.silence(&wanted).await;
    assert_ne!(other, id);
    let mut pending = silence_of("Later");
    pending["startsAt"] = ahead(30).into();
    let later = tool.silence(&pending).await;
    let all = tool.get("/api/v2/silences").await;
    let found: Vec<_> = all.as_array().unwrap().iter().collect();
    let ids: Vec<&str> = found.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [other.as_str(), &later, &id]);
    let states: Vec<&str> = found.iter().map(|s| state(s)).collect();
    assert_eq!(states, ["active", "pending", "expired"]);
    let filtered = tool
        .get("/api/v2/silences?filter=alertname%3DDisk&expired=false")
        .await;
    assert_eq!(filtered.as_array().unwrap().len(), 1);
    // Of several that come at once each has an id of its own.
    let unknown = "c0ffee00-0000-4000-8000-000000000000";
    wanted["id"] = unknown.into();
    assert_eq!(tool.post("/api/v2/silences", &wanted).await.status, 404);
    let missing = tool
        .ask(Method::DELETE, &format!("/api/v2/silence/{unknown}"), None)
        .await;
    assert_eq!(missing.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_silence_that_makes_no_sense_is_refused() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut silence = silence_of("Shop");
        change(&mut silence);
        silence
    };
    let matcher = |regex: bool, value: &str| json!({"name": "a", "value": value, "isRegex": regex});
    let cases = [
        with(&|s| s["endsAt"] = ahead(-1).into()),
        with(&|s| s["startsAt"] = ahead(70).into()),
        with(&|s| s["endsAt"] = "soon".into()),
        with(&|s| s["matchers"] = json!([])),
        with(&|s| s["matchers"] = json!([matcher(false, "")])),
        with(&|s| s["matchers"] = json!([matcher(true, ".*")])),
        with(&|s| s["matchers"] = json!([matcher(true, "(")])),
        with(&|s| s["matchers"] = json!([matcher(true, "(a{1000}){1000}")])),
        with(&|s| s["matchers"] = Value::Array(vec![matcher(false, "x"); 65])),
        with(&|s| s["comment"] = "x".repeat(2_001).into()),
        json!({}),
    ];
    for case in cases {
        let answer = tool.post("/api/v2/silences", &case).await;
        assert_eq!(answer.status, 400, "{case}");
        assert!(answer.json().is_string());
    }
    assert_eq!(tool.get("/api/v2/silences").await, json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_silence_ends_by_itself() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let mut short = silence_of("Shop");
    short["endsAt"] = (Timestamp::now() + Duration::from_secs(2))
        .to_string()
        .into();
    tool.silence(&short).await;
    tool.fires("Shop", "critical").await;
    assert!(server.app.site.view().incidents.is_empty());
    server.message_to("ada").await;
    server.stop().await;
}

#[tokio::test]
async fn the_status_has_what_clients_ask_for() {
    let server = Server::start_with(PROM).await;
    let tool = Tool::of(&server);
    let status = tool.get("/api/v2/status").await;
    assert_eq!(status["cluster"]["status"], "disabled");
    assert!(
        status["uptime"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .is_ok()
    );
    assert!(
        status["config"]["original"]
            .as_str()
            .unwrap()
            .contains("receiver: \"listed\"")
    );
    for field in [
        "branch",
        "buildDate",
        "buildUser",
        "goVersion",
        "revision",
        "version",
    ] {
        assert!(status["versionInfo"][field].is_string());
    }
    let receivers = tool.get("/api/v2/receivers").await;
    assert_eq!(
        receivers,
        json!([{"name": "listed", "labels": {}}, {"name": "prom-critical", "labels": {}}])
    );
    server.stop().await;
}
