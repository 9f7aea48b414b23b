//! A blast radius, for people and for programs.
//!
//! It is read during an outage: what matters most stands first, and nothing is abbreviated
//! that somebody would have to look up.

use std::fmt::Write as _;

use gonogo_model::component::Dependency;
use gonogo_model::escalation::EscalationPolicy;
use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::{counted, printable};
use crate::graph::Node;
use crate::graph::blast::{Blast, Hit, Owner, Reach};

/// The version of the JSON shape.
pub const VERSION: u32 = 1;

/// For a person.
pub fn human(blast: &Blast<'_>, package: &Package) -> String {
    let component = blast.component;
    let mut out = format!(
        "{}: {} ({}, tier {}), owned by {}\n",
        component.id.value, component.name, component.kind, component.tier, component.team.id
    );
    let journeys = |hits: &[Hit<'_>]| hits.iter().filter(|h| is_journey(h)).count();
    let (hit, hurt) = (journeys(&blast.fails), journeys(&blast.degrades));
    if blast.fails.is_empty() && blast.degrades.is_empty() {
        out += "Nothing else needs it to work.\n";
    } else {
        let parts = [
            (blast.fails.len() - hit, "component", "fails", "fail"),
            (hit, "journey", "fails", "fail"),
            (
                blast.degrades.len() - hurt,
                "component",
                "is worse",
                "are worse",
            ),
            (hurt, "journey", "is worse", "are worse"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(n, word, one, many)| {
                format!("{} {}", counted(n, word), if n == 1 { one } else { many })
            })
            .collect();
        let _ = writeln!(out, "When it fails, {}.", said.join(", "));
    }
    section(
        &mut out,
        "Journeys that fail",
        hits(&blast.fails, is_journey),
    );
    section(
        &mut out,
        "Journeys that are worse",
        hits(&blast.degrades, is_journey),
    );
    section(
        &mut out,
        "Components that fail",
        hits(&blast.fails, is_component),
    );
    section(
        &mut out,
        "Components that are worse",
        hits(&blast.degrades, is_component),
    );
    section(
        &mut out,
        "Goes on with one support less",
        hits(&blast.weakened, |_| true),
    );
    section(
        &mut out,
        "Cannot be started meanwhile",
        hits(&blast.cannot_start, |_| true),
    );
    section(
        &mut out,
        "Cannot be changed meanwhile",
        hits(&blast.cannot_change, |_| true),
    );
    section(
        &mut out,
        "Cannot be repaired meanwhile",
        hits(&blast.cannot_recover, |_| true),
    );
    section(
        &mut out,
        "Who is told",
        blast.teams.iter().flat_map(|o| owner(o, package)).collect(),
    );
    let alerts = blast.alerts.iter().map(|a| {
        row(
            a.id.value.as_str(),
            &format!("{} {}: {}", a.severity, a.urgency, a.name),
        )
    });
    section(&mut out, "Alerts that tell of it", alerts.collect());
    let runbooks = blast
        .runbooks
        .iter()
        .map(|(r, why)| row(r.id.value.as_str(), &format!("{} ({why})", r.head.title)));
    section(&mut out, "Runbooks", runbooks.collect());
    let public = blast.public.iter().map(|(name, component, reach)| {
        row(
            &name.name,
            &format!("{} ({})", word(*reach), component.id.value),
        )
    });
    section(&mut out, "What customers see", public.collect());
    out
}

/// For a program. Fields are only ever added.
pub fn json(blast: &Blast<'_>, package: &Package) -> String {
    let list = |hits: &[Hit<'_>]| hits.iter().map(hit_json).collect::<Vec<Value>>();
    let component = blast.component;
    let value = json!({
        "version": VERSION,
        "component": {
            "id": component.id.value,
            "name": component.name,
            "kind": component.kind,
            "tier": component.tier,
            "team": component.team.id,
        },
        "fails": list(&blast.fails),
        "degrades": list(&blast.degrades),
        "weakened": list(&blast.weakened),
        "cannot_start": list(&blast.cannot_start),
        "cannot_change": list(&blast.cannot_change),
        "cannot_recover": list(&blast.cannot_recover),
        "teams": blast.teams.iter().map(|o| owner_json(o, package)).collect::<Vec<Value>>(),
        "alerts": blast.alerts.iter().map(|a| json!({
            "id": a.id.value, "name": a.name, "severity": a.severity, "urgency": a.urgency,
        })).collect::<Vec<Value>>(),
        "runbooks": blast.runbooks.iter().map(|(r, why)| json!({
            "id": r.id.value, "title": r.head.title, "why": why,
        })).collect::<Vec<Value>>(),
        "public": blast.public.iter().map(|(name, component, reach)| json!({
            "name": name.name, "group": name.group, "component": component.id.value,
            "effect": match reach { Reach::Fails => "fails", Reach::Degrades => "degrades" },
        })).collect::<Vec<Value>>(),
    });
    let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
    out.push('\n');
    out
}

fn section(out: &mut String, title: &str, rows: Vec<String>) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for row in rows {
        let _ = writeln!(out, "  {}", printable(&row));
    }
}

/// A name and what there is to say about it, in two columns.
fn row(name: &str, text: &str) -> String {
    format!("{name:<24}  {text}")
}

fn hits(hits: &[Hit<'_>], which: impl Fn(&Hit<'_>) -> bool) -> Vec<String> {
    hits.iter()
        .filter(|h| which(h))
        .map(|h| row(h.node.id().as_str(), &reason(h)))
        .collect()
}

fn reason(hit: &Hit<'_>) -> String {
    let mut text = format!("{}, needs {}", name(hit.node), need(hit.because));
    if let Some(what) = &hit.because.when_it_fails {
        let _ = write!(text, ": {what}");
    }
    text
}

fn need(dependency: &Dependency) -> String {
    match &dependency.group {
        Some(group) => format!("{} of group {group}", dependency.component.id),
        None => dependency.component.id.to_string(),
    }
}

fn name(node: Node<'_>) -> &str {
    match node {
        Node::Component(c) => &c.name,
        Node::Journey(j) => &j.name,
    }
}

fn is_journey(hit: &Hit<'_>) -> bool {
    matches!(hit.node, Node::Journey(_))
}

fn is_component(hit: &Hit<'_>) -> bool {
    !is_journey(hit)
}

fn word(reach: Reach) -> &'static str {
    match reach {
        Reach::Fails => "does not work",
        Reach::Degrades => "works, and is worse",
    }
}

fn owner(owner: &Owner<'_>, package: &Package) -> [String; 3] {
    let team = owner.team;
    let owned: Vec<&str> = owner.components.iter().map(|id| id.as_str()).collect();
    let accountable = role_name(&team.accountable.id, package);
    let policy = &team.escalation_policy.id;
    let steps = package.escalation_policies.get(policy);
    let steps = steps.map_or_else(String::new, ladder);
    [
        row(team.id.value.as_str(), &format!("for {}", owned.join(", "))),
        row("", &format!("{accountable} answers for it")),
        row("", &format!("{policy}: {steps}")),
    ]
}

fn ladder(policy: &EscalationPolicy) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut wait = String::new();
    for step in &policy.steps {
        let targets: Vec<String> = step.notify.iter().map(|t| t.describe()).collect();
        steps.push(format!("{wait}{}", targets.join(" and ")));
        wait = format!("{} later ", step.wait);
    }
    steps.push(format!("at last {}", policy.fallback.describe()));
    steps.join(", ")
}

