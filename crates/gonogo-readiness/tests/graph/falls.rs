//! Many causes at once give what each gives alone.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::blast::Blast;
use gonogo_readiness::graph::falls::{BLOCK, Falls};

use crate::build::{Luck, package, random};

#[test]
fn each_component_alone_is_its_blast_radius() {
    for seed in 1..200 {
        let mut luck = Luck::new(seed);
        let circles = luck.below(2) == 1;
        let lines = random(&mut luck, 12, circles);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let p = package(&lines);
        let graph = Graph::new(&p);
        let falls = Falls::of_each(&graph).next().expect("there are components");
        for cause in graph.components() {
            let id = graph.node(cause).id();
            let blast = Blast::of(&p, &graph, id).expect("a component");
            let one: BTreeSet<&Id> = blast.fails.iter().map(|h| h.node.id()).collect();
            let all: BTreeSet<&Id> = (0..graph.len())
                .filter(|at| *at != cause && falls.falls(*at, cause))
                .map(|at| graph.node(at).id())
                .collect();
            assert_eq!(one, all, "seed {seed}, {id} in {lines:#?}");
        }
    }
}

#[test]
fn more_causes_than_a_block_come_in_order() {
    let lines: Vec<String> = (0..BLOCK + 3)
        .map(|n| format!("c{n:05}: c{:05}", n.saturating_sub(1)))
        .map(|line| line.replace("c00000: c00000", "c00000"))
        .chain(["J: c04098".into()])
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let p = package(&lines);
    let graph = Graph::new(&p);
    let blocks: Vec<Falls> = Falls::of_each(&graph).collect();
    assert_eq!(blocks.len(), 2);
    let journey = graph.journeys().start;
    let causes: Vec<usize> = blocks.iter().flat_map(|b| b.causes(journey)).collect();
    assert_eq!(causes, graph.components().collect::<Vec<_>>());
}
