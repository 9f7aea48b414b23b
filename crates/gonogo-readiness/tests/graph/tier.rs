//! What matters less than what stands on it.

use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::tier::inversions;

use crate::build::package;

#[test]
fn only_what_is_needed_singly_and_hard_counts() {
    let p = package(&[
        "db | tier: 3",
        "replica | tier: 3",
        "cache | tier: 3",
        "api: db, cache soft | tier: 1",
        "search: db 1/any, replica 1/any | tier: 1",
        "copies: db 2/both, replica 2/both | tier: 2",
        "batch: db | tier: 3",
        "PAY: db",
        "SEE: db | critical: false",
        "BUY: api",
    ]);
    let graph = Graph::new(&p);
    let found: Vec<String> = inversions(&graph)
        .iter()
        .map(|i| format!("{} > {} {}", i.node.id(), i.needed.id.value, i.at_least))
        .collect();
    assert_eq!(
        found,
        [
            "api > db 1",
            "copies > db 2",
            "copies > replica 2",
            "pay > db 2"
        ]
    );
}
