//! `cargo xtask test`: everything that the tests need, then the tests.
//!
//! Invariant: one command on a fresh Debian machine with a Rust toolchain runs every test there is,
//! and none of them is skipped because something is not installed.

use crate::chore::{self, cargo};
use crate::{packages, snapshots};
use anyhow::Result;

/// What the command line asked for.
pub struct Options<'a> {
    install: bool,
    /// Handed to `cargo test` as they are.
    cargo_args: &'a [&'a str],
}

impl<'a> Options<'a> {
    /// Install what is missing, run everything.
    pub const EVERYTHING: Options<'static> = Options {
        install: true,
        cargo_args: &[],
    };

    /// Reads `[--no-install] [-- ARGS]`; `None` for anything else.
    pub fn parse(args: &'a [&'a str]) -> Option<Self> {
        let (install, rest) = match args {
            ["--no-install", rest @ ..] => (false, rest),
            rest => (true, rest),
        };
        let cargo_args = match rest {
            [] => rest,
            ["--", rest @ ..] => rest,
            _ => return None,
        };
        Some(Options {
            install,
            cargo_args,
        })
    }

    fn cargo_test(&self) -> Vec<&'a str> {
        let mut args = vec!["test", "--locked", "--no-fail-fast"];
        if !self.names_a_crate() {
            args.push("--workspace");
        }
        args.extend(self.cargo_args);
        args
    }

    /// `--workspace` would win over `-p`, so it is left out when a crate is named.
    fn names_a_crate(&self) -> bool {
        self.cargo_args
            .iter()
            .take_while(|arg| **arg != "--")
            .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
    }
}

/// Installs what is missing and runs the tests.
pub fn run(options: &Options<'_>) -> Result<()> {
    if options.install {
        packages::install_missing()?;
    }
    if !options.cargo_args.is_empty() {
        return chore::run(cargo().args(options.cargo_test()));
    }
    let references = snapshots::References::record()?;
    chore::run(references.tell(cargo().args(options.cargo_test())))?;
    references.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo_test(args: &[&str]) -> Option<(bool, String)> {
        let options = Options::parse(args)?;
        Some((options.install, options.cargo_test().join(" ")))
    }

    #[test]
    fn the_command_line_becomes_one_cargo_test() {
        let workspace = "test --locked --no-fail-fast --workspace";
        assert_eq!(cargo_test(&[]), Some((true, workspace.to_owned())));
        assert_eq!(
            cargo_test(&["--no-install", "--", "flow"]),
            Some((false, format!("{workspace} flow")))
        );
        assert_eq!(
            cargo_test(&["--", "-p", "gonogo-engine", "flow"]),
            Some((
                true,
                "test --locked --no-fail-fast -p gonogo-engine flow".to_owned()
            ))
        );
        assert_eq!(
            cargo_test(&["--", "flow", "--", "-p"]),
            Some((true, format!("{workspace} flow -- -p")))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(cargo_test(&["flow"]), None);
        assert_eq!(cargo_test(&["--install"]), None);
    }
}
