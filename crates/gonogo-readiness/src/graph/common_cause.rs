//! Redundancy that is none: members of a group that fail by one cause.
//!
//! A group of which some may be lost promises that one failure is survived. Whatever takes
//! more of its members than can be spared breaks that promise: a component that all of them
//! need, or everything in one region, at one vendor, under one certificate failing together.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::component::{Component, DependencyKind};
use gonogo_model::team::Team;
use gonogo_model::{Id, Package};

use super::falls::Falls;
use super::{Gate, Graph, Node, Place};

/// Values of attributes that name nothing in particular, so that sharing them says nothing.
pub const NO_VALUES: &[&str] = &["fill-me-in", "global", "multi-region", "none", "unknown"];

/// So many components and so many attributes are listed as causes for one group.
pub const MAX_CAUSES: usize = 20;

/// A group that promises to survive a failure and does not.
#[derive(Clone, Debug)]
pub struct Collapse<'p> {
    /// What needs the group.
    pub node: Node<'p>,
    /// The group's name.
    pub group: &'p str,
    /// How many have to work.
    pub needs: usize,
    /// The members, in the order written.
    pub members: Vec<&'p Component>,
    /// What takes too many of them at once: components first, then attributes, then people.
    pub causes: Vec<Shared<'p>>,
    /// How many more components would, beyond the [`MAX_CAUSES`] that are listed.
    pub more: usize,
}

/// One cause that takes too many members of a group.
#[derive(Clone, Debug)]
pub struct Shared<'p> {
    /// What they share.
    pub cause: Cause<'p>,
    /// The members that fall with it.
    pub lost: Vec<&'p Component>,
    /// What needs the group falls with this cause in another way too, so that the group could
    /// not help against it.
    pub anyway: bool,
}

/// What members of a group share.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'p> {
    /// A component that takes them down alone.
    Component(&'p Component),
    /// An attribute: all components with this value fail together.
    Attribute {
        /// `region`, `vendor`, `issuer`, ...
        name: &'p str,
        /// What they share.
        value: &'p str,
    },
    /// They are changed through the same component: one bad change reaches them all.
    ChangedBy(&'p Component),
    /// One team is called for them.
    Team(&'p Team),
}

impl Cause<'_> {
    /// Do they fail at the same moment, without a person having done anything?
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Component(_) | Self::Attribute { .. })
    }

    /// "component region-a", "vendor: example"
    pub fn describe(self) -> String {
        match self {
            Self::Component(c) => format!("component {}", c.id.value),
            Self::Attribute { name, value } => format!("{name}: {value}"),
            Self::ChangedBy(c) => format!("changed by {}", c.id.value),
            Self::Team(team) => format!("team {}", team.id.value),
        }
    }
}

impl<'p> Collapse<'p> {
    /// The causes that matter: failures that the group was to help against and does not.
    pub fn broken_by(&self) -> impl Iterator<Item = &Shared<'p>> {
        self.causes
            .iter()
            .filter(|s| s.cause.is_failure() && !s.anyway)
    }
}

/// Every group that collapses by one cause, in order of what needs it.
pub fn collapses<'p>(package: &'p Package, graph: &Graph<'p>) -> Vec<Collapse<'p>> {
    let redundant: Vec<(Place, usize)> = (0..graph.len())
        .flat_map(|at| (0..graph.gates(at).len()).map(move |number| (at, number)))
        .filter(|(at, number)| is_redundant(&graph.gates(*at)[*number]))
        .collect();
    if redundant.is_empty() {
        return Vec::new();
    }
    let mut causes: Vec<Found<'p>> = vec![Found::default(); redundant.len()];
    let component = |cause: usize| component_at(graph, cause).map(Cause::Component);
    add(
        graph,
        &redundant,
        Falls::of_each(graph),
        component,
        &mut causes,
    );
    let (names, seeds): (Vec<_>, Vec<_>) = attributes(graph).into_iter().unzip();
    let attribute = |cause: usize| {
        let (name, value) = *names.get(cause)?;
        Some(Cause::Attribute { name, value })
    };
    causes.iter_mut().for_each(|found| found.listed = 0);
    add(
        graph,
        &redundant,
        Falls::of(graph, &seeds),
        attribute,
        &mut causes,
    );
    let found = redundant
        .into_iter()
        .zip(causes)
        .filter_map(|((at, number), found)| {
            let gate = &graph.gates(at)[number];
            let mut causes = found.causes;
            causes.extend(by_people(package, graph, at, gate));
            let collapse = Collapse {
                node: graph.node(at),
                group: gate.group?,
                needs: gate.needs,
                members: members(graph, gate, |_| true),
                causes,
                more: found.more,
            };
            (!collapse.causes.is_empty()).then_some(collapse)
        });
    found.collect()
}

/// The causes of one group so far.
#[derive(Clone, Debug, Default)]
struct Found<'p> {
    causes: Vec<Shared<'p>>,
    listed: usize,
    more: usize,
}

fn is_redundant(gate: &Gate<'_>) -> bool {
    gate.kind == DependencyKind::Hard && gate.spare() > 0
}

