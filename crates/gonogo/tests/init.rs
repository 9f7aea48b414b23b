//! `gonogo init`: what it writes passes `check` and its own rehearsals, whatever it is called.

#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

use std::fs;

use serde_json::Value;
use support::Sandbox;

const TEMPLATES: [&str; 3] = ["integrations-platform", "minimal", "web-service"];

fn findings(sandbox: &Sandbox, dir: &str) -> Vec<String> {
    let said = sandbox.run(&["check", dir, "--format", "json"]);
    let (_, document) = said.split_once("--- stdout\n").expect("a document");
    let document: Value = serde_json::from_str(document).expect("JSON");
    let findings = document["findings"].as_array().expect("findings").iter();
    findings
        .map(|f| f["code"].as_str().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn every_template_passes_check_and_its_rehearsals() {
    let sandbox = Sandbox::empty();
    for template in TEMPLATES {
        let said = sandbox.run(&["init", template, "--template", template]);
        assert!(said.starts_with("exit 0\n"), "{said}");
        assert_eq!(
            findings(&sandbox, template),
            ["placeholder-people"],
            "{template}"
        );
        let played = sandbox.run(&["rehearse", "--all", template]);
        assert!(played.starts_with("exit 0\n"), "{template}: {played}");
    }
}

#[test]
fn names_and_zones_are_filled_in_everywhere() {
    let sandbox = Sandbox::empty();
    for template in TEMPLATES {
        let dir = format!("of {template}");
        let said = sandbox.run(&[
            "init",
            &dir,
            "--template",
            template,
            "--name",
            "Shop: \"the\" #1",
            "--team",
            "Shop & Co",
            "--time-zone",
            "Asia/Tokyo",
        ]);
        assert!(
            said.contains(&format!("gonogo check 'of {template}'")),
            "{said}"
        );
        assert_eq!(
            findings(&sandbox, &dir),
            ["placeholder-people"],
            "{template}"
        );
        let read = |file: &str| fs::read_to_string(sandbox.path(&dir).join(file)).expect("written");
        let (header, teams) = (read("gonogo.yaml"), read("teams.yaml"));
        assert!(
            header.contains("name: \"Shop: \\\"the\\\" #1\""),
            "{header}"
        );
        assert!(header.contains("  id: shop-the-1\n"), "{header}");
        assert!(header.contains("  time_zone: Asia/Tokyo\n"), "{header}");
        assert!(
            teams.contains("  - id: shop-co\n    name: Shop & Co\n"),
            "{teams}"
        );
        assert!(
            !teams.contains("UTC") && !teams.contains("Los_Angeles"),
            "{teams}"
        );
        assert!(header.starts_with("# yaml-language-server: $schema=gonogo.schema.json\n"));
        assert!(sandbox.path(&dir).join("gonogo.schema.json").is_file());
        let played = sandbox.run(&["rehearse", "--all", &dir, "--format", "json"]);
        assert!(
            !played.contains("\"team\": \"platform\""),
            "{template} still names the old team"
        );
    }
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::empty();
    assert!(sandbox.run(&["init"]).contains("Wrote 14 files to ops"));
    let again = sandbox.run(&["init"]);
    assert!(
        again.starts_with(
            "exit 70\n--- stderr\nerror: `ops` holds a package already; nothing was written\nhelp: "
        ),
        "{again}"
    );
    sandbox.write("repository/README.md", "mine\n");
    let said = sandbox.run(&["init", "repository"]);
    assert!(
        said.contains("`repository/README.md` exists already; nothing was written"),
        "{said}"
    );
    let left = fs::read_dir(sandbox.path("repository"))
        .expect("it is there")
        .count();
    assert_eq!(left, 1, "nothing was written beside it");
}

#[test]
fn what_cannot_be_filled_in_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::empty();
    for (args, why) in [
        (
            &["--template", "web-servce"][..],
            "did you mean `web-service`?",
        ),
        (
            &["--time-zone", "Mars/Base"],
            "`Mars/Base` is not a time zone",
        ),
        (
            &["--team", "A", "--team", "B"],
            "2 teams are named, and the template has 1",
        ),
        (&["--name", "東京"], "gives no id"),
        (
            &["--template", "web-service", "--team", "Product"],
            "two teams would be called `product`",
        ),
    ] {
        let said = sandbox.run(&[&["init"], args].concat());
        assert!(
            said.starts_with("exit 64\n") && said.contains(why),
            "{args:?}: {said}"
        );
    }
    assert!(!sandbox.path("ops").exists());
}
