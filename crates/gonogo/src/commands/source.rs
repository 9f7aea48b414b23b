//! `gonogo source`: how events get in.

use std::io::Write as _;

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::setting::Setting;
use gonogo_model::source::{Provider, Source};
use gonogo_readiness::report::printable;
use gonogo_server::ingest::setup;
use gonogo_server::settings::Outside;

use super::{load_however_it_is, read_package};
use crate::args::{self, SourceVerb};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &args::Source) -> anyhow::Result<Exit> {
    match &args.verb {
        SourceVerb::List(args) => list(args),
        SourceVerb::Kind(words) => kind(words.first().map_or("", String::as_str)),
    }
}

/// What to do at a provider.
fn kind(typed: &str) -> anyhow::Result<Exit> {
    let kinds = || Provider::ALL.iter().map(|kind| kind.word());
    let Some(kind) = Provider::ALL.iter().find(|kind| kind.word() == typed) else {
        anstream::eprintln!("error: there is no kind of source `{}`", printable(typed));
        match did_you_mean(typed, kinds()) {
            Some(near) => anstream::eprintln!("help: did you mean `{near}`?"),
            None => {
                let all: Vec<&str> = kinds().collect();
                anstream::eprintln!("help: the kinds are {}", all.join(", "));
            }
        }
        return Ok(Exit::Usage);
    };
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "A source of kind {kind}, in signals/sources.yaml or gonogo.yaml.\n"
    )?;
    write!(out, "{}", setup::steps(*kind, setup::EXAMPLE_URL))?;
    writeln!(out, "\nWhat a refusal means:")?;
    write!(out, "{}", setup::refusals())?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn list(args: &args::SourceList) -> anyhow::Result<Exit> {
    let read = match read_package(&args.package.dir()) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let package = load_however_it_is(&read);
    let base = args.base_url.trim_end_matches('/');
    let mut out = anstream::stdout().lock();
    for (id, source) in &package.sources {
        writeln!(out, "{id}  {}  {base}/in/{id}", source.kind)?;
        for said in proof(source) {
            writeln!(out, "  {said}")?;
        }
        match source.silent_after {
            Some(bound) => writeln!(out, "  silent for {bound} is too long")?,
            None => writeln!(out, "  silence is not judged")?,
        }
    }
    if package.sources.is_empty() {
        writeln!(out, "This package has no sources.")?;
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// What senders prove themselves by, and whether it is set here; never a value.
fn proof(source: &Source) -> Vec<String> {
    let outside = Outside::default();
    let state = |setting: &Setting| match outside.resolve(setting) {
        Ok(_) => "set here",
        Err(_) => "NOT set here",
    };
    let mut said: Vec<String> = source
        .secrets
        .iter()
        .map(|secret| format!("secret {}: {}", secret.0, state(&secret.0)))
        .collect();
    if let Some(account) = &source.service_account {
        said.push(format!("service account {account}: {}", state(account)));
    }
    if said.is_empty() {
        said.push("nothing to verify with: everything is refused".into());
    }
    said
}
