//! A blast radius, for people and for programs.
//!
//! It is read during an outage: what matters most stands first, and nothing is abbreviated
//! that somebody would have to look up.

use std::fmt::Write as _;

use gonogo_model::alert::Alert;
use gonogo_model::comms::CommsRule;
use gonogo_model::component::{Component, Dependency, PublicName};
use gonogo_model::escalation::{EscalationPolicy, Step};
use gonogo_model::runbook::Runbook;
use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::rows::{self, Row};
use super::{counted, printable};
use crate::graph::Node;
use crate::graph::blast::{Blast, Hit, Owner, Reach};

/// The version of the JSON shape.
pub const VERSION: u32 = 1;

/// For a person.
pub fn human(blast: &Blast<'_>, package: &Package) -> String {
    let sections = [
        ("Journeys that fail", hits(&blast.fails, is_journey)),
        ("Journeys that are worse", hits(&blast.degrades, is_journey)),
        ("Components that fail", hits(&blast.fails, is_component)),
        (
            "Components that are worse",
            hits(&blast.degrades, is_component),
        ),
        ("Goes on with one support less", hits(&blast.weakened, any)),
        (
            "Cannot be started meanwhile",
            hits(&blast.cannot_start, any),
        ),
        (
            "Cannot be changed meanwhile",
            hits(&blast.cannot_change, any),
        ),
        (
            "Cannot be repaired meanwhile",
            hits(&blast.cannot_recover, any),
        ),
        (
            "Who is told",
            blast
                .teams
                .iter()
                .flat_map(|o| owner(o, package))
                .chain(blast.told.map(|rule| customers(rule, package)))
                .collect(),
        ),
        (
            "Alerts that tell of it",
            blast.alerts.iter().map(|a| alert(a)).collect(),
        ),
        (
            "Runbooks",
            blast
                .runbooks
                .iter()
                .map(|(r, why)| runbook(r, why))
                .collect(),
        ),
        (
            "What customers see",
            blast.public.iter().map(public).collect(),
        ),
    ];
    let mut out = opening(blast);
    for (title, rows) in &sections {
        rows::section(&mut out, title, rows);
    }
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
        "customers": blast.told.map(|rule| json!({
            "severity": rule.severity.value,
            "owner": rule.owner.id,
            "backup": rule.backup.as_ref().map(|b| &b.id),
            "first_update": rule.first_update.to_string(),
            "cadence": rule.cadence.to_string(),
        })),
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

/// The component, and in one sentence how much falls.
fn opening(blast: &Blast<'_>) -> String {
    let component = blast.component;
    let of =
        |hits: &[Hit<'_>], which: fn(&Hit<'_>) -> bool| hits.iter().filter(|h| which(h)).count();
    let parts = [
        (of(&blast.fails, is_journey), "journey", ["fails", "fail"]),
        (
            of(&blast.fails, is_component),
            "component",
            ["fails", "fail"],
        ),
        (
            of(&blast.degrades, is_journey),
            "journey",
            ["is worse", "are worse"],
        ),
        (
            of(&blast.degrades, is_component),
            "component",
            ["is worse", "are worse"],
        ),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, word, verb)| format!("{} {}", counted(n, word), verb[usize::from(n > 1)]))
        .collect();
    let sentence = match &said[..] {
        [] => "Nothing else needs it to work.".to_string(),
        said => format!("When it fails, {}.", said.join(", ")),
    };
    let (id, team) = (&component.id.value, &component.team.id);
    let head = format!(
        "{id}: {} ({}, tier {}), owned by {team}",
        component.name, component.kind, component.tier
    );
    format!("{}\n{sentence}\n", printable(&head))
}

fn hits(hits: &[Hit<'_>], which: fn(&Hit<'_>) -> bool) -> Vec<Row> {
    let rows = hits.iter().filter(|h| which(h));
    rows.map(|h| (h.node.id().to_string(), reason(h))).collect()
}

fn reason(hit: &Hit<'_>) -> String {
    let mut text = format!("{}, needs {}", hit.node.name(), need(hit.because));
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

fn is_journey(hit: &Hit<'_>) -> bool {
    matches!(hit.node, Node::Journey(_))
}

fn is_component(hit: &Hit<'_>) -> bool {
    !is_journey(hit)
}

fn any(_: &Hit<'_>) -> bool {
    true
}

fn word(reach: Reach) -> &'static str {
    match reach {
        Reach::Fails => "does not work",
        Reach::Degrades => "works, and is worse",
    }
}

fn owner(owner: &Owner<'_>, package: &Package) -> [Row; 3] {
    let team = owner.team;
    let owned: Vec<&str> = owner.components.iter().map(|id| id.as_str()).collect();
    let accountable = role_name(&team.accountable.id, package);
    let policy = &team.escalation_policy.id;
    let steps = package.escalation_policies.get(policy);
    let steps = steps.map_or_else(String::new, ladder);
    [
        (
            team.id.value.to_string(),
            format!("for {}", owned.join(", ")),
        ),
        (String::new(), format!("{accountable} answers for it")),
        (String::new(), format!("{policy}: {steps}")),
    ]
}

/// Who writes to customers, and how soon.
fn customers(rule: &CommsRule, package: &Package) -> Row {
    let writer = role_name(&rule.owner.id, package);
    let text = format!(
        "{writer} writes within {} and every {} ({})",
        rule.first_update, rule.cadence, rule.severity.value
    );
    ("customers".into(), text)
}

fn alert(alert: &Alert) -> Row {
    let text = format!("{} {}: {}", alert.severity, alert.urgency, alert.name);
    (alert.id.value.to_string(), text)
}

fn runbook(runbook: &Runbook, why: &str) -> Row {
    (
        runbook.id.value.to_string(),
        format!("{} ({why})", runbook.head.title),
    )
}

fn public((name, component, reach): &(&PublicName, &Component, Reach)) -> Row {
    (
        name.name.clone(),
        format!("{} ({})", word(*reach), component.id.value),
    )
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
        "name": hit.node.name(),
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
        let targets = |step: &Step| step.notify.iter().map(|t| t.describe()).collect::<Vec<_>>();
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
