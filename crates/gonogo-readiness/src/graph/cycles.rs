//! Components that need one another in a circle.

use std::collections::VecDeque;

use gonogo_model::component::DependencyKind;

use super::{Edge, Graph, Place};

/// One circle: each edge leads to the next component, and the last one to the first.
#[derive(Clone, Debug)]
pub struct Cycle<'p> {
    /// The components with the edge that leads on, from the first in order of name.
    pub steps: Vec<(Place, Edge<'p>)>,
    /// How many components are entangled with it, itself included.
    pub entangled: usize,
}

/// The shortest circle of every set of components that cannot work, or start, without one
/// another. A member of a group is no such need, since another one may do.
pub fn cycles<'p>(graph: &Graph<'p>) -> Vec<Cycle<'p>> {
    let mut found: Vec<Cycle<'p>> = strongly_connected(graph)
        .into_iter()
        .filter(|component| component.len() > 1)
        .filter_map(|component| {
            Some(Cycle {
                steps: shortest(graph, &component)?,
                entangled: component.len(),
            })
        })
        .collect();
    found.sort_by_key(|cycle| cycle.steps.first().map(|(at, _)| *at));
    found
}

fn binds(edge: &Edge<'_>) -> bool {
    let kind = edge.dependency.kind;
    matches!(kind, DependencyKind::Hard | DependencyKind::Startup)
        && edge.dependency.group.is_none()
}

/// Tarjan's algorithm with its own stack: a chain of ten thousand components is no deep call.
fn strongly_connected(graph: &Graph<'_>) -> Vec<Vec<Place>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; graph.len()];
    let mut low = vec![0; graph.len()];
    let mut on_path = vec![false; graph.len()];
    let (mut path, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..graph.len() {
        let mut calls = vec![(root, 0)];
        while let Some((at, edge)) = calls.pop() {
            if edge == 0 && order[at] == UNSEEN {
                (order[at], low[at], on_path[at]) = (next, next, true);
                next += 1;
                path.push(at);
            } else if edge == 0 {
                continue;
            } else {
                let child = graph.needs(at)[edge - 1].to;
                low[at] = low[at].min(low[child]);
            }
            let mut descended = false;
            for (number, out) in graph.needs(at).iter().enumerate().skip(edge) {
                if !binds(out) {
                    continue;
                }
                if order[out.to] == UNSEEN {
                    calls.push((at, number + 1));
                    calls.push((out.to, 0));
                    descended = true;
                    break;
                }
                if on_path[out.to] {
                    low[at] = low[at].min(order[out.to]);
                }
            }
            if !descended && low[at] == order[at] {
                let begins = path.iter().rposition(|p| *p == at).unwrap_or(0);
                let mut members = path.split_off(begins);
                members.iter().for_each(|m| on_path[*m] = false);
                members.sort_unstable();
                found.push(members);
            }
        }
    }
    found
}

/// The shortest way from the first member back to itself, breadth first.
fn shortest<'p>(graph: &Graph<'p>, members: &[Place]) -> Option<Vec<(Place, Edge<'p>)>> {
    let start = *members.first()?;
    let mut came_by: Vec<Option<(Place, Edge<'p>)>> = vec![None; members.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for edge in graph.needs(at).iter().filter(|e| binds(e) && e.to != at) {
            let Ok(rank) = members.binary_search(&edge.to) else {
                continue;
            };
            if came_by[rank].is_some() {
                continue;
            }
            came_by[rank] = Some((at, *edge));
            if edge.to == start {
                return walk_back(start, members, &came_by);
            }
            queue.push_back(edge.to);
        }
    }
    None
}

fn walk_back<'p>(
    start: Place,
    members: &[Place],
    came_by: &[Option<(Place, Edge<'p>)>],
) -> Option<Vec<(Place, Edge<'p>)>> {
    let mut steps = Vec::new();
    let mut at = start;
    loop {
        let (from, edge) = came_by[members.binary_search(&at).ok()?]?;
        steps.push((from, edge));
        at = from;
        if at == start {
            steps.reverse();
            return Some(steps);
        }
    }
}
