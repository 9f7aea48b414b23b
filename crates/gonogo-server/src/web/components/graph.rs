//! The dependency graph as a picture with links, and as a list with the same facts.
//!
//! Every box is a link that the keyboard reaches; state is a shape as well as a colour. The same
//! graph gives the same bytes. A graph that is too large to read as a picture is only listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::layered::{Placed, Plan, place};
use super::{Markup, State, escape, shorten};

/// The most boxes that are drawn; beyond this nobody reads a picture.
pub const MAX_NODES: usize = 150;
/// The most arrows that are drawn.
pub const MAX_EDGES: usize = 600;
/// The longest label in a box, in characters; the whole stands in the tooltip and the list.
pub const MAX_LABEL_CHARS: usize = 26;

/// Pictures of these widths are shrunk to a wide screen; narrower ones fit, wider ones scroll.
const FIT_WIDTHS: std::ops::Range<f64> = 1000.0..1600.0;
const HEIGHT: f64 = 44.0;
const MIN_WIDTH: f64 = 112.0;
const CHAR_WIDTH: f64 = 8.0;
const PADDING: f64 = 44.0;
/// What is left free beside an arrow at the edge.
const ARROW_MARGIN: f64 = 4.0;

/// A graph to be shown.
#[derive(Clone, Debug, Default)]
pub struct GraphPicture {
    /// What it shows: "What depends on what".
    pub title: String,
    /// The boxes. A second box with the same id is left out.
    pub nodes: Vec<GraphNode>,
    /// The arrows, from what depends to what it depends on. One that leads nowhere is left out.
    pub edges: Vec<GraphEdge>,
}

/// A box.
#[derive(Clone, Debug, Default)]
pub struct GraphNode {
    /// What edges point with.
    pub id: String,
    /// Its name.
    pub label: String,
    /// "service", "vendor", "journey".
    pub kind: String,
    /// How it is.
    pub state: State,
    /// Where it leads; may be empty.
    pub href: String,
    /// What it is drawn inside of; may be empty.
    pub group: String,
    /// Whether a fault elsewhere reaches it.
    pub hit: bool,
    /// Whether it is the one that the page is about.
    pub here: bool,
}

/// An arrow.
#[derive(Clone, Debug, Default)]
pub struct GraphEdge {
    /// What depends.
    pub from: String,
    /// On what.
    pub to: String,
    /// Whether it can do without.
    pub soft: bool,
    /// Whether a fault travels along it.
    pub hit: bool,
}

impl GraphPicture {
    /// Picture and list.
    pub fn svg(&self) -> Markup {
        let (nodes, edges) = self.ordered();
        if nodes.is_empty() {
            return Markup::trusted(
                r#"<div class="empty"><h3>Nothing to draw yet</h3><p>Components and their dependencies stand in components/*.yaml of the package.</p></div>"#.to_owned(),
            );
        }
        let small = nodes.len() <= MAX_NODES && edges.len() <= MAX_EDGES;
        let placed = if small {
            place(&plan(&nodes, &edges))
        } else {
            None
        };
        let picture = match placed {
            Some(placed) => self.picture(&nodes, &edges, &placed),
            None => format!(
                r#"<p class="muted">{} components and {} dependencies are too many for one picture. The list has them all; a component's own page draws what is around it.</p>"#,
                nodes.len(),
                edges.len(),
            ),
        };
        let open = if small { "" } else { " open" };
        Markup::trusted(format!(
            r#"<figure class="graph">{picture}<details class="alt"{open}><summary>As a list</summary>{}</details></figure>"#,
            self.list(&nodes, &edges),
        ))
    }

    /// Everything once, in the order of ids, without what leads nowhere.
    fn ordered(&self) -> (Vec<&GraphNode>, Vec<(usize, usize, &GraphEdge)>) {
        let mut by_id: BTreeMap<&str, &GraphNode> = BTreeMap::new();
        for node in &self.nodes {
            by_id.entry(&node.id).or_insert(node);
        }
        let place: BTreeMap<&str, usize> = by_id.keys().copied().zip(0..).collect();
        let mut edges: BTreeMap<(usize, usize, bool), &GraphEdge> = BTreeMap::new();
        for edge in &self.edges {
            let ends = (place.get(edge.from.as_str()), place.get(edge.to.as_str()));
            if let (Some(from), Some(to)) = ends
                && from != to
            {
                edges.entry((*from, *to, edge.soft)).or_insert(edge);
            }
        }
        let edges = edges
            .into_iter()
            .map(|((from, to, _), edge)| (from, to, edge));
        (by_id.into_values().collect(), edges.collect())
    }

