//! `/graph`: what depends on what, what is hit, and what comes of the failure of one component.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use gonogo_model::Id;
use gonogo_model::component::DependencyKind;
use gonogo_readiness::graph::blast::{Blast, Hit, Reach};
use gonogo_readiness::graph::{Graph, Node};

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::view::{ComponentState, View};
use crate::web::components::graph::{GraphEdge, GraphNode, GraphPicture};
use crate::web::components::{Markup, State as Seen};
use crate::web::{Frame, Nav, Shell, page};

/// The pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/graph", get(whole))
        .route("/graph/{component}", get(one))
}

#[derive(Template)]
#[template(path = "graph.html")]
struct GraphPage {
    shell: Shell,
    picture: Markup,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    href: String,
    kind: String,
    state: Seen,
    word: String,
    why: String,
    team: String,
    falls: usize,
}

#[derive(Template)]
#[template(path = "component.html")]
struct ComponentPage {
    shell: Shell,
    name: String,
    kind: String,
    tier: u8,
    description: String,
    state: Seen,
    word: String,
    why: String,
    team: String,
    incident: Option<(String, String)>,
    picture: Markup,
    effects: Vec<Effect>,
    told: Vec<String>,
    runbooks: Vec<(String, String, String)>,
    alerts: Vec<String>,
    public: Vec<String>,
    rollback: Option<(String, String)>,
    links: Vec<(String, String)>,
}

struct Effect {
    heading: &'static str,
    none: &'static str,
    state: Seen,
    hits: Vec<(String, String, String)>,
}

async fn whole(who: Identity, State(site): State<Site>, frame: Frame) -> Response {
    let view = site.view();
    let ids: BTreeSet<&Id> = view.plan.package.components.keys().collect();
    let mut rows: Vec<Row> = view
        .plan
        .package
        .components
        .values()
        .map(|c| row(&view, &c.id.value))
        .collect();
    rows.sort_by_key(|r| {
        (
            std::cmp::Reverse(weight(r.state)),
            std::cmp::Reverse(r.falls),
        )
    });
    page(&GraphPage {
        picture: picture(&view, &ids, None),
        rows,
        shell: shell(
            &site,
            &view,
            &who,
            frame,
            "What depends on what",
            Nav::Graph,
        ),
    })
}

async fn one(
    who: Identity,
    State(site): State<Site>,
    Path(id): Path<String>,
    frame: Frame,
) -> Response {
    let view = site.view();
    let package = &view.plan.package;
    let graph = Graph::new(package);
    let found = Id::parse(&id)
        .ok()
        .and_then(|id| Blast::of(package, &graph, &id));
    let Some(blast) = found else {
        return Missing::thing(
            frame,
            format!("component {id}"),
            ("See the graph", "/graph"),
        )
        .into_response();
    };
    let component = blast.component;
    let own = row(&view, &component.id.value);
    let incident = view
        .components
        .get(&component.id.value)
        .and_then(|c| c.incident);
    let mut near: BTreeSet<&Id> = component
        .depends_on
        .iter()
        .map(|d| &d.component.id)
        .collect();
    near.insert(&component.id.value);
    near.extend(
        blast
            .fails
            .iter()
            .chain(&blast.degrades)
            .filter_map(|h| match h.node {
                Node::Component(c) => Some(&c.id.value),
                Node::Journey(_) => None,
            }),
    );
    let rollback = component.rollback.as_ref().map(|r| {
        (
            format!("{} (within {})", r.trigger, r.budget),
            r.command.clone(),
        )
    });
    page(&ComponentPage {
        shell: shell(&site, &view, &who, frame, &component.name, Nav::Graph),
        name: component.name.clone(),
        kind: component.kind.word().into(),
        tier: component.tier,
        description: component.description.clone().unwrap_or_default(),
        state: own.state,
        word: own.word,
        why: own.why,
        team: own.team,
        incident: incident.map(|n| (format!("INC-{n}"), format!("/incidents/{n}"))),
        picture: picture(&view, &near, Some(&component.id.value)),
        effects: effects(&blast),
        told: blast
            .teams
            .iter()
            .map(|o| {
                format!(
                    "{} ({})",
                    o.team.name,
                    shown::plural(o.components.len(), "component", "components")
                )
            })
            .collect(),
        runbooks: blast
            .runbooks
            .iter()
            .map(|(r, why)| {
                (
                    r.head.title.clone(),
                    format!("/runbooks/{}", r.id.value),
                    why.clone(),
                )
            })
            .collect(),
        alerts: blast.alerts.iter().map(|a| a.name.clone()).collect(),
        public: blast
            .public
            .iter()
            .map(|(p, _, reach)| match reach {
                Reach::Fails => format!("{} does not work", p.name),
                Reach::Degrades => format!("{} is worse", p.name),
            })
            .collect(),
        rollback,
        links: component
            .links
            .iter()
            .filter(|(_, href)| crate::web::components::markdown::is_safe_link(href))
            .map(|(n, h)| (n.clone(), h.clone()))
            .collect(),
    })
}

