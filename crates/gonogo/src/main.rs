//! The one binary: reads the command line, runs the command, and ends with an honest code.
//!
//! Commands return how they ended; only an error that they could not explain themselves comes
//! up to here.

mod args;
mod client;
mod commands;
mod exit;
mod print;
mod shipped;

use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;
use exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and are no mistake. When not even that can
            // be printed there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Clean
            }
            .into();
        }
    };
    match commands::run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Clean.into(),
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            Exit::CouldNotRun.into()
        }
    }
}

/// The reader of our output has seen enough (`| head`): that is no failure of ours.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
