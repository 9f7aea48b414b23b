//! `gonogo check`: everything that is wrong with a package, in one run.

use std::io::Write as _;
use std::path::Path;

use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::report::{Sources, counted, github, json};
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
    let denied = args.deny == Some(Deny::Warnings);
    let failed = checked.counts.errors > 0 || (denied && checked.counts.warnings > 0);
    let mut out = anstream::stdout().lock();
    match args.format {
        CheckFormat::Human => {
            for found in checked.diagnostics.iter().take(MAX_DRAWN) {
                let painter = Painter::new(&sources, Colours::On);
                writeln!(out, "{}", painter.paint(found))?;
            }
            write!(out, "{}", closing(&checked, &dir, digest.short(), failed))?;
        }
        CheckFormat::Json => {
            write!(
                out,
                "{}",
                json::render(&checked.diagnostics, &sources, &digest.0, checked.counts)
            )?;
        }
        CheckFormat::Github => {
            write!(
                out,
                "{}",
                github::render(&checked.diagnostics, &sources, &dir.to_string_lossy())
            )?;
        }
    }
    out.flush()?;
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

/// What is said after the findings: how many, of which package, and what to do next.
fn closing(checked: &Checked, dir: &Path, digest: &str, failed: bool) -> String {
    let errors = checked.counts.errors;
    let mut out = String::new();
    let more = checked.diagnostics.len().saturating_sub(MAX_DRAWN);
    if more > 0 {
        out += &format!(
            "... and {} more: `gonogo check {} --format json` has all of them\n\n",
            counted(more, "finding"),
            dir.display()
        );
    }
    let name = checked.package.name();
    match (errors, failed) {
        (0, false) => {
            out += &format!("{name} ({digest}): {}\n", checked.counts);
            out += &holds(checked);
        }
        (0, true) => {
            out += &format!(
                "{name} ({digest}): {}, and --deny warnings is set\n",
                checked.counts
            )
        }
        _ => out += &format!("{name}: {} and cannot be put in force\n", checked.counts),
    }
    out
}

fn holds(checked: &Checked) -> String {
    let p = &checked.package;
    let parts = [
        counted(p.components.len(), "component"),
        counted(p.journeys.len(), "journey"),
        counted(p.checks.len(), "check"),
        counted(p.flows.len(), "flow"),
        counted(p.alerts.len(), "alert"),
        counted(p.runbooks.len(), "runbook"),
        counted(p.scenarios.len(), "scenario"),
    ];
    format!("it declares {}\n", parts.join(", "))
}
