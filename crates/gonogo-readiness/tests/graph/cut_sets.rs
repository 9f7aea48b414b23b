//! What takes a journey down, against trying every set of components.

use std::collections::BTreeSet;

use gonogo_model::{Id, Package};
use gonogo_readiness::graph::cut_sets::{CutSets, MAX_ORDER, single_points};
use gonogo_readiness::graph::falls::Falls;
use gonogo_readiness::graph::{Graph, Place};

use crate::build::{Luck, package, package_and, random};

fn sets(package: &Package, order: usize) -> Vec<String> {
    let graph = Graph::new(package);
    let journey = graph.journeys().start;
    said(&CutSets::of(package, &graph, journey, order))
}

fn said(cuts: &CutSets<'_>) -> Vec<String> {
    let name = |set: &gonogo_readiness::graph::cut_sets::CutSet<'_>| {
        let names: Vec<&str> = set.components.iter().map(|c| c.id.value.as_str()).collect();
        names.join(" ")
    };
    cuts.sets.iter().map(name).collect()
}

#[test]
fn everything_beneath_a_chain_is_a_single_point() {
    let p = package(&["db", "api: db", "web: api, cache soft", "cache", "PAY: web"]);
    assert_eq!(sets(&p, 3), ["api", "db", "web"]);
}

#[test]
fn a_group_falls_by_what_its_members_share_or_by_enough_of_them() {
    let p = package(&[
        "region",
        "a: region",
        "b: region",
        "c",
        "web: a 2/dns, b 2/dns, c 2/dns",
        "PAY: web",
    ]);
    assert_eq!(sets(&p, 1), ["region", "web"]);
    assert_eq!(sets(&p, 3), ["region", "web", "a b", "a c", "b c"]);
    let four = package(&[
        "x",
        "a: x",
        "b: x",
        "c: x",
        "d: x",
        "J: a 1/g, b 1/g, c 1/g, d 1/g",
    ]);
    assert_eq!(sets(&four, 3), ["x"]);
}

#[test]
fn the_more_important_and_the_more_likely_stand_first() {
    let risks = "
failure_modes:
  - {id: m, name: M, component: often, effect: E, cause: C, severity: 1, occurrence: 5, detection: 1}
  - {id: n, name: N, component: rare, effect: E, cause: C, severity: 1, occurrence: 1, detection: 1}
";
    let p = package_and(
        &[
            "rare",
            "unknown",
            "often",
            "top | tier: 1",
            "J: rare, unknown, often, top",
        ],
        risks,
    );
    assert_eq!(sets(&p, 1), ["top", "often", "unknown", "rare"]);
}

#[test]
fn an_order_that_is_too_much_work_is_left_out_and_said() {
    let mut lines: Vec<String> = (0..40).map(|n| format!("a{n}")).collect();
    lines.extend((0..40).map(|n| format!("b{n}")));
    let all = |letter: char| {
        (0..40)
            .map(|n| format!("{letter}{n}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    lines.extend([format!("a: {}", all('a')), format!("b: {}", all('b'))]);
    lines.push("J: a 1/g, b 1/g".into());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let p = package(&lines);
    let graph = Graph::new(&p);
    let journey = graph.journeys().start;
    let whole = CutSets::of(&p, &graph, journey, 3);
    assert_eq!(
        (whole.sets.len(), whole.complete_to, whole.is_truncated()),
        (41 * 41, 3, false)
    );
    // Two families of 41: 2 × 40 to copy and 1 + 41 + 41 × 41 unions of which 1 is with nothing.
    let enough = 2 * 40 + 41 + 41 * 41;
    let short = |work| CutSets::within(&p, &graph, journey, 2, work);
    assert_eq!(
        (short(enough).complete_to, short(enough).is_truncated()),
        (2, false)
    );
    let stopped = short(enough - 1);
    assert_eq!(
        (
            stopped.sets.len(),
            stopped.complete_to,
            stopped.is_truncated()
        ),
        (0, 1, true)
    );
}

/// Every smallest set of up to three components that takes the journey down, by trying all.
fn by_trying(graph: &Graph<'_>) -> BTreeSet<Vec<Place>> {
    let all: Vec<Place> = graph.components().collect();
    let mut causes: Vec<Vec<Place>> = all.iter().map(|a| vec![*a]).collect();
    for a in &all {
        for b in all.iter().filter(|b| *b > a) {
            causes.push(vec![*a, *b]);
            causes.extend(all.iter().filter(|c| *c > b).map(|c| vec![*a, *b, *c]));
        }
    }
    causes.sort_by_key(Vec::len);
    let journey = graph.journeys().start;
    let falls: Vec<Falls> = Falls::of(graph, &causes).collect();
    let takes_down = falls.iter().flat_map(|block| block.causes(journey));
    let mut found: BTreeSet<Vec<Place>> = BTreeSet::new();
    for cause in takes_down {
        let set = &causes[cause];
        let part = |known: &Vec<Place>| known.iter().all(|at| set.contains(at));
        if !found.iter().any(part) {
            found.insert(set.clone());
        }
    }
    found
}

#[test]
fn random_graphs_give_what_trying_every_set_gives() {
    let mut larger = 0;
    for seed in 1..400 {
        let mut luck = Luck::new(seed);
        let circles = luck.below(3) == 0;
        let lines = random(&mut luck, 11, circles);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let p = package(&lines);
        let graph = Graph::new(&p);
        let journey = graph.journeys().start;
        let cuts = CutSets::of(&p, &graph, journey, MAX_ORDER);
        let place = |id: &Id| graph.component(id).expect("a component");
        let found: BTreeSet<Vec<Place>> = cuts
            .sets
            .iter()
            .map(|set| set.components.iter().map(|c| place(&c.id.value)).collect())
            .collect();
        let tried = by_trying(&graph);
        assert_eq!(found, tried, "seed {seed} in {lines:#?}");
        larger += tried.iter().filter(|set| set.len() > 1).count();
        let (_, points) = &single_points(&graph)[0];
        let single: Vec<Place> = tried
            .iter()
            .filter(|set| set.len() == 1)
            .map(|set| set[0])
            .collect();
        assert_eq!(points, &single, "seed {seed}");
    }
    assert!(
        larger > 100,
        "only {larger} larger sets: the graphs are too plain"
    );
}
