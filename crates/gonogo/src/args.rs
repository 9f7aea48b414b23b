//! What can be typed after `gonogo`.

mod agent;
mod export;
mod graph;
mod import;
mod keeping;
mod maintenance;
mod operator;
mod readiness;
mod source;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use agent::Agent;
pub use export::{Catalog, Export, ExportVerb, Handbook, Prometheus};
pub use graph::Graph;
pub use import::{Catalogue, Import};
pub use keeping::{Backup, Doctor, Restore};
pub use maintenance::{Maintenance, MaintenanceVerb};
pub use operator::{
    Ack, Alerts, Freeze, Incident, IncidentVerb, ListState, Oncall, Reload, Server, Status,
    StepOutcome, TestPage,
};
pub use readiness::{
    Evidence, EvidenceAdd, EvidenceExcept, EvidenceList, EvidenceVerb, Explain, MethodArg,
    ResultArg, Verdict,
};
pub use source::{ReplayOnly, Source, SourceList, SourceReplay, SourceVerb};
pub use token::{AdminLink, Scope, Token, TokenVerb};

/// Launch operations and reliability readiness, as code.
///
/// A package is a directory that says how a launch is operated: what there is, who owns it,
/// what is watched, who is paged, what to do and what customers are told.
#[derive(Debug, Parser)]
#[command(
    name = "gonogo",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  gonogo demo                      watch three failures being noticed
  gonogo init                      a package of your own, in ops/
  gonogo check ops                 is the package in ops/ sound?
  gonogo blast cloud-sql ops       what falls when cloud-sql does, and who is told?
  gonogo graph spof ops            what takes a journey down alone, and is it known?
  gonogo verdict ops               do we launch, and what is in the way?
  gonogo rehearse --all ops        does it notice, page and say what it should?
  gonogo serve ops                 run it

Exit codes: 0 clean, 1 findings or NO-GO, 2 conditional, 64 not understood, 70 could not run."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a new package that already passes `check`
    Init(Init),
    /// Take over another tool's catalogue
    Import(Import),
    /// Check a package and say everything that is wrong with it
    Check(Check),
    /// Say what falls when a component fails, and who is told
    Blast(Blast),
    /// Ask the dependency graph: single points, shared causes, recovery paths, people, coverage
    Graph(Graph),
    /// Say GO or NO-GO, what is in the way, and whose it is
    Verdict(Verdict),
    /// Say what a criterion or a rule asks, why, and how to meet it
    Explain(Explain),
    /// Record evidence, and see what it still proves
    Evidence(Evidence),
    /// Print the JSON Schema of a package's files, for editors
    Schema(Schema),
    /// Write a package out for other tools, or for when no tool is left
    Export(Export),
    /// Play a scenario on a virtual clock: what is noticed, who is paged, when, what is said
    Rehearse(Rehearse),
    /// Play a real outage into a real server, and watch
    Demo(Demo),
    /// Run a package: detect, page, coordinate, tell customers
    Serve(Serve),
    /// Ask checks from another place, and report to the server
    Agent(Agent),
    /// Say in one sentence how things stand
    Status(Status),
    /// Say that you have an incident
    Ack(Ack),
    /// See incidents, and decide about them
    Incident(Incident),
    /// List what fires
    Alerts(Alerts),
    /// Say whether a component may be deployed now, for pipelines
    Freeze(Freeze),
    /// Call nobody for what is being worked on, for a while
    Maintenance(Maintenance),
    /// Say who is on call
    Oncall(Oncall),
    /// Page somebody, to see whether it arrives
    TestPage(TestPage),
    /// Say how a source is set up at its provider, and which ones a package has
    Source(Source),
    /// Put the package on disk in force now, or hear why not
    Reload(Reload),
    /// Make and revoke tokens for programs
    Token(Token),
    /// Say what could go wrong on this machine, and what to do about it
    Doctor(Doctor),
    /// Copy a data directory, while a server runs on it or not
    Backup(Backup),
    /// Put a backup into an empty directory
    Restore(Restore),
    /// Make a new link for an administrator who lost theirs
    AdminLink(AdminLink),
}

/// The directory of a package.
#[derive(Debug, Args)]
pub struct PackageArg {
    /// The package's directory [default: the current one, or `ops` in it]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl PackageArg {
    /// The directory that was named, or the one that is meant where none was.
    pub fn dir(&self) -> PathBuf {
        let here = || {
            let ops = PathBuf::from("ops");
            let is_package = gonogo_server::package_dir::is_package;
            let here = PathBuf::from(".");
            if !is_package(&here) && is_package(&ops) {
                ops
            } else {
                here
            }
        };
        self.dir.clone().unwrap_or_else(here)
    }
}

/// `gonogo check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo check
  gonogo check ops --deny warnings
  gonogo check ops --format json | jq '.findings[] | select(.severity == \"error\")'
  gonogo check ops --format github        annotations in a GitHub workflow
  gonogo check ops --format sarif > gonogo.sarif    for code scanning and editors
  gonogo check ops --format junit > gonogo.xml      for build servers
  gonogo check ops --watch                again after every change, until Ctrl-C

Exit codes: 0 clean, 1 errors (or what --deny names), 64 not understood, 70 could not run.")]
pub struct Check {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// How to say it
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// What counts like an error
    #[arg(long, value_enum)]
    pub deny: Option<Deny>,
    /// Check again after every change, until Ctrl-C
    #[arg(long, conflicts_with = "format")]
    pub watch: bool,
}

