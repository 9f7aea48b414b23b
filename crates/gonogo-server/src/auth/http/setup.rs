//! Setting an account up by a link: a name and a password, and in.

use axum::RequestExt;
use axum::extract::{Form, Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Gate;
use super::refusal::{Asked, Refusal};
use super::render::{SetupPage, no_link};
use crate::auth::setup::chooses_email;
use crate::auth::{LinkPurpose, SetupForm, SetupMistakes, SetupOutcome};
use crate::web::frame::Frame;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: String,
    email: String,
    password: String,
    again: String,
}

/// `GET /setup/{token}`: changes nothing, because mail scanners open links.
pub(super) async fn show(
    State(gate): State<Gate>,
    Path(token): Path<String>,
    frame: Frame,
    request: Request,
) -> Response {
    let now = gate.around.now();
    match gate
        .auth
        .look_at_link(&token, LinkPurpose::Setup, now)
        .await
    {
        Ok(Some(user)) => SetupPage {
            frame,
            package_name: gate.around.package_name(),
            chooses_email: chooses_email(&user),
            email: String::new(),
            user_id: user.id,
            // The first administrator has none yet, only a word that stands for one.
            full_name: if user.password_hash.is_some() {
                user.name
            } else {
                String::new()
            },
            mistakes: SetupMistakes::default(),
        }
        .respond(),
        Ok(None) => no_link(frame),
        Err(error) => Refusal::Failed(Asked::of(&request), error).into_response(),
    }
}

/// `POST /setup/{token}`
pub(super) async fn submit(
    State(gate): State<Gate>,
    Path(token): Path<String>,
    frame: Frame,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    let before = gate.session_token(request.headers()).map(str::to_owned);
    let fields = match request.extract::<Form<Fields>, _>().await {
        Ok(Form(fields)) => fields,
        Err(rejection) => return rejection.into_response(),
    };
    let (name, email) = (fields.name.clone(), fields.email.clone());
    let form = SetupForm {
        name: fields.name,
        email: fields.email,
        password: fields.password,
        again: fields.again,
    };
    match gate.auth.set_up(&token, form, gate.around.now()).await {
        Ok(SetupOutcome::Done(logged_in)) => gate.let_in(&logged_in, before.as_deref(), "/").await,
        Ok(SetupOutcome::Mistakes { user, mistakes }) => SetupPage {
            frame,
            package_name: gate.around.package_name(),
            chooses_email: chooses_email(&user),
            user_id: user.id,
            full_name: name,
            email,
            mistakes,
        }
        .respond(),
        Ok(SetupOutcome::NoLink) => no_link(frame),
        Err(error) => Refusal::Failed(asked, error).into_response(),
    }
}
