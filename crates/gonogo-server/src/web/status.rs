//! What customers see: a page that works when nothing else does.
//!
//! It needs no sign-in, no script and no second request (its stylesheet stands inside), so it can be
//! cached, copied to an object store and served when the engine, the database or the network to
//! them is gone. It always says how old its data is.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::assets::STATUS_CSS;
use super::components::heat::HeatStrip;
use super::components::{Markup, State, time};

/// From this age on the page says at its top that its data is old.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long a cache may keep it, in seconds; the page asks for itself again at this pace.
pub const MAX_AGE_SECS: u32 = 30;

/// The public status page.
#[derive(Clone, Debug, Template)]
#[template(path = "status.html")]
pub struct StatusPage {
    /// Whose status this is.
    pub site: String,
    /// The overall state.
    pub state: State,
    /// It in a sentence: "Dashboards load. New deployments fail."
    pub sentence: String,
    /// A second sentence where one helps.
    pub detail: String,
    /// What customers know by name, in groups.
    pub groups: Vec<StatusGroup>,
    /// What is going on.
    pub active: Vec<PublicIncident>,
    /// Maintenance that customers are told of, the next first.
    pub planned: Vec<PlannedWork>,
    /// The last days, newest first; a day without incidents is listed too.
    pub past: Vec<PastDay>,
    /// Links at the top: subscribe, feed, history, support.
    pub links: Vec<(String, String)>,
    /// When this page was made.
    pub generated_at: Timestamp,
    /// When its data was last known to be right.
    pub data_at: Timestamp,
}

/// Maintenance that customers are told of.
#[derive(Clone, Debug)]
pub struct PlannedWork {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What they are told.
    pub text: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// It goes on now.
    pub on: bool,
}

/// Components that customers see as one thing.
#[derive(Clone, Debug)]
pub struct StatusGroup {
    /// Its name; empty for the only group.
    pub name: String,
    /// Its components.
    pub components: Vec<StatusComponent>,
}

/// One thing that customers know by name.
#[derive(Clone, Debug)]
pub struct StatusComponent {
    /// Its name.
    pub name: String,
    /// One line about what it is; may be empty.
    pub about: String,
    /// How it is.
    pub state: State,
    /// The last days as a strip, oldest first; `None` where no history is shown.
    pub history: Option<HeatStrip>,
}

impl StatusComponent {
    /// The word that customers read.
    pub fn word(&self) -> &'static str {
        public_word(self.state)
    }
}

/// An incident as customers see it.
#[derive(Clone, Debug)]
pub struct PublicIncident {
    /// "Deployments fail"
    pub title: String,
    /// Where its page is.
    pub href: String,
    /// How bad it is.
    pub state: State,
    /// Since when.
    pub began_at: Timestamp,
    /// What is affected, by public name.
    pub affected: Vec<String>,
    /// When the next update is promised.
    pub next_update_at: Option<Timestamp>,
    /// What was said, newest first.
    pub updates: Vec<PublicUpdate>,
}

/// One thing that was said.
#[derive(Clone, Debug)]
pub struct PublicUpdate {
    /// When.
    pub at: Timestamp,
    /// "Investigating", "Identified", "Monitoring", "Resolved".
    pub stage: String,
    /// What. Line breaks are kept.
    pub text: String,
}

/// One day of the past.
#[derive(Clone, Debug)]
pub struct PastDay {
    /// Any moment of that day.
    pub day: Timestamp,
    /// What was.
    pub incidents: Vec<PastIncident>,
}

/// An incident that is over.
#[derive(Clone, Debug)]
pub struct PastIncident {
    /// "Deployments failed"
    pub title: String,
    /// Where its page is.
    pub href: String,
    /// How long it lasted.
    pub lasted: SignedDuration,
    /// What it was, in a sentence.
    pub summary: String,
}

impl StatusPage {
    /// The answer: cacheable, with a policy that allows its own stylesheet and nothing else.
    pub fn respond(&self) -> Response {
        let html = match self.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "the status page could not be rendered");
                return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let keep = format!("public, max-age={MAX_AGE_SECS}, stale-if-error=86400");
        let headers = [
            (header::CACHE_CONTROL, keep),
            (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        ];
        (headers, Html(html)).into_response()
    }

    /// How old the data was when the page was made.
    pub fn age(&self) -> String {
        time::duration(self.generated_at.duration_since(self.data_at))
    }

    /// Whether the reader has to be told that first.
    pub fn is_stale(&self) -> bool {
        self.generated_at.duration_since(self.data_at) >= STALE_AFTER
    }

    /// What the overall shape is: unknown once the data is old, whatever it said.
    pub fn shown_state(&self) -> State {
        if self.is_stale() {
            State::Unknown
        } else {
            self.state
        }
    }

    /// Whether a promise was not kept.
    pub fn is_late(&self, promise: &Timestamp) -> bool {
        *promise <= self.generated_at
    }

    fn css(&self) -> Markup {
        Markup::trusted(STATUS_CSS.to_owned())
    }
}

/// The word for a state that customers read.
pub fn public_word(state: State) -> &'static str {
    match state {
        State::Ok => "Operational",
        State::Warn => "Degraded",
        State::Bad => "Not working",
        State::Unknown => "Not known",
    }
}

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STATUS_CSS.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' data:; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
});
