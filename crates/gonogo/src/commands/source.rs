//! `gonogo source`: how events get in, and go on again.

use std::io::Write as _;

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::setting::Setting;
use gonogo_model::source::{Provider, Source};
use gonogo_readiness::report::{counted, printable};
use gonogo_server::api::{LettersOutcome, RangeReplayed, ReplayLetters, ReplayRange};
use gonogo_server::ingest::setup;
use gonogo_server::settings::Outside;

use jiff::Timestamp;

use super::{ask, load_however_it_is, read_package};
use crate::args::{self, ReplayOnly, SourceVerb};
use crate::client::path;
use crate::exit::Exit;
use crate::print;

/// Runs the command.
pub fn run(args: &args::Source) -> anyhow::Result<Exit> {
    match &args.verb {
        SourceVerb::List(args) => list(args),
        SourceVerb::Replay(args) if args.dead => replay_dead(args),
        SourceVerb::Replay(args) => replay(args),
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

/// Sends a range on again, part by part.
fn replay(args: &args::SourceReplay) -> anyhow::Result<Exit> {
    let mut range = ReplayRange {
        // Without `--dead` there is one.
        from: args.from.unwrap_or(Timestamp::MIN),
        to: args.to.unwrap_or_else(Timestamp::now),
        only_failed: args.only == Some(ReplayOnly::Failed),
        dry_run: args.dry_run,
        after: None,
    };
    if range.from >= range.to {
        anstream::eprintln!("error: --from has to be before --to, and not in the future");
        return Ok(Exit::Usage);
    }
    let path = path(&["sources", &args.source, "replay"]);
    ask(&args.server, async |client| {
        let mut all: Option<RangeReplayed> = None;
        let all = loop {
            let answer = client.post(&path, &range).await?;
            let part: RangeReplayed = serde_json::from_value(answer)?;
            let sum = match all {
                None => part,
                Some(before) => RangeReplayed {
                    matched: before.matched + part.matched,
                    queued: before.queued + part.queued,
                    dead_letters: before.dead_letters + part.dead_letters,
                    understood: before.understood + part.understood,
                    ..part
                },
            };
            // An older server tells of more and not of where: what it did not reach stays said.
            let Some(next) = part.next else { break sum };
            anstream::eprintln!("{} so far ...", deliveries(sum.matched));
            range.after = Some(next);
            all = Some(sum);
        };
        print::answer(args.server.format, serde_json::to_value(all)?, |all| {
            replayed(&all, args.dry_run)
        })?;
        let short = all.more || all.queued < all.matched || all.understood < all.dead_letters;
        Ok(match short && !args.dry_run {
            true => Exit::Findings,
            false => Exit::Clean,
        })
    })
}

/// Looks at a source's dead letters again, part by part.
fn replay_dead(args: &args::SourceReplay) -> anyhow::Result<Exit> {
    if let (Some(from), to) = (args.from, args.to.unwrap_or_else(Timestamp::now))
        && from >= to
    {
        anstream::eprintln!("error: --from has to be before --to, and not in the future");
        return Ok(Exit::Usage);
    }
    let mut which = ReplayLetters {
        from: args.from,
        to: args.to,
        dry_run: args.dry_run,
        after: None,
    };
    let path = path(&["sources", &args.source, "dead-letters", "replay"]);
    ask(&args.server, async |client| {
        let mut all = LettersOutcome::default();
        loop {
            let answer = client.post(&path, &which).await?;
            let part: LettersOutcome = serde_json::from_value(answer)?;
            let next = part.next;
            add(&mut all, part);
            let Some(next) = next else { break };
            anstream::eprintln!("{} so far ...", counted(all.dead_letters, "dead letter"));
            which.after = Some(next);
        }
        let short = all.understood < all.dead_letters;
        print::answer(args.server.format, serde_json::to_value(all)?, |all| {
            looked_at(&all, args.dry_run)
        })?;
        Ok(match short && !args.dry_run {
            true => Exit::Findings,
            false => Exit::Clean,
        })
    })
}

fn add(all: &mut LettersOutcome, part: LettersOutcome) {
    all.dead_letters += part.dead_letters;
    all.understood += part.understood;
    all.accepted += part.accepted;
    all.duplicates += part.duplicates;
    all.gone += part.gone;
    for (reason, count) in part.still {
        *all.still.entry(reason).or_default() += count;
    }
}

fn looked_at(all: &LettersOutcome, dry_run: bool) -> String {
    let letters = counted(all.dead_letters, "dead letter");
    if dry_run {
        return format!("{letters} would be looked at again\n");
    }
    let mut out = format!("{} of {letters} understood now: ", all.understood);
    out.push_str(&format!(
        "{} taken, {} had come before\n",
        counted(all.accepted, "event"),
        all.duplicates
    ));
    for (reason, count) in &all.still {
        out.push_str(&format!("{count} still cannot be read: {reason}\n"));
    }
    if all.gone > 0 {
        let gone = all.gone;
        out.push_str(&format!(
            "{gone} cannot be: their content was deleted when its days were over\n"
        ));
    }
    out
}

fn replayed(all: &RangeReplayed, dry_run: bool) -> String {
    let deliveries = deliveries(all.matched);
    let letters = counted(all.dead_letters, "dead letter");
    if dry_run {
        return format!("{deliveries} would be sent again, {letters} looked at again\n");
    }
    let mut out = format!("{} of {deliveries} queued to be sent again\n", all.queued);
    if all.dead_letters > 0 {
        out.push_str(&format!("{} of {letters} understood now\n", all.understood));
    }
    if all.more {
        out.push_str("There are more in this range: replay its later part as well\n");
    }
    out
}

fn deliveries(count: usize) -> String {
    match count {
        1 => "1 delivery".to_owned(),
        count => format!("{count} deliveries"),
    }
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