    fn picture(
        &self,
        nodes: &[&GraphNode],
        edges: &[(usize, usize, &GraphEdge)],
        placed: &Placed,
    ) -> String {
        let frame = Frame::around(placed);
        let (left, top, width, height) = (frame.left, frame.top, frame.width, frame.height);
        let mut body = String::new();
        for (name, (x, y, w, h)) in groups(nodes).iter().zip(&placed.groups) {
            let _ = write!(
                body,
                r#"<rect class="cluster" x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="8"/><text class="cluster-label" x="{:.1}" y="{:.1}">{}</text>"#,
                x + 10.0,
                y + 15.0,
                escape(&shorten(name, MAX_LABEL_CHARS)),
            );
        }
        // Hit arrows last, so that they lie on top.
        for wanted in [false, true] {
            for ((_, _, edge), points) in edges.iter().zip(&placed.edges) {
                if edge.hit == wanted {
                    body.push_str(&arrow(edge, points));
                }
            }
        }
        for (node, middle) in nodes.iter().zip(&placed.nodes) {
            body.push_str(&boxed(node, *middle));
        }
        let key = r#"<p class="key"><span><svg width="24" height="6" aria-hidden="true"><line class="edge" x2="24" y1="3" y2="3"/></svg>needs</span><span><svg width="24" height="6" aria-hidden="true"><line class="edge soft" x2="24" y1="3" y2="3"/></svg>can do without</span><span><svg width="24" height="6" aria-hidden="true"><line class="edge hit" x2="24" y1="3" y2="3"/></svg>a fault travels here</span></p>"#;
        let fit = if FIT_WIDTHS.contains(&width) {
            r#" class="fit""#
        } else {
            ""
        };
        format!(
            r#"<div class="scroll" tabindex="0" role="group" aria-label="{title}"><svg{fit} width="{width}" height="{height}" viewBox="{left} {top} {width} {height}" role="group" aria-label="{title}">{body}</svg></div>{key}"#,
            title = escape(&self.title),
        )
    }

    fn list(&self, nodes: &[&GraphNode], edges: &[(usize, usize, &GraphEdge)]) -> String {
        let mut needs: Vec<Vec<String>> = vec![Vec::new(); nodes.len()];
        for (from, to, edge) in edges {
            let soft = if edge.soft { " (can do without)" } else { "" };
            let hit = if edge.hit {
                ", a fault travels here"
            } else {
                ""
            };
            needs[*from].push(format!("{}{soft}{hit}", escape(&nodes[*to].label)));
        }
        let mut rows = String::new();
        for (node, needs) in nodes.iter().zip(needs) {
            let label = escape(&node.label);
            let name = match node.href.is_empty() {
                true => label,
                false => format!(
                    r#"<a class="quiet" href="{}">{label}</a>"#,
                    escape(&node.href)
                ),
            };
            let needs = match needs.is_empty() {
                true => "nothing".to_owned(),
                false => needs.join("; "),
            };
            let _ = write!(
                rows,
                r#"<tr><th scope="row" dir="auto">{name}</th><td>{}</td><td><span class="glyph {}">{}</span></td><td>{needs}</td></tr>"#,
                escape(&node.kind),
                node.state.class(),
                said(node),
            );
        }
        format!(
            r#"<div class="scroll"><table><caption class="sr">{}</caption><thead><tr><th scope="col">Component</th><th scope="col">Kind</th><th scope="col">State</th><th scope="col">Needs</th></tr></thead><tbody>{rows}</tbody></table></div>"#,
            escape(&self.title),
        )
    }
}

/// The part of the plane that is drawn, in whole pixels.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Frame {
    /// Everything, with the arrows that the layout leads around the boxes outside of its size.
    fn around(placed: &Placed) -> Self {
        let points = placed.edges.iter().flatten();
        let all = points.chain([&placed.size, &(0.0, 0.0)]);
        let bounds = |pick: fn(&(f64, f64)) -> f64, margin: f64| {
            let of = all.clone().map(pick);
            let low = of.clone().fold(0.0, f64::min);
            let high = of.fold(1.0, f64::max);
            let low = if low < 0.0 {
                (low - margin).floor()
            } else {
                0.0
            };
            (low, (high - low).ceil())
        };
        let (left, width) = bounds(|p| p.0, ARROW_MARGIN);
        let (top, height) = bounds(|p| p.1, ARROW_MARGIN);
        Self {
            left,
            top,
            width,
            height,
        }
    }
}

fn plan(nodes: &[&GraphNode], edges: &[(usize, usize, &GraphEdge)]) -> Plan {
    let groups = groups(nodes);
    let group = |node: &GraphNode| groups.iter().position(|name| *name == node.group);
    Plan {
        nodes: nodes
            .iter()
            .map(|node| (width(node), HEIGHT, group(node)))
            .collect(),
        edges: edges.iter().map(|(from, to, _)| (*from, *to)).collect(),
        groups: groups.len(),
    }
}

