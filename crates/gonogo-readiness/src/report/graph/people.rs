//! What hangs on one person, and what would be too much for a team.

use gonogo_model::Package;
use serde_json::{Value, json};

use super::{Page, names};
use crate::graph::Graph;
use crate::graph::people::{Burden, MAX_COMPONENTS_A_BLAST, Single, What, burdens, single_points};
use crate::report::counted;
use crate::report::rows::Row;

pub(super) fn page(package: &Package, graph: &Graph<'_>) -> Page {
    let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
    let at = launch.map(|l| l.at.0);
    let singles = single_points(package, at);
    let burdens = burdens(package, graph, MAX_COMPONENTS_A_BLAST);
    let of = |which: fn(&What<'_>) -> bool| -> Vec<Row> {
        singles.iter().filter(|s| which(&s.what)).map(row).collect()
    };
    let when = if at.is_some() {
        "at the launch"
    } else {
        "at any time"
    };
    Page {
        headline: format!(
            "{} on one person {when}.",
            match singles.len() {
                0 => "No team, policy or role hangs".to_string(),
                1 => "1 team, policy or role hangs".to_string(),
                n => format!("{n} teams, policies and roles hang"),
            }
        ),
        sections: vec![
            ("Teams of one".into(), of(|w| matches!(w, What::Team(_)))),
            (
                "Policies that reach one person".into(),
                of(|w| matches!(w, What::Policy(_))),
            ),
            (
                "Roles with one holder".into(),
                of(|w| matches!(w, What::Role(_))),
            ),
            (
                format!("Teams with more than {MAX_COMPONENTS_A_BLAST} components down at once"),
                burdens.iter().map(burden).collect(),
            ),
        ],
        notes: Vec::new(),
        json: json!({
            "at": at.map(|at| at.to_string()),
            "single_points": singles.iter().map(json_of).collect::<Vec<Value>>(),
            "burdens": burdens.iter().map(|b| json!({
                "team": b.team.id.value,
                "cause": b.cause.id.value,
                "components": b.components.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
                "teams": b.teams,
                "people": b.people,
            })).collect::<Vec<Value>>(),
        }),
    }
}

fn row(single: &Single<'_>) -> Row {
    let id = match single.what {
        What::Role(role) => &role.id.value,
        What::Policy(policy) => &policy.id.value,
        What::Team(team) => &team.id.value,
    };
    let owns = match single.components.len() {
        0 => String::new(),
        n => format!(", for {}", counted(n, "component")),
    };
    (id.to_string(), format!("{}{owns}", single.person.id.value))
}

fn burden(burden: &Burden<'_>) -> Row {
    let text = format!(
        "{} when {} fails: {}; {} called, {} for all of them",
        counted(burden.components.len(), "component"),
        burden.cause.id.value,
        names(&burden.components),
        counted(burden.teams, "team"),
        match burden.people {
            1 => "1 person".to_string(),
            n => format!("{n} people"),
        }
    );
    (burden.team.id.value.to_string(), text)
}

fn json_of(single: &Single<'_>) -> Value {
    let (kind, id) = match single.what {
        What::Role(role) => ("role", &role.id.value),
        What::Policy(policy) => ("escalation-policy", &policy.id.value),
        What::Team(team) => ("team", &team.id.value),
    };
    json!({
        "kind": kind,
        "id": id,
        "person": single.person.id.value,
        "components": single.components.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
    })
}
