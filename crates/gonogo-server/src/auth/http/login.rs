//! Signing in and out.

use axum::RequestExt;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::refusal::{Asked, Refusal};
use super::{Gate, local_path};
use crate::auth::{Attempt, Identity, LoggedIn, LoginOutcome};
use crate::web::frame::Frame;
use crate::web::page_with;
use crate::web::plain::LoginPage;

/// What is said of a wrong name and of a wrong password alike.
const WRONG: &str = "The name or the password is not right.";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Back {
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoginForm {
    login: String,
    password: String,
    next: String,
}

/// `GET /login`
pub(super) async fn show(
    State(gate): State<Gate>,
    identity: Option<Identity>,
    frame: Frame,
    Query(back): Query<Back>,
) -> Response {
    let next = local_path(&back.next);
    if identity.is_some() {
        return Redirect::to(next).into_response();
    }
    let page = LoginPage {
        next: next.to_owned(),
        ..gate.login_page(frame)
    };
    page_with(StatusCode::OK, &page)
}

/// `POST /login`
pub(super) async fn submit(State(gate): State<Gate>, frame: Frame, request: Request) -> Response {
    let asked = Asked::of(&request);
    let address = gate.address(request.headers(), request.extensions());
    let before = gate.session_token(request.headers()).map(str::to_owned);
    let form = match request.extract::<Form<LoginForm>, _>().await {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let attempt = Attempt {
        login: form.login.clone(),
        password: form.password,
        address,
    };
    let next = local_path(&form.next);
    match gate.auth.login(attempt, gate.around.now()).await {
        Ok(LoginOutcome::In(logged_in)) => gate.let_in(&logged_in, before.as_deref(), next).await,
        Ok(LoginOutcome::Wrong) => {
            let page = LoginPage {
                login: form.login,
                error: WRONG.to_owned(),
                next: next.to_owned(),
                ..gate.login_page(frame)
            };
            page_with(StatusCode::UNAUTHORIZED, &page)
        }
        Ok(LoginOutcome::Throttled(throttled)) => {
            Refusal::Throttled(asked, throttled).into_response()
        }
        Err(error) => Refusal::Failed(asked, error).into_response(),
    }
}

/// `POST /logout`
pub(super) async fn logout(
    State(gate): State<Gate>,
    identity: Identity,
    request: Request,
) -> Response {
    if let Some(token) = gate.session_token(request.headers()) {
        let now = gate.around.now();
        if let Err(error) = gate.auth.logout(&identity.user_id, token, now).await {
            return Refusal::Failed(Asked::of(&request), error).into_response();
        }
    }
    let gone = [(header::SET_COOKIE, gate.no_cookie())];
    (gone, Redirect::to("/login")).into_response()
}

impl Gate {
    /// Hands a new session to the browser and ends the one that it had before.
    pub(super) async fn let_in(
        &self,
        logged_in: &LoggedIn,
        before: Option<&str>,
        next: &str,
    ) -> Response {
        if let Some(token) = before
            && let Err(error) = self.auth.end_session(token).await
        {
            // It is out of the browser, and ends by itself.
            tracing::warn!(%error, "the session before could not be ended");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::SET_COOKIE, self.session_cookie(&logged_in.session));
        (headers, Redirect::to(next)).into_response()
    }

    fn login_page(&self, frame: Frame) -> LoginPage {
        LoginPage {
            frame,
            package_name: self.around.package_name(),
            password: true,
            ..LoginPage::default()
        }
    }
}
