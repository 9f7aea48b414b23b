//! The operator's verbs: what asks a running server.

use clap::{Args, Subcommand, ValueEnum};
use gonogo_model::comms::PublicState;
use gonogo_server::api::incident_number;
use reqwest::Url;

use super::Format;

/// Which server, and who asks.
#[derive(Args, Clone)]
pub struct Server {
    /// Where the server is
    #[arg(
        long,
        value_name = "URL",
        env = "GONOGO_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = server_url,
        global = true
    )]
    pub server: Url,
    /// Your API token; better in GONOGO_TOKEN, which other users of the machine cannot list
    #[arg(
        long,
        value_name = "TOKEN",
        env = "GONOGO_TOKEN",
        hide_env_values = true,
        global = true
    )]
    pub token: Option<String>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human, global = true)]
    pub format: Format,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({}, {:?})", self.server, self.format)
    }
}

/// `gonogo ack`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo ack INC-3
  gonogo ack 3 --server https://gonogo.example.com

An acknowledgement covers what you see now: what grows past it pages again.")]
pub struct Ack {
    /// Which incident, such as INC-3
    #[arg(value_name = "INCIDENT", value_parser = number)]
    pub incident: u64,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo incident`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  gonogo incident                                  what is open
  gonogo incident show INC-3
  gonogo incident note INC-3 'the ledger answers again'
  gonogo incident publish INC-3 --state identified 'We have found the cause.'
  gonogo incident resolve INC-3 --reason 'rolled back'"
)]
pub struct Incident {
    /// What to do; `list` where nothing is said.
    #[command(subcommand)]
    pub verb: Option<IncidentVerb>,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// What can be done with incidents.
#[derive(Debug, Subcommand)]
pub enum IncidentVerb {
    /// List incidents, open ones first
    List {
        /// Only those
        #[arg(long, value_enum)]
        state: Option<ListState>,
    },
    /// Show one with everything that belongs to it
    Show {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
    },
    /// Put words on the timeline, for the team only
    Note {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
        /// The words
        text: String,
    },
    /// Take the lead
    Lead {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
    },
    /// Write down that a step of a runbook was done
    Step {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
        /// The runbook
        runbook: String,
        /// The step in it
        step: String,
        /// What came of it
        #[arg(long, value_enum, default_value_t = StepOutcome::Ok)]
        outcome: StepOutcome,
    },
    /// Tell customers
    Publish {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
        /// Where it stands: investigating, identified, monitoring or resolved
        #[arg(long, value_parser = public_state)]
        state: PublicState,
        /// The words; the draft's, where none are given
        #[arg(default_value = "")]
        text: String,
    },
    /// Say that it is over
    Resolve {
        /// Which, such as INC-3
        #[arg(value_parser = number)]
        incident: u64,
        /// Why, for the timeline
        #[arg(long)]
        reason: String,
    },
}

/// Which incidents are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListState {
    /// Those that go on
    Open,
    /// Those that are over
    Resolved,
}

/// What came of a runbook step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepOutcome {
    /// It did what it should
    Ok,
    /// It did not
    Failed,
    /// It was left out
    Skipped,
}

/// `gonogo status`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo status
  gonogo status --format json | jq .headline

Exit codes: 0 all is well, 1 an incident is open or gonogo is in trouble, 2 it cannot be told.")]
pub struct Status {
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo alerts`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo alerts
  gonogo alerts --all --format json | jq '.alerts[] | {id, stage, detail}'")]
pub struct Alerts {
    /// Those that do not fire, too
    #[arg(long)]
    pub all: bool,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo oncall`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo oncall
  gonogo oncall --format json | jq -r '.schedules[].person.name'")]
pub struct Oncall {
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo freeze`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo freeze app-service
  gonogo freeze app-service && ./deploy.sh
  gonogo freeze app-service --change code --exception security-fix

Exit codes: 0 may be deployed, 1 frozen, 2 nobody can tell, 64 not understood, 70 could not ask.")]
pub struct Freeze {
    /// The component that is to be deployed
    #[arg(value_name = "COMPONENT")]
    pub component: String,
    /// What sort of change it is: code, config, flag and so on
    #[arg(long, value_name = "SORT")]
    pub change: Option<String>,
    /// The exception of the error budget policy that it claims
    #[arg(long, value_name = "NAME")]
    pub exception: Option<String>,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo test-page`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo test-page ada

It goes out on all of the person's channels, and says that nothing is wrong.")]
pub struct TestPage {
    /// Whom: the id of a person of the package
    pub person: String,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `gonogo reload`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git -C /srv/ops pull && gonogo reload

Exit codes: 0 what is on disk is in force, 1 it is refused and the one before goes on.")]
pub struct Reload {
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

pub(super) fn server_url(text: &str) -> Result<Url, String> {
    let example = "write it like http://127.0.0.1:8080 or https://gonogo.example.com";
    let url = Url::parse(text).map_err(|_| format!("not a URL: {example}"))?;
    let sound = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if sound {
        Ok(url)
    } else {
        Err(format!("not the address of a server: {example}"))
    }
}

fn number(text: &str) -> Result<u64, String> {
    incident_number(text).ok_or_else(|| "an incident is named like 3 or INC-3".to_owned())
}

fn public_state(text: &str) -> Result<PublicState, String> {
    PublicState::from_word(text).ok_or_else(|| {
        let words: Vec<&str> = PublicState::ALL.iter().map(|s| s.word()).collect();
        format!("it is one of {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_whole_address() {
        assert!(server_url("http://127.0.0.1:8080").is_ok());
        assert!(server_url("https://gonogo.example.com/ops/").is_ok());
        for text in [
            "localhost:8080",
            "127.0.0.1",
            "ftp://example.com",
            "unix:/run/x",
            "",
        ] {
            assert!(server_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let server = Server {
            server: server_url("http://127.0.0.1:1").unwrap(),
            token: Some("gng_secret".into()),
            format: Format::Human,
        };
        assert!(!format!("{server:?}").contains("secret"));
    }
}
