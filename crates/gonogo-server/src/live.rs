//! `GET /live`: tells open pages that there is something new to see.
//!
//! It carries no content, only the step that the newest view shows; each page asks its own
//! address for what changed. Invariant: a stream ends by itself, when the server does or after
//! [`STREAM_MAX`], so a session that ended is not listened to for longer.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, sleep_until};

use crate::auth::Identity;
use crate::site::Site;

/// Pages are told at most this often.
pub const TOLD_EVERY: Duration = Duration::from_millis(250);
/// A page hears at least this often that we are still there.
pub const PING_EVERY: Duration = Duration::from_secs(15);
/// After this long the browser has to ask again, and to show that it is still signed in.
pub const STREAM_MAX: Duration = Duration::from_secs(15 * 60);
/// How many pages may listen at a time.
pub const STREAMS_MAX: usize = 1_000;

static STREAMS: Semaphore = Semaphore::const_new(STREAMS_MAX);

struct Listening {
    site: Site,
    told: Option<i64>,
    ends: Instant,
    _place: SemaphorePermit<'static>,
}

/// Streams the number of the newest step, and a ping while nothing changes.
pub async fn stream(State(site): State<Site>, _who: Identity) -> Response {
    let Ok(place) = STREAMS.try_acquire() else {
        let later = [(header::RETRY_AFTER, HeaderValue::from_static("30"))];
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            later,
            "Too many pages are open.",
        )
            .into_response();
    };
    let listening = Listening {
        site,
        told: None,
        ends: Instant::now() + STREAM_MAX,
        _place: place,
    };
    let mut response = Sse::new(stream::unfold(listening, next)).into_response();
    // A proxy that collects the answer before it passes it on would make the page late.
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

async fn next(mut listening: Listening) -> Option<(Result<Event, Infallible>, Listening)> {
    let mut view = listening.site.view.clone();
    let mut stopping = listening.site.stopping.clone();
    if listening.told.is_some() {
        let pause = sleep(TOLD_EVERY);
        tokio::select! {
            () = pause => {}
            _ = stopping.wait_for(|s| *s) => return None,
        }
    }
    let ping = sleep(PING_EVERY);
    tokio::pin!(ping);
    loop {
        let step = view.borrow_and_update().step_no;
        if listening.told != Some(step) {
            listening.told = Some(step);
            return Some((Ok(Event::default().data(step.to_string())), listening));
        }
        tokio::select! {
            changed = view.changed() => if changed.is_err() { return None },
            () = &mut ping => return Some((Ok(Event::default().event("ping").data("here")), listening)),
            () = sleep_until(listening.ends) => return None,
            _ = stopping.wait_for(|s| *s) => return None,
        }
    }
}
