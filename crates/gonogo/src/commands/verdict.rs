//! `gonogo verdict`: GO or NO-GO, what is in the way, whose it is, and what to do next.

use std::io::{self, Write as _};

use gonogo_model::{Package, PackageText};
use gonogo_readiness::criteria::AREAS;
use gonogo_readiness::report::verdict as report;
use gonogo_readiness::verdict::{Call, judge};
use gonogo_readiness::{Checked, check};
use jiff::Timestamp;

use super::evidence::{Known, of_server};
use super::read_package;
use crate::args::{Format, Verdict};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &Verdict) -> anyhow::Result<Exit> {
    let known = |area: &&String| {
        AREAS
            .iter()
            .any(|(code, _)| code.eq_ignore_ascii_case(area))
    };
    if let Some(area) = &args.area
        && !known(&area)
    {
        let codes: Vec<&str> = AREAS.iter().map(|(code, _)| *code).collect();
        anstream::eprintln!("error: there is no area `{area}`");
        anstream::eprintln!("help: it is one of {}", codes.join(", "));
        return Ok(Exit::Usage);
    }
    let dir = args.package.dir();
    let read = match read_package(&dir) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let checked = check(&read.text, read.findings);
    if !checked.is_sound() {
        anstream::eprintln!(
            "error: the package has {}, so it cannot be judged",
            checked.counts
        );
        anstream::eprintln!("help: `gonogo check {}` shows where", dir.display());
        return Ok(Exit::CouldNotRun);
    }
    let at = match moment(args.at.as_deref(), &checked.package) {
        Ok(at) => at,
        Err(why) => {
            anstream::eprintln!("error: {why}");
            return Ok(Exit::Usage);
        }
    };
    let known = match of_server(args)? {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    say(args, &checked, &read.text, &known, at)
}

fn say(
    args: &Verdict,
    checked: &Checked,
    text: &PackageText,
    known: &Known,
    at: Timestamp,
) -> anyhow::Result<Exit> {
    let verdict = judge(
        &checked.package,
        text,
        &known.records,
        &known.exceptions,
        at,
    );
    let name = checked.package.name();
    let shown = report::Shown {
        area: args.area.clone(),
        all: args.all,
    };
    let output = match args.format {
        Format::Human => report::human(&verdict, name, text, &shown),
        Format::Json => report::json(&verdict, name, text),
    };
    let mut out = anstream::stdout().lock();
    match out.write_all(output.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(match verdict.call {
            Call::Go => Exit::Clean,
            Call::Conditional => Exit::Conditional,
            Call::NoGo => Exit::Findings,
        }),
    }
}

/// The moment that `--at` means.
fn moment(at: Option<&str>, package: &Package) -> Result<Timestamp, String> {
    match at {
        None => Ok(Timestamp::now()),
        Some("launch") => {
            let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
            let launch =
                launch.ok_or("the package says no `launch:`, so there is no hour to judge")?;
            Ok(launch.at.0)
        }
        Some(text) => text.parse().map_err(|_| {
            format!("`{text}` is not an instant: write `2026-12-08T17:00:00Z`, or `launch`")
        }),
    }
}
