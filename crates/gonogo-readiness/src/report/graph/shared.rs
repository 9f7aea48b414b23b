//! What members of a group share.

use gonogo_model::Package;
use serde_json::{Value, json};

use super::{Page, names};
use crate::graph::Graph;
use crate::graph::common_cause::{Cause, Collapse, Shared, collapses};
use crate::report::counted;
use crate::report::rows::Row;

pub(super) fn page(package: &Package, graph: &Graph<'_>) -> Page {
    let groups: usize = (0..graph.len())
        .map(|at| graph.hard(at).filter(|gate| gate.spare() > 0).count())
        .sum();
    let found = collapses(package, graph);
    let broken = found
        .iter()
        .filter(|c| c.broken_by().next().is_some())
        .count();
    let headline = match groups {
        0 => "No group can spare a member: there is no redundancy that could be broken.".into(),
        n => format!(
            "{} can spare a member; one cause takes too many of {broken} of them.",
            counted(n, "group")
        ),
    };
    Page {
        headline,
        sections: found.iter().map(|c| (title(c), rows(c))).collect(),
        notes: Vec::new(),
        json: json!({
            "groups": groups,
            "collapses": found.iter().map(json_of).collect::<Vec<Value>>(),
        }),
    }
}

fn title(collapse: &Collapse<'_>) -> String {
    format!(
        "Group {} of {}: needs {} of {}",
        collapse.group,
        collapse.node.id(),
        collapse.needs,
        names(&collapse.members)
    )
}

fn rows(collapse: &Collapse<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = collapse.causes.iter().map(row).collect();
    if collapse.more > 0 {
        rows.push((
            "and more".into(),
            format!("{} in all", collapse.causes.len() + collapse.more),
        ));
    }
    rows
}

fn row(shared: &Shared<'_>) -> Row {
    let lost = names(&shared.lost);
    let text = match (shared.cause, shared.anyway) {
        (Cause::ChangedBy(_), false) => format!("one bad change reaches {lost}"),
        (Cause::Team(_), false) => format!("one team is called for {lost}"),
        (_, false) => format!("takes {lost}"),
        (cause, true) if cause.is_failure() => {
            format!("takes {lost}; what needs the group falls anyway")
        }
        (_, true) => format!("is shared by {lost} and by what needs the group"),
    };
    (shared.cause.describe(), text)
}

fn json_of(collapse: &Collapse<'_>) -> Value {
    let cause = |shared: &Shared<'_>| {
        let (kind, name, value) = match shared.cause {
            Cause::Component(c) => ("component", "component", c.id.value.as_str()),
            Cause::Attribute { name, value } => ("attribute", name, value),
            Cause::ChangedBy(c) => ("changed-by", "component", c.id.value.as_str()),
            Cause::Team(team) => ("team", "team", team.id.value.as_str()),
        };
        json!({
            "kind": kind,
            "name": name,
            "value": value,
            "lost": shared.lost.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
            "falls_anyway": shared.anyway,
        })
    };
    json!({
        "node": collapse.node.id(),
        "group": collapse.group,
        "needs": collapse.needs,
        "members": collapse.members.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
        "more": collapse.more,
        "causes": collapse.causes.iter().map(cause).collect::<Vec<Value>>(),
    })
}
