//! What is missing exactly when it is needed.

use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::recovery::{What, loops};

use crate::build::package_and;

fn said(lines: &[&str], more: &str) -> Vec<String> {
    let p = package_and(lines, more);
    let graph = Graph::new(&p);
    let one = |l: &gonogo_readiness::graph::recovery::Loop<'_>| {
        let what = match l.what {
            What::Repair(by) => format!("repair by {}", by.component.id),
            What::Use(to) => to.word().to_string(),
        };
        let tools: Vec<&str> = l.tools.iter().map(|c| c.id.value.as_str()).collect();
        let path: Vec<&str> = l.path.iter().map(|d| d.component.id.as_str()).collect();
        let accepted = if l.accepted.is_some() {
            ", accepted"
        } else {
            ""
        };
        format!(
            "{what} with {}: {} via {}{accepted}",
            tools.join("+"),
            l.cause.id.value,
            path.join(" ")
        )
    };
    loops(&p, &graph).iter().map(one).collect()
}

#[test]
fn a_repair_that_falls_with_what_it_repairs() {
    let lines = ["db: ci recovery", "runner: db", "ci: runner"];
    assert_eq!(said(&lines, ""), ["repair by ci with ci: db via runner db"]);
    let lines = [
        "db: ci recovery 1/in, console recovery 1/in",
        "ci: db",
        "console",
    ];
    assert_eq!(said(&lines, ""), [""; 0]);
    let lines = [
        "db: ci recovery 1/in, door recovery 1/in",
        "ci: db",
        "door: ci",
    ];
    assert_eq!(said(&lines, ""), ["repair by ci with ci+door: db via db"]);
}

#[test]
fn a_use_is_lost_when_all_of_its_tools_are() {
    let lines = [
        "region",
        "web: region",
        "chat: region | used_for: [chat]",
        "PAY: web",
    ];
    assert_eq!(said(&lines, ""), ["chat with chat: region via region"]);
    let two = [
        "region",
        "web: region",
        "chat: region | used_for: [chat]",
        "phone | used_for: [chat, paging]",
        "PAY: web",
    ];
    assert_eq!(said(&two, ""), [""; 0]);
    let soft = [
        "region",
        "web: region",
        "chat: region soft | used_for: [chat]",
        "PAY: web",
    ];
    assert_eq!(said(&soft, ""), [""; 0]);
}

#[test]
fn what_only_the_tool_itself_stands_on_is_no_loop() {
    let lines = [
        "github",
        "region",
        "ci: github | used_for: [deploy]",
        "web: region",
        "DEPLOY: ci",
        "PAY: web",
    ];
    assert_eq!(said(&lines, ""), [""; 0]);
    let unimportant = [
        "region",
        "web: region",
        "chat: region | used_for: [chat]",
        "SEE: web | critical: false",
    ];
    assert_eq!(said(&unimportant, ""), [""; 0]);
}

#[test]
fn the_nearest_cause_stands_first_and_an_acceptance_is_told() {
    let lines = [
        "region",
        "net: region",
        "web: net",
        "page: net | used_for: [status-page]",
        "PAY: web",
    ];
    let risks = "
failure_modes:
  - id: region-down
    name: Down
    component: region
    effect: E
    cause: C
    severity: 5
    occurrence: 1
    detection: 1
    accepted: {by: lead, until: 2030-01-01, reason: R}
";
    assert_eq!(
        said(&lines, risks),
        [
            "status-page with page: net via net",
            "status-page with page: region via net region, accepted",
        ]
    );
}
