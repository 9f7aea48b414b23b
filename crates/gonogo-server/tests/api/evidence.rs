//! Evidence about readiness, given and known by itself, and the board that follows.

use gonogo_engine::input::CheckVerdict;
use gonogo_model::{PackageText, load};
use gonogo_server::auth::Scope;
use serde_json::{Value, json};

use crate::server::Server;

const FOLLOWED: &str = "RBK-03";

fn followed(actor: Option<&str>) -> Value {
    let mut record = json!({
        "criterion": "rbk-03", "subject": "runbook/front-down", "result": "pass",
        "method": "drill", "note": "took 4 min", "took": "4m", "steps": {"mitigate-1": "ok"},
        "covers": ["component/ledger"],
    });
    if let Some(actor) = actor {
        record["actor"] = json!(actor);
    }
    record
}

async fn known(server: &Server) -> Vec<Value> {
    let token = server.token(Scope::Read).await;
    let file = server.get("/api/v1/evidence", &token).await.ok();
    let text = file.to_string();
    // What `gonogo verdict --server` does with it.
    let mut package = PackageText::default();
    package.files.insert("evidence/server.yaml".into(), text);
    let found = file["evidence"].as_array().unwrap().clone();
    assert_eq!(load(&package).package.evidence.len(), found.len(), "{file}");
    found
}

