//! `gonogo import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;

/// `gonogo import`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo import backstage catalog-info.yaml                 the files, and what did not come along
  gonogo import backstage */catalog-info.yaml --into ops    written; nothing is overwritten
  gonogo import datadog entity.datadog.yaml --format json | jq '.losses[] | select(.kind == \"unresolved\")'

Read are Backstage descriptors (v1alpha1, v1beta1), Datadog entities (v3), OpenSLO (v1) and CODEOWNERS.

Exit codes: 0 all of it came along or has a stand-in, 1 something did not resolve or could not be read,
64 not understood, 70 something is there already; then nothing is written.")]
pub struct Import {
    /// What is read
    #[arg(value_enum, value_name = "FORMAT")]
    pub from: Catalogue,
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The package to write into; a new one, where there is none
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// How to say what came along
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Formats of other tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Catalogue {
    /// Backstage's catalog-info.yaml
    Backstage,
    /// Datadog's entity definitions
    Datadog,
    /// OpenSLO
    Openslo,
    /// Who owns which folder of a repository
    Codeowners,
}
