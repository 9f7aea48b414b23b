//! `gonogo doctor`: what could go wrong on this machine, looked for before it does.
//!
//! Everything is tried as the server would do it: a file is written and synced, names are
//! resolved, the mail server is greeted. Invariant: nothing is changed and nobody is told:
//! no message is sent, no heartbeat requested, no directory made.

mod machine;
mod people;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::notify::settings::Settings;
use crate::settings::Outside;

/// What is examined: how a server would be started.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The package.
    pub package_dir: PathBuf,
    /// Where the journal is, or would be.
    pub data_dir: PathBuf,
    /// Where it would listen.
    pub listen: SocketAddr,
    /// Where people find it.
    pub base_url: Option<String>,
    /// The ways out, or why they cannot be used.
    pub channels: Result<Settings, String>,
    /// Where secrets are read from.
    pub outside: Outside,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What was looked at, as a stable word.
    pub about: String,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub said: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// It could not be told.
    Unknown,
    /// It works, and may not when it has to.
    Warning,
    /// It does not work.
    Problem,
}

/// Looks at everything, in the order in which it is needed.
pub async fn examine(on: &Installation) -> Vec<Found> {
    let mut found = people::package(on);
    let (data, runs) = machine::data(&on.data_dir);
    found.extend(data);
    found.extend(server::port(on, runs).await);
    found.extend(server::address(on, runs).await);
    found.extend(people::references(on));
    let (reached, clocks) = people::channels(on).await;
    found.extend(reached);
    found.push(machine::clock(&on.data_dir, &clocks));
    found
}

impl State {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Found {
    fn new(about: &str, state: State, said: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            state,
            said: said.into(),
            fix: None,
        }
    }

    fn ok(about: &str, said: impl Into<String>) -> Self {
        Self::new(about, State::Ok, said)
    }

    fn warning(about: &str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(about, State::Warning, said).fixed_by(fix)
    }

    fn problem(about: &str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(about, State::Problem, said).fixed_by(fix)
    }

    fn fixed_by(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}
