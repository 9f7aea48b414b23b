//! The verbs about an installation: its data, and whether it can work.

use std::path::PathBuf;

use clap::Args;

use super::{Format, Serve};

/// `gonogo backup`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo backup /var/lib/gonogo /backup/gonogo-$(date +%F)
  gonogo backup gonogo-data backup --format json | jq .inputs

A server may run on the directory meanwhile. The copy holds accounts, request bodies and the keys
that open them and sign links: keep it where only you can read it.")]
pub struct Backup {
    /// The data directory
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Where the copy goes: a directory that is not there yet
    #[arg(value_name = "OUT")]
    pub to: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `gonogo restore`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo restore /backup/gonogo-2026-11-23 /var/lib/gonogo
  gonogo serve ops --data /var/lib/gonogo

What was to be sent when the backup was made is sent, also if it was sent since. What came in since
is lost, unless its sender repeats it.")]
pub struct Restore {
    /// What `gonogo backup` made
    #[arg(value_name = "BACKUP")]
    pub from: PathBuf,
    /// The data directory: one that is empty or not there yet
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `gonogo doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo doctor ops --data /var/lib/gonogo --base-url https://gonogo.example.com
  gonogo doctor ops --format json | jq '.[] | select(.state == \"problem\")'

Run it as the user and with the environment that `gonogo serve` has. It changes nothing and sends
nothing; of the systems that would be told something it asks for an answer only.

Exit codes: 0 nothing is wrong, 1 there are problems, 64 not understood, 70 could not run.")]
pub struct Doctor {
    /// How the server is started.
    #[command(flatten)]
    pub serve: Serve,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}
