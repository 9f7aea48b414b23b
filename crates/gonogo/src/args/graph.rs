//! `gonogo graph`

use clap::{Args, ValueEnum};
use gonogo_readiness::graph::cut_sets::MAX_ORDER;
use gonogo_readiness::report::graph::View;

use super::{Format, PackageArg};

/// `gonogo graph`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo graph spof ops                    what takes a journey down alone, and is it known?
  gonogo graph cuts ops --order 3          what takes one down together, up to three at once
  gonogo graph shared ops                  is there redundancy that fails by one cause?
  gonogo graph recovery ops                is what we repair with there when we need it?
  gonogo graph coverage ops --journey pay --format json | jq '.cells[] | select(.failure_modes == [])'

`gonogo blast COMPONENT` answers for one component, the other way round.")]
pub struct Graph {
    /// What to ask
    #[arg(value_name = "QUESTION", value_enum)]
    pub question: Question,
    /// Which package.
    #[command(flatten)]
    pub package: PackageArg,
    /// Only this journey (spof, cuts, coverage)
    #[arg(long, value_name = "JOURNEY")]
    pub journey: Option<String>,
    /// How many components together, at most (cuts)
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..=MAX_ORDER as i64))]
    pub order: u8,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What can be asked of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Question {
    /// What takes a journey down alone
    Spof,
    /// What takes a journey down together
    Cuts,
    /// What members of a group share, so that they fail as one
    Shared,
    /// What is missing when something has to be repaired
    Recovery,
    /// What matters less than what stands on it
    Tiers,
    /// What can be promised, given what lies beneath
    Availability,
    /// What hangs on one person, and what would be too much for a team
    People,
    /// Which ways to fail are written down, journey by component
    Coverage,
}

impl Graph {
    /// The view that answers the question.
    pub fn view(&self) -> View {
        match self.question {
            Question::Spof => View::Points,
            Question::Cuts => View::Cuts {
                order: usize::from(self.order),
            },
            Question::Shared => View::Shared,
            Question::Recovery => View::Recovery,
            Question::Tiers => View::Tiers,
            Question::Availability => View::Availability,
            Question::People => View::People,
            Question::Coverage => View::Coverage,
        }
    }
}
