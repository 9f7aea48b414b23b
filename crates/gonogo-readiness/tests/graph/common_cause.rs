//! Groups that collapse by one cause.

use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::common_cause::collapses;

use crate::build::{package, package_and};

/// Each group that collapses, and its causes with what they take; `(anyway)` where the group
/// could not help.
fn said(lines: &[&str], more: &str) -> Vec<String> {
    let p = package_and(lines, more);
    let graph = Graph::new(&p);
    let mut found = Vec::new();
    for collapse in collapses(&p, &graph) {
        for shared in &collapse.causes {
            let lost: Vec<&str> = shared.lost.iter().map(|c| c.id.value.as_str()).collect();
            let anyway = if shared.anyway { " (anyway)" } else { "" };
            found.push(format!(
                "{} {}: {} takes {}{anyway}",
                collapse.node.id(),
                collapse.group,
                shared.cause.describe(),
                lost.join(" ")
            ));
        }
    }
    found.retain(|line| !line.contains(": team team takes"));
    found
}

#[test]
fn a_component_under_all_members_is_a_cause() {
    let lines = ["power", "a: power", "b: power", "web: a 1/any, b 1/any"];
    assert_eq!(said(&lines, ""), ["web any: component power takes a b"]);
    let lines = [
        "power",
        "a: power",
        "b: power soft",
        "web: a 1/any, b 1/any",
    ];
    assert_eq!(said(&lines, ""), [""; 0]);
}

#[test]
fn an_attribute_takes_everything_that_has_it_and_what_stands_on_that() {
    let lines = [
        "disk | attributes: {region: north}",
        "a: disk",
        "b | attributes: {region: north}",
        "c | attributes: {region: south}",
        "web: a 2/dns, b 2/dns, c 2/dns",
        "api: a 1/any, b 1/any, c 1/any",
    ];
    assert_eq!(said(&lines, ""), ["web dns: region: north takes a b"]);
}

#[test]
fn what_falls_anyway_is_marked() {
    let lines = [
        "a | attributes: {region: north}",
        "b | attributes: {region: north}",
        "inside: a 1/any, b 1/any | attributes: {region: north}",
        "outside: a 1/any, b 1/any",
        "PAY: outside",
    ];
    assert_eq!(
        said(&lines, ""),
        [
            "inside any: region: north takes a b (anyway)",
            "outside any: region: north takes a b",
        ]
    );
    let lines = ["x", "a: x", "b: x", "web: a 1/any, b 1/any, x"];
    assert_eq!(
        said(&lines, ""),
        ["web any: component x takes a b (anyway)"]
    );
}

#[test]
fn values_that_name_nothing_are_no_cause() {
    let lines = [
        "a | attributes: {vendor: fill-me-in, region: global}",
        "b | attributes: {vendor: fill-me-in, region: global}",
        "web: a 1/any, b 1/any",
    ];
    assert_eq!(said(&lines, ""), [""; 0]);
}

#[test]
fn who_changes_them_and_who_is_called_is_told_apart() {
    let more = "
roles: [{id: lead, name: Lead}]
teams:
  - {id: one, name: One, accountable: lead, escalation_policy: policy}
  - {id: two, name: Two, accountable: lead, escalation_policy: policy}
escalation_policies: [{id: policy, name: Policy, fallback: {role: lead}}]
";
    let lines = [
        "ci | team: one",
        "a: ci control-plane | team: one",
        "b: ci control-plane | team: one",
        "near: a 1/any, b 1/any | team: one",
        "far: a 1/any, b 1/any, ci control-plane | team: two",
    ];
    assert_eq!(
        said(&lines, more),
        [
            "far any: changed by ci takes a b (anyway)",
            "far any: team one takes a b",
            "near any: changed by ci takes a b",
            "near any: team one takes a b (anyway)",
        ]
    );
}

#[test]
fn a_group_without_spare_promises_nothing() {
    let p = package(&["x", "a: x", "b: x", "web: a 2/both, b 2/both"]);
    assert!(collapses(&p, &Graph::new(&p)).is_empty());
}
