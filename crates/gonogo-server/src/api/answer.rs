//! What handlers take in and give out: bodies with a limit, incident numbers, names.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::response::Response;
use gonogo_model::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::view::View;

/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// What a handler answers.
pub(super) type Answer<T> = Result<Json<T>, Problem>;

/// Something with an id, and what people call it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// Its id in the package.
    pub id: String,
    /// What people call it; the id again, where the package no longer has it.
    pub name: String,
}

impl Named {
    pub(super) fn new(id: &Id, name: Option<&String>) -> Self {
        Self {
            id: id.to_string(),
            name: name.cloned().unwrap_or_else(|| id.to_string()),
        }
    }

    pub(super) fn component(view: &View, id: &Id) -> Self {
        Self::new(id, view.plan.package.components.get(id).map(|c| &c.name))
    }

    pub(super) fn journey(view: &View, id: &Id) -> Self {
        Self::new(id, view.plan.package.journeys.get(id).map(|j| &j.name))
    }

    pub(super) fn person(view: &View, id: &Id) -> Self {
        Self::new(id, view.plan.package.people.get(id).map(|p| &p.name))
    }

    pub(super) fn team(view: &View, id: &Id) -> Self {
        Self::new(id, view.plan.package.teams.get(id).map(|t| &t.name))
    }
}

/// The JSON body of a request. Without one, an empty object is read.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes: Bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX)
            .await
            .map_err(|_| {
                Problem::too_large(format!("A body has at most {BODY_BYTES_MAX} bytes."))
            })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| {
            Problem::malformed(format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            ))
        })?;
        T::deserialize(value).map(Self).map_err(|error| {
            Problem::invalid("invalid_body", format!("The body does not fit: {error}."))
                .help("/api/openapi.json describes it.")
        })
    }
}

/// The body of a command that says nothing more.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A command that was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The place of the command in the journal.
    pub position: i64,
}

/// The query of a request.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|error| {
            Problem::malformed(format!("{}.", error.body_text()))
                .help("/api/openapi.json describes the parameters.")
        })
    }
}

/// The name of something in a path.
pub(super) struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(error) => Err(Problem::malformed(format!("{}.", error.body_text()))),
        }
    }
}

/// The number of an incident in a path, as `7` or `INC-7`.
pub(super) struct IncidentNumber(pub u64);

impl<S: Send + Sync> FromRequestParts<S> for IncidentNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        incident_number(&text).map(Self).ok_or_else(|| {
            Problem::malformed("An incident is named by its number, such as 7 or INC-7.")
        })
    }
}

/// The number that `7`, `INC-7` and `inc-7` name.
pub fn incident_number(text: &str) -> Option<u64> {
    let digits = match text.split_at_checked(4) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("INC-") => rest,
        _ => text,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// The answer to an address that is not one of ours.
pub(super) async fn no_such_route(uri: Uri) -> Response {
    let message = format!("There is nothing at {}.", uri.path());
    Problem::unknown("unknown_route", message)
        .help("/api/openapi.json lists what there is.")
        .into_response()
}

/// The answer to a method that an address does not know.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Response {
    let message = format!("{} does not take {method}.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message)
        .help("/api/openapi.json lists what there is.")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_named_as_people_name_them() {
        for text in ["7", "INC-7", "inc-7", "Inc-7"] {
            assert_eq!(incident_number(text), Some(7), "{text}");
        }
        for text in [
            "",
            "INC-",
            "INC",
            "+7",
            "-7",
            "7x",
            "INC-INC-7",
            "ÄÄ-7",
            "99999999999999999999",
        ] {
            assert_eq!(incident_number(text), None, "{text}");
        }
    }
}
