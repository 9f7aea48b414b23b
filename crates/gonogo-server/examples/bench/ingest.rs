//! Webhooks: verified, deduplicated, on the disk and handled, beside a bare handler.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tokio::runtime::Runtime;

use super::client::{CONNECTIONS, Load, run};
use super::package::{Extra, flows, serve, write};
use super::table::{Row, count, ms};
use super::{Scale, stripe};

/// How many flows the events belong to.
const FLOWS: usize = 20;
/// Requests of a connection that are not counted.
const WARM_UP: usize = 50;

/// Measures both in turns.
pub fn measure(base: &Path, fsync: Duration, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new()?;
    let text = flows(FLOWS, "http://127.0.0.1:9", Extra::failing);
    let package = write(base, "ingest", &text)?;
    let app = runtime.block_on(serve(package, base.join("ingest-data")))?;
    let bare = runtime.block_on(bare())?;
    let (turns, each) = scale.pick((4, 600), (2, 300));
    let warm_up = requests("w", WARM_UP)?;
    run(bare, &warm_up)?;
    run(app.address, &warm_up)?;
    let (mut ours, mut theirs) = (Load::default(), Load::default());
    for turn in 0..turns {
        let requests = requests(&turn.to_string(), each)?;
        theirs.add(run(bare, &requests)?);
        ours.add(run(app.address, &requests)?);
    }
    runtime.block_on(app.shut_down())?;
    let ratio = ours.rate() / theirs.rate();
    let allowed = 4 * (theirs.wait(0.99) + fsync);
    Ok(vec![
        Row::at_least(
            "durable webhook ingest beside a bare handler",
            format!(
                "{}/s : {}/s = {:.0} %; p50 {} : {}",
                count(ours.rate()),
                count(theirs.rate()),
                ratio * 100.0,
                ms(ours.wait(0.5)),
                ms(theirs.wait(0.5)),
            ),
            "at least 50 %".into(),
            ratio / 0.5,
        ),
        Row::at_most(
            "its p99 under that load",
            format!("{} (bare {})", ms(ours.wait(0.99)), ms(theirs.wait(0.99))),
            format!("at most {}, 4 x (bare + fsync)", ms(allowed)),
            ours.wait(0.99).as_secs_f64() / allowed.as_secs_f64(),
        ),
    ])
}

/// A handler that reads the body and answers.
async fn bare() -> anyhow::Result<SocketAddr> {
    let routes = Router::new().route("/in/{source}", post(|_: Bytes| async { "ok" }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

/// For each connection so many requests: a start of a flow, then its end, and so on.
fn requests(turn: &str, each: usize) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let of = |connection: usize| {
        (0..each)
            .map(|n| {
                let flow = (connection + n / 2) % FLOWS;
                let kind = if n % 2 == 0 { "begun" } else { "ended" };
                let key = format!("ch_{turn}_{connection}_{}", n / 2);
                stripe::request(&format!("{kind}.{flow}"), &key, "succeeded")
            })
            .collect()
    };
    (0..CONNECTIONS).map(of).collect()
}
