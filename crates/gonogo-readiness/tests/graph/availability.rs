//! What can be promised, against adding up every combination of what is up and down.

use gonogo_model::percent::Percent;
use gonogo_readiness::graph::availability::{Availability, MAX_VARIABLES, availabilities};
use gonogo_readiness::graph::falls::Falls;
use gonogo_readiness::graph::{Graph, Place};

use crate::build::{Luck, package, package_and, random};

/// A journey's SLO, on a check of a component that stands alone.
fn slo(target: &str) -> String {
    format!(
        "
checks:
  - {{id: look, name: Look, component: eye, probe: {{http: {{url: https://example.com/}}}}}}
slos:
  - {{id: promise, name: P, journey: j, sli: {{check: look}}, target: {target}}}
"
    )
}

fn said(found: &[Availability<'_>]) -> Vec<String> {
    let one = |a: &Availability<'_>| {
        let above = if a.is_above() { " above" } else { "" };
        format!("{} {} of {}{above}", a.promise.id(), a.target, a.at_most)
    };
    found.iter().map(one).collect()
}

fn of(lines: &[&str], more: &str) -> Vec<String> {
    let p = package_and(lines, more);
    said(&availabilities(&p, &Graph::new(&p)))
}

#[test]
fn dependencies_multiply_and_what_is_shared_counts_once() {
    let lines = [
        "eye",
        "region | availability: 99.9%",
        "db: region",
        "web: region, db | availability: 99.8%",
        "mail | availability: 99.5%",
        "J: web, db, mail",
    ];
    // web promises 99.8 % with the region in it, so the region's 99.9 % is not counted again.
    assert_eq!(
        of(&lines, &slo("99.9%")),
        ["promise 99.9% of 99.301% above", "web 99.8% of 99.9%"]
    );
}

#[test]
fn a_group_fails_only_when_too_few_are_left() {
    let one_of_two = [
        "eye",
        "a | availability: 99%",
        "b | availability: 98%",
        "J: a 1/g, b 1/g",
    ];
    assert_eq!(of(&one_of_two, &slo("99.9%")), ["promise 99.9% of 99.98%"]);
    let two_of_three = [
        "eye",
        "a | availability: 90%",
        "b | availability: 90%",
        "c | availability: 90%",
        "J: a 2/g, b 2/g, c 2/g",
    ];
    assert_eq!(
        of(&two_of_three, &slo("97.3%")),
        ["promise 97.3% of 97.2% above"]
    );
    let shared = [
        "eye",
        "x | availability: 95%",
        "a: x | availability: 94%",
        "b: x",
        "J: a 1/g, b 1/g",
    ];
    // Without x both are gone; with it b promises nothing and so never fails.
    assert_eq!(of(&shared, &slo("95%"))[0], "promise 95% of 95%");
}

#[test]
fn more_in_groups_than_are_combined_keeps_the_result_the_most() {
    let mut lines: Vec<String> = (0..=MAX_VARIABLES)
        .map(|n| format!("c{n:02} | availability: {}%", 50 + n))
        .collect();
    let members: Vec<String> = (0..=MAX_VARIABLES)
        .map(|n| format!("c{n:02} 13/g"))
        .collect();
    lines.extend(["spare".into(), "eye".into()]);
    lines.push(format!("J: {}, spare 13/g", members.join(", ")));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let p = package_and(&lines, &slo("50%"));
    let found = availabilities(&p, &Graph::new(&p));
    assert_eq!(
        (found[0].left_out, found[0].counted.len()),
        (1, MAX_VARIABLES + 1)
    );
    assert!(found[0].is_above(), "{:?}", found[0].at_most);
}

#[test]
fn what_promises_nothing_is_named() {
    let p = package_and(
        &[
            "eye",
            "a | availability: 99%",
            "b: a",
            "c | availability: 100%",
            "J: b, c",
        ],
        &slo("99%"),
    );
    let found = availabilities(&p, &Graph::new(&p));
    assert_eq!(said(&found), ["promise 99% of 99%"]);
    assert_eq!(found[0].unknown.len(), 1);
    assert_eq!(found[0].counted.len(), 1);
    let silent = package(&["a", "J: a"]);
    assert!(availabilities(&silent, &Graph::new(&silent)).is_empty());
}

/// The most a journey can reach, over all combinations; only leaves promise, so that a promise
/// is a component's own share.
fn by_adding_up(graph: &Graph<'_>, promised: &[(Place, f64)]) -> f64 {
    let states: Vec<Vec<Place>> = (0..1usize << promised.len())
        .map(|state| {
            let down = (0..promised.len()).filter(|bit| state >> bit & 1 == 1);
            down.map(|bit| promised[bit].0).collect()
        })
        .collect();
    let journey = graph.journeys().start;
    let mut up = 0.0;
    for falls in Falls::of(graph, &states) {
        for state in falls
            .numbers()
            .filter(|state| !falls.falls(journey, *state))
        {
            let share = promised.iter().enumerate().map(|(bit, (_, share))| {
                if state >> bit & 1 == 1 {
                    1.0 - share
                } else {
                    *share
                }
            });
            up += share.product::<f64>();
        }
    }
    up
}

#[test]
fn random_graphs_give_what_adding_up_gives() {
    let mut grouped = 0;
    for seed in 1..150 {
        let mut luck = Luck::new(seed);
        let mut lines = random(&mut luck, 10, false);
        let mut promised = Vec::new();
        for line in &mut lines {
            if line.ends_with(": ") && !line.starts_with('J') {
                let tenths = 900 + luck.below(100);
                promised.push((
                    line.trim_end_matches(": ").to_string(),
                    tenths as f64 / 1000.0,
                ));
                *line = format!("{line} | availability: {}.{}%", tenths / 10, tenths % 10);
            }
        }
        lines.push("eye".into());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let p = package_and(&lines, &slo("99%"));
        let graph = Graph::new(&p);
        let found = availabilities(&p, &graph);
        let Some(found) = found.first() else { continue };
        let place = |id: &str| graph.component(&gonogo_model::Id::parse(id).expect("an id"));
        let promised: Vec<(Place, f64)> = promised
            .iter()
            .filter_map(|(id, share)| Some((place(id)?, *share)))
            .collect();
        let up = by_adding_up(&graph, &promised);
        let most = f64::from(found.at_most.ppm());
        assert!(
            (most - up * 1e6).abs() <= 1.0 + 1e-3,
            "seed {seed}: {most} {up} in {lines:#?}"
        );
        assert!(most >= up * 1e6 - 1e-3, "seed {seed}: it is the most");
        grouped += usize::from(found.at_most < Percent::ALL && found.counted.len() > 1);
    }
    assert!(grouped > 30, "only {grouped}: the graphs are too plain");
}
