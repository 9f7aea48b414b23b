//! `gonogo backup` and `gonogo restore`: the data directory, copied while a server runs on it.

use std::time::Duration;

use gonogo_server::store::{self, Manifest, StoreError};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::args::{Backup, Restore};
use crate::exit::Exit;
use crate::print::{self, time};

pub fn run(args: &Backup) -> anyhow::Result<Exit> {
    // It is drawn only where somebody looks at a terminal.
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("copying {bar:30} {percent}% {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.enable_steady_tick(Duration::from_millis(200));
    let made = store::backup(&args.data, &args.to, Timestamp::now(), |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let made = match made {
        Ok(made) => made,
        Err(error) => return Ok(refused(&error)),
    };
    let to = args.to.display();
    print::answer(
        args.format,
        serde_json::to_value(made)?,
        |made: Manifest| format!("{to} holds {}; it was checked\n", told(&made)),
    )?;
    Ok(Exit::Clean)
}

pub fn restore(args: &Restore) -> anyhow::Result<Exit> {
    let put = match store::restore(&args.from, &args.data) {
        Ok(put) => put,
        Err(error) => return Ok(refused(&error)),
    };
    let data = args.data.display();
    print::answer(args.format, serde_json::to_value(put)?, |put: Manifest| {
        let made = time(put.made_at);
        format!(
            "{data} is as it was at {made}, with {}\n`gonogo serve --data {data}` goes on from there; what was to be sent then is sent now\n",
            told(&put)
        )
    })?;
    Ok(Exit::Clean)
}

fn told(manifest: &Manifest) -> String {
    let bytes = HumanBytes(manifest.bytes());
    let Manifest { step, inputs, .. } = manifest;
    format!("{inputs} inputs and {step} steps ({bytes})")
}

/// Says why, and how to go on.
fn refused(error: &StoreError) -> Exit {
    anstream::eprintln!("error: {error}");
    let help = match error {
        StoreError::Conflict(_) => {
            "nothing is overwritten: name a directory that is new or empty, and one that holds what is to be copied"
        }
        StoreError::Corrupt(_) => {
            "take another backup; this one would not bring back what there was"
        }
        StoreError::Locked { .. } => "a directory is restored before a server runs on it",
        StoreError::Newer { .. } => "restore it with the version that made it, or a later one",
        _ => return Exit::CouldNotRun,
    };
    anstream::eprintln!("help: {help}");
    Exit::CouldNotRun
}
