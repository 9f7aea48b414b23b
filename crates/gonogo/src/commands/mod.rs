//! One verb, one file. A command prints what it found and says how it ended.

mod blast;
mod check;
mod demo;
mod rehearse;
mod serve;

use std::path::Path;

use gonogo_server::package_dir::{self, PackageDir};

use crate::args::Command;
use crate::exit::Exit;

/// Runs what was asked for.
pub fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Blast(args) => blast::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Serve(args) => serve::run(&args),
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