fn role_name<'p>(id: &'p Id, package: &'p Package) -> &'p str {
    package.roles.get(id).map_or(id.as_str(), |r| &r.name)
}

fn hit_json(hit: &Hit<'_>) -> Value {
    let kind = if is_journey(hit) {
        "journey"
    } else {
        "component"
    };
    let mut value = json!({
        "kind": kind,
        "id": hit.node.id(),
        "name": name(hit.node),
        "distance": hit.distance,
        "needs": hit.because.component.id,
        "when_it_fails": hit.because.when_it_fails,
    });
    match hit.node {
        Node::Component(c) => {
            value["tier"] = json!(c.tier);
            value["team"] = json!(c.team.id);
        }
        Node::Journey(j) => {
            value["critical"] = json!(j.critical);
            value["moves"] = json!(j.moves);
        }
    }
    value
}

fn owner_json(owner: &Owner<'_>, package: &Package) -> Value {
    let policy = package
        .escalation_policies
        .get(&owner.team.escalation_policy.id);
    let steps = policy.map_or_else(Vec::new, |p| {
        let targets = |step: &gonogo_model::escalation::Step| {
            step.notify.iter().map(|t| t.describe()).collect::<Vec<_>>()
        };
        p.steps
            .iter()
            .map(|s| json!({"notify": targets(s), "wait": s.wait.to_string()}))
            .collect()
    });
    json!({
        "id": owner.team.id.value,
        "name": owner.team.name,
        "accountable": owner.team.accountable.id,
        "components": owner.components,
        "escalation_policy": owner.team.escalation_policy.id,
        "steps": steps,
        "fallback": policy.map(|p| p.fallback.describe()),
    })
}
