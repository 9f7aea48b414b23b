//! Every address this server answers, in one place.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::ack;
use crate::api;
use crate::auth;
use crate::driver::LAG_PAGED_MS;
use crate::explained;
use crate::fleets;
use crate::graph;
use crate::heartbeats;
use crate::incidents;
use crate::ingest;
use crate::launch;
use crate::live;
use crate::metrics;
use crate::overview;
use crate::package_page;
use crate::places;
use crate::risks;
use crate::runbooks;
use crate::shell;
use crate::signals;
use crate::site::Site;
use crate::status_page;
use crate::store::Lane;
use crate::web;

/// The longest token of a challenge that is answered.
const TOKEN_MAX: usize = 64;

/// All routes of a server.
pub fn routes(site: Site) -> Router {
    let gate = site.gate.clone();
    let intake = Router::new()
        .route(
            "/in/{source}",
            post(ingest::http::post).options(ingest::http::options),
        )
        .route(
            "/in/{source}/v2/enqueue",
            post(ingest::http::tools::enqueue),
        )
        .route(
            "/in/{source}/v2/change/enqueue",
            post(ingest::http::tools::enqueue),
        )
        .route("/v2/enqueue", post(ingest::http::tools::enqueue_by_key))
        .route(
            "/v2/change/enqueue",
            post(ingest::http::tools::enqueue_by_key),
        )
        .with_state(site.intake.clone());
    let tools = ingest::alerts::v2::routes().with_state(site.clone());
    let beats = heartbeats::routes(&site);
    let api = api::routes(&site);
    let health = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(site.clone());
    let figures = Router::new().route("/metrics", get(metrics::get));
    let figures = auth::http::welcome(&gate, figures.with_state(site.clone()));
    // Open to all: the links carry their own proof, and customers do not sign in.
    let open = status_page::routes()
        .merge(ack::routes())
        .route("/.well-known/acme-challenge/{token}", get(challenge))
        .with_state(site.clone());
    let door = auth::http::routes(&gate);
    Router::new()
        .merge(intake)
        .merge(tools)
        .merge(beats)
        .merge(api)
        .merge(health)
        .merge(figures)
        .merge(door)
        .merge(open)
        .merge(auth::http::protect(&gate, pages(site)))
        .merge(web::router())
        .fallback(shell::nowhere)
        .layer(from_fn(web::headers::secure))
}

/// Answers the challenge of our own checks, so that one that arrives is told from one that
/// somebody else answers. Real challenges are the edge's business.
async fn challenge(
    State(site): State<Site>,
    axum::extract::Path(token): axum::extract::Path<String>,
) -> axum::response::Response {
    match token.starts_with(crate::watch::CHALLENGE_TOKEN) && token.len() <= TOKEN_MAX {
        true => crate::watch::challenge_answer(site.seed, &token).into_response(),
        false => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What only people see who are signed in.
fn pages(site: Site) -> Router {
    Router::new()
        .route("/", get(overview::show))
        .route("/live", get(live::stream))
        .merge(incidents::routes())
        .merge(graph::routes())
        .merge(runbooks::routes())
        .merge(launch::routes())
        .merge(risks::routes())
        .merge(signals::routes())
        .merge(explained::routes())
        .merge(package_page::routes())
        .merge(places::routes())
        .merge(fleets::pages::routes())
        .with_state(site)
}

/// Ready means: the engine keeps up, and we have lately proven that we can hear.
async fn ready(State(site): State<Site>) -> impl IntoResponse {
    let view = site.view();
    let now = site.clock.now();
    let waiting: Vec<u64> = Lane::ALL
        .iter()
        .map(|lane| site.store.waiting(*lane).inputs)
        .collect();
    let behind = waiting.iter().sum::<u64>() > 0 && now.since(view.at).as_millis() > LAG_PAGED_MS;
    let hears = view.heard.is_some_and(|at| now.since(at).as_secs() < 60);
    let status = if view.loaded && hears && !behind {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ready": status == StatusCode::OK,
        "package": view.loaded,
        "hears": hears,
        "waiting": {"human": waiting[0], "world": waiting[1]},
        "step": view.step_no,
        "troubles": view.troubles,
    });
    (status, Json(body))
}