/// How `check` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With excerpts, for people
    Human,
    /// One JSON document
    Json,
    /// Annotations of a pull request on GitHub
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// A JUnit report, for build servers
    Junit,
}

/// What counts like an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings
    Warnings,
}

/// `gonogo init`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo init                             asks, and writes to ops/
  gonogo init ops --template web-service --name 'Shop' --team 'Shop' --time-zone Europe/Berlin

Templates: minimal (one website), web-service (an application with database, jobs and deployments),
integrations-platform (deployments, data syncs, billing and custom domains on Google Cloud).
At a terminal it asks for what the flags do not say; elsewhere the template's own values stay.

Exit codes: 0 written, 64 not understood, 70 something is there already; then nothing is written.")]
pub struct Init {
    /// Where to write it
    #[arg(value_name = "DIR", default_value = "ops")]
    pub dir: PathBuf,
    /// What to begin with: minimal, web-service or integrations-platform [default: minimal]
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// What is launched
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What a team is called, in the template's order; may be given several times
    #[arg(long, value_name = "NAME")]
    pub team: Vec<String>,
    /// The time zone of people and schedules, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// `gonogo schema`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo schema > ops/gonogo.schema.json
  gonogo schema evidence > ops/evidence.schema.json

An editor with the YAML language server completes and checks a file that begins with
  # yaml-language-server: $schema=gonogo.schema.json      (../gonogo.schema.json one folder down)")]
pub struct Schema {
    /// Of which files
    #[arg(value_enum, default_value_t = SchemaOf::Package)]
    pub of: SchemaOf,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The YAML files of a package
    Package,
    /// The files in evidence/
    Evidence,
    /// The front matter of a runbook
    Runbook,
    /// The front matter of a message to customers
    Template,
}

/// `gonogo rehearse`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo rehearse combined-outage
  gonogo rehearse combined-outage ops --seed 7
  gonogo rehearse --all ops        every scenario, with what did not come out as expected
  gonogo rehearse combined-outage ops --format json | jq '.expectations[] | select(.passed | not)'

Exit codes: 0 all as expected, 1 something was not, 64 no such scenario, 70 could not run.")]
pub struct Rehearse {
    /// Which scenario
    #[arg(value_name = "SCENARIO")]
    scenario: Option<String>,
    /// Which package.
    #[command(flatten)]
    package: PackageArg,
    /// Play every scenario
    #[arg(long)]
    pub all: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = RehearseFormat::Human)]
    pub format: RehearseFormat,
    /// Another seed than the scenario's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// How `rehearse` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RehearseFormat {
    /// A timeline, for people
    Human,
    /// One JSON document
    Json,
}

impl Rehearse {
    /// The scenario, and the package's directory; with `--all` the only name is the directory.
    pub fn scenario_and_dir(&self) -> (Option<String>, PathBuf) {
        match (&self.scenario, self.all) {
            (Some(dir), true) if self.package.dir.is_none() => (None, PathBuf::from(dir)),
            (scenario, _) => (scenario.clone(), self.package.dir()),
        }
    }
}

/// `gonogo serve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo serve ops
  gonogo serve ops --listen 0.0.0.0:8080 --data /var/lib/gonogo --base-url https://gonogo.example.com
  GONOGO_SMTP_URL=smtp://user:password@mail.example.com GONOGO_MAIL_FROM='gonogo <pager@example.com>' gonogo serve ops

SIGHUP looks at the package at once, SIGTERM ends in order. GONOGO_LOG sets what is logged (info).")]
pub struct Serve {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Where to listen
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:8080",
        env = "GONOGO_LISTEN"
    )]
    pub listen: SocketAddr,
    /// Where the journal is kept; on a disk that outlives the machine
    #[arg(
        long,
        value_name = "DIR",
        default_value = "gonogo-data",
        env = "GONOGO_DATA"
    )]
    pub data: PathBuf,
    /// Where people find it, for links in messages
    #[arg(long, value_name = "URL", env = "GONOGO_BASE_URL")]
    pub base_url: Option<String>,
    /// The mail server: smtp://user:password@host:port (STARTTLS) or smtps://
    #[arg(
        long,
        value_name = "URL",
        env = "GONOGO_SMTP_URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<String>,
    /// Who mail comes from
    #[arg(long, value_name = "ADDRESS", env = "GONOGO_MAIL_FROM")]
    pub mail_from: Option<String>,
}

/// `gonogo demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo demo                      about two and a half minutes; then it stays up
  gonogo demo --pace 5 --exit      five times as fast, and ends
  gonogo demo ops                  your own package; nobody's real address is used

Exit codes: 0 everything was noticed, 1 something was not, 70 could not run.")]
pub struct Demo {
    /// Another package than the one that ships
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How many times as fast
    #[arg(long, default_value_t = 1.0)]
    pub pace: f64,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// End when it is over, instead of staying up
    #[arg(long)]
    pub exit: bool,
    /// Other ids for charges, deployments and syncs
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print every value that stands in for a written one
    #[arg(long)]
    pub show_overlay: bool,
    /// Where everything of it is kept; a new temporary directory, where not given
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `gonogo blast`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo blast cloud-sql
  gonogo blast cloud-sql ops --format json | jq -r '.teams[].id'")]
pub struct Blast {
    /// The component that fails
    #[arg(value_name = "COMPONENT")]
    pub component: String,
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How a command says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}
