//! `gonogo check` for machines: SARIF against its official schema, JUnit against what build
//! servers read.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::Sandbox;

const SARIF_SCHEMA: &str = include_str!("schemas/sarif-2.1.0.json");

/// A package with an error, a warning and related places, one of them behind wide characters.
fn broken() -> Sandbox {
    let sandbox = Sandbox::with_shipped();
    sandbox.write(
        "ops/extra #1.yaml",
        "components:\n  - {id: twice, name: A, kind: tool, team: platform}\n  - {id: twice, name: B, kind: tool, team: platform}\n  - {id: c, name: \"🧾 ä\", kind: tool, team: platfrm}\npeople:\n  - {id: dora, name: Dora, placeholder: true}\n",
    );
    sandbox
}

fn sarif(sandbox: &Sandbox, args: &[&str]) -> Value {
    let args: Vec<&str> = ["check", "ops", "--format", "sarif"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    let said = sandbox.run(&args);
    let (_, document) = said
        .split_once("--- stdout\n")
        .expect("it prints a document");
    serde_json::from_str(document).expect("the document is JSON")
}

fn results(document: &Value) -> &Vec<Value> {
    document["runs"][0]["results"].as_array().expect("results")
}

#[test]
fn sarif_follows_the_official_schema() {
    // Errata 01 mends this pattern, which is no regular expression to a strict reader.
    let mended = SARIF_SCHEMA.replace(
        "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$",
        "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$",
    );
    let schema: Value = serde_json::from_str(&mended).unwrap();
    let validator = jsonschema::validator_for(&schema).expect("the schema itself is valid");
    for sandbox in [broken(), Sandbox::with_shipped()] {
        let document = sarif(&sandbox, &[]);
        let mistakes: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}");
    }
    assert!(
        !validator.is_valid(&serde_json::json!({"version": "2.1.0"})),
        "a document without runs is not valid"
    );
}

