//! The pages about readiness, as somebody who is signed in reads them.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

async fn page(server: &Server, path: &str) -> String {
    let token = server.token(Scope::Read).await;
    let answer = server.get(path, &token).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

/// What a page says, a line for each piece of text.
fn said(html: &str) -> String {
    let main = html.split("<main").nth(1).unwrap();
    let main = main.split("</main>").next().unwrap();
    let mut text = String::new();
    let mut inside = true;
    for c in main.chars() {
        match c {
            '<' => {
                inside = true;
                text.push('\n');
            }
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_names_what_is_in_the_way_and_filters_without_a_script() {
    let server = Server::start().await;
    let html = page(&server, "/launch").await;
    let text = said(&html);
    assert!(text.contains("NO-GO: "), "{text}");
    assert!(text.contains("No launch is written"), "{text}");
    assert!(text.contains("RSK-01") && text.contains("OWN-02"), "{text}");
    assert!(text.contains("Profile small-launch"), "{text}");
    assert!(html.contains("href=\"/launch?area=RBK\""), "by area");
    let one = said(&page(&server, "/launch?area=RBK&state=unknown").await);
    assert!(one.contains("RBK-03"), "{one}");
    assert!(!one.contains("OWN-02"), "{one}");
    let nobody_knows = page(&server, "/launch?state=unknown").await;
    let list = nobody_knows.split("class=\"stack-l\"").nth(1).unwrap();
    assert!(list.contains("glyph unknown"));
    assert!(!list.contains("glyph ok"), "what nobody knows is not green");
    let none = said(&page(&server, "/launch?state=stale").await);
    assert!(none.contains("None of these"), "{none}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_criterion_shows_its_answers_its_evidence_and_its_manual() {
    let server = Server::start().await;
    let before = said(&page(&server, "/launch/rbk-03").await);
    insta::assert_snapshot!(before.split("The manual").next().unwrap(), @r#"
    Somebody else than the author has followed every runbook
    RBK-03
    Answers
    The store front does not answer
    Unknown
    owner:
    Engineer
    no evidence yet: this needs a drill
    Next:
    have somebody who did not write it follow it, and record each step
    "#);
    let runbook = said(&page(&server, "/runbooks/front-down").await);
    assert!(runbook.contains("Unproven"), "{runbook}");
    assert!(runbook.contains("Nobody ever followed it"), "{runbook}");
    let ci = server.token(Scope::Evidence).await;
    let record = json!({
        "criterion": "RBK-03", "subject": "runbook/front-down", "result": "pass",
        "method": "drill", "actor": "bob", "note": "in 4 min",
        "steps": {"first-5-minutes-1": "ok", "mitigate-1": "failed"},
    });
    server.post("/api/v1/evidence", &ci, record).await.ok();
    let after = said(&page(&server, "/launch/RBK-03").await);
    assert!(
        after.contains("drill: pass") && after.contains("in 4 min"),
        "{after}"
    );
    assert!(after.contains("Why it matters"), "{after}");
    let runbook = said(&page(&server, "/runbooks/front-down").await);
    assert!(runbook.contains("Broken"), "a step failed: {runbook}");
    assert!(runbook.contains("1 of 2 steps are proven"), "{runbook}");
    let list = said(&page(&server, "/runbooks").await);
    assert!(list.contains("broken"), "{list}");
    let token = server.token(Scope::Read).await;
    let nothing = server.get("/launch/nothing", &token).await;
    assert_eq!(nothing.status, 404);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_says_what_was_never_seen_to_be_noticed() {
    let server = Server::start().await;
    let empty = said(&page(&server, "/risks").await);
    assert!(empty.contains("No failure mode"), "{empty}");
    let path = server.package_dir().join("gonogo.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let mode = "\nfailure_modes:\n  - {id: front-falls, name: The store front <falls>, component: store-front, effect: Nobody buys., cause: A release., severity: 5, occurrence: 3, detection: 1, detected_by: [front-down], owner: owner, actions: [{what: Try it, owner: owner, due: 2020-01-01}]}\n";
    std::fs::write(&path, before + mode).unwrap();
    let admin = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &admin, json!({})).await.ok();
    assert!(reloaded["refused"].is_null(), "{reloaded}");
    let risks = said(&page(&server, "/risks").await);
    insta::assert_snapshot!(risks, @r#"
    Risks
    1 failure mode, 1 high, 1 that nothing was ever seen to notice
    All
    1
    High
    1
    Medium
    0
    Low
    0
    /
    Risks, the most urgent first
    Failure mode
    Level
    S / O / D
    Noticed by
    Treatment
    The store front &#60;falls&#62;
    The store front
    , owner:
    Owner
    high
    5 / 3 / 5
    rated 1
    The store front does not answer
    never seen to fire
    overdue
    Try it (Owner, by 1 Jan 2020)
    1–1 of 1 risks
    Not covered
    what a journey needs and no failure mode speaks of
    The ledger
    for
    Buy something
    it falls with this alone
    Coverage
    failure modes for each journey and what it stands on
    Failure modes for each journey and component
    Component
    Buy something
    The ledger
    none
    The store front
    1
    "#);
    let none = said(&page(&server, "/risks?level=low").await);
    assert!(none.contains("None of these"), "{none}");
    server.stop().await;
}
