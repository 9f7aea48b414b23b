//! What is missing when it is needed.

use gonogo_model::Package;
use gonogo_model::component::ToolUse;
use serde_json::{Value, json};

use super::{Page, listed, names};
use crate::graph::Graph;
use crate::graph::recovery::{Loop, What, loops, tools};
use crate::report::rows::Row;

pub(super) fn page(package: &Package, graph: &Graph<'_>) -> Page {
    let found = loops(package, graph);
    let tools = tools(package);
    let accepted = found.iter().filter(|l| l.accepted.is_some()).count();
    let headline = match found.len() {
        0 => "Whatever fails, what it is repaired with is still there.".to_string(),
        1 => format!("1 failure takes along what it is repaired with; {accepted} accepted."),
        n => format!("{n} failures take along what they are repaired with; {accepted} accepted."),
    };
    let rows = |is_accepted: bool| -> Vec<Row> {
        let of = found.iter().filter(|l| l.accepted.is_some() == is_accepted);
        of.map(row).collect()
    };
    let uses: Vec<Row> = tools
        .iter()
        .map(|(to, with)| (to.to_string(), names(with)))
        .collect();
    let unsaid: Vec<&str> = ToolUse::ALL
        .iter()
        .filter(|to| !tools.contains_key(to))
        .map(|to| to.word())
        .collect();
    let mut notes = Vec::new();
    if !unsaid.is_empty() {
        notes.push(format!(
            "note: no component says `used_for` {}, so nothing is known of it",
            listed(unsaid.iter().copied()).replace(" and ", " or ")
        ));
    }
    Page {
        headline,
        sections: vec![
            ("Missing when it is needed".into(), rows(false)),
            ("Missing, and accepted".into(), rows(true)),
            ("What people repair with".into(), uses),
        ],
        notes,
        json: json!({
            "loops": found.iter().map(json_of).collect::<Vec<Value>>(),
            "tools": tools.iter().map(|(to, with)| json!({
                "used_for": to,
                "components": with.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
            })).collect::<Vec<Value>>(),
            "undeclared": unsaid,
        }),
    }
}

fn row(l: &Loop<'_>) -> Row {
    let what = match l.what {
        What::Use(to) => to.to_string(),
        What::Repair(by) => format!("repair by {}", by.component.id),
    };
    let first = l.tools.first().map_or("", |tool| tool.id.value.as_str());
    let steps = l.path.iter().map(|d| d.component.id.as_str());
    let path: Vec<&str> = std::iter::once(first).chain(steps).collect();
    let others = match l.tools.get(1..) {
        Some(others) if !others.is_empty() => format!("; {} too", names(others)),
        _ => String::new(),
    };
    let accepted = l
        .accepted
        .map_or(String::new(), |m| format!("; accepted in {}", m.id.value));
    let text = format!(
        "gone when {} fails: {}{others}{accepted}",
        l.cause.id.value,
        path.join(" → ")
    );
    (what, text)
}

fn json_of(l: &Loop<'_>) -> Value {
    let (used_for, repair) = match l.what {
        What::Use(to) => (Some(to), None),
        What::Repair(by) => (None, Some(&by.component.id)),
    };
    json!({
        "used_for": used_for,
        "repaired_with": repair,
        "tools": l.tools.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
        "cause": l.cause.id.value,
        "path": l.path.iter().map(|d| &d.component.id).collect::<Vec<_>>(),
        "accepted_in": l.accepted.map(|mode| &mode.id.value),
    })
}
