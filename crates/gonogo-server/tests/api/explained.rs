//! Alerts that explain themselves: on their page, over the API, and on the incident.

use gonogo_engine::alerting::Stage;
use gonogo_model::Id;
use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

const EXPLAINED: &str = r#"
slos:
  - id: bookings
    name: Bookings are well
    component: ledger
    sli: {events: {source: till, event: [booked], good: {data.ok: [true]}}}
    target: 90%
    min_events: 3
alerts:
  - id: bookings-failing
    name: Bookings fail
    severity: SEV2
    when: {slo_failing: {slo: bookings, bad_events: 3, within: 1h}}
    first_step: Ask the database.
    runbook: front-down
  - id: bookings-burn
    name: The budget of bookings burns
    severity: SEV3
    urgency: ticket
    when: {slo_burn: {slo: bookings, speed: slow}}
    runbook: front-down
changes:
  - id: releases
    name: A release
    kind: deploy
    component: ledger
    told_by: {events: {source: till, event: [released], label: data.version}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_says_its_numbers_its_rule_and_what_changed_just_before() {
    let server = Server::start().await;
    std::fs::write(server.package_dir().join("explained.yaml"), EXPLAINED).unwrap();
    let token = server.token(Scope::Admin).await;
    server.post("/api/v1/reload", &token, json!({})).await.ok();
    let id = Id::from_static("bookings-failing");
    server.until(|view| view.alerts.contains_key(&id)).await;
    server
        .sale("r-1", "released", json!({"version": "<b>41f3</b>"}))
        .await;
    for event in ["b-1", "b-2", "b-3"] {
        server.sale(event, "booked", json!({"ok": false})).await;
    }
    let fires = |view: &std::sync::Arc<gonogo_server::view::View>| {
        let state = view.alerts.get(&id);
        state.is_some_and(|s| matches!(s.stage, Stage::Firing { .. }) && s.incident.is_some())
    };
    let view = server.until(fires).await;
    let incident = view.alerts[&id].incident.unwrap();

    let whole = server
        .get("/api/v1/alerts/bookings-failing", &token)
        .await
        .ok();
    let alert = &whole["alert"];
    assert_eq!(alert["rule"], "3 bad ones within 1h.");
    assert_eq!(alert["window"], "1h");
    assert_eq!(alert["query"], "till booked");
    assert_eq!(alert["detail"], "3 of 3 bad in 1h, 3 in a row");
    let line = EXPLAINED
        .lines()
        .position(|l| l.contains("id: bookings-failing"));
    let place = format!("explained.yaml:{}", line.unwrap() + 1);
    assert_eq!(alert["declared_at"], place.as_str());
    let changed = alert["changed_before"].as_array().unwrap();
    let release = changed.iter().find(|c| c["kind"] == "deploy").unwrap();
    assert_eq!(release["label"], "<b>41f3</b>");
    assert_eq!(whole["chart"]["title"], "Bad items per hour, three days");
    let burn = server
        .get("/api/v1/alerts/bookings-burn", &token)
        .await
        .ok();
    let rule = burn["alert"]["rule"].as_str().unwrap();
    assert!(
        rule.contains("burns at least 0.93 × too fast, over 3d and still over 6h"),
        "{rule}"
    );
    let unknown = server.get("/api/v1/alerts/nobody", &token).await;
    assert_eq!(unknown.refusal(), (404, "unknown_alert".to_owned()));

    let page = server.get("/alerts/bookings-failing", &token).await;
    assert_eq!(page.status, 200);
    for words in [
        "It fires when 3 bad ones within 1h.",
        "3 of 3 bad in 1h, 3 in a row",
        &place,
        "A release: &#60;b&#62;41f3&#60;/b&#62;",
        "before</b>",
        "<svg",
        "Bad items per hour, three days",
        "Ask the database.",
        &format!("/incidents/{incident}"),
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(server.get("/alerts/nobody", &token).await.status, 404);
    let page = server.get(&format!("/incidents/{incident}"), &token).await;
    assert!(page.text.contains("Changed just before."), "{}", page.text);
    assert!(page.text.contains("/alerts/bookings-failing"));
    server.stop().await;
}

/// Every alert of the package has a rule, a place and something that is asked.
#[tokio::test(flavor = "multi_thread")]
async fn no_alert_is_left_without_an_explanation() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let alerts = server.get("/api/v1/alerts", &token).await.ok();
    for alert in alerts["alerts"].as_array().unwrap() {
        for field in ["rule", "query", "declared_at"] {
            let said = alert[field].as_str().unwrap_or_default();
            assert!(said.len() > 3, "{field}: {alert}");
        }
        let path = format!("/alerts/{}", alert["id"].as_str().unwrap());
        assert_eq!(server.get(&path, &token).await.status, 200, "{path}");
    }
    server.stop().await;
}
