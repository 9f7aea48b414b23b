//! What falls when a component fails, and who has to hear of it.
//!
//! The answer is a bound: what is not listed does not need the component, as far as the
//! package says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gonogo_model::alert::Alert;
use gonogo_model::comms::CommsRule;
use gonogo_model::component::{Component, Dependency, DependencyKind, PublicName};
use gonogo_model::runbook::Runbook;
use gonogo_model::team::Team;
use gonogo_model::{Id, Package, Ref};

use super::{Edge, Gate, Graph, Node, Place};

/// What comes of the failure of one component.
#[derive(Clone, Debug)]
pub struct Blast<'p> {
    /// The component.
    pub component: &'p Component,
    /// What does not work without it, the nearest first.
    pub fails: Vec<Hit<'p>>,
    /// What goes on and is worse.
    pub degrades: Vec<Hit<'p>>,
    /// What goes on and has one support less.
    pub weakened: Vec<Hit<'p>>,
    /// What runs and could not be started again.
    pub cannot_start: Vec<Hit<'p>>,
    /// What runs and cannot be changed.
    pub cannot_change: Vec<Hit<'p>>,
    /// What could not be repaired.
    pub cannot_recover: Vec<Hit<'p>>,
    /// The teams that own what fails; the component's own first.
    pub teams: Vec<Owner<'p>>,
    /// What customers are promised for the worst of the alerts: who writes, and how soon.
    pub told: Option<&'p CommsRule>,
    /// The alerts that tell of the component or of what fails with it.
    pub alerts: Vec<&'p Alert>,
    /// What to follow, and why it is meant; the component's own first.
    pub runbooks: Vec<(&'p Runbook, String)>,
    /// What customers see of it, with whether it fails or is worse.
    pub public: Vec<(&'p PublicName, &'p Component, Reach)>,
}

/// How far a failure reaches something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It does not work.
    Fails,
    /// It works, and is worse.
    Degrades,
}

/// One component or journey that is hit.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'p> {
    /// What is hit.
    pub node: Node<'p>,
    /// How many edges away.
    pub distance: usize,
    /// The dependency that brought it there.
    pub because: &'p Dependency,
}

/// A team and what it owns of what fails.
#[derive(Clone, Debug)]
pub struct Owner<'p> {
    /// The team.
    pub team: &'p Team,
    /// Its components among those that fail, in order of name.
    pub components: Vec<&'p Id>,
}

impl<'p> Blast<'p> {
    /// Of a component of a package.
    pub fn of(package: &'p Package, graph: &Graph<'p>, component: &Id) -> Option<Self> {
        let start = graph.component(component)?;
        let Node::Component(failed) = graph.node(start) else {
            return None;
        };
        let mut gone = vec![false; graph.len()];
        let fails = spread(graph, start, &mut gone);
        let degrades = worsen(graph, &gone);
        let mut fallen = vec![failed];
        fallen.extend(fails.iter().filter_map(component_of));
        let lacking = |kind| lacking(graph, kind, &gone);
        let alerts = alerts(package, &fallen);
        let mut blast = Self {
            component: failed,
            weakened: weakened(graph, &gone),
            cannot_start: lacking(DependencyKind::Startup),
            cannot_change: lacking(DependencyKind::ControlPlane),
            cannot_recover: lacking(DependencyKind::Recovery),
            teams: owners(package, &fallen),
            told: told(package, &alerts),
            alerts,
            runbooks: Vec::new(),
            public: public(&fallen, &degrades),
            fails,
            degrades,
        };
        blast.runbooks = runbooks(package, &blast);
        Some(blast)
    }
}

fn component_of<'p>(hit: &Hit<'p>) -> Option<&'p Component> {
    match hit.node {
        Node::Component(component) => Some(component),
        Node::Journey(_) => None,
    }
}

/// Marks what fails with `start`, breadth first, so the reason kept is the nearest one.
fn spread<'p>(graph: &Graph<'p>, start: Place, gone: &mut [bool]) -> Vec<Hit<'p>> {
    gone[start] = true;
    let mut found = Vec::new();
    let mut queue = VecDeque::from([(start, 0)]);
    while let Some((at, distance)) = queue.pop_front() {
        for user in graph.needed_by(at) {
            if gone[*user] {
                continue;
            }
            if let Some(edge) = graph.lacks(*user, DependencyKind::Hard, gone) {
                gone[*user] = true;
                found.push(hit(graph, *user, edge, distance + 1));
                queue.push_back((*user, distance + 1));
            }
        }
    }
    in_order(found)
}

/// What softly needs something that is gone, and what needs that in turn.
fn worsen<'p>(graph: &Graph<'p>, gone: &[bool]) -> Vec<Hit<'p>> {
    let mut worse = gone.to_vec();
    let mut found = Vec::new();
    let mut queue = VecDeque::new();
    for at in 0..graph.len() {
        if gone[at] {
            continue;
        }
        if let Some(edge) = graph.lacks(at, DependencyKind::Soft, gone) {
            worse[at] = true;
            found.push(hit(graph, at, edge, 1));
            queue.push_back((at, 1));
        }
    }
    while let Some((at, distance)) = queue.pop_front() {
        for user in graph.needed_by(at) {
            if worse[*user] {
                continue;
            }
            // A group is worse once too few of its members are as they should be.
            let poor = |gate: &&Gate<'_>| gate.lost(|place| worse[place]);
            let members = graph.hard(*user).filter(poor).flat_map(|g| &g.members);
            if let Some(edge) = members.copied().find(|e| e.to == at) {
                worse[*user] = true;
                found.push(hit(graph, *user, edge, distance + 1));
                queue.push_back((*user, distance + 1));
            }
        }
    }
    in_order(found)
}

