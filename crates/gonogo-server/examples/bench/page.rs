//! From an event to the phone: how long a failure takes to reach its channel, under load.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::Connection;
use super::package::{Extra, flows, serve, write};
use super::table::{Row, ms, quantile};
use super::{Scale, stripe};

/// Events per second.
const RATE: usize = 1_000;
/// Connections that send them.
const SENDERS: usize = 20;
/// One event of so many is a failure of a flow that did not fail before.
const FAILURE_EVERY: usize = 100;
/// Where the failure stands among these.
const FAILED: usize = 2 * SENDERS;
/// How long after the last event a message may come.
const GRACE: Duration = Duration::from_secs(10);
/// What is asked for.
const TARGET: Duration = Duration::from_millis(100);

/// When the first message of each topic came.
type Inbox = Arc<Mutex<BTreeMap<String, Instant>>>;

/// Measures it.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Row> {
    let runtime = tokio::runtime::Runtime::new()?;
    let events = RATE * scale.pick(20, 5);
    let failures = events / FAILURE_EVERY;
    let mut waits = runtime.block_on(play(base, events, failures))?;
    waits.sort_unstable();
    anyhow::ensure!(
        waits.len() == failures,
        "only {} of {failures} messages came",
        waits.len()
    );
    Ok(Row::at_most(
        "event received to notification handed over, at 1,000 events/s",
        format!(
            "p50 {}, p99 {} of {failures}",
            ms(quantile(&waits, 0.5)),
            ms(quantile(&waits, 0.99))
        ),
        format!("at most {}", ms(TARGET)),
        quantile(&waits, 0.99).as_secs_f64() / TARGET.as_secs_f64(),
    ))
}

async fn play(base: &Path, events: usize, failures: usize) -> anyhow::Result<Vec<Duration>> {
    let inbox = Inbox::default();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let sink = Router::new()
        .route("/", post(deliver))
        .with_state(Arc::clone(&inbox));
    tokio::spawn(async move { axum::serve(listener, sink).await });
    let package = write(base, "page", &flows(failures, &url, Extra::failing))?;
    let app = serve(package, base.join("page-data")).await?;
    let begin = tokio::time::Instant::now() + Duration::from_millis(500);
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let mut connection = Connection::open(app.address).await?;
        senders.spawn(async move {
            let mut failed = BTreeMap::new();
            for n in (sender..events).step_by(SENDERS) {
                let due = begin + Duration::from_secs(1) * u32::try_from(n)? / u32::try_from(RATE)?;
                let (topic, request) = event(n, failures)?;
                tokio::time::sleep_until(due).await;
                if let Some(topic) = topic {
                    failed.insert(topic, Instant::now());
                }
                connection.ask(&request).await?;
            }
            anyhow::Ok(failed)
        });
    }
    let mut sent = BTreeMap::new();
    while let Some(of_one) = senders.join_next().await {
        sent.extend(of_one??);
    }
    let late = Instant::now() + GRACE;
    while count(&inbox) < sent.len() && Instant::now() < late {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.shut_down().await?;
    let came = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    let waits = sent
        .iter()
        .filter_map(|(topic, at)| Some(came.get(topic)?.duration_since(*at)));
    Ok(waits.collect())
}

/// The `n`th event; where it is a failure, the topic that hears of it.
///
/// All others are starts: an end that is a success would end the failure it is about.
fn event(n: usize, flows: usize) -> anyhow::Result<(Option<String>, Vec<u8>)> {
    let flow = n / FAILURE_EVERY;
    let failing = format!("ch_failing_{flow}");
    match n % FAILURE_EVERY {
        // The same sender has it later, so the end comes after its start.
        0 => Ok((
            None,
            stripe::request(&format!("begun.{flow}"), &failing, "pending")?,
        )),
        FAILED => Ok((
            Some(format!("t{flow}")),
            stripe::request(&format!("ended.{flow}"), &failing, "failed")?,
        )),
        _ => Ok((
            None,
            stripe::request(
                &format!("begun.{}", n % flows),
                &format!("ch_{n}"),
                "pending",
            )?,
        )),
    }
}

fn count(inbox: &Inbox) -> usize {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// ntfy takes JSON at its root, with the topic inside.
async fn deliver(State(inbox): State<Inbox>, Json(message): Json<Value>) -> Json<Value> {
    let now = Instant::now();
    let topic = message["topic"].as_str().context("no topic");
    if let Ok(topic) = topic {
        let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.entry(topic.to_string()).or_insert(now);
    }
    Json(json!({"id": "measured", "event": "message"}))
}
