//! Other tools' catalogues as a package, with a report of everything that did not come along.
//!
//! Text goes in, the text of package files comes out. What comes out always loads: a name that
//! does not resolve is left out and said, never written down and hoped for.

pub mod backstage;
mod catalogue;
pub mod codeowners;
pub mod datadog;
mod document;
pub mod openslo;

pub(crate) use catalogue::is_link;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::report::{counted, printable};

/// The version of the report as JSON.
pub const VERSION: u32 = 1;

/// A file to read.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What an import gives.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The files of a package, by path. `gonogo.yaml` is among them, for a package that is new.
    pub files: BTreeMap<String, String>,
    /// What did not come along.
    pub report: Report,
}

/// What was taken, and what was not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How many entities of a kind were taken.
    pub taken: BTreeMap<&'static str, usize>,
    /// Everything that is lost, missing or made up.
    pub losses: Vec<Loss>,
}

/// One thing that did not come along as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// What sort of loss.
    pub kind: LossKind,
    /// Where it was read: `catalog.yaml:12`.
    pub place: String,
    /// Whose it is: `component:default/shop`.
    pub entity: String,
    /// What it is, in a sentence.
    pub what: String,
}

/// Sorts of loss, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// A document could not be read.
    Unreadable,
    /// A name does not resolve.
    Unresolved,
    /// Two things would have the same name; one got another.
    Renamed,
    /// Something had to be made up for the package to load.
    StandIn,
    /// A component without tier.
    NoTier,
    /// A dependency that does not say how hard it is.
    NoHardness,
    /// A field or an entity that a package has no place for.
    NotCarried,
}

impl LossKind {
    const ALL: [Self; 7] = [
        Self::Unreadable,
        Self::Unresolved,
        Self::Renamed,
        Self::StandIn,
        Self::NoTier,
        Self::NoHardness,
        Self::NotCarried,
    ];

    /// What stands above its list, and what to do about it.
    fn heading(self, n: usize) -> String {
        match self {
            Self::Unreadable => format!("{} could not be read", counted(n, "document")),
            Self::Unresolved => format!("{} did not resolve, and left out", counted(n, "name")),
            Self::Renamed => format!("{} renamed, because a name was taken", counted(n, "thing")),
            Self::StandIn => format!(
                "{}: put the real thing in their place",
                counted(n, "stand-in")
            ),
            Self::NoTier => format!("{} without tier: 2 is assumed", counted(n, "component")),
            Self::NoHardness => format!(
                "{} without hardness: hard is assumed; write `kind: soft` where one goes on without it",
                match n {
                    1 => "1 dependency".to_string(),
                    n => format!("{n} dependencies"),
                }
            ),
            Self::NotCarried => format!("{} without a place in a package", counted(n, "field")),
        }
    }
}

/// How many losses of a sort are listed for a person; the rest is counted.
const MAX_LISTED: usize = 20;

impl Report {
    fn take(&mut self, kind: &'static str, count: usize) {
        if count > 0 {
            *self.taken.entry(kind).or_default() += count;
        }
    }

    /// Is everything there that the input refers to?
    pub fn is_whole(&self) -> bool {
        let broken = |l: &Loss| matches!(l.kind, LossKind::Unreadable | LossKind::Unresolved);
        !self.losses.iter().any(broken)
    }

    /// For a person.
    pub fn human(&self) -> String {
        let taken: Vec<String> = self
            .taken
            .iter()
            .map(|(kind, n)| match (*kind, *n) {
                ("person", n) if n != 1 => format!("{n} people"),
                (kind, n) => counted(n, kind),
            })
            .collect();
        let mut out = match taken.is_empty() {
            true => "Nothing was taken.\n".to_string(),
            false => format!("Taken: {}.\n", taken.join(", ")),
        };
        for kind in LossKind::ALL {
            let losses: Vec<&Loss> = self.losses.iter().filter(|l| l.kind == kind).collect();
            if losses.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{}", kind.heading(losses.len()));
            for loss in losses.iter().take(MAX_LISTED) {
                let line = format!("{}: {}: {}", loss.place, loss.entity, loss.what);
                let _ = writeln!(out, "  {}", printable(&line));
            }
            if losses.len() > MAX_LISTED {
                let more = losses.len() - MAX_LISTED;
                let _ = writeln!(
                    out,
                    "  ... and {more} more: `--format json` has all of them"
                );
            }
        }
        out
    }
}
