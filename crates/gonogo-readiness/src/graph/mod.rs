//! The dependency graph of a package, and what follows from it.
//!
//! Nodes are components and the journeys on top of them, in order of name, so that every
//! answer has one order. A dependency on something that is not declared is no edge.

pub mod availability;
pub mod blast;
pub mod common_cause;
pub mod coverage;
pub mod cut_sets;
pub mod cycles;
pub mod falls;
pub mod people;
pub mod recovery;
pub mod tier;

use std::collections::BTreeMap;
use std::ops::Range;

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

    /// What people call it.
    pub fn name(self) -> &'p str {
        match self {
            Self::Component(c) => &c.name,
            Self::Journey(j) => &j.name,
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

/// What has to hold for a node: one dependency, or so many of a group.
#[derive(Clone, Debug)]
pub struct Gate<'p> {
    /// How the node needs it.
    pub kind: DependencyKind,
    /// The group's name; `None` of a dependency that stands alone.
    pub group: Option<&'p str>,
    /// The dependencies, in the order written.
    pub members: Vec<Edge<'p>>,
    /// How many of them have to work: what the strictest says, at least one.
    pub needs: usize,
}

impl Gate<'_> {
    /// How many members can be lost before it no longer holds.
    pub fn spare(&self) -> usize {
        self.members.len().saturating_sub(self.needs)
    }

    /// Is it lost while some components do not work?
    fn lost(&self, gone: impl Fn(Place) -> bool) -> bool {
        self.members.iter().filter(|e| gone(e.to)).count() > self.spare()
    }
}

/// The graph of a package.
#[derive(Debug)]
pub struct Graph<'p> {
    nodes: Vec<Node<'p>>,
    components: BTreeMap<&'p Id, Place>,
    journeys: BTreeMap<&'p Id, Place>,
    needs: Vec<Vec<Edge<'p>>>,
    gates: Vec<Vec<Gate<'p>>>,
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
        let journeys = package.journeys.keys().zip(components.len()..).collect();
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
            journeys,
            gates: needs.iter().map(|edges| gates(edges)).collect(),
            needs,
            needed_by,
        }
    }

    /// Where a component is.
    pub fn component(&self, id: &Id) -> Option<Place> {
        self.components.get(id).copied()
    }

    /// Where a journey is.
    pub fn journey(&self, id: &Id) -> Option<Place> {
        self.journeys.get(id).copied()
    }

    /// The places of all components.
    pub fn components(&self) -> Range<Place> {
        0..self.components.len()
    }

    /// The places of all journeys.
    pub fn journeys(&self) -> Range<Place> {
        self.components.len()..self.nodes.len()
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

    /// What has to hold for a node, in the order written.
    pub fn gates(&self, at: Place) -> &[Gate<'p>] {
        &self.gates[at]
    }

    /// What has to hold for a node to work.
    pub fn hard(&self, at: Place) -> impl Iterator<Item = &Gate<'p>> {
        let hard = |gate: &&Gate<'p>| gate.kind == DependencyKind::Hard;
        self.gates[at].iter().filter(hard)
    }

    /// Of the dependencies of one kind at a node, what it lacks while some components do not
    /// work: a single one that is gone, or a group of which too few are left.
    fn lacks(&self, at: Place, kind: DependencyKind, gone: &[bool]) -> Option<Edge<'p>> {
        let of_kind = self.gates[at].iter().filter(|gate| gate.kind == kind);
        let lost = of_kind.filter(|gate| gate.lost(|place| gone[place]));
        let mut members = lost.flat_map(|gate| &gate.members);
        members.find(|edge| gone[edge.to]).copied()
    }

    /// Everything that a node hard-needs, directly or through others, itself included: each
    /// after what it needs itself, as far as circles let it.
    pub fn beneath(&self, at: impl IntoIterator<Item = Place>) -> Vec<Place> {
        let mut seen = vec![false; self.len()];
        let mut order = Vec::new();
        for root in at {
            let mut path = vec![(root, 0)];
            if std::mem::replace(&mut seen[root], true) {
                continue;
            }
            while let Some((at, next)) = path.last_mut() {
                let edge = self.needs[*at].get(*next).copied();
                *next += 1;
                match edge {
                    Some(edge) if edge.dependency.kind == DependencyKind::Hard => {
                        if !std::mem::replace(&mut seen[edge.to], true) {
                            path.push((edge.to, 0));
                        }
                    }
                    Some(_) => {}
                    None => {
                        order.push(*at);
                        path.pop();
                    }
                }
            }
        }
        order
    }
}

/// Dependencies that stand alone, and groups of one kind, by their first member.
fn gates<'p>(edges: &[Edge<'p>]) -> Vec<Gate<'p>> {
    let mut gates: Vec<Gate<'p>> = Vec::with_capacity(edges.len());
    let mut groups: BTreeMap<(DependencyKind, &str), usize> = BTreeMap::new();
    for edge in edges {
        let kind = edge.dependency.kind;
        let group = edge.dependency.group.as_deref();
        let needs = usize::from(edge.dependency.needs.unwrap_or(1)).max(1);
        let known = group.map(|name| *groups.entry((kind, name)).or_insert(gates.len()));
        match known.and_then(|number| gates.get_mut(number)) {
            Some(gate) => {
                gate.members.push(*edge);
                gate.needs = gate.needs.max(needs);
            }
            None => gates.push(Gate {
                kind,
                group,
                members: vec![*edge],
                needs: if group.is_some() { needs } else { 1 },
            }),
        }
    }
    gates
}