#[test]
fn sarif_points_at_the_characters_that_are_meant() {
    let document = sarif(&broken(), &[]);
    let found = |code: &str| {
        let all = results(&document).iter();
        all.filter(|r| r["ruleId"] == code).collect::<Vec<_>>()
    };
    let reference = found("unknown-reference");
    let place = &reference[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ops/extra%20%231.yaml");
    // The receipt is two UTF-16 units and one character: the caret is one further right.
    let line = "  - {id: c, name: \"🧾 ä\", kind: tool, team: platfrm}";
    let column = line[..line.find("platfrm").unwrap()].encode_utf16().count() + 1;
    assert_eq!(place["region"]["startLine"], 4);
    assert_eq!(place["region"]["startColumn"], column);
    assert_eq!(place["region"]["endColumn"], column + "platfrm".len());
    let twice = found("duplicate-id");
    let related = &twice[0]["relatedLocations"][0];
    assert_eq!(related["message"]["text"], "first declared here");
    assert_eq!(related["physicalLocation"]["region"]["startLine"], 2);
}

#[test]
fn sarif_explains_each_rule() {
    let document = sarif(&broken(), &[]);
    let rules = document["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in results(&document) {
        let index = result["ruleIndex"]
            .as_u64()
            .expect("each code is described");
        assert_eq!(rules[index as usize]["id"], result["ruleId"]);
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    for page in fs::read_dir(docs).unwrap() {
        let page = page.unwrap().path();
        let code = page.file_stem().unwrap().to_string_lossy().into_owned();
        if code == "README" {
            continue;
        }
        let rule = rules.iter().find(|r| r["id"] == code.as_str());
        let rule = rule.unwrap_or_else(|| panic!("{code} is described"));
        let manual = rule["help"]["markdown"].as_str().unwrap();
        let manual = manual
            .replace("{{", "{")
            .replace("}}", "}")
            .replace("\\](", "](");
        assert_eq!(manual, fs::read_to_string(page).unwrap());
        assert!(!rule["help"]["text"].as_str().unwrap().contains("```"));
    }
}

#[test]
fn a_fingerprint_outlives_a_move_of_its_line() {
    let sandbox = broken();
    let prints = |document: &Value| -> Vec<(Value, Value)> {
        let all = results(document).iter();
        let mut prints: Vec<(Value, Value)> = all
            .map(|r| {
                (
                    r["ruleId"].clone(),
                    r["partialFingerprints"]["gonogo/v1"].clone(),
                )
            })
            .collect();
        prints.sort_by_key(|(rule, print)| (rule.to_string(), print.to_string()));
        prints
    };
    let before = sarif(&sandbox, &[]);
    sandbox.edit("ops/extra #1.yaml", |text| {
        format!("# moved\n\n# down\n{text}")
    });
    let after = sarif(&sandbox, &[]);
    assert_eq!(prints(&before), prints(&after));
    assert_ne!(
        before["runs"][0]["results"], after["runs"][0]["results"],
        "the lines did move"
    );
    let distinct: std::collections::BTreeSet<String> =
        prints(&after).iter().map(|(_, p)| p.to_string()).collect();
    assert_eq!(distinct.len(), results(&after).len(), "each is another one");
}

#[test]
fn junit_has_a_case_for_each_rule() {
    let clean = junit(&Sandbox::with_shipped(), &[]);
    let document = roxmltree::Document::parse(&clean).expect("well-formed");
    let suite = well_shaped(&document);
    assert_eq!((suite.failures, suite.skipped), (0, 0), "{clean}");
    assert!(
        suite.cases > 40,
        "every rule and every reader's code is one"
    );

    let sandbox = Sandbox::with_shipped();
    sandbox.write(
        "ops/extra.yaml",
        "people:\n  - {id: dora, name: \"<Dora> & ]]>\", placeholder: true}\n",
    );
    for (args, failures) in [(&[][..], 0), (&["--deny", "warnings"][..], 1)] {
        let said = junit(&sandbox, args);
        let document = roxmltree::Document::parse(&said).expect("well-formed");
        assert_eq!(well_shaped(&document).failures, failures, "{said}");
        assert!(said.contains("ops/extra.yaml:2:"), "{said}");
    }
}

#[test]
fn junit_fails_what_is_wrong_and_skips_what_waits() {
    let sandbox = broken();
    sandbox.write("ops/worse.yaml", "people: [");
    let said = junit(&sandbox, &[]);
    let document = roxmltree::Document::parse(&said).expect("well-formed");
    let suite = well_shaped(&document);
    assert!(suite.failures >= 3, "{said}");
    assert!(suite.skipped > 10, "the lints wait: {said}");
    let failure = document
        .descendants()
        .find(|n| n.attribute("type") == Some("yaml-syntax"))
        .expect("the syntax error is a failure");
    assert!(
        failure
            .text()
            .unwrap()
            .contains("ops/worse.yaml:2:1: error"),
        "{said}"
    );
}

fn junit(sandbox: &Sandbox, args: &[&str]) -> String {
    let args: Vec<&str> = ["check", "ops", "--format", "junit"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    let said = sandbox.run(&args);
    let (_, document) = said
        .split_once("--- stdout\n")
        .expect("it prints a document");
    document.to_string()
}

struct Suite {
    cases: usize,
    failures: usize,
    skipped: usize,
}

/// Holds a report against the schema that Jenkins, GitLab and Surefire agree on: which element
/// stands where, the attributes that have to be there, and counts that are true.
fn well_shaped(document: &roxmltree::Document<'_>) -> Suite {
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let suites: Vec<_> = root.children().filter(|n| n.is_element()).collect();
    let [suite] = suites[..] else {
        panic!("one suite, not {}", suites.len())
    };
    assert_eq!(suite.tag_name().name(), "testsuite");
    let cases: Vec<_> = suite.children().filter(|n| n.is_element()).collect();
    let mut counted = Suite {
        cases: cases.len(),
        failures: 0,
        skipped: 0,
    };
    for case in cases {
        assert_eq!(case.tag_name().name(), "testcase");
        assert!(case.attribute("name").is_some() && case.attribute("classname").is_some());
        let inside: Vec<&str> = case
            .children()
            .filter(|n| n.is_element())
            .map(|n| n.tag_name().name())
            .collect();
        match inside[..] {
            [] | ["system-out"] => {}
            ["failure"] | ["failure", "system-out"] => counted.failures += 1,
            ["skipped"] => counted.skipped += 1,
            _ => panic!("not in this order: {inside:?}"),
        }
        for failure in case.children().filter(|n| n.has_tag_name("failure")) {
            assert!(failure.attribute("message").is_some_and(|m| !m.is_empty()));
            assert!(failure.attribute("type").is_some());
        }
    }
    for (name, count) in [
        ("tests", counted.cases),
        ("failures", counted.failures),
        ("skipped", counted.skipped),
        ("errors", 0),
    ] {
        assert_eq!(
            suite.attribute(name),
            Some(count.to_string().as_str()),
            "{name}"
        );
    }
    counted
}
