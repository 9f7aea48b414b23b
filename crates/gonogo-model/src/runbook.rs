//! Runbooks: Markdown with front matter, sections and typed steps.
//!
//! A runbook stays readable in any git page. Its sections are `##` headings; a step is a
//! fenced block whose info string carries attributes, as in
//! ```` ```sh step=check expect="HTTP/2 200" ````.

use std::collections::BTreeMap;

use crate::component::Component;
use crate::decode::{record, words};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::team::{Person, Role};
use crate::text::{FileNo, Span, Spanned};

record! {
    /// The front matter of a runbook.
    pub struct RunbookHead as "a runbook" {
        /// What it is called.
        pub title: String,
        /// The role that keeps it true.
        pub owner: Ref<Role>,
        /// Who wrote it. Somebody else has to prove it.
        pub author: Option<Ref<Person>>,
        /// The components it is for.
        pub covers: Vec<Ref<Component>>,
        /// What somebody needs to be allowed to do.
        pub access: Vec<String>,
        /// How long it takes.
        pub takes: Option<Duration>,
    }
}

/// A runbook, from `runbooks/*.md`.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// The name of this entry: the file's name without `.md`.
    pub id: Spanned<Id>,
    /// The front matter.
    pub head: RunbookHead,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// The whole text after the front matter.
    pub body: String,
}
entity!(Runbook, Runbook);

/// A `##` heading and what follows it.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// Where it stands.
    pub span: Span,
    /// The Markdown below it.
    pub body: String,
    /// The typed steps in it.
    pub steps: Vec<Step>,
}

/// Something to do, from a fenced block.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name within the runbook: `mitigate-2`.
    pub id: String,
    /// What it does to the world.
    pub kind: StepKind,
    /// The sentence above the block.
    pub title: String,
    /// The command, to be copied by a person. The server never runs it.
    pub command: String,
    /// What the output has to look like.
    pub expect: Option<String>,
    /// How it is undone; `none`, where it cannot be.
    pub undo: Option<String>,
    /// What has to be confirmed before: `type-target`, or `second-person`.
    pub confirm: Option<String>,
    /// What it hits, as whoever confirms it has to read or type it.
    pub target: Option<String>,
    /// How much that is at most: "40 rows", "every session".
    pub blast: Option<String>,
    /// The role that has to agree, where it cannot be undone.
    pub approver: Option<String>,
    /// The step that shows before how many and which it will hit: `mitigate-1`.
    pub preview: Option<String>,
    /// How it is done in parts, or softly first: "ten rows, look, then the rest".
    pub staged: Option<String>,
    /// Where it stands.
    pub span: Span,
}

impl Step {
    /// Is there no way back? That is said by `undo=none`, or by `undo="none: ..."` and why.
    pub fn is_irreversible(&self) -> bool {
        self.undo.as_deref().is_some_and(|undo| {
            let undo = undo.trim().to_lowercase();
            let rest = undo.strip_prefix("none");
            rest.is_some_and(|r| r.is_empty() || r.starts_with([':', ',', ';', '.']))
        })
    }
}

words! {
    /// What a step does to the world.
    pub enum StepKind as "a kind of step" {
        /// Looks, and changes nothing.
        Check = "check",
        /// A choice between ways.
        Decide = "decide",
        /// Changes something that can be undone.
        Mutate = "mutate",
        /// Changes something for good.
        Destructive = "destructive",
        /// Tells somebody.
        Communicate = "communicate",
        /// Calls somebody.
        Escalate = "escalate",
    }
}

/// Splits a Markdown file with front matter: the YAML, the body, and the body's first line.
///
/// A byte-order mark and CRLF line ends are accepted.
pub fn front_matter(text: &str) -> Option<(&str, &str, u32)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let after = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"))?;
    let mut at = 0;
    for (number, line) in after.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" {
            let body = &after[at + line.len()..];
            return Some((&after[..at], body, u32::try_from(number).unwrap_or(0) + 3));
        }
        at += line.len();
    }
    None
}

/// Finds the sections and steps of a body whose first line is `first_line` of the file.
pub fn sections(
    body: &str,
    file: FileNo,
    first_line: u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut sentence = String::new();
    for (number, line) in body.lines().enumerate() {
        let at = first_line + u32::try_from(number).unwrap_or(0);
        let span = Span {
            file,
            line: at,
            column: 1,
            len: line.chars().count().max(1) as u32,
        };
        if let Some(open) = &mut fence {
            if line.trim_start().starts_with(&open.marks)
                && line.trim().chars().all(|c| c == '`' || c == '~')
            {
                if let (Some(section), Some(done)) = (out.last_mut(), fence.take()) {
                    done.close(section, &sentence, diagnostics);
                    sentence.clear();
                }
            } else {
                open.text.push_str(line);
                open.text.push('\n');
            }
        } else if let Some(title) = line.strip_prefix("## ") {
            out.push(Section {
                title: title.trim().into(),
                span,
                body: String::new(),
                steps: Vec::new(),
            });
            sentence.clear();
            continue;
        } else if let Some(open) = Fence::open(line, span) {
            fence = Some(open);
        } else if !line.trim().is_empty() {
            sentence = line
                .trim()
                .trim_start_matches(|c: char| c.is_ascii_digit() || "-*.) ".contains(c))
                .into();
        }
        if let Some(section) = out.last_mut() {
            section.body.push_str(line);
            section.body.push('\n');
        }
    }
    out
}

