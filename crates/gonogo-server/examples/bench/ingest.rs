//! Webhooks: verified, deduplicated, on the disk and handled, beside a bare handler.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tokio::runtime::Runtime;

use super::client::{Load, run};
use super::package::{Extra, flows, serve, write};
use super::table::{Row, count, ms};
use super::{Scale, stripe};

/// Senders that each wait for an answer before they go on. With few of them an fsync is most
/// of what they wait for, so this is the harder comparison.
const FEW: usize = 64;
/// So many that the processor is what limits both sides.
const MANY: usize = 512;
/// How many flows the events belong to.
const FLOWS: usize = 20;
/// Requests of each sender that are not counted.
const WARM_UP: usize = 20;

/// Measures both in turns.
pub fn measure(base: &Path, fsync: Duration, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new()?;
    let text = flows(FLOWS, "http://127.0.0.1:9", Extra::failing);
    let package = write(base, "ingest", &text)?;
    let app = runtime.block_on(serve(package, base.join("ingest-data")))?;
    let bare = runtime.block_on(bare())?;
    let turns = scale.pick(4, 2);
    let mut rows = Vec::new();
    for (what, tail, senders, each) in [
        (
            "durable webhook ingest beside a bare handler, 64 senders",
            "its p99",
            FEW,
            scale.pick(600, 200),
        ),
        (
            "the same, 512 senders",
            "its p99",
            MANY,
            scale.pick(100, 40),
        ),
    ] {
        let (ours, theirs) = compare(app.address, bare, senders, turns, each)?;
        let ratio = ours.rate() / theirs.rate();
        let allowed = 4 * (theirs.wait(0.99) + fsync);
        rows.push(Row::at_least(
            what,
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
        ));
        rows.push(Row::at_most(
            tail,
            format!("{} (bare {})", ms(ours.wait(0.99)), ms(theirs.wait(0.99))),
            format!("at most {}, 4 x (bare + fsync)", ms(allowed)),
            ours.wait(0.99).as_secs_f64() / allowed.as_secs_f64(),
        ));
    }
    runtime.block_on(app.shut_down())?;
    Ok(rows)
}

/// The same load on both, in turns.
fn compare(
    ours_at: SocketAddr,
    bare_at: SocketAddr,
    senders: usize,
    turns: usize,
    each: usize,
) -> anyhow::Result<(Load, Load)> {
    let warm_up = requests(&format!("w{senders}"), senders, WARM_UP)?;
    run(bare_at, &warm_up)?;
    run(ours_at, &warm_up)?;
    let (mut ours, mut theirs) = (Load::default(), Load::default());
    for turn in 0..turns {
        let requests = requests(&format!("{senders}_{turn}"), senders, each)?;
        theirs.add(run(bare_at, &requests)?);
        ours.add(run(ours_at, &requests)?);
    }
    Ok((ours, theirs))
}

/// A handler that reads the body and answers.
async fn bare() -> anyhow::Result<SocketAddr> {
    let routes = Router::new().route("/in/{source}", post(|_: Bytes| async { "ok" }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

/// For each sender so many requests: a start of a flow, then its end, and so on.
fn requests(turn: &str, senders: usize, each: usize) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let of = |sender: usize| {
        (0..each)
            .map(|n| {
                let flow = (sender + n / 2) % FLOWS;
                let kind = if n % 2 == 0 { "begun" } else { "ended" };
                let key = format!("ch_{turn}_{sender}_{}", n / 2);
                stripe::request(&format!("{kind}.{flow}"), &key, "succeeded")
            })
            .collect()
    };
    (0..senders).map(of).collect()
}
