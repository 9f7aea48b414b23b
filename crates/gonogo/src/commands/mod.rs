//! One verb, one file. A command prints what it found and says how it ended.

mod accounts;
mod ack;
mod admin_link;
mod agent;
mod alerts;
mod backup;
mod blast;
mod check;
mod demo;
mod doctor;
mod evidence;
mod explain;
mod export;
mod freeze;
mod graph;
mod import;
mod incident;
mod init;
mod maintenance;
mod oncall;
mod rehearse;
mod reload;
mod schema;
mod serve;
mod source;
mod status;
mod token;
mod verdict;

use std::path::Path;

use anyhow::Context as _;
use gonogo_model::{Package, load};
use gonogo_readiness::report::counted;
use gonogo_server::package_dir::{self, PackageDir};

use crate::args::{Command, Server};
use crate::client::{Client, Failure};
use crate::exit::Exit;

/// Runs what was asked for.
pub fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Agent(args) => agent::run(&args),
        Command::Ack(args) => ack::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Blast(args) => blast::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Evidence(args) => evidence::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Incident(args) => incident::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Alerts(args) => alerts::run(&args),
        Command::Freeze(args) => freeze::run(&args),
        Command::Maintenance(args) => maintenance::run(&args),
        Command::Oncall(args) => oncall::run(&args),
        Command::TestPage(args) => oncall::test_page(&args),
        Command::Reload(args) => reload::run(&args),
        Command::Source(args) => source::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Verdict(args) => verdict::run(&args),
        Command::AdminLink(args) => admin_link::run(&args),
    }
}

/// Reads the directory that a command is about; when that fails, says why and how to go on.
fn read_package(dir: &Path) -> Result<PackageDir, Exit> {
    package_dir::read(dir).map_err(|error| {
        anstream::eprintln!("error: {error}");
        if let Some(help) = error.help() {
            anstream::eprintln!("help: {help}");
        }
        Exit::CouldNotRun
    })
}

/// Loads what can be read, and warns where that may not be all.
fn load_however_it_is(read: &PackageDir) -> Package {
    let loaded = load(&read.text);
    let mistakes = loaded.diagnostics.len() + read.findings.len();
    if mistakes > 0 {
        let findings = counted(mistakes, "finding");
        anstream::eprintln!(
            "warning: the package has {findings}, so this may not be all; `gonogo check` lists them"
        );
    }
    loaded.package
}

/// Asks a server; when that fails, says why and how to go on.
fn ask(
    server: &Server,
    conversation: impl AsyncFnOnce(&Client) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let client = Client::new(server)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    match runtime.block_on(conversation(&client)) {
        Err(error) => match error.downcast_ref::<Failure>() {
            Some(failure) => Ok(failure.report()),
            None => Err(error),
        },
        ended => ended,
    }
}

/// What goes on is said on stderr, as much of it as `GONOGO_LOG` asks for.
fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("GONOGO_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
}
