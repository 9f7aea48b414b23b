//! A thin wrapper around the layout library: boxes and arrows in, positions out.
//!
//! It is the only file that knows the library. The same input gives the same positions, because
//! everything is fed in a fixed order; input that the library cannot lay out gives `None`, never
//! a panic, and the caller shows its list instead.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, GraphLabel, LayoutOptions, NodeLabel, RankDir};

/// Positions of everything, in pixels from the top left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// The size of the whole.
    pub size: (f64, f64),
    /// The middle of each box, in the order of the input.
    pub nodes: Vec<(f64, f64)>,
    /// The points of each arrow, in the order of the input.
    pub edges: Vec<Vec<(f64, f64)>>,
    /// Left, top, width and height of each group, in the order of the input.
    pub groups: Vec<(f64, f64, f64, f64)>,
}

/// What is to be placed. Indices stand for names, so that no name can confuse the layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Width, height and group of each box.
    pub nodes: Vec<(f64, f64, Option<usize>)>,
    /// Arrows between different boxes.
    pub edges: Vec<(usize, usize)>,
    /// How many groups there are.
    pub groups: usize,
}

const OPTIONS: LayoutOptions = LayoutOptions {
    rankdir: RankDir::LR,
    align: None,
    nodesep: 18.0,
    edgesep: 10.0,
    ranksep: 38.0,
    marginx: 2.0,
    marginy: 2.0,
    acyclicer: None,
    ranker: dagre::Ranker::NetworkSimplex,
    rank_align: dagre::RankAlign::Center,
    tie_keep_first: true,
};

/// How many layouts are remembered. A package has one graph and a picture around each component
/// that somebody looks at; states change all the time, positions only with the package.
const REMEMBERED: usize = 16;

static MEMORY: Mutex<VecDeque<(Plan, Option<Arc<Placed>>)>> = Mutex::new(VecDeque::new());

/// Places everything from left to right.
pub fn place(plan: &Plan) -> Option<Arc<Placed>> {
    let memory = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, placed)) = memory().iter().find(|(known, _)| known == plan) {
        return placed.clone();
    }
    let placed = place_anew(plan).map(Arc::new);
    let mut memory = memory();
    memory.push_front((plan.clone(), placed.clone()));
    memory.truncate(REMEMBERED);
    placed
}

fn place_anew(plan: &Plan) -> Option<Placed> {
    if plan.nodes.is_empty() {
        return Some(Placed::default());
    }
    let placed = catch_unwind(AssertUnwindSafe(|| run(plan)))
        .ok()
        .flatten()?;
    let all = placed.nodes.iter().chain(placed.edges.iter().flatten());
    let all = all.chain([&placed.size]);
    let sound = all.flat_map(|(x, y)| [x, y]).all(|v| v.is_finite());
    sound.then_some(placed)
}

fn run(plan: &Plan) -> Option<Placed> {
    let mut graph: Graph<NodeLabel, EdgeLabel> = Graph::with_options(GraphOptions {
        directed: true,
        // Breaking a cycle turns arrows round, beside those that already lead that way.
        multigraph: true,
        compound: plan.groups > 0,
    });
    let node_name = |i: usize| format!("n{i:05}");
    let group_name = |i: usize| format!("g{i:05}");
    let used: BTreeSet<usize> = plan.nodes.iter().filter_map(|node| node.2).collect();
    for group in &used {
        graph.set_node(group_name(*group), Some(NodeLabel::default()));
    }
    for (i, (width, height, group)) in plan.nodes.iter().enumerate() {
        let label = NodeLabel {
            width: *width,
            height: *height,
            ..NodeLabel::default()
        };
        graph.set_node(node_name(i), Some(label));
        if let Some(group) = group {
            graph.set_parent(&node_name(i), Some(&group_name(*group)));
        }
    }
    let distinct: BTreeSet<(usize, usize)> = plan.edges.iter().copied().collect();
    for (from, to) in &distinct {
        graph.set_edge(
            node_name(*from),
            node_name(*to),
            Some(EdgeLabel::default()),
            None,
        );
    }
    dagre::layout(&mut graph, Some(OPTIONS));
    read(plan, &graph, &distinct, node_name, group_name)
}

fn read(
    plan: &Plan,
    graph: &Graph<NodeLabel, EdgeLabel>,
    distinct: &BTreeSet<(usize, usize)>,
    node_name: impl Fn(usize) -> String,
    group_name: impl Fn(usize) -> String,
) -> Option<Placed> {
    let whole = graph.graph_label::<GraphLabel>()?;
    let nodes: Option<Vec<(f64, f64)>> = (0..plan.nodes.len())
        .map(|i| {
            graph
                .node(&node_name(i))
                .and_then(|node| node.x.zip(node.y))
        })
        .collect();
    let mut lines = BTreeMap::new();
    for (from, to) in distinct {
        let edge = graph.edge(&node_name(*from), &node_name(*to), None)?;
        let points = edge.points.iter().map(|point| (point.x, point.y)).collect();
        lines.insert((*from, *to), points);
    }
    let edges = plan.edges.iter().map(|ends| lines.get(ends).cloned());
    let groups = (0..plan.groups).map(|i| {
        let Some(node) = graph.node(&group_name(i)) else {
            return (0.0, 0.0, 0.0, 0.0);
        };
        let (x, y) = (node.x.unwrap_or(0.0), node.y.unwrap_or(0.0));
        let (width, height) = (node.width, node.height);
        (x - width / 2.0, y - height / 2.0, width, height)
    });
    Some(Placed {
        size: (whole.width, whole.height),
        nodes: nodes?,
        edges: edges.collect::<Option<_>>()?,
        groups: groups.collect(),
    })
}