fn effects(blast: &Blast<'_>) -> Vec<Effect> {
    let of = |heading, none, state, hits: &[Hit<'_>]| Effect {
        heading,
        none,
        state,
        hits: hits.iter().map(hit).collect(),
    };
    vec![
        of(
            "Falls with it",
            "Nothing else falls.",
            Seen::Bad,
            &blast.fails,
        ),
        of(
            "Goes on, and is worse",
            "Nothing is merely worse.",
            Seen::Warn,
            &blast.degrades,
        ),
        of(
            "Could not be started again",
            "Everything could be started again.",
            Seen::Warn,
            &blast.cannot_start,
        ),
        of(
            "Could not be changed",
            "Everything could be changed.",
            Seen::Warn,
            &blast.cannot_change,
        ),
        of(
            "Could not be repaired",
            "Nothing that repairs depends on it.",
            Seen::Warn,
            &blast.cannot_recover,
        ),
    ]
}

fn hit(hit: &Hit<'_>) -> (String, String, String) {
    let why = hit.because.when_it_fails.clone().unwrap_or_default();
    match hit.node {
        Node::Component(c) => (c.name.clone(), format!("/graph/{}", c.id.value), why),
        Node::Journey(j) => (format!("{} (journey)", j.name), String::new(), why),
    }
}

fn row(view: &View, id: &Id) -> Row {
    let package = &view.plan.package;
    let seen = view.components.get(id);
    let (state, word) = shown::component(seen.map_or(ComponentState::Unknown, |c| c.state));
    let component = package.components.get(id);
    Row {
        name: shown::component_name(package, id),
        href: format!("/graph/{id}"),
        kind: component.map_or("", |c| c.kind.word()).into(),
        state,
        word: word.into(),
        why: seen.map_or(String::new(), |c| c.why.clone()),
        team: component.map_or(String::new(), |c| shown::team(package, &c.team.id)),
        falls: view.plan.blast(id).len().saturating_sub(1),
    }
}

fn picture(view: &View, ids: &BTreeSet<&Id>, here: Option<&Id>) -> Markup {
    let package = &view.plan.package;
    let struck = |id: &Id| {
        view.components
            .get(id)
            .is_some_and(|c| c.state >= ComponentState::AtRisk)
    };
    let mut graph = GraphPicture {
        title: "What depends on what".into(),
        ..GraphPicture::default()
    };
    for component in ids.iter().filter_map(|id| package.components.get(*id)) {
        let id = &component.id.value;
        let (state, _) = shown::component(
            view.components
                .get(id)
                .map_or(ComponentState::Unknown, |c| c.state),
        );
        graph.nodes.push(GraphNode {
            id: id.to_string(),
            label: component.name.clone(),
            kind: component.kind.word().into(),
            state,
            href: format!("/graph/{id}"),
            group: String::new(),
            hit: struck(id),
            here: here == Some(id),
        });
        for need in component
            .depends_on
            .iter()
            .filter(|d| ids.contains(&d.component.id))
        {
            let hard = need.kind == DependencyKind::Hard;
            if !hard && need.kind != DependencyKind::Soft {
                continue;
            }
            graph.edges.push(GraphEdge {
                from: id.to_string(),
                to: need.component.id.to_string(),
                soft: !hard,
                hit: hard && struck(id) && struck(&need.component.id),
            });
        }
    }
    graph.svg()
}

fn weight(state: Seen) -> u8 {
    match state {
        Seen::Bad => 3,
        Seen::Warn => 2,
        Seen::Unknown => 1,
        Seen::Ok => 0,
    }
}