/// What lost members of a group and has enough of them left.
fn weakened<'p>(graph: &Graph<'p>, gone: &[bool]) -> Vec<Hit<'p>> {
    let standing = (0..graph.len()).filter(|at| !gone[*at]);
    let lost = |at: Place| {
        let mut members = graph.hard(at).flat_map(|gate| &gate.members);
        let edge = members.find(|edge| gone[edge.to])?;
        Some(hit(graph, at, *edge, 1))
    };
    standing.filter_map(lost).collect()
}

/// What lacks a dependency of a kind that matters only at certain times.
fn lacking<'p>(graph: &Graph<'p>, kind: DependencyKind, gone: &[bool]) -> Vec<Hit<'p>> {
    let lack = |at: Place| Some(hit(graph, at, graph.lacks(at, kind, gone)?, 1));
    (0..graph.len()).filter_map(lack).collect()
}

fn hit<'p>(graph: &Graph<'p>, at: Place, edge: Edge<'p>, distance: usize) -> Hit<'p> {
    Hit {
        node: graph.node(at),
        distance,
        because: edge.dependency,
    }
}

fn in_order(mut found: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    found.sort_by(|a, b| (a.distance, a.node.id()).cmp(&(b.distance, b.node.id())));
    found
}

fn owners<'p>(package: &'p Package, fallen: &[&'p Component]) -> Vec<Owner<'p>> {
    let mut by_team: BTreeMap<&Id, Vec<&'p Id>> = BTreeMap::new();
    for component in fallen {
        let owned = by_team.entry(&component.team.id).or_default();
        owned.push(&component.id.value);
    }
    let own = fallen.first().map(|c| &c.team.id);
    let mut teams: Vec<Owner<'p>> = by_team
        .into_iter()
        .filter_map(|(id, mut components)| {
            components.sort();
            let team = package.teams.get(id)?;
            Some(Owner { team, components })
        })
        .collect();
    teams.sort_by_key(|o| (Some(&o.team.id.value) != own, &o.team.id.value));
    teams
}

fn alerts<'p>(package: &'p Package, fallen: &[&'p Component]) -> Vec<&'p Alert> {
    let fallen: BTreeSet<&Id> = fallen.iter().map(|c| &c.id.value).collect();
    let tells = |alert: &&Alert| {
        let about = alert.component(package);
        about.is_some_and(|c| fallen.contains(&c.id.value))
    };
    let mut found: Vec<&Alert> = package.alerts.values().filter(tells).collect();
    found.sort_by_key(|a| (a.severity, &a.id.value));
    found
}

/// The rule for the worst severity among alerts; the most severe one stands first.
fn told<'p>(package: &'p Package, alerts: &[&'p Alert]) -> Option<&'p CommsRule> {
    let worst = alerts.first()?.severity;
    let mut rules = package.comms.iter().flat_map(|comms| &comms.rules);
    rules.find(|rule| rule.severity.value == worst)
}

fn public<'p>(
    fallen: &[&'p Component],
    degrades: &[Hit<'p>],
) -> Vec<(&'p PublicName, &'p Component, Reach)> {
    let named =
        |component: &'p Component, reach| Some((component.public.as_ref()?, component, reach));
    let fails = fallen.iter().filter_map(|c| named(c, Reach::Fails));
    let worse = degrades.iter().filter_map(component_of);
    let mut found: Vec<_> = fails
        .chain(worse.filter_map(|c| named(c, Reach::Degrades)))
        .collect();
    found.sort_by_key(|(name, component, reach)| (*reach, &name.name, &component.id.value));
    found
}

/// Runbooks of the component, then of the alerts, then of what has to cope without it.
fn runbooks<'p>(package: &'p Package, blast: &Blast<'p>) -> Vec<(&'p Runbook, String)> {
    let own = &blast.component.id.value;
    let covers = |r: &&Runbook| r.head.covers.iter().any(|c| c.id == *own);
    let mut wanted: Vec<(&Id, String)> = package
        .runbooks
        .values()
        .filter(covers)
        .map(|r| (&r.id.value, format!("covers {own}")))
        .collect();
    let mut want = |runbook: &'p Option<Ref<Runbook>>, why: String| {
        wanted.extend(runbook.iter().map(|r| (&r.id, why.clone())));
    };
    if let Some(rollback) = &blast.component.rollback {
        want(&rollback.runbook, format!("takes back a change of {own}"));
    }
    let modes = package.failure_modes.values();
    for mode in modes.filter(|m| m.component.id == *own) {
        want(&mode.runbook, format!("for failure mode {}", mode.id.value));
    }
    for alert in &blast.alerts {
        want(&alert.runbook, format!("for alert {}", alert.id.value));
    }
    for hit in blast.fails.iter().chain(&blast.degrades) {
        want(
            &hit.because.runbook,
            format!("for {} without it", hit.node.id()),
        );
    }
    let mut seen = BTreeSet::new();
    wanted
        .into_iter()
        .filter(|(id, _)| seen.insert(*id))
        .filter_map(|(id, why)| Some((package.runbooks.get(id)?, why)))
        .collect()
}
