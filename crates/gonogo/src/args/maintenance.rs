//! `gonogo maintenance`

use clap::{Args, Subcommand};

use super::Server;

/// `gonogo maintenance`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  gonogo maintenance                               what is on, and what is planned
  gonogo maintenance start --component cloud-sql --for 30m --reason 'a new disk'
  gonogo maintenance start --component cloud-sql --dependents --for 2h --reason 'a new disk'
  gonogo maintenance end by-hand-3

What it covers is measured and shown as always; what is still bad when it ends calls then."
)]
pub struct Maintenance {
    /// What to do; `list` where nothing is said.
    #[command(subcommand)]
    pub verb: Option<MaintenanceVerb>,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// What can be done with maintenance.
#[derive(Debug, Subcommand)]
pub enum MaintenanceVerb {
    /// List the windows that are on, then those that come
    List,
    /// Begin now
    Start {
        /// The alerts of this component; may be said again
        #[arg(long, value_name = "COMPONENT")]
        component: Vec<String>,
        /// The alerts on this check; may be said again
        #[arg(long, value_name = "CHECK")]
        check: Vec<String>,
        /// This alert; may be said again
        #[arg(long, value_name = "ALERT")]
        alert: Vec<String>,
        /// Also what needs the components to work, by the dependency graph
        #[arg(long)]
        dependents: bool,
        /// For how long: 30m, 2h; at most 7d
        #[arg(long = "for", value_name = "TIME")]
        lasts: String,
        /// Why, for the timeline
        #[arg(long)]
        reason: String,
        /// What is counted meanwhile stays out of SLOs
        #[arg(long)]
        excluded: bool,
    },
    /// End one before its time; of a declared one, only this time
    End {
        /// Its id, as `list` shows it
        id: String,
        /// Why, for the timeline
        #[arg(long, default_value = "")]
        reason: String,
    },
}
