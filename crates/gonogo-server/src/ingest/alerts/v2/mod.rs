//! Alertmanager's API v2, so that Prometheus, `amtool`, Grafana and karma work as they are.
//!
//! Alerts posted here are taken in like all others, durably, and silences are decisions in
//! the journal. Invariant: a request reads and changes one source only, whose token it shows.

mod listed;
mod matcher;
mod silences;
mod status;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gonogo_model::Id;

use super::super::http::tools::No;
use crate::site::Site;

pub use matcher::{MATCHERS_MAX, MatcherMistake, parse_list, parse_matcher};
pub use silences::{Asked, silence_mistake};
pub(crate) use silences::{order, state};

/// Where the API is: below a source, and at the root for whoever shows its token.
const PLACES: [&str; 2] = ["/in/{source}", ""];

/// The routes of the API.
pub fn routes() -> Router<Site> {
    let mut router = Router::new();
    for place in PLACES {
        let at = |path: &str| format!("{place}{path}");
        router = router
            .route(
                &at("/api/v2/alerts"),
                get(listed::alerts).post(listed::take),
            )
            .route(&at("/api/v2/alerts/groups"), get(listed::groups))
            .route(
                &at("/api/v2/silences"),
                get(silences::list).post(silences::put),
            )
            .route(
                &at("/api/v2/silence/{silence}"),
                get(silences::show).delete(silences::expire),
            )
            .route(&at("/api/v2/status"), get(status::status))
            .route(&at("/api/v2/receivers"), get(status::receivers))
            .route(&at("/-/healthy"), get(status::alive))
            .route(&at("/-/ready"), get(status::alive))
            .route(&at("/-/reload"), post(status::reload));
    }
    router
}

/// A source whose token was shown.
struct Shown(Id);

impl FromRequestParts<Site> for Shown {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let params = RawPathParams::from_request_parts(parts, site).await;
        let params = params.map_err(IntoResponse::into_response)?;
        let named = params.iter().find(|(name, _)| *name == "source");
        let named = named.map(|(_, value)| value);
        let found = site.intake.alertmanager(named, &parts.headers);
        found.map(Self).map_err(IntoResponse::into_response)
    }
}

/// The pairs of a query; a name may come several times.
type Pairs = Vec<(String, String)>;

/// A word that is true unless the query says otherwise.
fn wanted(pairs: &Pairs, name: &str) -> Result<bool, No> {
    match pairs.iter().rev().find(|(n, _)| n == name) {
        None => Ok(true),
        Some((_, value)) => match value.as_str() {
            "true" | "1" | "t" => Ok(true),
            "false" | "0" | "f" => Ok(false),
            _ => Err(No::bad(format!("{name} must be true or false"))),
        },
    }
}

/// The matchers of a query, under this name.
fn filters(pairs: &Pairs, name: &str) -> Result<Vec<gonogo_engine::input::Matcher>, No> {
    let each = pairs.iter().filter(|(n, _)| n == name);
    each.map(|(_, text)| parse_matcher(text).map_err(|e| No::bad(e.to_string())))
        .collect()
}
