//! `gonogo token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `gonogo token`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  export GONOGO_TOKEN=$(gonogo token create my-laptop --data gonogo-data)
  gonogo token create scraper --scope read --data /var/lib/gonogo")]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub verb: TokenVerb,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make a token and print it, once
    Create {
        /// What it is for, to recognise it later
        name: String,
        /// What it may do
        #[arg(long, value_enum, default_value_t = Scope::Respond)]
        scope: Scope,
        /// The data directory; no server may be running on it
        #[arg(long, value_name = "DIR", env = "GONOGO_DATA")]
        data: PathBuf,
    },
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// See everything
    Read,
    /// See everything, and do what responders do
    Respond,
    /// Everything its owner may do
    Admin,
}
