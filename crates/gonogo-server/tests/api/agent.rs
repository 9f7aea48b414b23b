//! Agents: what they are handed, what they report, and what their token is good for.

use gonogo_engine::check::Health;
use gonogo_server::api::RESULTS_MAX;
use gonogo_server::auth::Scope;
use serde_json::{Value, json};

use crate::server::Server;

const FAR: &str = r#"
checks:
  - id: far
    name: The shop, from afar
    component: cellar
    every: 24h
    fails_after: 1
    recovers_after: 1
    from: {places: [east, west]}
    probe: {http: {url: "${env:ONLY_THE_AGENT_KNOWS}/", headers: {authorization: "${env:SECRET_OF_THE_AGENT}"}}}
"#;

fn result(check: &str, verdict: &str) -> Value {
    json!({"age_ms": 1200, "result": {
        "check": check, "at": 0, "verdict": verdict, "code": "test", "detail": "as it is", "took": 12, "count": 1,
    }})
}

fn report(place: &str, first: u64, results: &[Value]) -> Value {
    json!({"place": place, "boot": "one", "first": first, "results": results})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_handed_its_checks_and_what_it_reports_counts_once() {
    let server = Server::start_with(FAR).await;
    let agent = server.token(Scope::Agent).await;
    let asked = "/api/v1/agent/checks?place=east";
    let handed = server.get(asked, &agent).await.ok();
    let files = handed["files"].as_object().unwrap();
    let text = handed["files"].to_string();
    assert!(files["more.yaml"].as_str().unwrap().contains("id: far"));
    assert!(
        text.contains("${env:SECRET_OF_THE_AGENT}"),
        "no secret is resolved here"
    );
    for more in ["people:", "ada@example.com", "escalation_policies"] {
        assert!(
            !text.contains(more),
            "{more} is nothing that an agent has to know: {text}"
        );
    }

    let failing = [result("far", "failing")];
    for place in ["east", "west"] {
        let path = "/api/v1/agent/results";
        let kept = server
            .post(path, &agent, report(place, 0, &failing))
            .await
            .ok();
        assert_eq!(kept["next"], 1);
        assert_eq!(kept["digest"], handed["digest"]);
        // Our answer was lost: it comes once more.
        server
            .post(path, &agent, report(place, 0, &failing))
            .await
            .ok();
    }
    let view = server
        .until(|view| {
            let mut checks = view.checks.iter();
            checks.any(|c| c.id.as_str() == "far" && c.health == Health::Failing)
        })
        .await;
    let far = view.checks.iter().find(|c| c.id.as_str() == "far").unwrap();
    let counted: u32 = far.stretches.iter().map(|(_, answers)| answers.bad).sum();
    assert_eq!(counted, 2, "each place failed once");

    let read = server.token(Scope::Read).await;
    let checks = server.get("/api/v1/checks", &read).await.ok();
    let checks = checks["checks"].as_array().unwrap();
    let far = checks.iter().find(|c| c["id"] == "far").unwrap();
    assert_eq!(far["places"][1]["place"], "west");
    assert_eq!(far["places"][1]["state"], "failing");
    assert!(far["places"][1]["heard_at"].is_string());
    assert_eq!(
        far["last"]["detail"],
        "2 of 2 places cannot reach it (east, west): as it is"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_agent_is_good_for_nothing_else() {
    let server = Server::start_with(FAR).await;
    let agent = server.token(Scope::Agent).await;
    for path in ["/api/v1/state", "/api/v1/checks", "/api/v1/tokens"] {
        let refused = server.get(path, &agent).await.refusal();
        assert_eq!(refused, (403, "agent_only".into()), "{path}");
    }
    server.incident().await;
    let ack = server
        .post("/api/v1/incidents/1/ack", &agent, json!({}))
        .await;
    assert_eq!(ack.refusal(), (403, "agent_only".into()));
    let page = server.passed_on("/signals", Some(&agent)).await;
    assert_eq!(page.status, 403);
    // And nobody else's token is good for this.
    for scope in [Scope::Read, Scope::Respond, Scope::Admin] {
        let other = server.token(scope).await;
        let refused = server.get("/api/v1/agent/checks?place=east", &other).await;
        assert_eq!(refused.refusal(), (403, "not_allowed".into()), "{scope:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_report_is_refused_and_says_why() {
    let server = Server::start_with(FAR).await;
    let agent = server.token(Scope::Agent).await;
    for place in ["north", "local", "not a place", ""] {
        let path = "/api/v1/agent/results";
        let refused = server.post(path, &agent, report(place, 0, &[])).await;
        assert_eq!(refused.refusal(), (404, "unknown_place".into()), "{place}");
    }
    let refused = |body: Value| async {
        let answer = server.post("/api/v1/agent/results", &agent, body).await;
        answer.refusal()
    };
    let many = vec![result("far", "ok"); RESULTS_MAX + 1];
    assert_eq!(
        refused(report("east", 0, &many)).await,
        (422, "too_long".into())
    );
    let mut long = report("east", 0, &[]);
    long["boot"] = json!("x".repeat(65));
    assert_eq!(refused(long).await, (422, "too_long".into()));
    let mut odd = report("east", 0, &[result("far", "perhaps")]);
    assert_eq!(refused(odd.clone()).await.0, 422);
    odd["results"] = json!([{"age_ms": i64::MIN, "result": result("nothing", "ok")["result"]}]);
    // A check that a reload took away is no mistake of the agent's.
    server.post("/api/v1/agent/results", &agent, odd).await.ok();
    let mut far_ahead = report("east", u64::MAX, &[result("far", "ok")]);
    far_ahead["dropped"] = json!(u64::MAX);
    server
        .post("/api/v1/agent/results", &agent, far_ahead)
        .await
        .ok();
    server.stop().await;
}
