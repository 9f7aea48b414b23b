//! One component: what falls when it fails, who has to know, and what to follow.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_model::component::{Component, Dependency, Rollback};
use gonogo_model::{Id, Package};
use gonogo_readiness::graph::blast::{Blast, Hit, Reach};
use gonogo_readiness::graph::{Graph, Node};

use super::picture::{around, kind_words, name_of};
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::view::View;
use crate::web::components::{Markup, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

#[derive(Template)]
#[template(path = "graph/component.html")]
struct ComponentPage {
    shell: Shell,
    id: String,
    name: String,
    description: String,
    kind: String,
    tier: u8,
    team: String,
    state: Colour,
    word: &'static str,
    why: String,
    incident: Option<u64>,
    picture: Markup,
    sentence: String,
    reaches: Vec<Reached>,
    needs: Vec<Line>,
    teams: Vec<(String, String)>,
    alerts: Vec<(Colour, Line)>,
    runbooks: Vec<Line>,
    more_runbooks: Vec<Line>,
    public: Vec<(String, &'static str)>,
    checks: Vec<(Colour, String, String)>,
    links: Vec<(String, String)>,
    rollback: Option<Back>,
}

/// One way in which a failure reaches others.
struct Reached {
    title: &'static str,
    /// Where a link on the page leads.
    anchor: &'static str,
    lines: Vec<Line>,
}

/// Something with a name, a place and a few words.
struct Line {
    name: String,
    href: String,
    text: String,
    journey: bool,
}

/// How it is taken back.
struct Back {
    trigger: String,
    decider: String,
    budget: String,
    command: String,
    point: String,
    runbook: Option<(String, String)>,
}

/// `GET /graph/{component}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let graph = Graph::new(package);
    let blast = Id::parse(&id)
        .ok()
        .and_then(|id| Blast::of(package, &graph, &id));
    let Some(blast) = blast else {
        return Err(Missing::thing(
            frame,
            "component of that name",
            ("The whole graph", "/graph"),
        ));
    };
    let component = blast.component;
    let seen = view.components.get(&component.id.value);
    let (state, word) = seen.map_or((Colour::Unknown, "Unknown"), |c| shown::component(c.state));
    let (runbooks, more_runbooks) = runbooks(&blast);
    let reached: BTreeSet<&Id> = blast.fails.iter().map(|h| h.node.id()).collect();
    let template = ComponentPage {
        id: component.id.value.to_string(),
        name: component.name.clone(),
        description: component.description.clone().unwrap_or_default(),
        kind: shown::words(component.kind.word()),
        tier: component.tier,
        team: shown::team(package, &component.team.id),
        state,
        word,
        why: seen.map(|c| c.why.clone()).unwrap_or_default(),
        incident: seen.and_then(|c| c.incident),
        picture: around(&view, &component.id.value, &reached).svg(),
        sentence: sentence(&blast),
        reaches: reaches(package, &blast),
        needs: component
            .depends_on
            .iter()
            .map(|d| need(package, d))
            .collect(),
        teams: teams(package, &blast),
        alerts: alerts(&view, &blast),
        runbooks,
        more_runbooks,
        public: blast
            .public
            .iter()
            .map(|(name, _, reach)| (name.name.clone(), effect(*reach)))
            .collect(),
        checks: checks(&view, component),
        links: component
            .links
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .filter(|(_, v)| is_web(v))
            .collect(),
        rollback: component.rollback.as_ref().map(|r| back(package, r)),
        shell: shell(&site, &view, &who, frame, &component.name, Nav::Graph),
    };
    Ok(page(&template))
}

fn is_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}

fn effect(reach: Reach) -> &'static str {
    match reach {
        Reach::Fails => "does not work",
        Reach::Degrades => "is worse",
    }
}

fn sentence(blast: &Blast<'_>) -> String {
    let journeys = |hits: &[Hit<'_>]| {
        hits.iter()
            .filter(|h| matches!(h.node, Node::Journey(_)))
            .count()
    };
    let fall = journeys(&blast.fails);
    let rest = blast.fails.len() - fall;
    if blast.fails.is_empty() && blast.degrades.is_empty() {
        return "If it fails, nothing else that the package knows of does.".to_owned();
    }
    format!(
        "If it fails, {} and {} fail with it, and {} worse.",
        shown::plural(rest, "other component", "other components"),
        shown::plural(fall, "journey", "journeys"),
        match blast.degrades.len() {
            0 => "nothing else gets".to_owned(),
            1 => "1 thing gets".to_owned(),
            n => format!("{n} things get"),
        }
    )
}

