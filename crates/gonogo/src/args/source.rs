//! `gonogo source`

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{PackageArg, Server};

/// `gonogo source`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo source list ops
  gonogo source stripe --help          what to do at Stripe, step by step
  gonogo source google-pubsub --help
  gonogo source replay stripe --from 2026-03-01T02:00:00Z --only failed --dry-run
  gonogo source replay stripe --dead

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
    /// Send what a source delivered in a range on again, and look at its dead letters again
    Replay(SourceReplay),
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

/// `gonogo source replay`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo source replay stripe --from 2026-03-01T02:00:00Z --dry-run
  gonogo source replay stripe --from 2026-03-01T02:00:00Z --to 2026-03-01T03:00:00Z
  gonogo source replay stripe --from 2026-03-01T04:00:00+02:00 --only failed
  gonogo source replay stripe --dead --dry-run
  gonogo source replay stripe --dead

Deliveries go out with their original bytes, headers and Gonogo-Delivery-Id, through the same queue
and in the same order as new ones; what waits already is left alone. A large range is queued part
by part: Ctrl-C ends it between two parts, and what was queued by then is still sent.

With --dead nothing goes out: every dead letter of the source that was never understood, or those of
the range, is looked at again, oldest first. What is understood now counts as of when it came.

Exit codes: 0 all of it is queued and understood, 1 some is not, 64 not understood, 70 could not ask.")]
pub struct SourceReplay {
    /// The source's id in the package
    #[arg(value_name = "ID")]
    pub source: String,
    /// Only look at its dead letters again, at all of them unless a range is given
    #[arg(long, conflicts_with = "only")]
    pub dead: bool,
    /// Received from this time on, as in 2026-03-01T02:00:00Z
    #[arg(long, value_name = "TIME", required_unless_present = "dead")]
    pub from: Option<Timestamp>,
    /// Received before this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// Leave out what got through
    #[arg(long, value_enum, value_name = "WHICH")]
    pub only: Option<ReplayOnly>,
    /// Only count; send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// Which deliveries of a range are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayOnly {
    /// Those that did not get through
    Failed,
}
