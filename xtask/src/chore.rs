//! Starting the programs that a chore is made of.
//!
//! Invariant: a program that cannot be started or that fails is an error which names its whole
//! command line, and no program ever waits for standard input.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, iter};

/// Runs the command with its output passed through, and turns a failure into an error.
pub fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("could not start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}

/// A command for the cargo that started this chore, in the repository's root.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The repository's root.
pub fn root() -> PathBuf {
    // As cargo says it now: several checkouts may share one build folder.
    let xtask = env::var("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&xtask)
        .parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}

/// Where this user's tools are kept between checkouts.
pub fn cache_dir() -> PathBuf {
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .unwrap_or_else(|| root().join("target"))
        .join("gonogo")
}

fn command_line(command: &Command) -> String {
    iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_with_its_command_line() {
        let error = run(Command::new("false").arg("--really")).unwrap_err();
        assert_eq!(error.to_string(), "`false --really` failed: exit status: 1");
    }

    #[test]
    fn a_missing_program_is_an_error_with_its_name() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "could not start `no-such-program`");
    }
}
