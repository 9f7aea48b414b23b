//! Out to another tool's format and back: what the format can carry comes back the same.

#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

use std::collections::BTreeSet;

use gonogo_model::slo::Sli;
use gonogo_model::{Package, PackageText, load};
use support::Sandbox;

const TEMPLATES: [&str; 3] = ["integrations-platform", "minimal", "web-service"];

fn package(sandbox: &Sandbox, dir: &str) -> Package {
    let read = gonogo_server::package_dir::read(&sandbox.path(dir)).expect("a package");
    let text: PackageText = read.text;
    let loaded = load(&text);
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
    loaded.package
}

/// Exports a template, imports that, and gives both packages.
fn there_and_back(template: &str, format: &str) -> (Package, Package) {
    let sandbox = Sandbox::empty();
    assert!(
        sandbox
            .run(&["init", "ops", "--template", template])
            .starts_with("exit 0\n")
    );
    let said = sandbox.run(&["export", format, "ops"]);
    assert!(said.starts_with("exit 0\n"), "{said}");
    let (_, rest) = said.split_once("--- stdout\n").expect("a document");
    let (document, lost) = rest
        .split_once("--- stderr\n")
        .expect("something is always lost");
    assert!(lost.contains("What did not go along:"), "{lost}");
    sandbox.write("out.yaml", document);
    let said = sandbox.run(&["import", format, "out.yaml", "--into", "back"]);
    assert!(said.starts_with("exit 0\n"), "everything resolves: {said}");
    (package(&sandbox, "ops"), package(&sandbox, "back"))
}

#[test]
fn a_backstage_catalogue_brings_components_teams_and_edges_back() {
    for template in TEMPLATES {
        let (before, after) = there_and_back(template, "backstage");
        let shape = |package: &Package| {
            let components = package.components.values();
            let lines = components.map(|c| {
                let edges: BTreeSet<String> = c
                    .depends_on
                    .iter()
                    .map(|d| format!("{} {}", d.component.id, d.kind))
                    .collect();
                let said = (&c.name, c.kind, c.tier, &c.description, &c.team.id);
                let links: Vec<_> = c
                    .links
                    .iter()
                    .filter(|(_, l)| l.starts_with("http"))
                    .collect();
                format!("{} {said:?} {edges:?} {links:?}", c.id.value)
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(shape(&before), shape(&after), "{template}");
        let teams = |package: &Package| {
            let teams = package.teams.values();
            let lines = teams.map(|team| {
                let roles = team.members.iter().filter_map(|r| package.roles.get(&r.id));
                let people: BTreeSet<_> = roles
                    .flat_map(|r| r.holders.iter().map(|h| h.person.id.clone()))
                    .collect();
                format!("{} {} {people:?}", team.id.value, team.name)
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(teams(&before), teams(&after), "{template}");
    }
}

#[test]
fn openslo_brings_targets_windows_and_services_back() {
    for template in TEMPLATES {
        let (before, after) = there_and_back(template, "openslo");
        let slos = |package: &Package| {
            let slos = package.slos.values();
            let lines =
                slos.map(|s| format!("{} {} {} {}", s.id.value, s.name, s.target, s.window));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(slos(&before), slos(&after), "{template}");
        for component in after.components.values() {
            let was = &before.components[&component.id.value];
            assert_eq!((&was.name, was.tier), (&component.name, component.tier));
        }
        assert!(!after.components.is_empty(), "{template}");
    }
}

#[test]
fn what_is_exported_looks_as_people_would_write_it() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["init"]);
    for format in ["backstage", "openslo"] {
        insta::assert_snapshot!(format, sandbox.run(&["export", format]));
    }
}

const COUNTED: &str = r#"
slos:
  - {id: good, name: Good of all, component: website, sli: {promql: {url: "${env:PROMETHEUS}", good: 'a_total{code!~"5.."}', total: a_total}}, target: 99.95%, calendar: {every: quarter, zone: Europe/Berlin}}
  - {id: bad, name: Bad of all, component: website, sli: {promql: {url: "http://other.example.com", bad: b_bad_total, total: b_total}}, target: 99%, window: 7d}
  - {id: minutes, name: Good minutes, component: website, sli: {promql: {url: "${env:PROMETHEUS}", good_minute: up}}, target: 99.9%, calendar: {every: week}}
  - {id: apart, name: Good and bad, component: website, sli: {promql: {url: "${env:PROMETHEUS}", token: "${env:TOKEN}", good: c_good_total, bad: c_bad_total}}, target: 99%, budget_events: 3}
  - {id: both, name: Both, component: website, sli: {composite: {of: [{slo: good, weight: 3}, {slo: bad}]}}, target: 99%}
"#;

#[test]
fn openslo_brings_queries_and_calendars_back_and_says_what_it_cannot() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["init", "ops", "--template", "minimal"]);
    sandbox.write("ops/counted.yaml", COUNTED);
    let said = sandbox.run(&["export", "openslo", "ops"]);
    let (_, rest) = said.split_once("--- stdout\n").expect("a document");
    let (document, lost) = rest.split_once("--- stderr\n").expect("losses");
    for line in [
        "SLO apart: the token of its Prometheus",
        "SLO apart: its budget of 3 bad items",
        "SLO apart: that it counts bad ones apart",
        "SLO both: its parts and their weights",
    ] {
        assert!(lost.contains(line), "{line}: {lost}");
    }
    assert!(
        document.contains("startTime: \"2024-01-01 00:00:00\""),
        "{document}"
    );
    sandbox.write("out.yaml", document);
    let said = sandbox.run(&["import", "openslo", "out.yaml", "--into", "back"]);
    assert!(said.starts_with("exit 0\n"), "{said}");
    let (before, after) = (package(&sandbox, "ops"), package(&sandbox, "back"));
    let told = |package: &Package, id: &str| {
        let slo = &package.slos[id];
        let Sli::Promql(sli) = &slo.sli else {
            panic!("{id} counts something else");
        };
        let calendar = slo
            .calendar
            .as_ref()
            .map(|c| (c.every, c.zone.name().to_string()));
        let queries = (&sli.good, &sli.bad, &sli.total, &sli.good_minute);
        format!(
            "{} {} {} {queries:?} {calendar:?}",
            sli.url, slo.target, slo.window
        )
    };
    for id in ["good", "bad", "minutes"] {
        assert_eq!(told(&before, id), told(&after, id));
    }
    assert!(told(&after, "apart").contains("sum(c_good_total) + (sum(c_bad_total) or vector(0))"));
}
