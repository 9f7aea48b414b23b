//! `gonogo source`

use clap::{Args, Subcommand};

use super::PackageArg;

/// `gonogo source`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo source list ops
  gonogo source stripe --help          what to do at Stripe, step by step
  gonogo source google-pubsub --help

Kinds: stripe, fivetran, github, google-pubsub, cloud-monitoring, standard-webhooks, cloudevents.")]
pub struct Source {
    /// What about sources.
    #[command(subcommand)]
    pub verb: SourceVerb,
}

/// What can be asked about sources.
#[derive(Debug, Subcommand)]
pub enum SourceVerb {
    /// List a package's sources: address, kind, whether secrets are set, expected silence
    List(SourceList),
    /// A kind of source
    #[command(external_subcommand)]
    Kind(Vec<String>),
}

/// `gonogo source list`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo source list
  gonogo source list ops --base-url https://gonogo.example.com")]
pub struct SourceList {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Where people find the server
    #[arg(
        long,
        value_name = "URL",
        env = "GONOGO_BASE_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub base_url: String,
}
