//! `gonogo check`: everything that is wrong with a package, in one run.

use std::io::{self, Write as _};
use std::path::Path;

use gonogo_model::Diagnostic;
use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::report::{Sources, counted, github, json, printable};
use gonogo_readiness::{Checked, check};

use super::read_package;
use crate::args::{Check, CheckFormat, Deny};
use crate::exit::Exit;

/// How many findings are drawn; the rest is counted, because nobody reads on.
const MAX_DRAWN: usize = 100;

/// Runs the command.
pub fn run(args: &Check) -> anyhow::Result<Exit> {
    let dir = args.package.dir();
    let read = match read_package(&dir) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let checked = check(&read.text, read.findings);
    let sources = Sources::new(&read.text);
    let digest = read.text.digest();
    let output = match args.format {
        CheckFormat::Human => {
            let closing = closing(&checked, &dir, digest.short(), args.deny);
            drawn(&checked, &sources, &dir) + &closing
        }
        CheckFormat::Json => {
            json::render(&checked.diagnostics, &sources, &digest.0, checked.counts)
        }
        CheckFormat::Github => {
            github::render(&checked.diagnostics, &sources, &dir.to_string_lossy())
        }
    };
    let mut out = anstream::stdout().lock();
    match out.write_all(output.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads may have seen enough; the package is what it is all the same.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ending(&checked, args.deny)),
    }
}

fn ending(checked: &Checked, deny: Option<Deny>) -> Exit {
    let denied = deny == Some(Deny::Warnings) && checked.counts.warnings > 0;
    if checked.counts.errors > 0 || denied {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

/// The findings with their excerpts. Of too many, the errors come first.
fn drawn(checked: &Checked, sources: &Sources<'_>, dir: &Path) -> String {
    let painter = Painter::new(sources, Colours::On);
    let mut findings: Vec<&Diagnostic> = checked.diagnostics.iter().collect();
    let more = findings.len().saturating_sub(MAX_DRAWN);
    if more > 0 {
        findings.sort_by_key(|d| d.severity);
        findings.truncate(MAX_DRAWN);
    }
    let mut out: String = findings
        .iter()
        .map(|found| painter.paint(found) + "\n")
        .collect();
    if more > 0 {
        let more = counted(more, "more finding");
        let all = format!("gonogo check {} --format json", dir.display());
        out += &format!("... and {more}: `{all}` has all of them\n\n");
    }
    out
}

/// What is said after the findings: how many, of which package, and what to do next.
fn closing(checked: &Checked, dir: &Path, digest: &str, deny: Option<Deny>) -> String {
    let name = printable(checked.package.name());
    let counts = checked.counts;
    match (ending(checked, deny), counts.errors) {
        (Exit::Clean, _) => format!(
            "{name} ({digest}): {counts}\nIt declares {}.\nNext: {}\n",
            declared(checked),
            next(checked, dir)
        ),
        (_, 0) => format!("{name} ({digest}): {counts}, and --deny warnings is set\n"),
        _ => format!("{name}: {counts}; it cannot be put in force\n"),
    }
}

fn declared(checked: &Checked) -> String {
    let p = &checked.package;
    let parts = [
        (p.components.len(), "component"),
        (p.journeys.len(), "journey"),
        (p.checks.len(), "check"),
        (p.flows.len(), "flow"),
        (p.alerts.len(), "alert"),
        (p.runbooks.len(), "runbook"),
        (p.scenarios.len(), "scenario"),
    ];
    let said: Vec<String> = parts.map(|(n, word)| counted(n, word)).into();
    said.join(", ")
}

fn next(checked: &Checked, dir: &Path) -> String {
    let dir = dir.display();
    match checked.package.scenarios.is_empty() {
        true => format!(
            "write a scenario and play it: `gonogo rehearse --help`; or `gonogo serve {dir}`"
        ),
        false => format!(
            "`gonogo rehearse --all {dir}` plays what it is to survive; `gonogo serve {dir}` runs it"
        ),
    }
}
