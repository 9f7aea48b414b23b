//! Circles and blast radii, on graphs small enough to know the answer.

use gonogo_model::{Id, Package};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::blast::{Blast, Hit};
use gonogo_readiness::graph::cycles::cycles;
use gonogo_readiness::report::blast::{human, json};

use crate::build::package;

fn names(hits: &[Hit<'_>]) -> String {
    let names: Vec<&str> = hits.iter().map(|h| h.node.id().as_str()).collect();
    names.join(" ")
}

/// What fails, and what is worse, with a component.
fn falls(package: &Package, id: &str) -> (String, String) {
    let graph = Graph::new(package);
    let id = Id::parse(id).expect("an id");
    let blast = Blast::of(package, &graph, &id).expect("a component");
    (names(&blast.fails), names(&blast.degrades))
}

fn circles(lines: &[&str]) -> Vec<String> {
    let package = package(lines);
    let graph = Graph::new(&package);
    let path = |steps: &[(usize, _)]| {
        let names: Vec<&str> = steps
            .iter()
            .map(|(at, _)| graph.node(*at).id().as_str())
            .collect();
        names.join(" ")
    };
    cycles(&graph)
        .iter()
        .map(|c| format!("{} of {}", path(&c.steps), c.entangled))
        .collect()
}

#[test]
fn a_failure_spreads_over_hard_edges_the_nearest_first() {
    let p = package(&[
        "db",
        "api: db",
        "web: api",
        "admin: db, web",
        "cron",
        "PAY: web",
        "READ: cron",
    ]);
    assert_eq!(falls(&p, "db").0, "admin api web pay");
    assert_eq!(falls(&p, "web").0, "admin pay");
    assert_eq!(falls(&p, "cron").0, "read");
}

#[test]
fn a_soft_edge_only_makes_it_worse_and_so_on_from_there() {
    let p = package(&[
        "cache",
        "api: cache soft",
        "web: api",
        "report: web soft",
        "PAY: web",
        "READ: report",
    ]);
    assert_eq!(falls(&p, "cache"), (String::new(), "api web pay".into()));
    assert_eq!(falls(&p, "web"), ("pay".into(), "report read".into()));
}

#[test]
fn a_group_falls_when_too_few_are_left() {
    let lines = &[
        "a",
        "b",
        "c",
        "web: a 2/dns, b 2/dns, c 2/dns",
        "api: a 1/any, b 1/any",
        "PAY: web",
    ];
    let p = package(lines);
    let graph = Graph::new(&p);
    let blast = Blast::of(&p, &graph, &Id::parse("a").unwrap()).unwrap();
    assert_eq!(
        (names(&blast.fails), names(&blast.weakened)),
        (String::new(), "api web".into())
    );
    // What two members have in common takes the group down, although no single one does.
    let common = package(&[
        "region",
        "a: region",
        "b: region",
        "c",
        "web: a 2/dns, b 2/dns, c 2/dns",
        "PAY: web",
    ]);
    assert_eq!(falls(&common, "region").0, "a b web pay");
    assert_eq!(falls(&common, "a").0, "");
}

#[test]
fn what_matters_at_certain_times_is_told_apart() {
    let p = package(&[
        "vault",
        "ci: vault",
        "web: vault startup, ci control-plane, ci recovery, dashboard recovery 1/see",
        "dashboard",
    ]);
    let graph = Graph::new(&p);
    let blast = Blast::of(&p, &graph, &Id::parse("vault").unwrap()).unwrap();
    assert_eq!(names(&blast.fails), "ci");
    assert_eq!(names(&blast.cannot_start), "web");
    assert_eq!(names(&blast.cannot_change), "web");
    assert_eq!(names(&blast.cannot_recover), "web");
}

#[test]
fn circles_are_found_once_and_shortest() {
    assert_eq!(circles(&["a: b", "b: c", "c: a"]), ["a b c of 3"]);
    assert_eq!(
        circles(&["a: b", "b: a, c", "c: d", "d: b, c", "e: a"]),
        ["a b of 4"]
    );
    assert_eq!(
        circles(&["a: b", "b: a", "c: d", "d: c startup"]),
        ["a b of 2", "c d of 2"]
    );
    assert_eq!(circles(&["a: b", "b: a soft"]), [""; 0]);
    assert_eq!(circles(&["a: b", "b: a 1/any, c 1/any", "c"]), [""; 0]);
    assert_eq!(circles(&["a: a"]), [""; 0]);
    assert_eq!(circles(&["a: b control-plane", "b: a"]), [""; 0]);
}

#[test]
fn a_chain_of_ten_thousand_is_no_deep_call() {
    let lines: Vec<String> = (0..10_000)
        .map(|n| format!("c{n:05}: c{:05}", (n + 1) % 10_000))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let p = package(&lines);
    let graph = Graph::new(&p);
    let found = cycles(&graph);
    assert_eq!((found.len(), found[0].steps.len()), (1, 10_000));
    let blast = Blast::of(&p, &graph, &Id::parse("c00000").unwrap()).unwrap();
    assert_eq!(blast.fails.len(), 9_999);
    assert_eq!(blast.fails[9_998].distance, 9_999);
}

#[test]
fn a_blast_radius_reads_from_top_to_bottom() {
    let p = package(&[
        "db",
        "replica",
        "api: db, db recovery",
        "web: api, cache soft",
        "search: db 1/stores, replica 1/stores",
        "cache: db soft",
        "PAY: web",
        "FIND: search, cache soft",
        "BROWSE: cache",
    ]);
    let graph = Graph::new(&p);
    let blast = Blast::of(&p, &graph, &Id::parse("db").unwrap()).unwrap();
    insta::assert_snapshot!("blast-human", human(&blast, &p));
    insta::assert_snapshot!("blast-json", json(&blast, &p));
    let alone = Blast::of(&p, &graph, &Id::parse("web").unwrap()).unwrap();
    assert!(human(&alone, &p).contains("When it fails, 1 journey fails.\n"));
    assert!(Blast::of(&p, &graph, &Id::parse("pay").unwrap()).is_none());
}

#[test]
fn a_group_is_worse_when_too_few_are_as_they_should_be() {
    let p = package(&[
        "cache",
        "a: cache soft",
        "b",
        "c: cache soft",
        "web: a 1/any, b 1/any",
        "api: a 1/any, c 1/any",
    ]);
    assert_eq!(falls(&p, "cache"), (String::new(), "a c api".into()));
    let half = package(&[
        "cache",
        "a: cache",
        "b: cache soft",
        "api: a 1/any, b 1/any",
    ]);
    assert_eq!(falls(&half, "cache"), ("a".into(), "b api".into()));
}
