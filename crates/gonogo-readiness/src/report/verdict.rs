//! The go/no-go board, for people and for programs.
//!
//! What blocks stands first, with who has to act and what to do; a count of green things never
//! stands in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gonogo_model::PackageText;
use gonogo_model::evidence::Evidence;
use serde_json::{Value, json};

use super::{Sources, counted, printable};
use crate::criteria::{Gate, State};
use crate::verdict::{Area, Asked, Call, Judged, Verdict};

/// The version of the JSON shape.
pub const VERSION: u32 = 1;
/// How many different answers of one criterion are written out; the rest is counted.
const MAX_ANSWERS: usize = 3;
/// How many subjects with the same answer are named; the rest is counted.
const MAX_NAMES: usize = 3;
/// How many reasons of one answer are written out, where not all are asked for.
const MAX_REASONS: usize = 2;

/// What of the board is shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// One area only, by its code.
    pub area: Option<String>,
    /// What passes, too, and every subject.
    pub all: bool,
}

/// For a person.
pub fn human(verdict: &Verdict, name: &str, text: &PackageText, shown: &Shown) -> String {
    let sources = Sources::new(text);
    let mut out = opening(verdict, name);
    out += &table(verdict, shown);
    for area in verdict.areas.iter().filter(|a| is_shown(a, shown)) {
        let asked: Vec<&Asked> = area
            .criteria
            .iter()
            .filter(|c| shown.all || c.blocks() || c.is_excepted())
            .collect();
        if asked.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{}", area.name);
        for criterion in asked {
            out += &criterion_lines(criterion, &sources, shown.all);
        }
    }
    if !shown.all {
        out += &warnings(verdict, shown);
    }
    for (id, why) in &verdict.void_exceptions {
        let _ = writeln!(out, "\nThe exception `{id}` is void: {}.", printable(why));
    }
    out += &next_actions(verdict, shown);
    out
}

fn is_shown(area: &Area, shown: &Shown) -> bool {
    let wanted = shown.area.as_deref();
    wanted.is_none_or(|code| code.eq_ignore_ascii_case(area.code))
}

fn opening(verdict: &Verdict, name: &str) -> String {
    let digest = verdict.package_digest.get(..12).unwrap_or_default();
    let blocking = verdict.blocking().count();
    let why = match verdict.call {
        Call::Go => "every blocker is known to hold".to_string(),
        Call::Conditional => "every blocker is known to hold or is excepted by name".to_string(),
        Call::NoGo => format!(
            "{} in the way",
            counted_are(blocking, "criterion", "criteria")
        ),
    };
    let stop = verdict.criteria().filter(|c| c.gate == Gate::Blocker);
    format!(
        "{}: {why}\n{} ({digest}), judged at {}\nProfile {}: {} of {} criteria can stop the launch\n",
        verdict.call.word(),
        printable(name),
        verdict.at.strftime("%Y-%m-%d %H:%M UTC"),
        verdict.profile,
        stop.count(),
        verdict.criteria().count(),
    )
}

/// "1 criterion is", "3 criteria are"
fn counted_are(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one} is"),
        n => format!("{n} {many} are"),
    }
}

