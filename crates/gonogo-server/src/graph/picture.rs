//! The dependency graph as a picture: all of it, or what one component touches.

use std::collections::BTreeSet;

use gonogo_model::component::{Component, Dependency, DependencyKind, Journey};
use gonogo_model::{Id, Package};

use crate::shown;
use crate::view::{ComponentState, View};
use crate::web::components::State;
use crate::web::components::graph::{GraphEdge, GraphNode, GraphPicture};

/// Everything.
pub fn all(view: &View) -> GraphPicture {
    let package = &view.plan.package;
    let ids: BTreeSet<&Id> = package
        .components
        .keys()
        .chain(package.journeys.keys())
        .collect();
    let failing = |id: &Id| {
        let seen = view.components.get(id);
        seen.is_some_and(|c| c.state == ComponentState::Failing)
    };
    let hit = package.components.keys().filter(|id| failing(id)).collect();
    of("What depends on what", view, &ids, None, &hit)
}

/// A component, what it needs, and what a failure of it reaches.
pub fn around(view: &View, component: &Id, reached: &BTreeSet<&Id>) -> GraphPicture {
    let package = &view.plan.package;
    let mut ids: BTreeSet<&Id> = reached.clone();
    let mut open = vec![component];
    while let Some(id) = open.pop() {
        if let Some((id, found)) = package.components.get_key_value(id)
            && ids.insert(id)
        {
            open.extend(found.depends_on.iter().map(|d| &d.component.id));
        }
    }
    of(
        "What it needs, and what falls with it",
        view,
        &ids,
        Some(component),
        reached,
    )
}

fn of(
    title: &str,
    view: &View,
    ids: &BTreeSet<&Id>,
    here: Option<&Id>,
    hit: &BTreeSet<&Id>,
) -> GraphPicture {
    let package = &view.plan.package;
    let is_here = |id: &Id| here == Some(id);
    let components = package
        .components
        .values()
        .filter(|c| ids.contains(&c.id.value));
    let journeys = package
        .journeys
        .values()
        .filter(|j| ids.contains(&j.id.value));
    let mut nodes: Vec<GraphNode> = components
        .clone()
        .map(|c| component_node(view, c, hit.contains(&c.id.value), is_here(&c.id.value)))
        .collect();
    nodes.extend(
        journeys
            .clone()
            .map(|j| journey_node(view, j, hit.contains(&j.id.value))),
    );
    let from = components
        .map(|c| (&c.id.value, &c.depends_on))
        .chain(journeys.map(|j| (&j.id.value, &j.depends_on)));
    let edges = from.flat_map(|(from, needs)| {
        let shown = needs.iter().filter(|d| ids.contains(&d.component.id));
        shown.map(move |d| edge(from, d, hit, here))
    });
    GraphPicture {
        title: title.to_owned(),
        edges: edges.collect(),
        nodes,
    }
}

fn component_node(view: &View, component: &Component, hit: bool, here: bool) -> GraphNode {
    let id = &component.id.value;
    let seen = view.components.get(id);
    GraphNode {
        id: id.to_string(),
        label: component.name.clone(),
        kind: shown::words(component.kind.word()),
        state: seen.map_or(State::Unknown, |c| shown::component(c.state).0),
        href: format!("/graph/{id}"),
        group: String::new(),
        hit,
        here,
    }
}

fn journey_node(view: &View, journey: &Journey, hit: bool) -> GraphNode {
    GraphNode {
        id: journey.id.value.to_string(),
        label: journey.name.clone(),
        kind: "journey".to_owned(),
        state: journey_state(view, journey),
        href: String::new(),
        group: String::new(),
        hit,
        here: false,
    }
}

/// A journey is as bad as the worst thing that it cannot do without.
fn journey_state(view: &View, journey: &Journey) -> State {
    let hard = journey
        .depends_on
        .iter()
        .filter(|d| d.kind == DependencyKind::Hard);
    let states = hard.map(|d| {
        let seen = view.components.get(&d.component.id);
        seen.map_or(State::Unknown, |c| shown::component(c.state).0)
    });
    State::worst(states)
}

fn edge(from: &Id, dependency: &Dependency, hit: &BTreeSet<&Id>, here: Option<&Id>) -> GraphEdge {
    let to = &dependency.component.id;
    let reached = |id: &Id| hit.contains(id) || here == Some(id);
    GraphEdge {
        from: from.to_string(),
        to: to.to_string(),
        soft: dependency.kind != DependencyKind::Hard,
        hit: hit.contains(from) && reached(to) && dependency.kind == DependencyKind::Hard,
    }
}

/// The words for a kind of dependency.
pub fn kind_words(dependency: &Dependency) -> String {
    let kind = match dependency.kind {
        DependencyKind::Hard => "cannot work without it",
        DependencyKind::Soft => "is worse without it",
        DependencyKind::Startup => "needs it to start",
        DependencyKind::ControlPlane => "needs it to be changed",
        DependencyKind::Recovery => "needs it to be repaired",
    };
    match (&dependency.group, dependency.needs) {
        (Some(group), Some(needs)) => format!("{kind} ({needs} of the group {group} have to work)"),
        (Some(group), None) => format!("{kind} (one of the group {group} has to work)"),
        (None, _) => kind.to_owned(),
    }
}

/// What to call a component or a journey.
pub fn name_of(package: &Package, id: &Id) -> String {
    match package.journeys.get(id) {
        Some(journey) => journey.name.clone(),
        None => shown::component_name(package, id),
    }
}
