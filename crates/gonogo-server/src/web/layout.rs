//! The shell around every page: the state of the world on top, the places at the side.
//!
//! A page's template extends `shell.html` and has a field `shell: Shell`. The shell knows from
//! the [`Frame`] whether the whole document or only its live parts are wanted, so a handler
//! is written once and serves both.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use super::components::{Markup, State};
use super::frame::Frame;
use super::nav::Nav;

/// Everything around a page's own content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's name, for the tab.
    pub title: String,
    /// The place that is lit in the navigation.
    pub active: Nav,
    /// The state of the world in one line.
    pub headline: Headline,
    /// Who is signed in; nobody while the server is open to all.
    pub user: Option<User>,
    /// The token that every form sends back.
    pub csrf: String,
    /// What everybody has to know on every page.
    pub banners: Vec<Banner>,
    /// Numbers beside places.
    pub counts: Vec<NavCount>,
    /// The moment that this page shows.
    pub now: Timestamp,
    /// The package in force.
    pub package_name: String,
    /// The journal position of the view; the script reloads when it moves on.
    pub live_revision: u64,
    /// Whether the page renews itself when something happens.
    pub live: bool,
    /// What the request asked for.
    pub frame: Frame,
}

/// The state of the world in one line.
#[derive(Clone, Debug, Default)]
pub struct Headline {
    /// The worst that is going on.
    pub state: State,
    /// "Deployments fail. Ada Example has it, next update in 12 min."
    pub text: String,
    /// Where to act on it; empty for the overview.
    pub href: String,
}

/// The person who is signed in.
#[derive(Clone, Debug)]
pub struct User {
    /// The name shown.
    pub name: String,
    /// What this person may do: "responder".
    pub role: String,
    /// Whether this person manages the accounts of others.
    pub manages: bool,
}

impl User {
    /// "AE" for "Ada Example".
    pub fn initials(&self) -> String {
        let mut words = self.name.split_whitespace();
        let first = words.next().and_then(|word| word.chars().next());
        let last = words.next_back().and_then(|word| word.chars().next());
        first
            .into_iter()
            .chain(last)
            .flat_map(char::to_uppercase)
            .collect()
    }
}

/// A line above every page.
#[derive(Clone, Debug)]
pub struct Banner {
    /// How serious it is.
    pub state: State,
    /// What is so: "The package on disk has 2 errors; the running one stays in force."
    pub text: String,
    /// What leads out of it; empty where nothing does.
    pub action: String,
    /// Where that leads.
    pub href: String,
}

/// A number beside a place in the navigation.
#[derive(Clone, Copy, Debug)]
pub struct NavCount {
    /// The place.
    pub nav: Nav,
    /// How many.
    pub count: u64,
    /// In what colour.
    pub state: State,
}

impl Shell {
    /// A shell for a page; what the state of the world fills in is left empty and unknown.
    pub fn new(title: impl Into<String>, active: Nav, now: Timestamp, frame: Frame) -> Self {
        Self {
            title: title.into(),
            active,
            headline: Headline::default(),
            user: None,
            csrf: String::new(),
            banners: Vec::new(),
            counts: Vec::new(),
            now,
            package_name: "gonogo".to_owned(),
            live_revision: 0,
            live: true,
            frame,
        }
    }

    /// The number beside a place, for the template.
    pub fn count(&self, nav: &Nav) -> Option<NavCount> {
        self.counts
            .iter()
            .find(|c| c.nav == *nav && c.count > 0)
            .copied()
    }

    /// The tab's title: the shape first, so that a row of tabs tells which one is on fire.
    pub fn tab_title(&self) -> String {
        let mark = match self.headline.state {
            State::Ok => String::new(),
            state => format!("{} ", state.glyph()),
        };
        format!("{mark}{} · {}", self.title, self.package_name)
    }

    /// `now` for the script.
    pub fn now_rfc3339(&self) -> String {
        super::components::time::rfc3339(self.now)
    }

    /// The hidden field that every form needs.
    pub fn csrf_field(&self) -> Markup {
        csrf_field(&self.csrf)
    }
}

/// The hidden field with which a form proves that it is ours.
pub fn csrf_field(token: &str) -> Markup {
    let token = super::components::escape(token);
    Markup::trusted(format!(
        "<input type=\"hidden\" name=\"csrf\" value=\"{token}\">"
    ))
}

/// Answers with a page. The shell inside it decides between document and fragment.
pub fn page(template: &impl Template) -> Response {
    page_with(StatusCode::OK, template)
}

/// Answers with a page under another status, such as 422 for a form with mistakes.
///
/// A page that is rendered again in answer to a POST keeps its own address: set `frame.uri` to the
/// page's, or its filters and tabs would lead to where the form was sent.
pub fn page_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (header::VARY, "Cookie, X-Fragment"),
            ];
            (status, headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            let text = "This page could not be drawn. The server has logged why.";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_and_last_name() {
        let initials = |name: &str| {
            let user = User {
                name: name.into(),
                role: String::new(),
                manages: false,
            };
            user.initials()
        };
        assert_eq!(initials("Ada Maria Example"), "AE");
        assert_eq!(initials("émile"), "É");
        assert_eq!(initials("  "), "");
    }
}