/// One line an area: how its criteria stand. Columns that would be empty are left out.
fn table(verdict: &Verdict, shown: &Shown) -> String {
    let areas = verdict.areas.iter();
    let areas: Vec<&Area> = areas
        .filter(|a| is_shown(a, shown) && !a.criteria.is_empty())
        .collect();
    let count = |area: &Area, state| area.criteria.iter().filter(|c| c.state == state).count();
    let states: Vec<State> = STATES
        .into_iter()
        .filter(|s| areas.iter().any(|a| count(a, *s) > 0))
        .collect();
    let mut rows = vec![vec![String::new(), String::new(), "in the way".into()]];
    rows[0].extend(states.iter().map(|s| s.word().to_string()));
    for area in areas {
        let blocking = area.criteria.iter().filter(|c| c.blocks()).count();
        let mut row = vec![area.code.into(), area.name.into(), number(blocking)];
        row.extend(states.iter().map(|s| number(count(area, *s))));
        rows.push(row);
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::from("\n");
    for row in rows {
        let mut line = format!(
            " {:<w0$} {:<w1$}",
            row[0],
            row[1],
            w0 = widths[0],
            w1 = widths[1]
        );
        for (cell, width) in row.iter().zip(&widths).skip(2) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(out, " {}", line.trim_end());
    }
    out
}

const STATES: [State; 5] = [
    State::Pass,
    State::Fail,
    State::Unknown,
    State::Stale,
    State::NotApplicable,
];

/// A number for a table; nothing is a dot, which the eye passes over.
fn number(n: usize) -> String {
    match n {
        0 => "·".into(),
        n => n.to_string(),
    }
}

fn criterion_lines(asked: &Asked, sources: &Sources<'_>, all: bool) -> String {
    let criterion = asked.criterion;
    let gate = match (asked.blocks(), asked.is_excepted(), asked.gate) {
        (true, _, _) => ", in the way",
        (false, true, _) => ", excepted",
        (false, false, Gate::Warning) => ", a warning",
        _ => "",
    };
    let state = asked.state.word();
    let mut out = format!("  {}  {} ({state}{gate})\n", criterion.id, criterion.title);
    let told = |a: &&Judged| match all {
        true => a.answer.state != State::Pass || asked.answers.len() == 1,
        false => a.blocks() || a.exception.is_some(),
    };
    let mut alike: Vec<Vec<&Judged>> = Vec::new();
    for judged in asked.answers.iter().filter(told) {
        match alike.iter_mut().find(|group| same(group[0], judged)) {
            Some(group) => group.push(judged),
            None => alike.push(vec![judged]),
        }
    }
    let most = if all { usize::MAX } else { MAX_ANSWERS };
    for group in alike.iter().take(most) {
        out += &answer_lines(group, sources, all);
    }
    let more: usize = alike.iter().skip(most).map(Vec::len).sum();
    if more > 0 {
        let _ = writeln!(
            out,
            "      and {more} more: `gonogo verdict --all --area {}`",
            criterion.area()
        );
    }
    out
}

/// Do two answers say the same of different subjects?
fn same(one: &Judged, other: &Judged) -> bool {
    one.exception.is_none()
        && other.exception.is_none()
        && one.answer.reasons == other.answer.reasons
        && one.answer.actions == other.answer.actions
}

/// What is said of subjects that all have the same answer.
fn answer_lines(group: &[&Judged], sources: &Sources<'_>, all: bool) -> String {
    let answer = &group[0].answer;
    let most = if all { usize::MAX } else { MAX_REASONS };
    let mut out = format!("      {}: ", names(group, sources, all));
    let mut reasons: Vec<String> = answer
        .reasons
        .iter()
        .take(most)
        .map(|r| printable(r).into_owned())
        .collect();
    if answer.reasons.len() > most {
        reasons.push(format!("and {} more", answer.reasons.len() - most));
    }
    let _ = writeln!(out, "{}", reasons.join("; "));
    if let Some(exception) = &group[0].exception {
        let _ = writeln!(
            out,
            "        excepted until {} by {} and {}: {}",
            exception.until.0.strftime("%Y-%m-%d"),
            exception.signed_by.id,
            exception.countersigned_by.id,
            printable(&exception.compensating_control),
        );
        return out;
    }
    let owners: BTreeSet<&str> = group
        .iter()
        .filter_map(|judged| judged.owner.as_ref())
        .map(|owner| owner.as_str())
        .collect();
    let owners = match owners.is_empty() {
        true => String::new(),
        false => format!(" [{}]", Vec::from_iter(owners).join(", ")),
    };
    for action in answer.actions.iter().take(most) {
        let _ = writeln!(out, "        → {}{owners}", printable(action));
    }
    out
}

/// Whom an answer is about: one with its place, several by their names.
fn names(group: &[&Judged], sources: &Sources<'_>, all: bool) -> String {
    if let [judged] = group {
        let span = judged.answer.span;
        let place = span.and_then(|s| Some((sources.path(s.file)?, s.line)));
        let place = place.map_or(String::new(), |(path, line)| format!(" ({path}:{line})"));
        return format!("{}{place}", judged.answer.subject);
    }
    let most = if all { usize::MAX } else { MAX_NAMES };
    let named = group
        .iter()
        .take(most)
        .map(|j| j.answer.subject.to_string());
    let named = named.collect::<Vec<_>>().join(", ");
    match group.len().saturating_sub(most) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What is not met and not in the way, in one line each.
fn warnings(verdict: &Verdict, shown: &Shown) -> String {
    let open: Vec<String> = verdict
        .areas
        .iter()
        .filter(|a| is_shown(a, shown))
        .flat_map(|a| &a.criteria)
        .filter(|c| c.state.is_open() && !c.blocks() && !c.is_excepted())
        .map(|c| {
            format!(
                "  {}  {} ({})\n",
                c.criterion.id,
                c.criterion.title,
                c.state.word()
            )
        })
        .collect();
    if open.is_empty() {
        return String::new();
    }
    format!("\nNot met, and not in the way\n{}", open.concat())
}

/// Who has how much to do.
fn next_actions(verdict: &Verdict, shown: &Shown) -> String {
    let mut by_owner: BTreeMap<&str, usize> = BTreeMap::new();
    let areas = verdict.areas.iter().filter(|a| is_shown(a, shown));
    for judged in areas.flat_map(|a| &a.criteria).flat_map(Asked::blocking) {
        let owner = judged.owner.as_ref().map_or("nobody", |o| o.as_str());
        *by_owner.entry(owner).or_default() += judged.answer.actions.len().max(1);
    }
    if by_owner.is_empty() {
        return String::new();
    }
    let mut owners: Vec<(&str, usize)> = by_owner.into_iter().collect();
    owners.sort_by_key(|(owner, n)| (usize::MAX - n, *owner));
    let parts: Vec<String> = owners
        .iter()
        .map(|(owner, n)| format!("{owner} {n}"))
        .collect();
    format!(
        "\nNext actions: {}\n`gonogo explain ID` says why one matters and how to meet it.\n",
        parts.join(", ")
    )
}

/// For a program. Fields are only ever added.
pub fn json(verdict: &Verdict, name: &str, text: &PackageText) -> String {
    let mut out = serde_json::to_string_pretty(&value(verdict, name, text)).unwrap_or_default();
    out.push('\n');
    out
}

/// The same as a value.
pub fn value(verdict: &Verdict, name: &str, text: &PackageText) -> Value {
    let sources = Sources::new(text);
    json!({
        "version": VERSION,
        "verdict": verdict.call.word(),
        "package": {"name": name, "digest": verdict.package_digest},
        "at": verdict.at,
        "profile": verdict.profile.to_string(),
        "counts": {
            "criteria": verdict.criteria().count(),
            "blocking": verdict.blocking().count(),
            "pass": verdict.count(State::Pass),
            "fail": verdict.count(State::Fail),
            "unknown": verdict.count(State::Unknown),
            "stale": verdict.count(State::Stale),
            "not_applicable": verdict.count(State::NotApplicable),
        },
        "areas": verdict.areas.iter().map(|area| json!({
            "id": area.code,
            "name": area.name,
            "criteria": area.criteria.iter().map(|c| asked_json(c, &sources)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "void_exceptions": verdict.void_exceptions.iter().map(|(id, why)| json!({
            "id": id, "why": why,
        })).collect::<Vec<_>>(),
    })
}

fn asked_json(asked: &Asked, sources: &Sources<'_>) -> Value {
    let criterion = asked.criterion;
    json!({
        "id": criterion.id,
        "title": criterion.title,
        "classes": criterion.classes.iter().map(|c| c.word()).collect::<Vec<_>>(),
        "gate": asked.gate.word(),
        "state": asked.state.word(),
        "blocks": asked.blocks(),
        "answers": asked.answers.iter().map(|a| answer_json(a, sources)).collect::<Vec<_>>(),
    })
}

fn answer_json(judged: &Judged, sources: &Sources<'_>) -> Value {
    let answer = &judged.answer;
    let place = answer
        .span
        .and_then(|s| Some((sources.path(s.file)?, s.line)));
    json!({
        "subject": answer.subject.to_string(),
        "state": answer.state.word(),
        "gate": answer.gate.word(),
        "blocks": judged.blocks(),
        "reasons": answer.reasons,
        "actions": answer.actions,
        "owner": judged.owner,
        "file": place.map(|(path, _)| path),
        "line": place.map(|(_, line)| line),
        "evidence": answer.evidence.iter().map(super::evidence::value).collect::<Vec<_>>(),
        "exception": judged.exception.as_ref().map(|e| json!({
            "id": e.id.value,
            "until": e.until.0,
            "signed_by": [e.signed_by.id, e.countersigned_by.id],
            "compensating_control": e.compensating_control,
        })),
    })
}

/// How many records the answers of a board rest on.
pub fn rests_on(verdict: &Verdict) -> String {
    let records: Vec<&Evidence> = verdict
        .criteria()
        .flat_map(|c| &c.answers)
        .flat_map(|a| &a.answer.evidence)
        .collect();
    counted(records.len(), "record")
}
