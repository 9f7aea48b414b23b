//! The dependency graph of a package, and what follows from it.
//!
//! Nodes are components and the journeys on top of them, in order of name, so that every
//! answer has one order. A dependency on something that is not declared is no edge.

pub mod blast;
pub mod cycles;

use std::collections::BTreeMap;

use gonogo_model::component::{Component, Dependency, DependencyKind, Journey};
use gonogo_model::{Id, Package};

/// What a node of the graph stands for.
#[derive(Clone, Copy, Debug)]
pub enum Node<'p> {
    /// A component.
    Component(&'p Component),
    /// A journey; nothing depends on one.
    Journey(&'p Journey),
}

impl<'p> Node<'p> {
    /// Its name.
    pub fn id(self) -> &'p Id {
        match self {
            Self::Component(c) => &c.id.value,
            Self::Journey(j) => &j.id.value,
        }
    }

    /// What it needs.
    pub fn depends_on(self) -> &'p [Dependency] {
        match self {
            Self::Component(c) => &c.depends_on,
            Self::Journey(j) => &j.depends_on,
        }
    }
}

/// A node's place in the graph.
pub type Place = usize;

/// An edge: that something needs a component.
#[derive(Clone, Copy, Debug)]
pub struct Edge<'p> {
    /// What is needed.
    pub to: Place,
    /// How it was declared.
    pub dependency: &'p Dependency,
}

/// The graph of a package.
#[derive(Debug)]
pub struct Graph<'p> {
    nodes: Vec<Node<'p>>,
    components: BTreeMap<&'p Id, Place>,
    needs: Vec<Vec<Edge<'p>>>,
    needed_by: Vec<Vec<Place>>,
}

impl<'p> Graph<'p> {
    /// Of a package.
    pub fn new(package: &'p Package) -> Self {
        let components = package.components.values().map(Node::Component);
        let nodes: Vec<Node<'p>> = components
            .chain(package.journeys.values().map(Node::Journey))
            .collect();
        let components: BTreeMap<&Id, Place> = package.components.keys().zip(0..).collect();
        let edges = |node: &Node<'p>| {
            let edge = |dependency: &'p Dependency| {
                let to = *components.get(&dependency.component.id)?;
                Some(Edge { to, dependency })
            };
            node.depends_on().iter().filter_map(edge).collect()
        };
        let needs: Vec<Vec<Edge<'p>>> = nodes.iter().map(edges).collect();
        let mut needed_by = vec![Vec::new(); nodes.len()];
        for (from, edges) in needs.iter().enumerate() {
            for edge in edges {
                // Edges of one node stand together, so a second one of the same pair is last.
                if needed_by[edge.to].last() != Some(&from) {
                    needed_by[edge.to].push(from);
                }
            }
        }
        Self {
            nodes,
            components,
            needs,
            needed_by,
        }
    }

    /// Where a component is.
    pub fn component(&self, id: &Id) -> Option<Place> {
        self.components.get(id).copied()
    }

    /// What stands at a place.
    pub fn node(&self, at: Place) -> Node<'p> {
        self.nodes[at]
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// No nodes at all?
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node needs, in the order written.
    pub fn needs(&self, at: Place) -> &[Edge<'p>] {
        &self.needs[at]
    }

    /// Who needs a component, in order.
    pub fn needed_by(&self, at: Place) -> &[Place] {
        &self.needed_by[at]
    }

    /// Of the dependencies of one kind at a node, what it lacks while some components do not
    /// work: a single one that is gone, or a group of which too few are left.
    fn lacks(&self, at: Place, kind: DependencyKind, gone: &[bool]) -> Option<Edge<'p>> {
        let of_kind = || self.needs[at].iter().filter(|e| e.dependency.kind == kind);
        let lost = of_kind().filter(|e| gone[e.to]);
        lost.copied().find(|edge| {
            let Some(group) = &edge.dependency.group else {
                return true;
            };
            let members = || of_kind().filter(|e| e.dependency.group.as_ref() == Some(group));
            let left = members().filter(|e| !gone[e.to]).count();
            left < group_needs(members().copied())
        })
    }
}

/// How many members of a group have to work: what the strictest of them says, at least one.
fn group_needs<'p>(members: impl Iterator<Item = Edge<'p>>) -> usize {
    let said = members.filter_map(|e| e.dependency.needs).max();
    usize::from(said.unwrap_or(1)).max(1)
}
