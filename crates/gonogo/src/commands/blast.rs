//! `gonogo blast`: what falls when a component fails, and who is told.

use std::io::Write as _;

use gonogo_model::Package;
use gonogo_model::diagnostic::did_you_mean;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::blast::Blast;
use gonogo_readiness::report::blast as report;

use super::{load_however_it_is, read_package};
use crate::args::{self, Format};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &args::Blast) -> anyhow::Result<Exit> {
    let read = match read_package(&args.package.dir()) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let package = load_however_it_is(&read);
    let graph = Graph::new(&package);
    let id = package
        .components
        .keys()
        .find(|id| id.as_str() == args.component);
    let Some(blast) = id.and_then(|id| Blast::of(&package, &graph, id)) else {
        explain_unknown(&package, &args.component);
        return Ok(Exit::Usage);
    };
    let text = match args.format {
        Format::Human => report::human(&blast, &package),
        Format::Json => report::json(&blast, &package),
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn explain_unknown(package: &Package, typed: &str) {
    anstream::eprintln!(
        "error: there is no component `{typed}` in {}",
        package.name()
    );
    if package.journeys.keys().any(|id| id.as_str() == typed) {
        anstream::eprintln!(
            "help: `{typed}` is a journey, and nothing depends on one; ask about a component that it needs"
        );
        return;
    }
    let names = || package.components.keys().map(|id| id.as_str());
    match did_you_mean(typed, names()) {
        Some(near) => anstream::eprintln!("help: did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = names().take(MAX_NAMED).collect();
            let more = package.components.len() - all.len();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            anstream::eprintln!("help: it has {}{more}", all.join(", "));
        }
    }
}

/// How many components are named to somebody who named none of them.
const MAX_NAMED: usize = 40;