fn reaches(package: &Package, blast: &Blast<'_>) -> Vec<Reached> {
    let lines = |hits: &[Hit<'_>]| hits.iter().map(|h| hit(package, h)).collect::<Vec<Line>>();
    let all = [
        ("Falls with it", "falls", lines(&blast.fails)),
        ("Gets worse", "worse", lines(&blast.degrades)),
        (
            "Goes on with one support less",
            "weaker",
            lines(&blast.weakened),
        ),
        (
            "Cannot be started meanwhile",
            "no-start",
            lines(&blast.cannot_start),
        ),
        (
            "Cannot be changed meanwhile",
            "no-change",
            lines(&blast.cannot_change),
        ),
        (
            "Cannot be repaired meanwhile",
            "no-repair",
            lines(&blast.cannot_recover),
        ),
    ];
    let some = all.into_iter().filter(|(_, _, lines)| !lines.is_empty());
    some.map(|(title, anchor, mut lines)| {
        // What customers do comes first; the rest stays in order of distance.
        lines.sort_by_key(|l| !l.journey);
        Reached {
            title,
            anchor,
            lines,
        }
    })
    .collect()
}

fn hit(package: &Package, hit: &Hit<'_>) -> Line {
    let id = hit.node.id();
    let journey = matches!(hit.node, Node::Journey(_));
    let because = &hit.because;
    let through = name_of(package, &because.component.id);
    let said = because.when_it_fails.clone();
    Line {
        name: name_of(package, id),
        href: if journey {
            String::new()
        } else {
            format!("/graph/{id}")
        },
        text: match said {
            Some(text) => text,
            None if hit.distance > 1 => format!("through {through}: {}", kind_words(because)),
            None => kind_words(because),
        },
        journey,
    }
}

fn need(package: &Package, dependency: &Dependency) -> Line {
    let id = &dependency.component.id;
    let kind = kind_words(dependency);
    Line {
        name: shown::component_name(package, id),
        href: format!("/graph/{id}"),
        text: match &dependency.when_it_fails {
            Some(said) => format!("{kind}: {said}"),
            None => kind,
        },
        journey: false,
    }
}

fn teams(package: &Package, blast: &Blast<'_>) -> Vec<(String, String)> {
    let of = |owner: &gonogo_readiness::graph::blast::Owner<'_>| {
        let names: Vec<String> = owner
            .components
            .iter()
            .map(|c| shown::component_name(package, c))
            .collect();
        (owner.team.name.clone(), shown::list(&names))
    };
    blast.teams.iter().map(of).collect()
}

/// What fires comes first.
fn alerts(view: &View, blast: &Blast<'_>) -> Vec<(Colour, Line)> {
    let of = |alert: &&gonogo_model::alert::Alert| {
        let id = &alert.id.value;
        let reading = view.reading(id);
        let line = Line {
            name: alert.name.clone(),
            href: crate::signals::href_of(alert).unwrap_or_default(),
            text: reading.map(|r| r.detail.clone()).unwrap_or_default(),
            journey: false,
        };
        (crate::signals::standing(view.alerts.get(id)).0, line)
    };
    let mut all: Vec<_> = blast.alerts.iter().map(of).collect();
    all.sort_by_key(|(state, _)| crate::signals::rank(*state));
    all
}

/// The runbooks for the component itself, and those for what falls with it.
fn runbooks(blast: &Blast<'_>) -> (Vec<Line>, Vec<Line>) {
    let own = &blast.component.id.value;
    let lines = blast.runbooks.iter().map(|(runbook, why)| {
        let covers = runbook.head.covers.iter().any(|c| c.id == *own);
        let alerts = blast.alerts.iter().filter(|a| {
            let named = a.runbook.as_ref();
            named.is_some_and(|r| r.id == runbook.id.value)
        });
        let alerts: Vec<String> = alerts.map(|a| a.name.clone()).collect();
        let (name, href) = shown::runbook_link(runbook);
        let text = match (covers, alerts.is_empty()) {
            (true, _) => "written for it".to_owned(),
            (false, false) => format!("for: {}", alerts.join("; ")),
            (false, true) => why.clone(),
        };
        (
            covers,
            Line {
                name,
                href,
                text,
                journey: false,
            },
        )
    });
    let (own, other): (Vec<_>, Vec<_>) = lines.partition(|(covers, _)| *covers);
    let line = |(_, line)| line;
    let (own, other): (Vec<Line>, Vec<Line>) = (
        own.into_iter().map(line).collect(),
        other.into_iter().map(line).collect(),
    );
    match own.is_empty() {
        // Nothing was written for it, so the others are the best there is.
        true => (other, Vec::new()),
        false => (own, other),
    }
}

fn checks(view: &View, component: &Component) -> Vec<(Colour, String, String)> {
    let on_it = view.checks.iter().filter_map(|c| {
        let declared = view.plan.package.checks.get(&c.id)?;
        (declared.component.id == component.id.value).then(|| {
            (
                shown::health(c.health),
                declared.name.clone(),
                format!("/signals/checks/{}", c.id),
            )
        })
    });
    on_it.collect()
}

fn back(package: &Package, rollback: &Rollback) -> Back {
    Back {
        trigger: rollback.trigger.clone(),
        decider: shown::role(package, &rollback.decider.id),
        budget: shown::length(rollback.budget),
        command: rollback.command.clone(),
        point: rollback.point_of_no_return.clone().unwrap_or_default(),
        runbook: rollback
            .runbook
            .as_ref()
            .and_then(|r| package.runbooks.get(&r.id))
            .map(shown::runbook_link),
    }
}
