//! `gonogo rehearse`: plays a scenario against the very engine that pages people.

use std::io::Write as _;
use std::path::Path;

use gonogo_engine::rehearsal::{self, Rehearsal, UnknownScenario};
use gonogo_model::overlay::Overlay;
use gonogo_model::{Id, PackageText};
use serde_json::json;

use super::read_package;
use crate::args::{Rehearse, RehearseFormat};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &Rehearse) -> anyhow::Result<Exit> {
    let (scenario, dir) = args.scenario_and_dir();
    let text = match read_package(&dir) {
        Ok(read) => read.text,
        Err(exit) => return Ok(exit),
    };
    let Some(scenario) = scenario else {
        return all(args, &text, &dir);
    };
    match rehearsal::run(&text, &Overlay::default(), &scenario, args.seed) {
        Ok(played) => {
            match args.format {
                RehearseFormat::Human => print(&played.to_string())?,
                RehearseFormat::Json => print_json(&serde_json::to_value(&played)?)?,
            }
            Ok(ended(played.passed))
        }
        Err(unknown) => Ok(no_such(&unknown, &dir)),
    }
}

/// Every scenario, with what did not come out as expected.
fn all(args: &Rehearse, text: &PackageText, dir: &Path) -> anyhow::Result<Exit> {
    let known = rehearsal::scenarios(text, &Overlay::default());
    if !args.all {
        anstream::eprintln!("error: say which scenario, or `--all`");
        list(&known, dir);
        return Ok(Exit::Usage);
    }
    let mut played: Vec<Rehearsal> = Vec::new();
    for id in &known {
        if let Ok(one) = rehearsal::run(text, &Overlay::default(), id.as_str(), args.seed) {
            if args.format == RehearseFormat::Human {
                print(&one.summary())?;
            }
            played.push(one);
        }
    }
    let passed = played.iter().all(|p| p.passed) && !played.is_empty();
    match args.format {
        RehearseFormat::Human if played.is_empty() => list(&known, dir),
        RehearseFormat::Human => {
            let held = played.iter().filter(|p| p.passed).count();
            print(&format!(
                "{held} of {} scenarios come out as expected\n",
                played.len()
            ))?;
        }
        RehearseFormat::Json => print_json(&json!({
            "schema": rehearsal::SCHEMA,
            "passed": passed,
            "rehearsals": played,
        }))?,
    }
    Ok(ended(passed))
}

fn ended(passed: bool) -> Exit {
    if passed { Exit::Clean } else { Exit::Findings }
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    for line in text.lines() {
        let colour = match line.split_whitespace().next() {
            Some("FAIL") => "\x1b[1;31m",
            Some("ok") => "\x1b[32m",
            _ => "",
        };
        let end = if colour.is_empty() { "" } else { "\x1b[0m" };
        writeln!(out, "{colour}{line}{end}")?;
    }
    out.flush()?;
    Ok(())
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}", serde_json::to_string_pretty(value)?)?;
    out.flush()?;
    Ok(())
}

fn no_such(unknown: &UnknownScenario, dir: &Path) -> Exit {
    anstream::eprintln!("error: there is no scenario `{}`", unknown.asked);
    if let Some(near) = &unknown.near {
        anstream::eprintln!("help: did you mean `{near}`?");
    } else if gonogo_server::package_dir::is_package(Path::new(&unknown.asked)) {
        anstream::eprintln!(
            "help: that is a package; the scenario comes first: `gonogo rehearse SCENARIO {}`",
            unknown.asked
        );
    }
    list(&unknown.known, dir);
    Exit::Usage
}

fn list(known: &[Id], dir: &Path) {
    if known.is_empty() {
        anstream::eprintln!(
            "help: no scenario could be read from {}; `gonogo check {0}` says whether one is broken",
            dir.display()
        );
        return;
    }
    anstream::eprintln!("the package has:");
    for id in known {
        anstream::eprintln!("  {id}");
    }
}
