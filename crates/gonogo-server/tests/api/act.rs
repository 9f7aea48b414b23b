//! Deciding: what a 2xx means, and what is refused.

use gonogo_engine::input::CheckVerdict;
use gonogo_server::api::TEXT_CHARS_MAX;
use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_stops_the_calls_and_survives_a_restart() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Respond).await;
    let before = server.get("/api/v1/incidents/1", &token).await.ok();
    assert_eq!(before["phase"], "open");
    assert!(before["engagements"][0]["calling"].is_object(), "{before}");

    let acted = server
        .post("/api/v1/incidents/INC-1/ack", &token, json!({}))
        .await
        .ok();
    assert!(acted["position"].as_i64() > Some(0), "{acted}");
    assert_eq!(acted["incident"]["phase"], "acknowledged");
    assert_eq!(acted["incident"]["commander"], "Administrator");

    let server = server.restarted().await;
    let after = server.get("/api/v1/incidents/1", &token).await.ok();
    assert_eq!(after["phase"], "acknowledged");
    assert_eq!(after["engagements"][0]["acknowledged_by"], "Administrator");
    assert!(after["engagements"][0]["calling"].is_null());
    let kinds: Vec<&str> = after["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["kind"].as_str())
        .collect();
    assert!(
        kinds.contains(&"opened") && kinds.contains(&"acknowledged"),
        "{kinds:?}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_people_decide_is_on_the_timeline() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Admin).await;
    let said = async |verb: &str, body| {
        server
            .post(&format!("/api/v1/incidents/1/{verb}"), &token, body)
            .await
            .ok()
    };
    said("note", json!({"text": "the till answers"})).await;
    said("command", json!({})).await;
    let step = json!({"runbook": "front-down", "step": "first-5-minutes-1", "outcome": "failed"});
    said("steps", step).await;
    said(
        "publish",
        json!({"state": "investigating", "text": "We look at it."}),
    )
    .await;
    // Without words of one's own, the draft goes out.
    said("publish", json!({"state": "identified"})).await;
    let acted = said("resolve", json!({"reason": "restarted"})).await;
    assert_eq!(acted["incident"]["phase"], "resolved");

    let shown = server.get("/api/v1/incidents/1", &token).await.ok();
    assert_eq!(shown["commander"], "Administrator");
    assert_eq!(shown["steps"][0]["outcome"], "failed");
    assert_eq!(shown["updates"][0]["text"], "We look at it.");
    assert_eq!(shown["updates"][1]["title"], "We are identified");
    let timeline = shown["timeline"].to_string();
    for words in [
        "the till answers",
        "first-5-minutes-1 of front-down",
        "restarted",
    ] {
        assert!(timeline.contains(words), "{words}: {timeline}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Admin).await;
    let incident = "/api/v1/incidents/1";
    let long = "x".repeat(TEXT_CHARS_MAX + 1);
    let step = |runbook: &str, step: &str, outcome: &str| json!({"runbook": runbook, "step": step, "outcome": outcome});
    let refused = [
        (
            "/api/v1/incidents/2/ack",
            json!({}),
            (404, "unknown_incident"),
        ),
        (
            "/api/v1/incidents/0/note",
            json!({"text": "x"}),
            (404, "unknown_incident"),
        ),
        ("/api/v1/incidents/one/ack", json!({}), (400, "malformed")),
        (
            "/api/v1/incidents/1/explode",
            json!({}),
            (404, "unknown_route"),
        ),
        (
            &format!("{incident}/note"),
            json!({}),
            (422, "invalid_body"),
        ),
        (
            &format!("{incident}/note"),
            json!({"text": " "}),
            (422, "empty"),
        ),
        (
            &format!("{incident}/note"),
            json!({"text": long}),
            (422, "too_long"),
        ),
        (
            &format!("{incident}/note"),
            json!({"text": "\u{1b}[2J"}),
            (422, "control_characters"),
        ),
        (
            &format!("{incident}/note"),
            json!({"text": "x", "txet": "y"}),
            (422, "invalid_body"),
        ),
        (
            &format!("{incident}/resolve"),
            json!({}),
            (422, "invalid_body"),
        ),
        (
            &format!("{incident}/publish"),
            json!({"state": "fine"}),
            (422, "invalid_body"),
        ),
        (
            &format!("{incident}/steps"),
            step("x", "first-5-minutes-1", "ok"),
            (422, "unknown_runbook"),
        ),
        (
            &format!("{incident}/steps"),
            step("../x", "first-5-minutes-1", "ok"),
            (422, "unknown_runbook"),
        ),
        (
            &format!("{incident}/steps"),
            step("front-down", "x", "ok"),
            (422, "unknown_step"),
        ),
        (
            &format!("{incident}/steps"),
            step("front-down", "first-5-minutes-1", "x"),
            (422, "unknown_outcome"),
        ),
    ];
    for (path, body, (status, code)) in refused {
        let answer = server.post(path, &token, body).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{path}");
    }
    let post = async |body: String| {
        let path = format!("{incident}/note");
        server
            .send(reqwest::Method::POST, &path, Some(&token), Some(body))
            .await
    };
    assert_eq!(
        post("{\"text\": ".into()).await.refusal(),
        (400, "malformed".into())
    );
    let huge = format!(
        "{{\"text\": \"{}\"}}",
        "x".repeat(gonogo_server::api::BODY_BYTES_MAX)
    );
    assert_eq!(post(huge).await.refusal(), (413, "too_large".into()));
    let get = server.get(&format!("{incident}/ack"), &token).await;
    assert_eq!(get.refusal(), (405, "wrong_method".into()));

    let shown = server.get(incident, &token).await.ok();
    assert_eq!(
        (&shown["phase"], &shown["updates"]),
        (&json!("open"), &json!([]))
    );
    let kinds = shown["timeline"].to_string();
    assert!(!kinds.contains("\"note\""), "{kinds}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_not_acknowledged_but_can_still_be_noted() {
    let server = Server::start().await;
    server.incident().await;
    let token = server.token(Scope::Respond).await;
    server.check_says("front-answers", CheckVerdict::Ok).await;
    let reason = json!({"reason": "it answers again"});
    server
        .post("/api/v1/incidents/1/resolve", &token, reason.clone())
        .await
        .ok();
    for (verb, body) in [
        ("ack", json!({})),
        ("command", json!({})),
        ("resolve", reason),
    ] {
        let answer = server
            .post(&format!("/api/v1/incidents/1/{verb}"), &token, body)
            .await;
        assert_eq!(answer.refusal(), (409, "resolved".into()), "{verb}");
    }
    let note = json!({"text": "it was the cable"});
    server
        .post("/api/v1/incidents/1/note", &token, note)
        .await
        .ok();
    server.stop().await;
}
