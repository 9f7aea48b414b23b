//! `gonogo check --watch`: the check again after every change.
//!
//! The package is read again and compared, instead of waiting for notices of the file system:
//! editors replace files, network disks send no notices, and a change is what the text says.
//! Reading never takes more than a tenth of the time.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gonogo_model::{Diagnostic, PackageText};
use gonogo_readiness::check;
use gonogo_server::package_dir;
use jiff::Timestamp;

use super::report;
use crate::args::Check;
use crate::commands::read_package;
use crate::exit::Exit;

/// How long it rests between two looks, at least.
const REST: Duration = Duration::from_millis(250);
/// A look that takes long makes the rest after it so many times as long.
const REST_PER_LOOK: u32 = 9;
/// A change is taken once two looks so far apart agree: an editor may write several files.
const SETTLE: Duration = Duration::from_millis(80);
/// A directory that never settles is shown after so many looks all the same.
const MAX_LOOKS_TO_SETTLE: usize = 25;

/// Runs until Ctrl-C.
pub fn run(args: &Check) -> anyhow::Result<Exit> {
    let dir = args.package.dir();
    if let Err(exit) = read_package(&dir) {
        return Ok(exit);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        tokio::select! {
            ended = watch(args, &dir) => ended,
            told = told_to_end() => told.map(|()| Exit::Clean),
        }
    })
}

/// What a look at the directory gave: a package, or why there is none.
type Seen = Result<(PackageText, Vec<Diagnostic>), String>;

async fn watch(args: &Check, dir: &Path) -> anyhow::Result<Exit> {
    let mut shown = look(dir);
    show(&shown, args, dir)?;
    loop {
        let begun = Instant::now();
        let mut seen = look(dir);
        if seen == shown {
            tokio::time::sleep(REST.max(begun.elapsed() * REST_PER_LOOK)).await;
            continue;
        }
        for _ in 0..MAX_LOOKS_TO_SETTLE {
            tokio::time::sleep(SETTLE).await;
            let again = look(dir);
            if again == seen {
                break;
            }
            seen = again;
        }
        show(&seen, args, dir)?;
        shown = seen;
    }
}

fn look(dir: &Path) -> Seen {
    match package_dir::read(dir) {
        Ok(read) => Ok((read.text, read.findings)),
        Err(error) => Err(error.to_string()),
    }
}

fn show(seen: &Seen, args: &Check, dir: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let found = match seen {
        Ok((text, findings)) => report(&check(text, findings.clone()), text, dir, args),
        Err(why) => format!("error: {why}\n"),
    };
    let took = begun.elapsed().as_millis();
    let at = Timestamp::now().strftime("%H:%M:%S UTC");
    let clear = if stdout().is_terminal() { CLEAR } else { "" };
    let dir = dir.display();
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{clear}{found}\nChecked at {at} in {took} ms; watching {dir} for changes, Ctrl-C ends"
    )?;
    Ok(out.flush()?)
}

/// Empties the screen and what was scrolled away, and begins at its top.
const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// Returns at Ctrl-C, or when the system asks the process to end.
async fn told_to_end() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => Ok(told?),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    Ok(tokio::signal::ctrl_c().await?)
}
