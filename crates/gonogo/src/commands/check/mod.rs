//! `gonogo check`: everything that is wrong with a package, in one run.

mod watch;

use std::io::{self, Write as _};
use std::path::Path;

use gonogo_model::diagnostic::Severity;
use gonogo_model::{Diagnostic, PackageText};
use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::report::{Sources, counted, github, json, junit, printable, sarif};
use gonogo_readiness::{Checked, check};

use super::read_package;
use crate::args::{Check, CheckFormat, Deny};
use crate::exit::Exit;

/// How many findings are drawn; the rest is counted, because nobody reads on.
const MAX_DRAWN: usize = 100;

/// Runs the command.
pub fn run(args: &Check) -> anyhow::Result<Exit> {
    if args.watch {
        return watch::run(args);
    }
    let dir = args.package.dir();
    let read = match read_package(&dir) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let checked = check(&read.text, read.findings);
    print(&report(&checked, &read.text, &dir, args))?;
    Ok(ending(&checked, args.deny))
}

/// What the check found, in the form that was asked for.
fn report(checked: &Checked, text: &PackageText, dir: &Path, args: &Check) -> String {
    let sources = Sources::new(text);
    let digest = text.digest();
    let found = &checked.diagnostics;
    let prefix = prefix(dir);
    match args.format {
        CheckFormat::Human => {
            let closing = closing(checked, dir, digest.short(), args.deny);
            drawn(checked, &sources, dir) + &closing
        }
        CheckFormat::Json => json::render(found, &sources, &digest.0, checked.counts),
        CheckFormat::Github => github::render(found, &sources, &prefix),
        CheckFormat::Sarif => sarif::render(found, text, &sources, &prefix, TOOL),
        CheckFormat::Junit => junit::render(found, &sources, &prefix, |severity| {
            fails(severity, args.deny)
        }),
    }
}

/// What a SARIF document says about this program.
const TOOL: sarif::Tool<'_> = sarif::Tool {
    version: env!("CARGO_PKG_VERSION"),
    docs: option_env!("GONOGO_RULES_URL"),
};

/// The package's directory as the repository sees it, where the command runs at its root.
fn prefix(dir: &Path) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.as_ref().and_then(|here| dir.strip_prefix(here).ok());
    inside.unwrap_or(dir).to_string_lossy().into_owned()
}

fn print(output: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(output.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads may have seen enough; the package is what it is all the same.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Does a finding of this severity fail the check?
fn fails(severity: Severity, deny: Option<Deny>) -> bool {
    match severity {
        Severity::Error => true,
        Severity::Warning => deny == Some(Deny::Warnings),
        Severity::Note => false,
    }
}

fn ending(checked: &Checked, deny: Option<Deny>) -> Exit {
    match checked.diagnostics.iter().any(|d| fails(d.severity, deny)) {
        true => Exit::Findings,
        false => Exit::Clean,
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
