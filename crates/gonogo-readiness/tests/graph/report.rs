//! What the views say, on one package that has something for each of them.

use gonogo_model::{Id, Package};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::report::graph::{Page, View};

use crate::build::package_and;

const VIEWS: [(&str, View); 8] = [
    ("spof", View::Points),
    ("cuts", View::Cuts { order: 3 }),
    ("shared", View::Shared),
    ("recovery", View::Recovery),
    ("tiers", View::Tiers),
    ("availability", View::Availability),
    ("people", View::People),
    ("coverage", View::Coverage),
];

fn shop() -> Package {
    package_and(
        &[
            "eye",
            "region | availability: 99.9%, team: team, tier: 1",
            "dns-one: region control-plane | attributes: {vendor: example-dns}, tier: 1",
            "dns-two: region control-plane | attributes: {vendor: example-dns}, tier: 1",
            "db: region | tier: 1",
            "api: db, dns-one 1/dns, dns-two 1/dns | tier: 1",
            "cards-one | availability: 99%",
            "cards-two | availability: 98%",
            "batch: hints",
            "hints | tier: 3",
            "releases: db | used_for: [deploy]",
            "page | used_for: [status-page]",
            "PAY: api, cards-one 1/cards, cards-two 1/cards",
            "SEE: api",
        ],
        "
people: [{id: anna, name: Anna}]
roles: [{id: lead, name: Lead, holders: [{person: anna}]}]
teams: [{id: team, name: Team, accountable: lead, escalation_policy: policy}]
escalation_policies: [{id: policy, name: Policy, fallback: {role: lead}}]
checks:
  - {id: look, name: Look, component: eye, probe: {http: {url: https://example.com/}}}
slos:
  - {id: pay-available, name: P, journey: pay, sli: {check: look}, target: 99.95%}
failure_modes:
  - id: region-down
    name: The region is down
    component: region
    effect: Nothing works.
    cause: An outage of the vendor.
    severity: 5
    occurrence: 1
    detection: 1
    accepted: {by: lead, until: 2030-01-01, reason: A second region costs more.}
",
    )
}

#[test]
fn each_view_reads_from_top_to_bottom() {
    let p = shop();
    let graph = Graph::new(&p);
    let mut all = String::new();
    for (name, view) in VIEWS {
        let page = Page::of(view, &p, &graph, None);
        all += &format!("$ gonogo graph {name}\n{}\n", page.human());
    }
    insta::assert_snapshot!("views-human", all);
}

#[test]
fn each_view_keeps_its_shape() {
    let p = shop();
    let graph = Graph::new(&p);
    let mut all = String::new();
    for (name, view) in VIEWS {
        let page = Page::of(view, &p, &graph, None);
        all += &format!("$ gonogo graph {name} --format json\n{}\n", page.json());
    }
    insta::assert_snapshot!("views-json", all);
}

#[test]
fn one_journey_leaves_the_others_out() {
    let p = shop();
    let graph = Graph::new(&p);
    let pay = Id::parse("pay").expect("an id");
    for (_, view) in VIEWS
        .iter()
        .filter(|(name, _)| ["spof", "cuts", "coverage"].contains(name))
    {
        let page = Page::of(*view, &p, &graph, Some(&pay)).json();
        assert!(
            page.contains("\"pay\"") && !page.contains("\"see\""),
            "{page}"
        );
    }
}

#[test]
fn a_package_without_anything_has_something_to_say() {
    let p = package_and(&[], "");
    let graph = Graph::new(&p);
    for (name, view) in VIEWS {
        let page = Page::of(view, &p, &graph, None);
        assert!(!page.human().trim().is_empty(), "{name}");
        assert!(page.json().contains("\"version\": 1"), "{name}");
    }
}
