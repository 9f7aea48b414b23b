//! `gonogo token` and `gonogo admin-link`: who may come in.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gonogo_server::api::WantedToken;

use super::{Format, Server};

/// `gonogo token`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  export GONOGO_TOKEN=$(gonogo token create my-laptop --data gonogo-data)
  gonogo token create scraper --scope read --days 90
  gonogo token list
  gonogo token revoke 3f9a01c2d4e5

With --data it works on the journal itself while no server runs on it; otherwise it asks the
server, for which it takes a token with the scope admin.")]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub verb: TokenVerb,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
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
        /// After how many days it ends; never, where this is not written
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: Option<u16>,
        /// The data directory to make it in; no server may be running on it
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// List your tokens that work
    List,
    /// Make a token work no more
    Revoke {
        /// The public part, which `list` shows
        id: String,
    },
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// See everything
    Read,
    /// See everything, and record evidence in the name of whoever found it out
    Evidence,
    /// Ask checks from another place, and nothing else: for `gonogo agent`
    Agent,
    /// See everything, and do what responders do
    Respond,
    /// Everything its owner may do
    Admin,
}

impl Scope {
    /// What is asked of a server.
    pub fn wanted(self, name: &str, days: Option<u16>) -> WantedToken {
        let scope = match self {
            Self::Read => "read",
            Self::Evidence => "evidence",
            Self::Agent => "agent",
            Self::Respond => "respond",
            Self::Admin => "admin",
        };
        WantedToken {
            name: name.to_owned(),
            scope: scope.to_owned(),
            days,
        }
    }
}

/// `gonogo admin-link`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo admin-link --data gonogo-data
  gonogo admin-link --data /var/lib/gonogo --base-url https://gonogo.example.com

The password that there is works until the new one is set. No server may be running on the
directory meanwhile.")]
pub struct AdminLink {
    /// The data directory
    #[arg(
        long,
        value_name = "DIR",
        default_value = "gonogo-data",
        env = "GONOGO_DATA"
    )]
    pub data: PathBuf,
    /// Where people find the server
    #[arg(
        long,
        value_name = "URL",
        env = "GONOGO_BASE_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub base_url: String,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}