fn groups<'a>(nodes: &[&'a GraphNode]) -> Vec<&'a str> {
    let names: BTreeSet<&str> = nodes.iter().map(|node| node.group.as_str()).collect();
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn width(node: &GraphNode) -> f64 {
    let chars = node.label.chars().count().min(MAX_LABEL_CHARS) as f64;
    (chars * CHAR_WIDTH + PADDING).max(MIN_WIDTH).round()
}

/// "Failing", "OK, hit by a fault elsewhere".
fn said(node: &GraphNode) -> String {
    let hit = if node.hit {
        ", hit by a fault elsewhere"
    } else {
        ""
    };
    format!("{}{hit}", node.state.word())
}

fn arrow(edge: &GraphEdge, points: &[(f64, f64)]) -> String {
    let [.., before, end] = points else {
        return String::new();
    };
    let soft = if edge.soft { " soft" } else { "" };
    let hit = if edge.hit { " hit" } else { "" };
    let (dx, dy) = (end.0 - before.0, end.1 - before.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let base = (end.0 - ux * 7.0, end.1 - uy * 7.0);
    format!(
        r#"<path class="edge{soft}{hit}" d="{}"/><path class="tip{hit}" d="M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z"/>"#,
        curve(points, base),
        end.0,
        end.1,
        base.0 - uy * 3.5,
        base.1 + ux * 3.5,
        base.0 + uy * 3.5,
        base.1 - ux * 3.5,
    )
}

/// A line through the points whose corners are rounded, ending at the base of the tip.
fn curve(points: &[(f64, f64)], end: (f64, f64)) -> String {
    let mut d = format!("M{:.1} {:.1}", points[0].0, points[0].1);
    for pair in points[1..].windows(2) {
        let (corner, next) = (pair[0], pair[1]);
        let middle = ((corner.0 + next.0) / 2.0, (corner.1 + next.1) / 2.0);
        let _ = write!(
            d,
            "Q{:.1} {:.1} {:.1} {:.1}",
            corner.0, corner.1, middle.0, middle.1
        );
    }
    let _ = write!(d, "L{:.1} {:.1}", end.0, end.1);
    d
}

fn boxed(node: &GraphNode, (x, y): (f64, f64)) -> String {
    let width = width(node);
    let (left, top) = (x - width / 2.0, y - HEIGHT / 2.0);
    let hit = if node.hit { " hit" } else { "" };
    let here = if node.here { " here" } else { "" };
    let hatch = if node.state == State::Unknown {
        r#" fill="url(#hatch)""#
    } else {
        ""
    };
    let title = escape(&format!("{} ({}): {}", node.label, node.kind, said(node)));
    let inside = format!(
        r#"<title>{title}</title><rect class="box" x="{left:.1}" y="{top:.1}" width="{width}" height="{HEIGHT}" rx="6"{hatch}/>{}<text x="{tx:.1}" y="{:.1}">{}</text><text class="kind" x="{tx:.1}" y="{:.1}">{}</text>"#,
        shape(node.state, left + 19.0, y),
        y - 2.0,
        written(&node.label),
        y + 13.0,
        written(&node.kind),
        tx = left + 34.0,
    );
    let class = format!("node {}{hit}{here}", node.state.class());
    match node.href.is_empty() {
        true => format!(
            r#"<g class="{class}" tabindex="0" role="img" aria-label="{title}">{inside}</g>"#
        ),
        false => format!(
            r#"<a class="{class}" href="{}" aria-label="{title}">{inside}</a>"#,
            escape(&node.href)
        ),
    }
}

/// Text for a box. What may be right-to-left is set apart, so that its ellipsis stands at its end.
fn written(text: &str) -> String {
    let text = escape(&shorten(text, MAX_LABEL_CHARS));
    match text.is_ascii() {
        true => text,
        false => format!("\u{2068}{text}\u{2069}"),
    }
}

/// The shapes of `state.css`, around a middle.
fn shape(state: State, x: f64, y: f64) -> String {
    let (path, hole) = match state {
        State::Ok => (
            "M6 .5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
            "M3.4 6.2 5.3 8l3.3-3.5",
        ),
        State::Warn => ("M6 .6 11.8 11H.2z", "M6 4.2v3M6 8.6v.6"),
        State::Bad => (
            "M3.6.4h4.8l3.2 3.2v4.8l-3.2 3.2H3.6L.4 8.4V3.6z",
            "M4 4l4 4M8 4 4 8",
        ),
        State::Unknown => ("", "M4.6 6h2.8"),
    };
    let (x, y) = (x - 6.0, y - 6.0);
    match state {
        State::Unknown => format!(
            r#"<g class="shape-open" transform="translate({x:.1} {y:.1})"><circle cx="6" cy="6" r="4.8"/><path d="{hole}"/></g>"#
        ),
        _ => format!(
            r#"<g transform="translate({x:.1} {y:.1})"><path class="shape" d="{path}"/><path class="shape-hole" d="{hole}"/></g>"#
        ),
    }
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
