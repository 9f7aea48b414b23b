//! Why a request goes no further, said to a person or to a program.
//!
//! Invariant: no answer here tells more than the reader may know, and each names a way out.

use axum::Json;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::guard::bearer;
use super::local::login_path;
use crate::auth::{AuthError, Role, Throttled};
use crate::web::frame::{FRAGMENT_HEADER, Frame};
use crate::web::plain::ErrorPage;

/// Seconds after which somebody tries again when the server failed.
const RETRY_SOON_SECS: u64 = 5;

/// A request that goes no further.
#[derive(Debug)]
pub enum Refusal {
    /// Nobody known.
    SignIn(Asked),
    /// Somebody known who may not do this: what they are, and what it takes.
    NotAllowed(Asked, Role, Role),
    /// A program asks for what only a person at a page may do.
    ForPeople(Asked),
    /// The token of an agent, used for something else.
    ForAgents(Asked),
    /// The form was made on another site.
    OtherSite(Asked),
    /// The form does not carry the session's token.
    StaleForm(Asked),
    /// The form is too large.
    TooLarge(Asked),
    /// Too many attempts to sign in.
    Throttled(Asked, Throttled),
    /// The server could not do it.
    Failed(Asked, AuthError),
}

/// Who the answer is for.
#[derive(Clone, Debug)]
pub struct Asked {
    by: Reader,
    frame: Frame,
    /// Where a person was going, to be led back to.
    back_to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Reads a page.
    Person,
    /// The script on a page, which loads the page again when told 401.
    Script,
    /// Reads JSON.
    Program,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }

    pub(super) fn of_parts(parts: &Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }

    fn new(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let wants_json = accept.contains("json") && !accept.contains("text/html");
        let by = if uri.path().starts_with("/api/") || wants_json || bearer(headers).is_some() {
            Reader::Program
        } else if headers.contains_key(FRAGMENT_HEADER) || accept.contains("text/event-stream") {
            Reader::Script
        } else {
            Reader::Person
        };
        // Only a page can be shown again; a form has to be filled in again.
        let back_to = match *method {
            Method::GET => uri.path_and_query().map_or("/", |path| path.as_str()),
            _ => "/",
        };
        Self {
            by,
            frame: Frame::new(headers, uri.clone()),
            back_to: back_to.to_owned(),
        }
    }
}

/// How a refusal is said.
struct Said {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    text: String,
    way_out: (&'static str, String),
}

impl Refusal {
    fn asked(&self) -> &Asked {
        match self {
            Self::SignIn(asked)
            | Self::NotAllowed(asked, ..)
            | Self::ForPeople(asked)
            | Self::ForAgents(asked)
            | Self::OtherSite(asked)
            | Self::StaleForm(asked)
            | Self::TooLarge(asked)
            | Self::Throttled(asked, _)
            | Self::Failed(asked, _) => asked,
        }
    }

    fn said(&self) -> Said {
        let overview = || ("Go to the overview", "/".to_owned());
        let (status, code, title, text, way_out) = match self {
            Self::SignIn(asked) => (
                StatusCode::UNAUTHORIZED,
                "sign_in",
                "Please sign in",
                "This needs a session or an API token that works.".to_owned(),
                ("Sign in", login_path(&asked.back_to)),
            ),
            Self::NotAllowed(_, have, need) => (
                StatusCode::FORBIDDEN,
                "not_allowed",
                "This is not yours to do",
                format!(
                    "It takes the role {need}; yours is {have}. An administrator can change \
                     that. Nothing was changed."
                ),
                overview(),
            ),
            Self::ForPeople(_) => (
                StatusCode::FORBIDDEN,
                "for_people",
                "This takes a person",
                "A token cannot do this; sign in with a browser. Nothing was changed.".to_owned(),
                overview(),
            ),
            Self::ForAgents(_) => (
                StatusCode::FORBIDDEN,
                "agent_only",
                "This token is an agent's",
                "It is good for asking checks from another place, and for nothing else. Make one \
                 with another scope. Nothing was changed."
                    .to_owned(),
                overview(),
            ),
            Self::OtherSite(_) => (
                StatusCode::FORBIDDEN,
                "other_site",
                "This came from another site",
                "Your browser says that the request was not made on a page of ours. Nothing was \
                 changed."
                    .to_owned(),
                overview(),
            ),
            Self::StaleForm(_) => (
                StatusCode::FORBIDDEN,
                "stale_form",
                "This form is too old",
                "You signed in again since it was opened. Go back, load the page again and \
                 repeat it. Nothing was changed."
                    .to_owned(),
                overview(),
            ),
            Self::TooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "This form is too large",
                "Nothing was changed.".to_owned(),
                overview(),
            ),
            Self::Throttled(_, throttled) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Too many attempts",
                format!(
                    "Wait {} and try again. Signed links in messages work in the meantime.",
                    seconds(throttled.retry_after_secs)
                ),
                ("Back to signing in", "/login".to_owned()),
            ),
            Self::Failed(..) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "not_now",
                "This does not work right now",
                "The server could not look your account up. Paging goes on without it. Try \
                 again in a moment."
                    .to_owned(),
                ("Try again", self.asked().back_to.clone()),
            ),
        };
        Said {
            status,
            code,
            title,
            text,
            way_out,
        }
    }

    fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::Throttled(_, throttled) => Some(throttled.retry_after_secs),
            Self::Failed(..) => Some(RETRY_SOON_SECS),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Failed(_, error) = &self {
            tracing::error!(%error, "an account could not be looked up");
        }
        let asked = self.asked();
        if let (Self::SignIn(_), Reader::Person) = (&self, asked.by) {
            return Redirect::to(&login_path(&asked.back_to)).into_response();
        }
        let said = self.said();
        let mut response = match asked.by {
            Reader::Program => problem(&said),
            Reader::Script => (said.status, Json(json!({ "message": said.text }))).into_response(),
            Reader::Person => ErrorPage {
                frame: asked.frame.clone(),
                status: said.status,
                title: said.title.to_owned(),
                text: said.text,
                code: said.code.to_owned(),
                way_out: (said.way_out.0.to_owned(), said.way_out.1),
            }
            .respond(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if said.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(secs) = self.retry_after_secs() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// An answer in the shape that every refusal of the API has.
fn problem(said: &Said) -> Response {
    let body = json!({"error": {"code": said.code, "message": said.text}});
    (said.status, Json(body)).into_response()
}

fn seconds(secs: u64) -> String {
    match secs {
        1 => "a second".to_owned(),
        2..120 => format!("{secs} seconds"),
        _ => format!("{} minutes", secs.div_ceil(60)),
    }
}
