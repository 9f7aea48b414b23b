//! The pages at the door, as templates.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::auth::{PASSWORD_CHARS_MIN, SetupMistakes};
use crate::web::frame::Frame;
use crate::web::page_with;
use crate::web::plain::ErrorPage;

/// Setting an account up.
#[derive(Template)]
#[template(path = "auth/setup.html")]
pub(super) struct SetupPage {
    pub frame: Frame,
    pub package_name: String,
    /// What somebody signs in with, beside the mail address.
    pub user_id: String,
    pub full_name: String,
    /// Whether the form asks for a mail address.
    pub chooses_email: bool,
    pub email: String,
    pub mistakes: SetupMistakes,
}

/// One button that leads in.
#[derive(Template)]
#[template(path = "auth/enter.html")]
pub(super) struct EnterPage {
    pub frame: Frame,
    pub package_name: String,
    pub name: String,
}

impl SetupPage {
    /// The page again where something has to be changed.
    pub fn respond(&self) -> Response {
        let status = if self.mistakes == SetupMistakes::default() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        page_with(status, self)
    }

    fn password_hint(&self) -> String {
        format!("At least {PASSWORD_CHARS_MIN} characters. Four random words are good.")
    }
}

/// A link that is wrong, used, replaced or too old: which of these is not told.
pub(super) fn no_link(frame: Frame) -> Response {
    ErrorPage {
        frame,
        status: StatusCode::NOT_FOUND,
        title: "This link does not work any more".to_owned(),
        text: "It works once and for a limited time, and only the newest one counts. If you have \
               a password, sign in with it. Otherwise ask an administrator for a new link."
            .to_owned(),
        code: "link_gone".to_owned(),
        way_out: ("Sign in".to_owned(), "/login".to_owned()),
    }
    .respond()
}
