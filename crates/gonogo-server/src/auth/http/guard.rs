//! What happens to a request before its handler: who is it, and may this form be believed.
//!
//! Invariant: a handler finds an identity only if a guard put it there; without a guard in
//! front it refuses everybody.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::body::Body;
use axum::extract::{
    Form, FromRequest, FromRequestParts, OptionalFromRequestParts, Request, State,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Gate;
use super::refusal::{Asked, Refusal};
use crate::auth::{AuthError, Identity, Role, Via, csrf};

/// What the token of an agent is good for.
const FOR_AGENTS: &str = "/api/v1/agent/";
/// The largest form that is read to find its token.
pub const FORM_BYTES_MAX: usize = 1 << 20;

/// Runs in front of everything that needs somebody known.
pub(super) async fn protect(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(&request);
    let identity = match gate.identify(request.headers()).await {
        Ok(Some(identity)) => identity,
        Ok(None) => return Refusal::SignIn(asked).into_response(),
        Err(error) => return Refusal::Failed(asked, error).into_response(),
    };
    if identity.via == Via::Agent && !request.uri().path().starts_with(FOR_AGENTS) {
        return Refusal::ForAgents(asked).into_response();
    }
    if identity.via == Via::Session && changes(request.method()) {
        if !csrf::same_origin(request.headers(), &gate.base_url) {
            return Refusal::OtherSite(asked).into_response();
        }
        request = match with_proof(request, &identity).await {
            Ok(request) => request,
            Err(Unproven::TooLarge) => return Refusal::TooLarge(asked).into_response(),
            Err(Unproven::Wrong) => return Refusal::StaleForm(asked).into_response(),
        };
    }
    request.extensions_mut().insert(Guarded(Some(identity)));
    private(next.run(request).await)
}

/// Runs in front of what is open to all.
pub(super) async fn welcome(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(&request);
    // Signing somebody in as somebody else, from another site, is an attack too.
    if changes(request.method()) && !csrf::same_origin(request.headers(), &gate.base_url) {
        return Refusal::OtherSite(asked).into_response();
    }
    // What is open to all stays open when accounts cannot be read.
    let identity = gate
        .identify(request.headers())
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "an account could not be looked up");
            None
        });
    let identity = identity.filter(|who| who.via != Via::Agent);
    request.extensions_mut().insert(Guarded(identity));
    private(next.run(request).await)
}

impl Gate {
    /// Who asks. A bearer token counts alone: who sends one does not mean their cookie. Other
    /// kinds of authorization are between the browser and a proxy in front of us.
    async fn identify(&self, headers: &HeaderMap) -> Result<Option<Identity>, AuthError> {
        let now = self.around.now();
        let found = match (bearer(headers), self.session_token(headers)) {
            (Some(token), _) => self.auth.by_token(token, now).await?,
            (None, Some(token)) => self.auth.by_session(token, now).await?,
            (None, None) => None,
        };
        Ok(found.map(|(identity, user)| Identity {
            person: self.around.person(&user),
            ..identity
        }))
    }
}

/// Put into a request by a guard.
#[derive(Clone)]
struct Guarded(Option<Identity>);

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        known(parts).ok_or_else(|| Refusal::SignIn(Asked::of_parts(parts)))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        Ok(known(parts))
    }
}

/// Somebody who may do at least what `L` says.
#[derive(Clone, Debug)]
pub struct Require<L>(pub Identity, PhantomData<L>);

/// A role, as a type.
pub trait Level: Send + Sync + 'static {
    /// The role.
    const ROLE: Role;
}

/// The roles, as types for [`Require`](super::Require).
pub mod need {
    use super::{Level, Role};

    macro_rules! levels {
        ($($name:ident)*) => {$(
            #[doc = concat!("At least [`Role::", stringify!($name), "`].")]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;
            impl Level for $name {
                const ROLE: Role = Role::$name;
            }
        )*};
    }
    levels!(Viewer Responder Director Admin);
}

impl<L: Level, S: Send + Sync> FromRequestParts<S> for Require<L> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let asked = Asked::of_parts(parts);
        match known(parts) {
            None => Err(Refusal::SignIn(asked)),
            Some(identity) if identity.may(L::ROLE) => Ok(Self(identity, PhantomData)),
            Some(identity) => Err(Refusal::NotAllowed(asked, identity.role, L::ROLE)),
        }
    }
}

impl<L> Deref for Require<L> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

fn known(parts: &Parts) -> Option<Identity> {
    match parts.extensions.get::<Guarded>() {
        Some(Guarded(identity)) => identity.clone(),
        None => {
            tracing::error!(
                path = parts.uri.path(),
                "a handler stands outside of the door"
            );
            None
        }
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What somebody sees must not be kept for the next one at the same screen.
fn private(mut response: Response) -> Response {
    let no_store = header::HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(no_store);
    response
}

/// The bearer token of a request, right or wrong.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

enum Unproven {
    TooLarge,
    Wrong,
}

#[derive(Deserialize)]
struct Proof {
    csrf: String,
}

/// The same request, if its header or its form carries the session's token.
async fn with_proof(request: Request, identity: &Identity) -> Result<Request, Unproven> {
    if let Some(value) = request.headers().get(csrf::HEADER) {
        let right = value
            .to_str()
            .is_ok_and(|presented| csrf::is_right(presented, identity.csrf()));
        return if right {
            Ok(request)
        } else {
            Err(Unproven::Wrong)
        };
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, FORM_BYTES_MAX)
        .await
        .map_err(|_| Unproven::TooLarge)?;
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    // Anything but a plain form has no field, and says its token in the header.
    let Ok(Form(proof)) = Form::<Proof>::from_request(copy, &()).await else {
        return Err(Unproven::Wrong);
    };
    if csrf::is_right(&proof.csrf, identity.csrf()) {
        Ok(Request::from_parts(parts, Body::from(bytes)))
    } else {
        Err(Unproven::Wrong)
    }
}
