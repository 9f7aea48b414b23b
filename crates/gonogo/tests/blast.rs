//! `gonogo blast` from its arguments to its output and its exit code.

mod support;

use support::Sandbox;

#[test]
fn an_unknown_component_is_answered_with_the_nearest() {
    let sandbox = Sandbox::with_shipped();
    let runs = [&["cluod-sql"][..], &["pay", "ops"], &["kafka", "nowhere"]];
    let said: Vec<String> = runs
        .iter()
        .map(|args| {
            let said = sandbox.run(&[&["blast"], *args].concat());
            format!("$ gonogo blast {}\n{said}", args.join(" "))
        })
        .collect();
    insta::assert_snapshot!("unknown", said.join("\n"));
    let said = sandbox.run(&["blast", "kafka"]);
    assert!(said.contains("help: it has app-domain, "), "{said}");
}

#[test]
fn it_answers_although_the_package_has_mistakes() {
    let sandbox = Sandbox::with_shipped();
    sandbox.write("ops/extra.yaml", "componets: []\n");
    let said = sandbox.run(&["blast", "cloud-sql", "ops"]);
    assert!(
        said.starts_with("exit 0\n--- stdout\ncloud-sql: "),
        "{said}"
    );
    assert!(
        said.contains("--- stderr\nwarning: the package has 1 finding, "),
        "{said}"
    );
}

#[test]
fn json_and_text_say_the_same() {
    let sandbox = Sandbox::with_shipped();
    let text = sandbox.run(&["blast", "cloud-sql"]);
    let json = sandbox.run(&["blast", "cloud-sql", "--format", "json"]);
    let json = json
        .strip_prefix("exit 0\n--- stdout\n")
        .expect("it succeeds");
    let json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
    for list in ["fails", "degrades", "teams", "alerts", "runbooks"] {
        for entry in json[list].as_array().expect("a list") {
            let id = entry["id"].as_str().expect("a name");
            assert!(
                text.contains(&format!("\n  {id} ")),
                "{id} of {list}\n{text}"
            );
        }
    }
    assert_eq!(json["component"]["id"], "cloud-sql");
    assert!(!json["fails"].as_array().unwrap().is_empty());
}