struct Fence {
    marks: String,
    info: String,
    span: Span,
    text: String,
}

impl Fence {
    fn open(line: &str, span: Span) -> Option<Self> {
        let trimmed = line.trim_start();
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let marks: String = trimmed.chars().take_while(|c| *c == mark).collect();
        if marks.len() < 3 {
            return None;
        }
        let info = trimmed[marks.len()..].trim().to_string();
        Some(Self {
            marks,
            info,
            span,
            text: String::new(),
        })
    }

    fn close(self, section: &mut Section, sentence: &str, diagnostics: &mut Vec<Diagnostic>) {
        let mut attributes = attributes(&self.info);
        let Some(kind) = attributes.remove("step") else {
            return;
        };
        let Some(kind) = StepKind::from_word(&kind) else {
            let known: Vec<&str> = StepKind::ALL.iter().map(|k| k.word()).collect();
            let found = Diagnostic::error(
                "unknown-word",
                self.span,
                format!("`{kind}` is not a kind of step"),
            );
            let help = match did_you_mean(&kind, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of {}", crate::decode::list_of(&known)),
            };
            diagnostics.push(found.label("not known here").help(help));
            return;
        };
        let slug: String = section
            .title
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let id = format!("{}-{}", slug.trim_matches('-'), section.steps.len() + 1);
        let mut take = |name: &str| attributes.remove(name);
        section.steps.push(Step {
            id,
            kind,
            title: sentence.trim_end_matches(':').into(),
            command: self.text.trim_end().into(),
            expect: take("expect"),
            undo: take("undo"),
            confirm: take("confirm"),
            target: take("target"),
            blast: take("blast"),
            approver: take("approver"),
            preview: take("preview"),
            staged: take("staged"),
            span: self.span,
        });
        // A slip in the name of an attribute would take away what it asks for.
        for unknown in attributes.keys() {
            let found = Diagnostic::error(
                "unknown-field",
                self.span,
                format!("a step has no attribute `{unknown}`"),
            );
            let help = match did_you_mean(unknown, ATTRIBUTES.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it can have {}", crate::decode::list_of(ATTRIBUTES)),
            };
            diagnostics.push(found.label("not known here").help(help));
        }
    }
}

/// What the info string of a step can say.
const ATTRIBUTES: &[&str] = &[
    "step", "expect", "undo", "confirm", "target", "blast", "approver", "preview", "staged",
];

/// `key=value` and `key="several words"` of an info string.
fn attributes(info: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut rest = info;
    while let Some(equals) = rest.find('=') {
        let key = rest[..equals]
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or("");
        let tail = &rest[equals + 1..];
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => tail.split_once(char::is_whitespace).unwrap_or((tail, "")),
        };
        if !key.is_empty() {
            out.insert(key.to_string(), value.to_string());
        }
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections_and_steps() {
        let text = "---\ntitle: T\n---\n# T\n\n## Detect\n\nAsk it:\n\n```sh step=check expect=\"HTTP/2 200\"\ncurl -i x\n```\n\n## Mitigate\n\n```sh step=wipe\nrm\n```\n";
        let (yaml, body, line) = front_matter(text).unwrap();
        assert_eq!((yaml, line), ("title: T\n", 4));
        let mut found = Vec::new();
        let sections = sections(body, FileNo(0), line, &mut found);
        assert_eq!(sections.len(), 2);
        let step = &sections[0].steps[0];
        assert_eq!(
            (step.id.as_str(), step.title.as_str()),
            ("detect-1", "Ask it")
        );
        assert_eq!(step.expect.as_deref(), Some("HTTP/2 200"));
        assert_eq!(
            (found[0].code, found[0].span.unwrap().line),
            ("unknown-word", 16)
        );
    }

    #[test]
    fn a_slip_in_an_attribute_is_said() {
        let body = "## Mitigate\n\n```sh step=destructive conifrm=second-person expect=\"a=b c=d\"\nx\n```\n";
        let mut found = Vec::new();
        let sections = sections(body, FileNo(0), 1, &mut found);
        assert_eq!(sections[0].steps[0].expect.as_deref(), Some("a=b c=d"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "a step has no attribute `conifrm`");
        assert_eq!(found[0].help, ["did you mean `confirm`?"]);
    }

    #[test]
    fn only_none_itself_says_that_there_is_no_way_back() {
        let step = |undo: &str| {
            let body = format!("## M\n\n```sh step=mutate undo=\"{undo}\"\nx\n```\n");
            let sections = sections(&body, FileNo(0), 1, &mut Vec::new());
            sections[0].steps[0].is_irreversible()
        };
        assert!(step("none") && step("None: it is gone") && step("none; agree first"));
        assert!(!step("none needed: it only reads") && !step("nonesuch stop"));
    }
}
