//! The verbs of readiness: the board, what its criteria ask, and the evidence that answers them.

use clap::{Args, Subcommand, ValueEnum};
use gonogo_model::evidence::StepOutcome;
use gonogo_model::{Duration, Subject};
use jiff::Timestamp;
use reqwest::Url;

use super::{Format, PackageArg};

/// `gonogo verdict`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo verdict                         what is in the way, whose it is, what to do next
  gonogo verdict ops --all --area RBK    everything about runbooks and rollback
  gonogo verdict ops --at launch         which evidence will be too old on the day?
  gonogo verdict ops --server https://gonogo.example.com    with what the server knows
  gonogo verdict ops --format json | jq -r '.areas[].criteria[] | select(.blocks) | .id'

Exit codes: 0 GO, 1 NO-GO, 2 CONDITIONAL, 64 not understood, 70 could not run.")]
pub struct Verdict {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// A server whose evidence counts, too
    #[arg(long, value_name = "URL", env = "GONOGO_SERVER")]
    pub server: Option<Url>,
    /// Your API token; better in GONOGO_TOKEN, which other users of the machine cannot list
    #[arg(
        long,
        value_name = "TOKEN",
        env = "GONOGO_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// The moment to judge: an instant, or `launch` [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// One area only: OWN, DEP, RSK, MON, ONC, RBK, REL, CAP, DAT, CRT, EXT, SUP or REH
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// Show what passes, too, and every subject
    #[arg(long)]
    pub all: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `gonogo explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo explain                     all criteria and rules
  gonogo explain OWN-03              why it matters, how it is proved, how to meet it
  gonogo explain dependency-cycle    a rule of `gonogo check`")]
pub struct Explain {
    /// A criterion or a rule; all of them, where none is named
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `gonogo evidence`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo evidence list                          which records count, and which are stale
  gonogo evidence add RBK-09 component/billing-ledger --result pass --method drill --actor oncall-one")]
pub struct Evidence {
    /// What to do.
    #[command(subcommand)]
    pub verb: EvidenceVerb,
}

/// What can be done with evidence.
#[derive(Debug, Subcommand)]
pub enum EvidenceVerb {
    /// Record what was found out, bound to the package as it is now
    Add(EvidenceAdd),
    /// Say which records there are, and which of them still count
    List(EvidenceList),
    /// Sign that the launch goes on without a criterion, for one subject and a time
    Except(EvidenceExcept),
}

/// `gonogo evidence add`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo evidence add RBK-09 component/billing-ledger --result pass --method drill \\
      --actor oncall-one --note 'rolled back in 4 min 10 s'
  gonogo evidence add OWN-02 person/oncall-one --also person/oncall-two --result pass \\
      --method probe --actor launch-director --note 'both answered the test page'
  gonogo evidence add OWN-04 team/platform --result pass --method attest \\
      --actor oncall-one --reviewer launch-director

The record goes into `evidence/` of the package: commit it. It holds the digest of everything it
covers, so a later change of one of them makes it stale by itself.")]
pub struct EvidenceAdd {
    /// The criterion
    #[arg(value_name = "CRITERION")]
    pub criterion: String,
    /// What it is about: a kind and a name, `package`, `comms` or `support`
    #[arg(value_name = "SUBJECT", value_parser = Subject::parse)]
    pub subject: Subject,
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// How it came out
    #[arg(long, value_enum)]
    pub result: ResultArg,
    /// How it was found out
    #[arg(long, value_enum)]
    pub method: MethodArg,
    /// Who found it out: a person of the package, or a program
    #[arg(long, value_name = "NAME")]
    pub actor: String,
    /// The second person, who looked at it
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// When [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// How long it holds, where that is shorter than the criterion allows
    #[arg(long, value_name = "DURATION", value_parser = Duration::parse)]
    pub ttl: Option<Duration>,
    /// What came of it: a number, a time, a link
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// What came of a step of the runbook that was followed: ok, edited, skipped, failed, missing
    #[arg(long, value_name = "STEP=OUTCOME", value_parser = step_outcome)]
    pub step: Vec<(String, StepOutcome)>,
    /// What in particular was tried: a switch, an address, an artifact's digest
    #[arg(long, value_name = "NAME")]
    pub tried: Vec<String>,
    /// How long it took
    #[arg(long, value_name = "DURATION", value_parser = Duration::parse)]
    pub took: Option<Duration>,
    /// How much was lost, as time
    #[arg(long, value_name = "DURATION", value_parser = Duration::parse)]
    pub lost: Option<Duration>,
    /// The number that came of it, in the unit that the criterion asks for
    #[arg(long, value_name = "NUMBER")]
    pub measured: Option<u64>,
    /// What it does not show
    #[arg(long, value_name = "TEXT")]
    pub limitations: Option<String>,
    /// Something else that it covers
    #[arg(long, value_name = "SUBJECT", value_parser = Subject::parse)]
    pub covers: Vec<Subject>,
    /// Another subject of which the same trial showed the same: it gets a record of its own
    #[arg(long, value_name = "SUBJECT", value_parser = Subject::parse)]
    pub also: Vec<Subject>,
}

/// `gonogo evidence list`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo evidence list
  gonogo evidence list ops --criterion RBK-09
  gonogo evidence list ops --format json | jq '.records[] | select(.counts | not)'")]
pub struct EvidenceList {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Of one criterion only
    #[arg(long, value_name = "CRITERION")]
    pub criterion: Option<String>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `gonogo evidence except`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  gonogo evidence except RBK-09 component/alie --until 2026-12-31T00:00:00Z --owner head-of-engineering \\
      --reason 'the rollback drill is on 14 December' \\
      --control 'the feature flag takes it out of the path' --control-tested-at 2026-11-20T10:00:00Z \\
      --signed-by launch-director --countersigned-by oncall-one

An exception holds for at most 90 days, and only until its subject changes.")]
pub struct EvidenceExcept {
    /// The criterion
    #[arg(value_name = "CRITERION")]
    pub criterion: String,
    /// What it is about
    #[arg(value_name = "SUBJECT", value_parser = Subject::parse)]
    pub subject: Subject,
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// What keeps customers safe instead
    #[arg(long, value_name = "TEXT")]
    pub control: String,
    /// When that was tried and seen to work
    #[arg(long, value_name = "TIME")]
    pub control_tested_at: Timestamp,
    /// The role that owns the risk
    #[arg(long, value_name = "ROLE")]
    pub owner: String,
    /// Who signs
    #[arg(long, value_name = "PERSON")]
    pub signed_by: String,
    /// The second person who signs
    #[arg(long, value_name = "PERSON")]
    pub countersigned_by: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    pub until: Timestamp,
    /// Another subject, for the same reason: it gets an exception of its own
    #[arg(long, value_name = "SUBJECT", value_parser = Subject::parse)]
    pub also: Vec<Subject>,
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultArg {
    /// It holds
    Pass,
    /// It does not
    Fail,
}

/// How something was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// By asking what runs
    Probe,
    /// By doing it: a rehearsal, a drill, a real incident
    Drill,
    /// By something else that was run: CI, a load test, a review
    Artifact,
    /// Somebody says so, by name
    Attest,
}

/// `mitigate-2=ok`
fn step_outcome(text: &str) -> Result<(String, StepOutcome), String> {
    let (step, outcome) = text
        .split_once('=')
        .filter(|(step, _)| !step.trim().is_empty())
        .ok_or("write the step and what came of it, such as `mitigate-2=ok`")?;
    let known: Vec<&str> = StepOutcome::ALL.iter().map(|o| o.word()).collect();
    let outcome = StepOutcome::from_word(outcome.trim())
        .ok_or_else(|| format!("`{outcome}` is not one of {}", known.join(", ")))?;
    Ok((step.trim().into(), outcome))
}
