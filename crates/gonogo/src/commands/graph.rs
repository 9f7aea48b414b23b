//! `gonogo graph`: what follows from the dependencies that a package declares.

use std::io::Write as _;

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::{Id, Package};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::report::graph::Page;

use super::{load_however_it_is, read_package};
use crate::args::{self, Format};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &args::Graph) -> anyhow::Result<Exit> {
    let read = match read_package(&args.package.dir()) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let package = load_however_it_is(&read);
    let journey = match journey(&package, args.journey.as_deref()) {
        Ok(journey) => journey,
        Err(exit) => return Ok(exit),
    };
    let page = Page::of(args.view(), &package, &Graph::new(&package), journey);
    let text = match args.format {
        Format::Human => page.human(),
        Format::Json => page.json(),
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

/// The journey that was named; explains where there is none of that name.
fn journey<'p>(package: &'p Package, typed: Option<&str>) -> Result<Option<&'p Id>, Exit> {
    let Some(typed) = typed else {
        return Ok(None);
    };
    if let Some(found) = package.journeys.keys().find(|id| id.as_str() == typed) {
        return Ok(Some(found));
    }
    anstream::eprintln!("error: there is no journey `{typed}` in {}", package.name());
    let names = || package.journeys.keys().map(|id| id.as_str());
    match did_you_mean(typed, names()) {
        Some(near) => anstream::eprintln!("help: did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = names().collect();
            anstream::eprintln!("help: it has {}", all.join(", "));
        }
    }
    Err(Exit::Usage)
}
