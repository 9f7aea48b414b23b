//! The chores of this repository: `cargo xtask test | ci | bench`.
//!
//! A chore lives here, not in a shell script, so that it runs the same on every machine and is
//! checked by the compiler. Invariant: a chore needs a Rust toolchain and nothing else; what more
//! it needs it installs, and says so first.

mod bench;
mod chore;
mod ci;
mod deny;
mod packages;
mod snapshots;
mod test;

use std::env;
use std::process::ExitCode;

const HELP: &str = "\
The chores of this repository.

Usage: cargo xtask <CHORE>

Chores:
  test [--no-install] [-- ARGS]  install what the tests need (Debian), then run them
                                 ARGS go to `cargo test`: a name to filter by, or `-p CRATE`
  ci                             the whole gate: format, lints, licences, tests
  ci --advisories                known vulnerabilities in dependencies (needs the network)
  bench [-- ARGS]                measure against the performance targets

Examples:
  cargo xtask test
  cargo xtask test --no-install -- -p gonogo-engine flow
";

/// Bad command line, as in sysexits.h.
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test", rest @ ..] => match test::Options::parse(rest) {
            Some(options) => test::run(&options),
            None => return usage(),
        },
        ["ci"] => ci::run(&ci::GATE),
        ["ci", "--advisories"] => ci::run(&ci::ADVISORIES),
        ["bench"] => bench::run(&[]),
        ["bench", "--", rest @ ..] => bench::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => return usage(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprint!("{HELP}");
    ExitCode::from(EXIT_USAGE)
}
