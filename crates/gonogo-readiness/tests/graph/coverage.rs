//! Journeys against what they stand on.

use gonogo_model::Id;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::coverage::Coverage;

use crate::build::package_and;

#[test]
fn a_pair_is_covered_by_a_mode_that_names_the_journey_or_none() {
    let mode = |id: &str, component: &str, more: &str| {
        format!(
            "  - {{id: {id}, name: N, component: {component}, effect: E, cause: C, severity: 1, \
             occurrence: 1, detection: 1, {more}}}\n"
        )
    };
    let risks = format!(
        "\nfailure_modes:\n{}{}{}",
        mode("all", "db", ""),
        mode("one", "web", "journeys: [pay]"),
        mode("seen", "replica", "journeys: [see]"),
    );
    let p = package_and(
        &[
            "db | tier: 3",
            "replica",
            "cache",
            "web: db 1/any, replica 1/any, cache soft | tier: 1",
            "PAY: web",
            "SEE: web",
        ],
        &risks,
    );
    let graph = Graph::new(&p);
    let coverage = Coverage::of(&p, &graph);
    let rows: Vec<&str> = coverage
        .components
        .iter()
        .map(|c| c.id.value.as_str())
        .collect();
    assert_eq!(rows, ["web", "replica", "db"]);
    let said = |journey: &str, component: &str| {
        let id = Id::parse(journey).expect("an id");
        let component = &p.components[&Id::parse(component).expect("an id")];
        let cell = coverage.cell(&id, component)?;
        let names = |modes: &[&gonogo_model::risk::FailureMode]| -> Vec<String> {
            modes.iter().map(|m| m.id.value.to_string()).collect()
        };
        Some((
            cell.alone,
            names(&cell.modes).concat(),
            names(&cell.elsewhere).concat(),
        ))
    };
    let some = |alone, modes: &str, elsewhere: &str| Some((alone, modes.into(), elsewhere.into()));
    assert_eq!(said("pay", "web"), some(true, "one", ""));
    assert_eq!(said("see", "web"), some(true, "", "one"));
    assert_eq!(said("pay", "db"), some(false, "all", ""));
    assert_eq!(said("pay", "replica"), some(false, "", "seen"));
    assert_eq!(said("pay", "cache"), None);
    let gaps: Vec<String> = coverage
        .gaps()
        .map(|cell| format!("{} {}", cell.journey.id.value, cell.component.id.value))
        .collect();
    assert_eq!(gaps, ["pay replica", "see web"]);
    assert_eq!(coverage.undetected.len(), 3);
}
