//! `gonogo export`: a package for other tools, and for when no tool is left.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::PackageArg;

/// `gonogo export`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo export handbook ops --out /media/usb/handbook
  gonogo export backstage ops > catalog-info.yaml")]
pub struct Export {
    /// As what.
    #[command(subcommand)]
    pub verb: ExportVerb,
}

/// What a package can be written out as.
#[derive(Debug, Subcommand)]
pub enum ExportVerb {
    /// Pages that work from a USB stick: who to call, runbooks, blast radius, templates
    Handbook(Handbook),
    /// A Backstage catalogue: teams, people, components and what they need
    Backstage(Catalog),
    /// OpenSLO v1: services and SLOs
    Openslo(Catalog),
    /// Rules of Prometheus for every SLO, and tests of them
    Prometheus(Prometheus),
}

/// `gonogo export backstage`, `gonogo export openslo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo export backstage ops > catalog-info.yaml
  gonogo export openslo ops > slos.yaml

What the format has no place for is said on standard error.")]
pub struct Catalog {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
}

/// `gonogo export handbook`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo export handbook                       into handbook/
  gonogo export handbook ops --out /media/usb/handbook
  gonogo export handbook ops --markdown > handbook.md

Write it anew after every change and at least once a week: it says who is on call for 28 days.")]
pub struct Handbook {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Where to; a handbook that is there already is replaced, anything else is not touched
    #[arg(long, value_name = "DIR", default_value = "handbook")]
    pub out: PathBuf,
    /// One Markdown file to standard output instead
    #[arg(long)]
    pub markdown: bool,
}

/// `gonogo export prometheus`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo export prometheus ops --out gonogo.yml   and gonogo.test.yml beside it
  promtool check rules gonogo.yml && promtool test rules gonogo.test.yml
  gonogo export prometheus ops --url https://ops.example.com > gonogo.yml

SLOs that gonogo counts itself are watched over its /metrics, which Prometheus has to scrape.
What cannot be said in PromQL is said on standard error.")]
pub struct Prometheus {
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// The file of rules; a file for `promtool test rules` is written beside it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where gonogo's pages are, for links to runbooks
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}
