//! Pages that stand alone: signing in, acknowledging from a phone, errors, messages.
//!
//! They have no navigation, because whoever reads them may not be signed in, and they must work
//! when nothing behind them does. None of them says more than the reader may know.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::components::{Severity, time};
use super::frame::Frame;
use super::layout::page_with;

/// Signing in.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// What the request asked for.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The package, so that people see where they are.
    pub package_name: String,
    /// The name or address typed before.
    pub login: String,
    /// Why it did not work: one sentence that does not tell whether the account exists.
    pub error: String,
    /// Where to go afterwards; a path on this server.
    pub next: String,
    /// The way in through the identity provider: its name and path.
    pub provider: Option<(String, String)>,
    /// Whether names and passwords are accepted.
    pub password: bool,
}

/// One big button for somebody who was asleep four minutes ago. Reading the page does nothing, so
/// that a mail scanner that follows the link acknowledges nothing.
#[derive(Clone, Debug, Template)]
#[template(path = "ack.html")]
pub struct AckPage {
    /// What the request asked for.
    pub frame: Frame,
    /// Where the button posts; the path holds the signed token.
    pub action: String,
    /// Who this page was sent to.
    pub person: String,
    /// The incident's title.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it means for customers, in a sentence.
    pub impact: String,
    /// Since when.
    pub began_at: Timestamp,
    /// Where the incident's page is.
    pub incident_href: String,
    /// The runbook's name and path.
    pub runbook: Option<(String, String)>,
    /// Who is paged next, and when, if nobody acknowledges.
    pub next: Option<(String, Timestamp)>,
    /// How things stand.
    pub standing: Standing,
    /// The moment that this page shows.
    pub now: Timestamp,
}

/// How things stand with a page that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an answer.
    Open,
    /// This person took it, just now or before.
    Mine,
    /// Somebody else did.
    Taken {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The incident is over.
    Resolved {
        /// Since when.
        at: Timestamp,
    },
    /// The link is too old or was replaced.
    Expired,
}

/// Something did not work. Names the thing, the reason and the way out.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What the request asked for.
    pub frame: Frame,
    /// The status of the answer.
    pub status: StatusCode,
    /// "There is no incident 4711."
    pub title: String,
    /// Why, and what it means.
    pub text: String,
    /// A word that support can look up; empty where there is none.
    pub code: String,
    /// The way out: a word and a path.
    pub way_out: (String, String),
}

impl ErrorPage {
    /// An error whose way out is the overview.
    pub fn new(frame: Frame, status: StatusCode, title: &str, text: &str) -> Self {
        Self {
            frame,
            status,
            title: title.to_owned(),
            text: text.to_owned(),
            code: String::new(),
            way_out: ("Go to the overview".to_owned(), "/".to_owned()),
        }
    }

    /// The answer.
    pub fn respond(&self) -> Response {
        page_with(self.status, self)
    }
}

/// Something was done, or is to be known, and that is all.
#[derive(Clone, Debug, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// What the request asked for.
    pub frame: Frame,
    /// "You are subscribed."
    pub title: String,
    /// What that means.
    pub text: String,
    /// Where to go from here: words and paths.
    pub links: Vec<(String, String)>,
}

impl AckPage {
    /// "4 min", for "since 4 min".
    fn lasting(&self) -> super::components::Markup {
        time::lasting(self.began_at, self.now)
    }
}
