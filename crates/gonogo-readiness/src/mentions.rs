//! What a runbook names, and whether the package has it.
//!
//! A name in prose is only a name where its form says so: `` `alert/charge-not-recorded` ``, the
//! word for it beside it ("the role `lead`", "the `lead` role"), a link to another file, or the
//! first word of a list under `Trigger`. Anything else in backticks may be a command, and is
//! left alone.

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::runbook::Runbook;
use gonogo_model::text::Span;
use gonogo_model::{Id, Kind, Package, PackageText, Subject};

use crate::markdown::{self, Prose};

/// A name that leads nowhere.
#[derive(Clone, Debug)]
pub struct Dead {
    /// What it should have been: "role", "file".
    pub what: &'static str,
    /// The name as written.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// The name that was probably meant.
    pub near: Option<String>,
}

/// The names in a runbook that lead nowhere, in the order written.
pub fn dead(package: &Package, text: &PackageText, runbook: &Runbook) -> Vec<Dead> {
    let mut found = Vec::new();
    for prose in markdown::parts(package, text, runbook).prose {
        for (at, target) in markdown::links(prose.text) {
            found.extend(dead_link(text, &prose, at, target));
        }
        for (at, code) in markdown::code_spans(prose.text) {
            if let Some((kind, name)) = named(&prose, at, code) {
                found.extend(missing(package, kind, name, here(&prose, at, code)));
            }
        }
        found.extend(dead_trigger(package, &prose));
    }
    found.extend(dead_attributes(package, runbook));
    found.sort_by(|a, b| (a.span, &a.name).cmp(&(b.span, &b.name)));
    found.dedup_by(|a, b| a.span == b.span && a.name == b.name);
    found
}

/// The kinds that a word beside a name stands for. Words that are also verbs are left out.
const BESIDE: &[Kind] = &[
    Kind::Role,
    Kind::Team,
    Kind::Alert,
    Kind::Component,
    Kind::Runbook,
    Kind::Template,
];

/// What a name in backticks stands for, where its form says that it is one.
fn named<'t>(prose: &Prose<'_>, at: usize, code: &'t str) -> Option<(Kind, &'t str)> {
    if let Some((slug, name)) = code.split_once('/') {
        let kind = Kind::ALL.iter().find(|kind| kind.slug() == slug)?;
        return Id::parse(name).is_ok().then_some((*kind, name));
    }
    Id::parse(code).ok()?;
    let before: String = prose.text.chars().take(at.saturating_sub(1)).collect();
    let after: String = prose
        .text
        .chars()
        .skip(at + code.chars().count() + 1)
        .collect();
    let is = |word: Option<&str>, kind: &Kind| {
        word.is_some_and(|w| {
            let w = w.trim_matches(|c: char| !c.is_alphanumeric());
            w.eq_ignore_ascii_case(kind.word())
        })
    };
    // Only what stands right beside it: a comma or a full stop between the two parts them.
    let joined = before.ends_with(' ') && !before.trim_end().ends_with([',', '.', ';', ':']);
    let last = before.split_whitespace().next_back().filter(|_| joined);
    let next = after
        .split_whitespace()
        .next()
        .filter(|_| after.starts_with(' '));
    let kind = BESIDE
        .iter()
        .find(|kind| is(last, kind))
        .or_else(|| BESIDE.iter().find(|kind| is(next, kind)))?;
    Some((*kind, code))
}

fn missing(package: &Package, kind: Kind, name: &str, span: Span) -> Option<Dead> {
    let id = Id::parse(name).ok()?;
    if package.has(kind, &id) {
        return None;
    }
    let known = package.names(kind);
    Some(Dead {
        what: kind.word(),
        name: name.into(),
        span,
        near: did_you_mean(name, known.iter().map(|id| id.as_str())).map(Into::into),
    })
}

/// A link to a file of the package that is not there.
fn dead_link(text: &PackageText, prose: &Prose<'_>, at: usize, target: &str) -> Option<Dead> {
    let path = target.split(['#', '?']).next().unwrap_or("");
    let elsewhere = path.is_empty() || path.contains(':') || path.starts_with('/');
    let ours = [".md", ".yaml", ".yml"].iter().any(|e| path.ends_with(e));
    if elsewhere || !ours {
        return None;
    }
    // What leads out of the package cannot be looked at.
    let whole = inside(path)?;
    if text.files.contains_key(&whole) {
        return None;
    }
    let known = text.files.keys().map(String::as_str);
    Some(Dead {
        what: "file",
        name: whole.clone(),
        span: here(prose, at, target),
        near: did_you_mean(&whole, known).map(Into::into),
    })
}

/// A path relative to `runbooks/`, from the root of the package.
fn inside(path: &str) -> Option<String> {
    let mut parts = vec!["runbooks"];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Under `Trigger`, a list names what it is that leads here.
fn dead_trigger(package: &Package, prose: &Prose<'_>) -> Option<Dead> {
    if !prose.section.eq_ignore_ascii_case("trigger") {
        return None;
    }
    let indent = prose.text.len() - prose.text.trim_start().len();
    let item = prose.text.trim_start().strip_prefix(['-', '*'])?;
    let (name, _) = item.trim_start().strip_prefix('`')?.split_once("`:")?;
    let id = Id::parse(name).ok()?;
    if Kind::ALL.iter().any(|kind| package.has(*kind, &id)) {
        return None;
    }
    let at = prose.text[indent..].find('`').map_or(0, |b| indent + b + 1);
    missing(package, Kind::Alert, name, here(prose, at, name))
}

/// What the attributes of steps name: whoever has to agree, and the step that shows before.
fn dead_attributes(package: &Package, runbook: &Runbook) -> Vec<Dead> {
    let mut found = Vec::new();
    let steps = || runbook.sections.iter().flat_map(|s| &s.steps);
    for step in steps() {
        if let Some(approver) = &step.approver {
            match Id::parse(approver) {
                Ok(_) => found.extend(missing(package, Kind::Role, approver, step.span)),
                Err(_) => found.push(Dead {
                    what: Kind::Role.word(),
                    name: approver.clone(),
                    span: step.span,
                    near: None,
                }),
            }
        }
        if let Some(preview) = &step.preview
            && !steps().any(|s| s.id == *preview)
        {
            found.push(Dead {
                what: "step",
                name: preview.clone(),
                span: step.span,
                near: did_you_mean(preview, steps().map(|s| s.id.as_str())).map(Into::into),
            });
        }
    }
    found
}

/// Where a piece of a line stands.
fn here(prose: &Prose<'_>, at: usize, piece: &str) -> Span {
    Span {
        column: u32::try_from(at).unwrap_or(0).saturating_add(1),
        len: u32::try_from(piece.chars().count().max(1)).unwrap_or(1),
        ..prose.span
    }
}

/// Does a name stand for this runbook?
pub(crate) fn subject(runbook: &Runbook) -> Subject {
    Subject::Entity(Kind::Runbook, runbook.id.value.clone())
}
