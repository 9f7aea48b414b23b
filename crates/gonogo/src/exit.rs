//! How a command ends, as the number that scripts see.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is wrong; of a verdict, GO.
    Clean,
    /// There are findings; of a verdict, NO-GO.
    Findings,
    /// GO under conditions.
    Conditional,
    /// The command was not understood.
    Usage,
    /// The command was understood and could not run.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Conditional => 2,
            Exit::Usage => 64,
            Exit::CouldNotRun => 70,
        })
    }
}
