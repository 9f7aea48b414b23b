//! One's own account: another password, and tokens for programs.
//!
//! Invariant: a token cannot make tokens, so that one that leaked and was revoked is gone.

use askama::Template;
use axum::RequestExt;
use axum::extract::{Form, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Gate;
use super::refusal::{Asked, Refusal};
use crate::auth::{AuthError, Identity, NewPassword, NewToken, PasswordChange, Scope, Via};
use crate::store::ApiToken;
use crate::web::components::items::{Choice, Tab};
use crate::web::frame::Frame;
use crate::web::{Shell, page_with};

/// The longest that a token made on the page works, in days.
const TOKEN_DAYS_MAX: i64 = 366;
const PATH: &str = "/account";

#[derive(Template)]
#[template(path = "auth/account.html")]
struct AccountPage {
    shell: Shell,
    tabs: Vec<Tab>,
    person: String,
    user_id: String,
    full_name: String,
    role: &'static str,
    tokens: Vec<TokenRow>,
    /// A token that was just made, shown this once.
    fresh: Option<NewToken>,
    mistakes: Mistakes,
}

/// What has to be changed, field by field; empty where nothing has.
#[derive(Default, PartialEq, Eq)]
struct Mistakes {
    present: String,
    new: String,
    again: String,
    token: String,
}

struct TokenRow {
    id: String,
    name: String,
    meaning: &'static str,
    used: Option<Timestamp>,
    ends: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PasswordFields {
    present: String,
    new: String,
    again: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenFields {
    name: String,
    scope: String,
    days: String,
}

/// `GET /account`
pub(super) async fn show(
    State(gate): State<Gate>,
    identity: Identity,
    frame: Frame,
    request: Request,
) -> Response {
    let page = gate.account_page(&identity, frame).await;
    answer(&Asked::of(&request), StatusCode::OK, page)
}

/// `POST /account/password`
pub(super) async fn password(
    State(gate): State<Gate>,
    identity: Identity,
    frame: Frame,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    if identity.via != Via::Session {
        return Refusal::ForPeople(asked).into_response();
    }
    let address = gate.address(request.headers(), request.extensions());
    let before = gate.session_token(request.headers()).map(str::to_owned);
    let fields = match request.extract::<Form<PasswordFields>, _>().await {
        Ok(Form(fields)) => fields,
        Err(rejection) => return rejection.into_response(),
    };
    let mut mistakes = Mistakes::default();
    if fields.new == fields.again {
        let change = NewPassword {
            present: fields.present,
            new: fields.new,
            address,
        };
        match gate
            .auth
            .change_password(&identity, change, gate.around.now())
            .await
        {
            Ok(PasswordChange::Done(logged_in)) => {
                return gate.let_in(&logged_in, before.as_deref(), PATH).await;
            }
            Ok(PasswordChange::Weak(weakness)) => mistakes.new = weakness.to_string(),
            Ok(PasswordChange::Wrong) => mistakes.present = "This is not right.".to_owned(),
            Ok(PasswordChange::Throttled(throttled)) => {
                return Refusal::Throttled(asked, throttled).into_response();
            }
            Err(error) => return Refusal::Failed(asked, error).into_response(),
        }
    } else {
        mistakes.again = "The two passwords differ.".to_owned();
    }
    gate.account_again(&identity, frame, &asked, mistakes).await
}

/// `POST /account/tokens`: the answer shows the token, this once.
pub(super) async fn create_token(
    State(gate): State<Gate>,
    identity: Identity,
    frame: Frame,
    request: Request,
) -> Response {
    let asked = Asked::of(&request);
    if identity.via != Via::Session {
        return Refusal::ForPeople(asked).into_response();
    }
    let fields = match request.extract::<Form<TokenFields>, _>().await {
        Ok(Form(fields)) => fields,
        Err(rejection) => return rejection.into_response(),
    };
    let now = gate.around.now();
    let (scope, expires) = match fields.parse(now) {
        Ok(parsed) => parsed,
        Err(token) => {
            let mistakes = Mistakes {
                token,
                ..Mistakes::default()
            };
            return gate.account_again(&identity, frame, &asked, mistakes).await;
        }
    };
    let created = gate
        .auth
        .create_token(&identity, &fields.name, scope, Some(expires), now)
        .await;
    match created {
        Ok(new) => {
            let page = gate
                .account_page(&identity, frame)
                .await
                .map(|page| AccountPage {
                    fresh: Some(new),
                    ..page
                });
            answer(&asked, StatusCode::OK, page)
        }
        Err(limit @ AuthError::Limit { .. }) => {
            let mistakes = Mistakes {
                token: format!("{limit}. Revoke one first."),
                ..Mistakes::default()
            };
            gate.account_again(&identity, frame, &asked, mistakes).await
        }
        Err(error) => Refusal::Failed(asked, error).into_response(),
    }
}

/// `POST /account/tokens/{id}/revoke`
pub(super) async fn revoke_token(
    State(gate): State<Gate>,
    identity: Identity,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match gate
        .auth
        .revoke_token(&identity, &id, gate.around.now())
        .await
    {
        // One that is gone already is what was wanted.
        Ok(_) => Redirect::to(PATH).into_response(),
        Err(error) => Refusal::Failed(Asked::of(&request), error).into_response(),
    }
}

impl Gate {
    async fn account_page(
        &self,
        identity: &Identity,
        frame: Frame,
    ) -> Result<AccountPage, AuthError> {
        let now = self.around.now();
        let tokens = self.auth.tokens_of(&identity.user_id, now).await?;
        Ok(AccountPage {
            shell: self.around.shell(identity, frame, "Your account"),
            tabs: super::settings_tabs(identity, "Your account"),
            person: identity
                .person
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            user_id: identity.user_id.clone(),
            full_name: identity.name.clone(),
            role: identity.role.word(),
            tokens: tokens.into_iter().map(TokenRow::new).collect(),
            fresh: None,
            mistakes: Mistakes::default(),
        })
    }

    async fn account_again(
        &self,
        identity: &Identity,
        frame: Frame,
        asked: &Asked,
        mistakes: Mistakes,
    ) -> Response {
        let page = self.account_page(identity, frame).await;
        let page = page.map(|page| AccountPage { mistakes, ..page });
        answer(asked, StatusCode::UNPROCESSABLE_ENTITY, page)
    }
}

impl AccountPage {
    fn scopes(&self) -> Vec<Choice> {
        Scope::ALL
            .iter()
            .map(|scope| Choice::new(scope.word(), scope.meaning()))
            .collect()
    }
}

impl TokenRow {
    fn new(token: ApiToken) -> Self {
        let at = |ms: i64| Timestamp::from_millisecond(ms).ok();
        Self {
            id: token.id,
            name: token.name,
            meaning: Scope::parse(&token.scopes).map_or("nothing", Scope::meaning),
            used: token.last_used_at_ms.and_then(at),
            ends: token.expires_at_ms.and_then(at),
        }
    }
}

impl TokenFields {
    fn parse(&self, now: Timestamp) -> Result<(Scope, Timestamp), String> {
        if self.name.trim().is_empty() {
            return Err("Say what it is for, to know it again.".to_owned());
        }
        let scope = Scope::parse(&self.scope).ok_or("Choose what it may do.")?;
        let days = self.days.trim().parse::<i64>().ok();
        let days = days
            .filter(|days| (1..=TOKEN_DAYS_MAX).contains(days))
            .ok_or_else(|| format!("Say for how many days, from 1 to {TOKEN_DAYS_MAX}."))?;
        let expires = now.checked_add(SignedDuration::from_hours(24 * days));
        Ok((scope, expires.unwrap_or(Timestamp::MAX)))
    }
}

fn answer(asked: &Asked, status: StatusCode, page: Result<AccountPage, AuthError>) -> Response {
    match page {
        Ok(page) => page_with(status, &page),
        Err(error) => Refusal::Failed(asked.clone(), error).into_response(),
    }
}
