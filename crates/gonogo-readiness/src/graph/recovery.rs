//! Whether what people repair with still works when it is needed.
//!
//! Two things are asked. Of a component with `recovery` dependencies: are they there while it
//! is down? And of everything with a use (`used_for`): when something fails that a critical
//! journey stands on, is there still one component for that use? Several components with one
//! use, and members of a `recovery` group, stand in for one another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gonogo_model::Package;
use gonogo_model::component::{Component, Dependency, DependencyKind, ToolUse};
use gonogo_model::risk::FailureMode;

use super::falls::Falls;
use super::{Edge, Graph, Node, Place};

/// Something that is missing exactly when it is needed.
#[derive(Clone, Debug)]
pub struct Loop<'p> {
    /// What cannot be done.
    pub what: What<'p>,
    /// The components that it is done with, all of which are down; the first is on the path.
    pub tools: Vec<&'p Component>,
    /// What fails.
    pub cause: &'p Component,
    /// How the first tool needs the cause, edge by edge; empty where it is the cause itself.
    pub path: Vec<&'p Dependency>,
    /// The failure mode of the cause that somebody has accepted.
    pub accepted: Option<&'p FailureMode>,
}

/// What cannot be done.
#[derive(Clone, Copy, Debug)]
pub enum What<'p> {
    /// Repairing the cause itself, by this `recovery` dependency.
    Repair(&'p Dependency),
    /// Anything of this use, while the cause is down.
    Use(ToolUse),
}

/// Every loop: uses first, then repairs in order of the component's name.
pub fn loops<'p>(package: &'p Package, graph: &Graph<'p>) -> Vec<Loop<'p>> {
    let place = |c: &&Component| graph.component(&c.id.value);
    let uses: BTreeMap<ToolUse, Vec<Place>> = tools(package)
        .into_iter()
        .map(|(to, tools)| (to, tools.iter().filter_map(place).collect()))
        .collect();
    let needed: BTreeMap<ToolUse, Vec<bool>> = uses
        .iter()
        .map(|(to, tools)| (*to, protected(graph, tools)))
        .collect();
    let repaired: Vec<Place> = graph
        .components()
        .filter(|at| recovery(graph, *at).next().is_some())
        .collect();
    let (mut of_use, mut of_repair) = (Vec::new(), Vec::new());
    if uses.is_empty() && repaired.is_empty() {
        return of_use;
    }
    for falls in Falls::of_each(graph) {
        let causes = falls.numbers();
        for (to, tools) in &uses {
            for cause in causes.clone().filter(|cause| needed[to][*cause]) {
                if tools.iter().all(|tool| falls.falls(*tool, cause)) {
                    let what = What::Use(*to);
                    of_use.extend(Loop::new(package, graph, &falls, what, tools, cause));
                }
            }
        }
        for at in repaired.iter().copied().filter(|at| causes.contains(at)) {
            let gates = graph.gates(at).iter();
            let gates = gates.filter(|gate| gate.kind == DependencyKind::Recovery);
            for gate in gates.filter(|gate| gate.lost(|place| falls.falls(place, at))) {
                let lost: Vec<Place> = gate
                    .members
                    .iter()
                    .map(|edge| edge.to)
                    .filter(|place| falls.falls(*place, at))
                    .collect();
                let first = gate
                    .members
                    .iter()
                    .find(|edge| lost.first() == Some(&edge.to));
                let Some(edge) = first else { continue };
                let what = What::Repair(edge.dependency);
                of_repair.extend(Loop::new(package, graph, &falls, what, &lost, at));
            }
        }
    }
    of_use.sort_by_key(|l| match l.what {
        What::Use(to) => (Some(to), l.path.len(), &l.cause.id.value),
        What::Repair(_) => (None, l.path.len(), &l.cause.id.value),
    });
    of_use.extend(of_repair);
    of_use
}

/// What people repair with, by what they do with it; each in order of name.
pub fn tools(package: &Package) -> BTreeMap<ToolUse, Vec<&Component>> {
    let mut tools: BTreeMap<ToolUse, Vec<&Component>> = BTreeMap::new();
    for component in package.components.values() {
        for to in component.used_for.iter().collect::<BTreeSet<_>>() {
            tools.entry(*to).or_default().push(component);
        }
    }
    tools
}

impl<'p> Loop<'p> {
    fn new(
        package: &'p Package,
        graph: &Graph<'p>,
        falls: &Falls,
        what: What<'p>,
        tools: &[Place],
        cause: Place,
    ) -> Option<Self> {
        let component = |at: Place| match graph.node(at) {
            Node::Component(component) => Some(component),
            Node::Journey(_) => None,
        };
        let failed = component(cause)?;
        let of_it = |mode: &&FailureMode| mode.component.id == failed.id.value;
        let mut modes = package.failure_modes.values().filter(of_it);
        Some(Self {
            what,
            tools: tools.iter().filter_map(|at| component(*at)).collect(),
            cause: failed,
            path: path(graph, falls, *tools.first()?, cause),
            accepted: modes.find(|mode| mode.accepted.is_some()),
        })
    }
}

fn recovery<'g, 'p>(graph: &'g Graph<'p>, at: Place) -> impl Iterator<Item = &'g Edge<'p>> {
    let repairs = |edge: &&Edge<'p>| edge.dependency.kind == DependencyKind::Recovery;
    graph.needs(at).iter().filter(repairs)
}

/// What critical journeys stand on otherwise than through the tools themselves: their failure
/// is what the tools are there for.
fn protected(graph: &Graph<'_>, tools: &[Place]) -> Vec<bool> {
    let critical = |at: &Place| matches!(graph.node(*at), Node::Journey(j) if j.critical);
    let mut open: Vec<Place> = graph.journeys().filter(critical).collect();
    let mut reached = vec![false; graph.len()];
    while let Some(at) = open.pop() {
        for edge in graph.hard(at).flat_map(|gate| &gate.members) {
            if !tools.contains(&edge.to) && !std::mem::replace(&mut reached[edge.to], true) {
                open.push(edge.to);
            }
        }
    }
    reached
}

/// The shortest way from a tool to the cause, along what is lost.
fn path<'p>(graph: &Graph<'p>, falls: &Falls, tool: Place, cause: Place) -> Vec<&'p Dependency> {
    let mut came_by: BTreeMap<Place, (Place, &'p Dependency)> = BTreeMap::new();
    let mut queue = VecDeque::from([tool]);
    while let Some(at) = queue.pop_front() {
        if at == cause {
            break;
        }
        let lost = graph
            .hard(at)
            .filter(|g| g.lost(|place| falls.falls(place, cause)));
        for edge in lost.flat_map(|gate| &gate.members) {
            if edge.to != tool && falls.falls(edge.to, cause) && !came_by.contains_key(&edge.to) {
                came_by.insert(edge.to, (at, edge.dependency));
                queue.push_back(edge.to);
            }
        }
    }
    let mut path = Vec::new();
    let mut at = cause;
    while let Some((from, dependency)) = came_by.get(&at).filter(|_| at != tool) {
        path.push(*dependency);
        at = *from;
    }
    path.reverse();
    path
}
