//! People: who has an account, what each may do, and a link for whoever cannot come in.
//!
//! Invariant: a link is shown once, to the administrator who asked for it; whom it is for hears
//! of it from them, because a server that pages people should not hang on a mail server to let
//! them in.

use askama::Template;
use axum::RequestExt;
use axum::extract::{Form, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::Gate;
use super::refusal::{Asked, Refusal};
use crate::auth::first_run::can_sign_in;
use crate::auth::setup::looks_like_an_address;
use crate::auth::users::lacks_email;
use crate::auth::{
    AuthError, Identity, LinkPurpose, NAME_CHARS_MAX, NewUser, Require, Role, Via, need,
};
use crate::notify::secret::SecretString;
use crate::store::{StoreError, User};
use crate::web::components::State as Colour;
use crate::web::components::items::{Choice, Tab};
use crate::web::frame::Frame;
use crate::web::{Shell, page_with};

const PATH: &str = "/people";

/// The parts of the settings, for whoever may see them; `here` is the word of one.
pub fn settings_tabs(who: &Identity, here: &str) -> Vec<Tab> {
    let mut tabs = vec![Tab::new("Your account", "/account", here)];
    if who.may(Role::Admin) {
        tabs.push(Tab::new("People", PATH, here));
    }
    tabs.push(Tab::new("Package", "/package", here));
    tabs
}

#[derive(Template)]
#[template(path = "auth/people.html")]
struct PeoplePage {
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    roles: Vec<Choice>,
    meanings: [(&'static str, &'static str); 4],
    form: AddFields,
    mistakes: Mistakes,
    /// A link that was just made, shown this once: for whom, and where it leads.
    fresh: Option<(String, SecretString)>,
}

struct Row {
    id: String,
    name: String,
    email: String,
    role: String,
    person: String,
    state: Colour,
    word: &'static str,
    open: bool,
    own: bool,
    since: Timestamp,
}

/// What has to be changed; empty where nothing has.
#[derive(Default)]
struct Mistakes {
    id: String,
    name: String,
    email: String,
    /// What could not be done, with no field of its own.
    act: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AddFields {
    id: String,
    name: String,
    email: String,
    role: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RoleField {
    role: String,
}

/// `GET /people`
pub(super) async fn show(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    let page = gate.people_page(&who, frame).await;
    answer(&asked, StatusCode::OK, page)
}

/// `POST /people`: makes an account, and the link with which it gets its password.
pub(super) async fn add(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    if who.via != Via::Session {
        return Refusal::ForPeople(asked).into_response();
    }
    let form = match request.extract::<Form<AddFields>, _>().await {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let new = match form.parse() {
        Ok(new) => new,
        Err(mistakes) => return gate.people_again(&who, frame, &asked, form, mistakes).await,
    };
    let (id, now) = (new.id.clone(), gate.around.now());
    match gate.auth.add_user(&who, new, now).await {
        Ok(()) => gate.people_with_link(&who, frame, &asked, &id).await,
        Err(AuthError::Store(StoreError::Taken(_))) => {
            let mistakes = Mistakes {
                id: "This id or this mail address has an account already.".to_owned(),
                ..Mistakes::default()
            };
            gate.people_again(&who, frame, &asked, form, mistakes).await
        }
        Err(AuthError::Store(StoreError::Conflict(_))) => {
            let mistakes = Mistakes {
                id: "Use small letters, digits and dashes.".to_owned(),
                ..Mistakes::default()
            };
            gate.people_again(&who, frame, &asked, form, mistakes).await
        }
        Err(error) => Refusal::Failed(asked, error).into_response(),
    }
}

/// `POST /people/{id}/link`: a link to set a password, in place of the one before.
pub(super) async fn link(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    if who.via != Via::Session {
        return Refusal::ForPeople(asked).into_response();
    }
    gate.people_with_link(&who, frame, &asked, &id).await
}

/// `POST /people/{id}/role`
pub(super) async fn role(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    let field = match request.extract::<Form<RoleField>, _>().await {
        Ok(Form(field)) => field,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(role) = Role::parse(&field.role) else {
        return gate.cannot(&who, frame, &asked, "Choose a role.").await;
    };
    let done = gate.auth.set_role(&who, &id, role, gate.around.now()).await;
    gate.done(&who, frame, &asked, done).await
}

/// `POST /people/{id}/close`: lets somebody in no more; everything of theirs ends at once.
pub(super) async fn close(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    if id == who.user_id {
        let said = "This is your own account. Another administrator can close it.";
        return gate.cannot(&who, frame, &asked, said).await;
    }
    let now = gate.around.now();
    let done = gate.auth.set_disabled(&who, &id, Some(now), now).await;
    gate.done(&who, frame, &asked, done).await
}

/// `POST /people/{id}/reopen`
pub(super) async fn reopen(
    State(gate): State<Gate>,
    who: Require<need::Admin>,
    frame: Frame,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    let now = gate.around.now();
    let done = gate.auth.set_disabled(&who, &id, None, now).await;
    gate.done(&who, frame, &asked, done).await
}

impl Gate {
    async fn people_page(&self, who: &Identity, frame: Frame) -> Result<PeoplePage, AuthError> {
        let mut users = self.auth.users().await?;
        users.sort_by_key(|u| (u.disabled_at_ms.is_some(), u.name.to_lowercase()));
        let rows = users.into_iter().map(|user| self.row(who, user)).collect();
        let said = |role: Role| format!("{role}: {}", role.meaning());
        let roles = Role::ALL.map(|role| Choice::new(role.word(), said(role)));
        Ok(PeoplePage {
            shell: self.around.shell(who, frame, "People"),
            tabs: settings_tabs(who, "People"),
            rows,
            roles: roles.to_vec(),
            meanings: Role::ALL.map(|role| (role.word(), role.meaning())),
            form: AddFields {
                role: Role::Responder.word().to_owned(),
                ..AddFields::default()
            },
            mistakes: Mistakes::default(),
            fresh: None,
        })
    }

    fn row(&self, who: &Identity, user: User) -> Row {
        let person = self.around.person(&user);
        let (state, word) = match (user.disabled_at_ms, can_sign_in(&user)) {
            (Some(_), _) => (Colour::Unknown, "Closed"),
            (None, true) => (Colour::Ok, "Can sign in"),
            (None, false) => (Colour::Warn, "No password yet"),
        };
        Row {
            email: match lacks_email(&user) {
                true => String::new(),
                false => user.email,
            },
            person: person.map(|p| p.to_string()).unwrap_or_default(),
            state,
            word,
            open: user.disabled_at_ms.is_none(),
            own: user.id == who.user_id,
            since: Timestamp::from_millisecond(user.created_at_ms).unwrap_or_default(),
            id: user.id,
            name: user.name,
            role: user.role,
        }
    }

    async fn people_again(
        &self,
        who: &Identity,
        frame: Frame,
        asked: &Asked,
        form: AddFields,
        mistakes: Mistakes,
    ) -> Response {
        let page = self.people_page(who, frame).await;
        let page = page.map(|page| PeoplePage {
            form,
            mistakes,
            ..page
        });
        answer(asked, StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    async fn cannot(&self, who: &Identity, frame: Frame, asked: &Asked, said: &str) -> Response {
        let mistakes = Mistakes {
            act: said.to_owned(),
            ..Mistakes::default()
        };
        let page = self.people_page(who, frame).await;
        let page = page.map(|page| PeoplePage { mistakes, ..page });
        answer(asked, StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    async fn done(
        &self,
        who: &Identity,
        frame: Frame,
        asked: &Asked,
        done: Result<(), AuthError>,
    ) -> Response {
        match done {
            Ok(()) => Redirect::to(PATH).into_response(),
            Err(refused @ (AuthError::LastAdmin | AuthError::NoSuchUser)) => {
                let said = capital(&refused.to_string());
                self.cannot(who, frame, asked, &said).await
            }
            Err(error) => Refusal::Failed(asked.clone(), error).into_response(),
        }
    }

    async fn people_with_link(
        &self,
        who: &Identity,
        frame: Frame,
        asked: &Asked,
        user: &str,
    ) -> Response {
        let now = self.around.now();
        let purpose = LinkPurpose::Setup;
        let token = match self.auth.issue_link(who, user, purpose, now).await {
            Ok(token) => token,
            Err(refused) => return self.done(who, frame, asked, Err(refused)).await,
        };
        let url = self.url(purpose.path(&token).expose());
        let page = self.people_page(who, frame).await.map(|page| {
            let row = page.rows.iter().find(|row| row.id == user);
            let name = row.map_or_else(|| user.to_owned(), |row| row.name.clone());
            PeoplePage {
                fresh: Some((name, url.into())),
                ..page
            }
        });
        answer(asked, StatusCode::OK, page)
    }
}

impl AddFields {
    fn parse(&self) -> Result<NewUser, Mistakes> {
        let mut mistakes = Mistakes::default();
        let (name, email) = (self.name.trim(), self.email.trim());
        if self.id.trim().is_empty() {
            mistakes.id = "Say what they sign in with.".to_owned();
        }
        if name.is_empty() {
            mistakes.name = "Say what to call them.".to_owned();
        } else if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            mistakes.name = format!("Use at most {NAME_CHARS_MAX} plain characters.");
        }
        if !email.is_empty() && !looks_like_an_address(email) {
            mistakes.email = "This is not a mail address.".to_owned();
        }
        let role = Role::parse(&self.role);
        if role.is_none() {
            mistakes.act = "Choose a role.".to_owned();
        }
        let all = [&mistakes.id, &mistakes.name, &mistakes.email, &mistakes.act];
        match role {
            Some(role) if all.iter().all(|m| m.is_empty()) => Ok(NewUser {
                id: self.id.trim().to_owned(),
                name: name.to_owned(),
                email: Some(email.to_owned()).filter(|e| !e.is_empty()),
                role,
            }),
            _ => Err(mistakes),
        }
    }
}

fn capital(said: &str) -> String {
    format!("{}.", crate::shown::capital(said))
}

fn answer(asked: &Asked, status: StatusCode, page: Result<PeoplePage, AuthError>) -> Response {
    match page {
        Ok(page) => page_with(status, &page),
        Err(error) => Refusal::Failed(asked.clone(), error).into_response(),
    }
}
