//! Where something important stands on something that is said to matter less.
//!
//! What is hard-needed is as important as whatever needs it: it cannot be mended later, or
//! watched less. A group with members to spare is no such need of any one of them.

use gonogo_model::component::{Component, Dependency};

use super::{Graph, Node};
use crate::criteria::LAST_BLOCKING_TIER;

/// Something that hard-needs a component of a less important tier.
#[derive(Clone, Copy, Debug)]
pub struct Inversion<'p> {
    /// What needs it.
    pub node: Node<'p>,
    /// The dependency.
    pub dependency: &'p Dependency,
    /// What is needed.
    pub needed: &'p Component,
    /// The least important tier that it may have.
    pub at_least: u8,
}

/// All of them, by what needs, in order of name.
pub fn inversions<'p>(graph: &Graph<'p>) -> Vec<Inversion<'p>> {
    let mut found = Vec::new();
    for at in 0..graph.len() {
        let node = graph.node(at);
        let at_least = allows(node);
        let singly = graph.hard(at).filter(|gate| gate.spare() == 0);
        for edge in singly.flat_map(|gate| &gate.members) {
            if let Node::Component(needed) = graph.node(edge.to)
                && needed.tier > at_least
            {
                let dependency = edge.dependency;
                found.push(Inversion {
                    node,
                    dependency,
                    needed,
                    at_least,
                });
            }
        }
    }
    found
}

/// The least important tier of what a node may stand on. The launch is off without a critical
/// journey, so it needs a tier that can block a launch.
fn allows(node: Node<'_>) -> u8 {
    match node {
        Node::Component(component) => component.tier,
        Node::Journey(journey) if journey.critical => LAST_BLOCKING_TIER,
        Node::Journey(_) => u8::MAX,
    }
}
