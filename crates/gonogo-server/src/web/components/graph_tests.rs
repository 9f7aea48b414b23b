//! A graph picture is the same every time, and no graph is too odd for it.

use super::*;

fn node(id: &str) -> GraphNode {
    GraphNode {
        id: id.into(),
        label: id.into(),
        kind: "service".into(),
        state: State::Ok,
        href: format!("/graph/{id}"),
        ..GraphNode::default()
    }
}

fn edge(from: &str, to: &str) -> GraphEdge {
    GraphEdge {
        from: from.into(),
        to: to.into(),
        ..GraphEdge::default()
    }
}

fn example() -> GraphPicture {
    GraphPicture {
        title: "What depends on what".into(),
        nodes: vec![
            node("publish"),
            GraphNode {
                state: State::Bad,
                ..node("cloud")
            },
            GraphNode {
                state: State::Unknown,
                group: "vendors".into(),
                ..node("gcp")
            },
            GraphNode {
                state: State::Warn,
                group: "vendors".into(),
                hit: true,
                ..node("stripe")
            },
        ],
        edges: vec![
            GraphEdge {
                hit: true,
                ..edge("publish", "cloud")
            },
            edge("cloud", "gcp"),
            GraphEdge {
                soft: true,
                ..edge("cloud", "stripe")
            },
        ],
    }
}

#[test]
fn the_example_looks_like_this() {
    insta::assert_snapshot!(example().svg().as_str().replace("><", ">\n<"));
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut other = example();
    other.nodes.reverse();
    other.edges.reverse();
    assert_eq!(example().svg(), other.svg());
    assert_eq!(example().svg(), example().svg());
}

#[test]
fn odd_graphs_are_drawn_without_what_leads_nowhere() {
    let mut graph = example();
    graph.nodes.push(node("publish"));
    graph.nodes.push(node(""));
    graph.edges.extend([
        edge("publish", "publish"),
        edge("publish", "nowhere"),
        edge("gcp", "publish"),
        edge("publish", "cloud"),
    ]);
    let svg = graph.svg().to_string();
    assert_eq!(svg.matches("class=\"box\"").count(), 5);
    assert_eq!(svg.matches("class=\"tip").count(), 4);
    assert!(
        GraphPicture::default()
            .svg()
            .as_str()
            .contains("Nothing to draw yet")
    );
}

#[test]
fn names_are_escaped_and_shortened() {
    let mut graph = example();
    graph.title = "<script>".into();
    graph.nodes[0].label = "<script>alert('x')</script>".repeat(20);
    graph.nodes[0].kind = "\"><b>".into();
    graph.nodes[0].href = "/graph/\"onfocus=\"x".into();
    graph.nodes[1].group = "</svg><i>".into();
    let svg = graph.svg().to_string();
    for wrong in ["<script", "<b>", "<i>", "\"onfocus", "</svg><i"] {
        assert!(!svg.contains(wrong), "{wrong}");
    }
}

#[test]
fn a_graph_too_large_to_read_is_listed() {
    let name = |i: usize| format!("c{i:05}");
    let graph = GraphPicture {
        title: "All".into(),
        nodes: (0..=MAX_NODES).map(|i| node(&name(i))).collect(),
        edges: (0..MAX_NODES)
            .map(|i| edge(&name(i), &name(i + 1)))
            .collect(),
    };
    let svg = graph.svg().to_string();
    assert!(svg.contains("too many for one picture"));
    assert_eq!(svg.matches("<tr><th").count(), MAX_NODES + 1 + 1);
    let mut fits = graph;
    fits.nodes.pop();
    assert!(fits.svg().as_str().contains("class=\"box\""));
}

/// Random graphs with cycles, islands and nested ends; the seed is in the message.
#[test]
fn no_graph_breaks_the_layout() {
    for seed in 1..30_u64 {
        let mut luck = seed;
        let mut next = |below: u64| {
            luck = luck
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (luck >> 33) % below
        };
        let count = 1 + next(24);
        let graph = GraphPicture {
            title: String::new(),
            nodes: (0..count)
                .map(|i| GraphNode {
                    group: ["", "a", "b", "c"][next(4) as usize].into(),
                    ..node(&i.to_string())
                })
                .collect(),
            edges: (0..next(60))
                .map(|_| edge(&next(count).to_string(), &next(count).to_string()))
                .collect(),
        };
        let svg = graph.svg().to_string();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "seed {seed}");
        assert_eq!(
            svg.matches("class=\"box\"").count() as u64,
            count,
            "seed {seed}"
        );
    }
}

/// The largest picture, in a layered shape as real packages have it.
#[test]
fn the_largest_picture_is_drawn() {
    let name = |i: usize| format!("c{i:05}");
    let graph = GraphPicture {
        title: "All".into(),
        nodes: (0..MAX_NODES).map(|i| node(&name(i))).collect(),
        edges: (0..MAX_EDGES)
            .map(|i| (i % MAX_NODES, i % MAX_NODES + 1 + i * 31 % 29))
            .filter(|(_, to)| *to < MAX_NODES)
            .map(|(from, to)| edge(&name(from), &name(to)))
            .collect(),
    };
    let svg = graph.svg().to_string();
    assert_eq!(svg.matches("class=\"box\"").count(), MAX_NODES);
}

#[test]
fn an_arrow_around_the_boxes_is_not_cut_off() {
    let placed = |points: Vec<(f64, f64)>| Placed {
        size: (100.0, 50.0),
        edges: vec![points],
        ..Placed::default()
    };
    let inside = Frame::around(&placed(vec![(1.0, 1.0), (99.0, 49.0)]));
    assert_eq!((inside.left, inside.top), (0.0, 0.0));
    assert_eq!((inside.width, inside.height), (100.0, 50.0));
    let outside = Frame::around(&placed(vec![(1.0, -12.5), (120.0, 60.0)]));
    assert_eq!((outside.left, outside.top), (0.0, -17.0));
    assert_eq!((outside.width, outside.height), (120.0, 77.0));
}