fn about<'a>(known: &'a [Value], criterion: &str) -> Vec<&'a Value> {
    known
        .iter()
        .filter(|r| r["criterion"] == criterion)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_bound_kept_over_a_restart_and_read_back() {
    let server = Server::start().await;
    let ci = server.token(Scope::Evidence).await;
    let kept = server
        .post("/api/v1/evidence", &ci, followed(Some("bob")))
        .await
        .ok();
    let record = &kept["record"];
    assert_eq!(record["criterion"], FOLLOWED);
    assert_eq!(record["actor"], "bob");
    let digests = server.app.site.view().plan.package.digests.clone();
    let covers: Vec<(String, String)> =
        serde_json::from_value::<serde_json::Map<_, _>>(record["covers"].clone())
            .unwrap()
            .into_iter()
            .map(|(k, v)| (k, v.as_str().unwrap().to_owned()))
            .collect();
    assert!(
        covers.iter().any(|(k, _)| k == "component/ledger"),
        "asked for"
    );
    assert!(
        covers.iter().any(|(k, _)| k == "runbook/front-down"),
        "its subject"
    );
    for (subject, digest) in covers {
        let subject = gonogo_model::Subject::parse(&subject).unwrap();
        assert_eq!(digests[&subject], digest);
    }
    assert_eq!(
        about(&known(&server).await, FOLLOWED),
        [record],
        "before the restart"
    );
    let server = server.restarted().await;
    assert_eq!(about(&known(&server).await, FOLLOWED), [record]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_count_is_refused_with_its_reason() {
    let server = Server::start().await;
    let path = server.package_dir().join("gonogo.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let launch = "  operators: shop-on-call\n  launch: {at: 2030-01-01T00:00:00Z, director: owner, poll: [{area: All, role: owner}]}";
    std::fs::write(&path, before.replace("  operators: shop-on-call", launch)).unwrap();
    let admin = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert_eq!(reloaded["refused"], Value::Null, "{reloaded}");
    let ci = server.token(Scope::Evidence).await;
    let with = |changes: Value| {
        let mut record = followed(Some("bob"));
        for (key, value) in changes.as_object().unwrap() {
            record[key] = value.clone();
        }
        record
    };
    let word =
        json!({"criterion": "REH-03", "subject": "role/owner", "method": "attest", "steps": {}});
    let attested = |actor: &str, reviewer: Option<&str>| {
        let mut record = with(word.clone());
        record["actor"] = json!(actor);
        record["reviewer"] = json!(reviewer);
        record
    };
    for (record, code) in [
        (with(json!({"criterion": "RBK-99"})), "unknown_criterion"),
        (with(json!({"criterion": "DEP-01"})), "decided_by_package"),
        (with(json!({"method": "attest"})), "wrong_method"),
        (
            with(json!({"subject": "runbook/nothing"})),
            "not_asked_about",
        ),
        (with(json!({"subject": "nothing"})), "bad_subject"),
        (
            with(json!({"covers": ["component/nothing"]})),
            "unknown_subject",
        ),
        (
            with(json!({"observed_at": "2999-01-01T00:00:00Z"})),
            "in_the_future",
        ),
        (with(json!({"took": "long"})), "bad_duration"),
        (with(json!({"actor": "gonogo"})), "reserved_actor"),
        (with(json!({"result": "maybe"})), "invalid_body"),
        (with(json!({"tried": vec!["x"; 201]})), "too_many"),
        (attested("nobody", Some("ada")), "unknown_person"),
        (attested("bob", None), "second_person"),
        (attested("bob", Some("bob")), "second_person"),
    ] {
        let answer = server.post("/api/v1/evidence", &ci, record).await;
        assert_eq!(answer.refusal(), (422, code.to_owned()));
    }
    let other = with(json!({"package_digest": "0000"}));
    let answer = server.post("/api/v1/evidence", &ci, other).await;
    assert_eq!(answer.refusal(), (409, "another_package".into()));
    assert!(about(&known(&server).await, FOLLOWED).is_empty());
    server
        .post("/api/v1/evidence", &ci, attested("bob", Some("ada")))
        .await
        .ok();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_for_another_but_a_program_trusted_to() {
    let server = Server::start().await;
    let refused = (403, "not_allowed".to_owned());
    let read = server.token(Scope::Read).await;
    let answer = server.post("/api/v1/evidence", &read, followed(None)).await;
    assert_eq!(answer.refusal(), refused);
    for scope in [Scope::Respond, Scope::Admin] {
        let token = server.token(scope).await;
        let answer = server
            .post("/api/v1/evidence", &token, followed(Some("bob")))
            .await;
        assert_eq!(answer.refusal(), refused, "{scope:?}");
        let kept = server
            .post("/api/v1/evidence", &token, followed(None))
            .await
            .ok();
        assert_eq!(kept["record"]["actor"], "admin");
    }
    // It records, and does nothing else.
    server.incident().await;
    let ci = server.token(Scope::Evidence).await;
    let answer = server.post("/api/v1/incidents/1/ack", &ci, json!({})).await;
    assert_eq!(answer.refusal(), refused);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_sees_it_records_by_itself_and_nothing_else() {
    let server = Server::start().await;
    let path = server.package_dir().join("gonogo.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let more = "\nslos:\n  - {id: front-works, name: The front works, target: 99%, window: 7d, sli: {check: front-answers}}\n  - {id: sales-end, name: Sales end, target: 99%, window: 7d, sli: {flow_completion: sale-recorded}}\n";
    std::fs::write(&path, before.clone() + more).unwrap();
    let admin = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert_eq!(reloaded["refused"], Value::Null, "{reloaded}");
    assert!(about(&known(&server).await, "MON-02").is_empty());
    server.check_says("front-answers", CheckVerdict::Ok).await;
    server
        .until(|view| view.slos.iter().any(|s| s.last_item().is_some()))
        .await;
    let known_now = known(&server).await;
    let seen = about(&known_now, "MON-02");
    assert_eq!(seen.len(), 1, "the flow had no data: {seen:?}");
    assert_eq!(seen[0]["subject"], "slo/front-works");
    assert_eq!(seen[0]["actor"], "gonogo");
    assert_eq!(seen[0]["method"], "probe");
    // Another objective is another SLO: what was seen before says nothing of it.
    let changed = more.replacen("99%", "98%", 1);
    std::fs::write(&path, before + &changed).unwrap();
    server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert!(about(&known(&server).await, "MON-02").is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_says_no_until_it_knows() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let board = server.get("/api/v1/verdict", &token).await.ok();
    assert_eq!(board["verdict"], "NO-GO");
    let state = |board: &Value| {
        let areas = board["areas"].as_array().unwrap();
        let mut asked = areas.iter().flat_map(|a| a["criteria"].as_array().unwrap());
        let found = asked.find(|c| c["id"] == FOLLOWED).unwrap();
        found["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&board), "unknown");
    let ci = server.token(Scope::Evidence).await;
    server
        .post("/api/v1/evidence", &ci, followed(Some("bob")))
        .await
        .ok();
    // A record counts at once, whatever was judged in this minute.
    let board = server.get("/api/v1/verdict", &token).await.ok();
    assert_eq!(state(&board), "pass");
    server.stop().await;
}
