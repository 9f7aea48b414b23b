//! `gonogo graph` from its arguments to its output and its exit code.

mod support;

use support::Sandbox;

const QUESTIONS: [&str; 8] = [
    "spof",
    "cuts",
    "shared",
    "recovery",
    "tiers",
    "availability",
    "people",
    "coverage",
];

#[test]
fn every_question_has_an_answer_for_people_and_for_programs() {
    let sandbox = Sandbox::with_shipped();
    for question in QUESTIONS {
        let text = sandbox.run(&["graph", question]);
        assert!(text.starts_with("exit 0\n--- stdout\n"), "{text}");
        let json = sandbox.run(&["graph", question, "ops", "--format", "json"]);
        let json = json
            .strip_prefix("exit 0\n--- stdout\n")
            .expect("it succeeds");
        let json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
        assert_eq!(json["version"], 1, "{question}");
    }
}

#[test]
fn single_points_and_blast_radius_say_the_same() {
    let sandbox = Sandbox::with_shipped();
    let json = |args: &[&str]| -> serde_json::Value {
        let said = sandbox.run(&[args, &["--format", "json"]].concat());
        let json = said
            .strip_prefix("exit 0\n--- stdout\n")
            .expect("it succeeds");
        serde_json::from_str(json).expect("it is JSON")
    };
    let points = json(&["graph", "spof"]);
    for point in points["single_points"].as_array().expect("a list") {
        let id = point["id"].as_str().expect("a name");
        let blast = json(&["blast", id]);
        let fails = blast["fails"].as_array().expect("a list").iter();
        let mut journeys: Vec<&str> = fails
            .filter(|hit| hit["kind"] == "journey")
            .filter_map(|hit| hit["id"].as_str())
            .collect();
        journeys.sort_unstable();
        assert_eq!(point["journeys"], serde_json::json!(journeys), "{id}");
    }
}

#[test]
fn an_unknown_journey_is_answered_with_the_nearest() {
    let sandbox = Sandbox::with_shipped();
    let said = sandbox.run(&["graph", "spof", "--journey", "pya"]);
    assert!(said.starts_with("exit 64\n"), "{said}");
    assert!(said.contains("help: did you mean `pay`?"), "{said}");
    let said = sandbox.run(&["graph", "cuts", "--order", "4"]);
    assert!(
        said.starts_with("exit 64\n") && said.contains("1..=3"),
        "{said}"
    );
}
