//! The one error of the API: a status, a stable code, a sentence, and a way on.
//!
//! Invariant: what stands in an answer is meant for whoever asked; what only an operator may
//! know goes to the log.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::auth::AuthError;
use crate::store::StoreError;

/// How long a client waits before it asks again, when nothing can be stored.
pub const RETRY_AFTER_SECS: u64 = 5;

/// A refusal, ready to be answered.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    help: Option<String>,
    retry: bool,
}

/// A refusal as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemBody {
    /// What is wrong.
    pub error: ProblemText,
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemText {
    /// Stable: programs may rely on it.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Problem {
    /// 400: the request cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// The sentence for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// 403: known, and not allowed.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", message)
    }

    /// 404: there is no such thing.
    pub fn unknown(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: not as things stand.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 413: more than is taken.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 422: understood, and not sensible.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 503: the same request may succeed in a moment.
    pub fn not_now(code: &'static str, message: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        problem.retry = true;
        problem
    }

    /// Any other status.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            help: None,
            retry: false,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::TooLarge { .. } = error {
            return Self::too_large(error.to_string());
        }
        tracing::error!(%error, "the store could not serve a request of the API");
        if error.is_temporary() {
            Self::not_now(
                "not_stored",
                "The journal cannot be written or read right now.",
            )
            .help("Nothing was changed. Paging goes on; send the request again in a moment.")
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server could not do this; its log says why.",
            )
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Store(error) => error.into(),
            AuthError::NoSuchUser => Self::unknown("unknown_user", "There is no such account."),
            AuthError::Limit { .. } | AuthError::LastAdmin => {
                Self::conflict("limit", format!("{error}."))
            }
            AuthError::Busy | AuthError::Crypto(_) => {
                tracing::error!(%error, "an account could not be worked with");
                Self::not_now("not_now", "This does not work right now.")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            error: ProblemText {
                code: self.code.to_owned(),
                message: self.message,
                help: self.help,
            },
        };
        let mut response = (self.status, Json(body)).into_response();
        if self.retry {
            let after = HeaderValue::from(RETRY_AFTER_SECS);
            response.headers_mut().insert(header::RETRY_AFTER, after);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_asked_for_again_and_the_rest_is_not() {
        let answer = Problem::from(StoreError::Full).into_response();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
        let answer = Problem::from(StoreError::Corrupt("page 7".into())).into_response();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!answer.headers().contains_key(header::RETRY_AFTER));
        let too_large = StoreError::TooLarge {
            what: "a body",
            size: 2,
            max: 1,
        };
        let answer = Problem::from(too_large).into_response();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn what_only_operators_may_know_is_not_answered() {
        let problem = Problem::from(StoreError::Unavailable("/var/lib/gonogo: denied".into()));
        assert!(!format!("{problem:?}").contains("/var/lib"), "{problem:?}");
    }
}