/// Adds what every cause does to every group.
fn add<'p>(
    graph: &Graph<'p>,
    redundant: &[(Place, usize)],
    blocks: impl Iterator<Item = Falls>,
    cause: impl Fn(usize) -> Option<Cause<'p>>,
    causes: &mut [Found<'p>],
) {
    for falls in blocks {
        for ((at, number), found) in redundant.iter().zip(causes.iter_mut()) {
            let gate = &graph.gates(*at)[*number];
            let mut elsewhere: Vec<u64> = Vec::new();
            for n in falls.causes_of_loss(gate) {
                let Some(cause) = cause(n) else { continue };
                if found.listed == MAX_CAUSES {
                    found.more += 1;
                    continue;
                }
                if elsewhere.is_empty() {
                    elsewhere = lost_elsewhere(graph, &falls, *at, *number);
                }
                found.listed += 1;
                found.causes.push(Shared {
                    cause,
                    lost: members(graph, gate, |place| falls.falls(place, n)),
                    anyway: falls.has(&elsewhere, n) || is_part(graph.node(*at), cause),
                });
            }
        }
    }
}

/// The causes with which a node loses something other than one of its groups.
fn lost_elsewhere(graph: &Graph<'_>, falls: &Falls, at: Place, group: usize) -> Vec<u64> {
    let mut all = vec![0; falls.lost(&graph.gates(at)[group]).len()];
    for (number, gate) in graph.gates(at).iter().enumerate() {
        if number != group && gate.kind == DependencyKind::Hard {
            let lost = falls.lost(gate);
            all.iter_mut()
                .zip(lost)
                .for_each(|(sum, word)| *sum |= word);
        }
    }
    all
}

/// Is a node itself among what a cause takes at once?
fn is_part(node: Node<'_>, cause: Cause<'_>) -> bool {
    component_of(node).is_some_and(|component| match cause {
        Cause::Component(failed) => failed.id.value == component.id.value,
        Cause::Attribute { name, value } => component
            .attributes
            .get(name)
            .is_some_and(|own| own == value),
        Cause::ChangedBy(_) | Cause::Team(_) => false,
    })
}

/// Every attribute that several components share, with these components.
fn attributes<'p>(graph: &Graph<'p>) -> BTreeMap<(&'p str, &'p str), Vec<Place>> {
    let mut shared: BTreeMap<(&str, &str), Vec<Place>> = BTreeMap::new();
    for at in graph.components() {
        let Some(component) = component_at(graph, at) else {
            continue;
        };
        for (name, value) in &component.attributes {
            if !NO_VALUES.contains(&value.as_str()) {
                shared.entry((name, value)).or_default().push(at);
            }
        }
    }
    shared.retain(|_, places| places.len() > 1);
    shared
}

/// What members share that does not fail by itself: who changes them, and who is called.
fn by_people<'p>(
    package: &'p Package,
    graph: &Graph<'p>,
    at: Place,
    gate: &Gate<'p>,
) -> Vec<Shared<'p>> {
    let mut found = Vec::new();
    let pipelines = |at: Place| -> BTreeSet<Place> {
        let changes = graph.needs(at).iter();
        let changes = changes.filter(|e| e.dependency.kind == DependencyKind::ControlPlane);
        changes.map(|e| e.to).collect()
    };
    let all: BTreeSet<Place> = gate.members.iter().flat_map(|e| pipelines(e.to)).collect();
    for pipeline in all {
        let lost = members(graph, gate, |place| pipelines(place).contains(&pipeline));
        if let (true, Some(by)) = (lost.len() > gate.spare(), component_at(graph, pipeline)) {
            let anyway = pipelines(at).contains(&pipeline);
            found.push(Shared {
                cause: Cause::ChangedBy(by),
                lost,
                anyway,
            });
        }
    }
    let own = component_of(graph.node(at)).map(|c| &c.team.id);
    let team = |place: Place| component_at(graph, place).map(|c| &c.team.id);
    let teams: BTreeSet<&Id> = gate.members.iter().filter_map(|e| team(e.to)).collect();
    for id in teams {
        let lost = members(graph, gate, |place| team(place) == Some(id));
        if let (true, Some(called)) = (lost.len() > gate.spare(), package.teams.get(id)) {
            let anyway = own == Some(id);
            found.push(Shared {
                cause: Cause::Team(called),
                lost,
                anyway,
            });
        }
    }
    found
}

fn members<'p>(
    graph: &Graph<'p>,
    gate: &Gate<'p>,
    which: impl Fn(Place) -> bool,
) -> Vec<&'p Component> {
    let places = gate.members.iter().map(|e| e.to).filter(|at| which(*at));
    places.filter_map(|at| component_at(graph, at)).collect()
}

fn component_at<'p>(graph: &Graph<'p>, at: Place) -> Option<&'p Component> {
    (at < graph.len()).then(|| component_of(graph.node(at)))?
}

fn component_of(node: Node<'_>) -> Option<&Component> {
    match node {
        Node::Component(component) => Some(component),
        Node::Journey(_) => None,
    }
}
