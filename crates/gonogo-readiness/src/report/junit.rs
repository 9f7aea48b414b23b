//! Findings as a JUnit report, for build servers that show nothing else.
//!
//! Each rule is a test case: it passed, it failed, or it could not be asked yet. What does not
//! fail the check (a warning, unless it is denied) is kept as the case's output.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gonogo_model::Diagnostic;
use gonogo_model::diagnostic::Severity;

use super::{Sources, counted, in_repository, rulebook};
use crate::rules::RULES;

/// The code that says that the lints were not run.
const WAITING: &str = "not-checked-yet";

/// All findings as one document. `fails` says which severities fail the check.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &Sources<'_>,
    prefix: &str,
    fails: impl Fn(Severity) -> bool,
) -> String {
    let mut by_code: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for found in diagnostics {
        by_code.entry(found.code).or_default().push(found);
    }
    let waiting = by_code
        .remove(WAITING)
        .and_then(|notes| notes.first().copied());
    let is_rule = |code: &str| RULES.iter().any(|rule| rule.code == code);
    let cases: Vec<Case> = rulebook::entries()
        .iter()
        .map(|entry| entry.code)
        .filter(|code| *code != WAITING)
        .map(|code| {
            let found = by_code.remove(code).unwrap_or_default();
            let not_asked = waiting.filter(|_| is_rule(code) && found.is_empty());
            Case::new(
                code,
                is_rule(code),
                &found,
                not_asked,
                &Text { sources, prefix },
                &fails,
            )
        })
        .collect();
    document(&cases)
}

struct Case {
    code: &'static str,
    class: &'static str,
    outcome: Outcome,
    output: String,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed { message: String, text: String },
}

impl Case {
    fn new(
        code: &'static str,
        is_rule: bool,
        found: &[&Diagnostic],
        not_asked: Option<&Diagnostic>,
        text: &Text<'_, '_>,
        fails: &impl Fn(Severity) -> bool,
    ) -> Self {
        let class = if is_rule {
            "gonogo.rules"
        } else {
            "gonogo.reading"
        };
        let (failing, other): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            found.iter().partition(|d| fails(d.severity));
        let outcome = match (&failing[..], not_asked) {
            ([], None) => Outcome::Passed,
            ([], Some(why)) => Outcome::Skipped(why.message.clone()),
            ([only], _) => Outcome::Failed {
                message: only.message.clone(),
                text: text.of(only),
            },
            (several, _) => Outcome::Failed {
                message: counted(several.len(), "finding"),
                text: several
                    .iter()
                    .map(|d| text.of(d))
                    .collect::<Vec<_>>()
                    .join("\n"),
            },
        };
        let output = other
            .iter()
            .map(|d| text.of(d))
            .collect::<Vec<_>>()
            .join("\n");
        Self {
            code,
            class,
            outcome,
            output,
        }
    }
}

fn document(cases: &[Case]) -> String {
    let count = |which: fn(&Outcome) -> bool| cases.iter().filter(|c| which(&c.outcome)).count();
    let failed = count(|o| matches!(o, Outcome::Failed { .. }));
    let skipped = count(|o| matches!(o, Outcome::Skipped(_)));
    let counts = format!(
        "name=\"gonogo check\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\"",
        cases.len()
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gonogo check\" tests=\"{}\" failures=\"{failed}\" errors=\"0\">\n  <testsuite {counts}>\n",
        cases.len()
    );
    for case in cases {
        let _ = write!(
            out,
            "    <testcase name=\"{}\" classname=\"{}\"",
            escaped(case.code),
            case.class
        );
        let inside = inside(case);
        if inside.is_empty() {
            out += "/>\n";
        } else {
            let _ = write!(out, ">\n{inside}    </testcase>\n");
        }
    }
    out + "  </testsuite>\n</testsuites>\n"
}

fn inside(case: &Case) -> String {
    let mut out = match &case.outcome {
        Outcome::Passed => String::new(),
        Outcome::Skipped(why) => format!("      <skipped message=\"{}\"/>\n", escaped(why)),
        Outcome::Failed { message, text } => format!(
            "      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
            escaped(message),
            escaped(case.code),
            escaped(text)
        ),
    };
    if !case.output.is_empty() {
        let _ = writeln!(
            out,
            "      <system-out>{}</system-out>",
            escaped(&case.output)
        );
    }
    out
}

struct Text<'s, 't> {
    sources: &'s Sources<'t>,
    prefix: &'s str,
}

impl Text<'_, '_> {
    /// `ops/a.yaml:3:5: error: the sentence`, then the way out.
    fn of(&self, found: &Diagnostic) -> String {
        let mut out = String::new();
        if let Some((span, path)) = found
            .span
            .and_then(|s| Some((s, self.sources.path(s.file)?)))
        {
            let path = in_repository(self.prefix, path);
            let _ = write!(out, "{path}:{}:{}: ", span.line, span.column);
        }
        let _ = writeln!(out, "{}: {}", found.severity.word(), found.message);
        for (span, text) in &found.related {
            if let Some(path) = self.sources.path(span.file) {
                let path = in_repository(self.prefix, path);
                let _ = writeln!(out, "  {path}:{}:{}: {text}", span.line, span.column);
            }
        }
        for help in &found.help {
            let _ = writeln!(out, "  help: {help}");
        }
        out
    }
}

/// Text that can stand in an element or an attribute; what XML cannot hold is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_place() {
        assert_eq!(
            escaped("a<b>&\"c\"]]>\u{0}\u{1b}\u{ffff}\n"),
            "a&lt;b&gt;&amp;&quot;c&quot;]]&gt;\u{fffd}\u{fffd}\u{fffd}\n"
        );
    }
}
