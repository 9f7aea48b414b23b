//! What a running server is asked, and told.

use crate::served::{Sandbox, until};

#[test]
fn an_outage_is_seen_acknowledged_and_answered_from_a_terminal() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("admin");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    let fires = until(|| {
        let said = ask(&["alerts"]);
        said.out.contains("The store front does").then_some(said)
    });
    assert!(fires.ok().starts_with("firing  SEV1  "));
    let alerts = ask(&["alerts", "--format", "json"]).json();
    let down = alerts["alerts"][0]["id"].as_str().unwrap().to_owned();
    assert!(down.ends_with("-down"), "{alerts:#}");
    let all = ask(&["alerts", "--all", "--format", "json"]).json();
    let count = |alerts: &serde_json::Value| alerts["alerts"].as_array().unwrap().len();
    assert!(count(&all) > count(&alerts), "{all:#}");

    assert_eq!(ask(&["status"]).code, 1, "an incident is open");
    let open = ask(&["incident"]).ok();
    assert!(open.contains("INC-1 "), "{open}");
    assert!(ask(&["ack", "INC-1"]).ok().contains("INC-1"));
    let shown = ask(&["incident", "show", "INC-1", "--format", "json"]).json();
    assert!(shown.to_string().contains("acknowledge"), "{shown:#}");
    served.end();
}

#[test]
fn who_is_on_call_is_told_and_can_be_paged_for_a_test() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("respond");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    let turns = ask(&["oncall"]).ok();
    assert!(turns.starts_with("The shop, primary "), "{turns}");
    assert!(turns.contains(" until "), "{turns}");
    let turns = ask(&["oncall", "--format", "json"]).json();
    assert_eq!(turns["schedules"].as_array().unwrap().len(), 2, "{turns:#}");
    let paged = ask(&["test-page", "bob"]).ok();
    assert_eq!(paged, "Bob Example is paged by ntfy\n");
    let nobody = ask(&["test-page", "ghost"]);
    assert_eq!(nobody.code, 70, "{nobody:?}");
    assert!(nobody.err.starts_with("error: "), "{nobody:?}");
}

#[test]
fn a_changed_package_is_put_in_force_and_a_bad_one_is_not() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("respond");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    sandbox.edit("ops/gonogo.yaml", |t| {
        t.replace("A tiny shop", "A large shop")
    });
    let said = ask(&["reload"]).ok();
    assert!(said.starts_with("A large shop ("), "{said}");
    sandbox.edit("ops/gonogo.yaml", |t| {
        t.replace("component: store-front", "component: stoer-front")
    });
    let refused = ask(&["reload"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("stoer-front"), "{refused:?}");
    assert!(
        refused.out.contains("A large shop ("),
        "the one before goes on: {refused:?}"
    );
    let json = ask(&["reload", "--format", "json"]);
    assert_eq!(json.code, 1);
    assert!(json.json()["refused"]["mistakes"][0].is_string());
}

#[test]
fn tokens_are_made_listed_and_taken_back() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("admin");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    let create = ["token", "create", "scraper", "--scope", "read"];
    let made = ask(&[&create[..], &["--days", "90"]].concat()).ok();
    let scraper = made.trim();
    let reads = sandbox.ask(&served, scraper, &["oncall"]);
    assert_eq!(reads.code, 0, "{reads:?}");
    let writes = sandbox.ask(&served, scraper, &["test-page", "bob"]);
    assert_eq!(writes.code, 70, "{writes:?}");

    let listed = ask(&["token", "list"]).ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("scraper") && !listed.contains(scraper));
    let json = ask(&["token", "list", "--format", "json"]).json();
    let rows = json["tokens"].as_array().unwrap();
    let row = rows.iter().find(|t| t["name"] == "scraper").unwrap();
    let id = row["id"].as_str().unwrap();
    assert!(row["expires_at"].is_string(), "{row:#}");
    assert_eq!(
        ask(&["token", "revoke", id]).ok(),
        format!("{id} works no more\n")
    );
    assert_eq!(sandbox.ask(&served, scraper, &["oncall"]).code, 70);
    let gone = ask(&["token", "revoke", "no/such"]);
    assert_eq!(gone.code, 70, "{gone:?}");
    assert!(gone.err.contains("(unknown_token)"), "{gone:?}");
}
