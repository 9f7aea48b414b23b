//! The performance targets, measured: `cargo xtask bench [-- --quick]`.
//!
//! Each target is a ratio or a bound that is measured here and now, beside what it is compared
//! with. Invariant: a row says what was measured even where it misses its target.

mod alerts;
mod check;
mod checks;
mod client;
mod domains;
mod engine;
mod idle;
mod ingest;
mod machine;
mod overload;
mod package;
mod page;
mod probes;
mod rehearsal;
mod stripe;
mod table;

use std::path::Path;

use anyhow::Context as _;

use table::Row;

/// How long it may take: everything, or the most of it in a few seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Full,
    Quick,
}

impl Scale {
    /// The one of the two numbers that belongs to this scale.
    fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

const USAGE: &str = "usage: bench [--quick] [ingest | overload | alerts | page | domains | checks | probes | engine | rehearsal | check | idle]...";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, data_dir] = &args[..]
        && word == idle::SERVE
    {
        return idle::serve(Path::new(data_dir));
    }
    if let [word, rest @ ..] = &args[..]
        && word == probes::ASK
    {
        return probes::ask(rest);
    }
    let mut scale = Scale::Full;
    let mut chosen = Vec::new();
    for arg in &args {
        match arg.as_str() {
            "--quick" => scale = Scale::Quick,
            "ingest" | "overload" | "alerts" | "page" | "domains" | "checks" | "probes"
            | "engine" | "rehearsal" | "check" | "idle" => {
                chosen.push(arg.as_str());
            }
            _ => anyhow::bail!("{USAGE}"),
        }
    }
    let wanted = |what: &str| chosen.is_empty() || chosen.contains(&what);
    let base = tempfile::tempdir().context("cannot make a directory to measure in")?;
    let fsync = machine::fsync(base.path())?;
    println!("{}", machine::describe(base.path(), fsync));
    let mut rows: Vec<Row> = Vec::new();
    // What starts cold goes first.
    if wanted("check") {
        rows.push(check::measure(base.path())?);
    }
    if wanted("rehearsal") {
        rows.push(rehearsal::measure()?);
    }
    if wanted("engine") {
        rows.extend(engine::measure(scale));
    }
    if wanted("ingest") {
        rows.extend(ingest::measure(base.path(), fsync, scale)?);
    }
    if wanted("overload") {
        rows.extend(overload::measure(base.path(), scale)?);
    }
    if wanted("alerts") {
        rows.extend(alerts::measure(base.path(), scale)?);
    }
    if wanted("page") {
        rows.push(page::measure(base.path(), scale)?);
    }
    if wanted("domains") {
        rows.extend(domains::measure(base.path(), scale)?);
    }
    if wanted("checks") {
        rows.push(checks::measure(base.path(), scale)?);
    }
    if wanted("probes") {
        rows.extend(probes::measure(base.path(), scale)?);
    }
    if wanted("idle") {
        rows.push(idle::measure(base.path())?);
    }
    print!("{}", table::render(&rows));
    Ok(())
}
