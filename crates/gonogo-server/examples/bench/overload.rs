//! Three times as much as can be taken: what is refused, and what becomes of the rest.
//!
//! Invariant: what was answered 200 is counted again after a restart, from the journal alone.

use std::path::Path;
use std::time::Duration;

use gonogo_server::ingest::http::IN_FLIGHT_MAX;
use gonogo_server::view::View;
use tokio::runtime::Runtime;

use super::client::{Shed, flood, run};
use super::package::{Extra, flows, serve, write};
use super::table::{Row, count, ms};
use super::{Scale, stripe};

/// How many times as many deliveries are under way as there are places.
const TIMES: usize = 3;
/// The longest that something accepted may take.
const TARGET: Duration = Duration::from_secs(1);
/// Senders that capacity is measured with.
const SENDERS: usize = 64;
const COUNTED_WITHIN: Duration = Duration::from_secs(60);

/// Measures it.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new()?;
    let text = flows(1, "http://127.0.0.1:9", Extra::failing);
    let package = write(base, "overload", &text)?;
    let data = base.join("overload-data");
    let app = runtime.block_on(serve(package.clone(), data.clone()))?;
    let calm = run(
        app.address,
        &requests("calm", SENDERS, scale.pick(200, 60))?,
    )?;
    let senders = TIMES * IN_FLIGHT_MAX;
    let asked = requests("flood", senders, scale.pick(60, 20))?;
    let flood = flood(app.address, &asked)?;
    let told = calm.waits.len() + flood.accepted.len();
    runtime.block_on(app.shut_down())?;

    let app = runtime.block_on(serve(package, data))?;
    let kept = runtime.block_on(async {
        let mut view = app.site.view.clone();
        let all = view.wait_for(|view| events(view) >= told);
        // Fewer than that is what is to be found out.
        let _ = tokio::time::timeout(COUNTED_WITHIN, all).await;
        events(&view.borrow())
    });
    runtime.block_on(app.shut_down())?;
    let Shed {
        accepted, refused, ..
    } = &flood;
    let offered = accepted.len() + refused.len();
    anyhow::ensure!(!accepted.is_empty(), "nothing was accepted");
    Ok(vec![
        Row::at_most(
            "accepted under three times the load: its p99",
            format!(
                "{} (refused {}); {}/s of {}/s offered, {}/s in calm",
                ms(flood.accepted_wait(0.99)),
                ms(flood.refused_wait(0.99)),
                count(accepted.len() as f64 / flood.took.as_secs_f64()),
                count(offered as f64 / flood.took.as_secs_f64()),
                count(calm.rate()),
            ),
            format!("at most {}", ms(TARGET)),
            flood.accepted_wait(0.99).as_secs_f64() / TARGET.as_secs_f64(),
        ),
        Row::at_least(
            "refused early, with 429 or 503 and when to come back",
            format!(
                "{} of {} refused, {} of them say when",
                count(refused.len() as f64),
                count(offered as f64),
                count(flood.say_when as f64),
            ),
            "all that are refused".into(),
            if refused.is_empty() {
                0.0
            } else {
                flood.say_when as f64 / refused.len() as f64
            },
        ),
        Row::at_least(
            "in the journal after a restart, of what was answered 200",
            format!("{} of {}", count(kept as f64), count(told as f64)),
            "all".into(),
            kept as f64 / told as f64,
        ),
    ])
}

/// How many events the engine knows of.
fn events(view: &View) -> usize {
    let sources = view.sources.iter().filter(|s| s.id.as_str() == "stripe");
    sources.map(|s| s.day as usize).sum()
}

fn requests(turn: &str, senders: usize, each: usize) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let of = |sender: usize| {
        let one = |n: usize| stripe::request("begun.0", &format!("ch_{turn}_{sender}_{n}"), "ok");
        (0..each).map(one).collect()
    };
    (0..senders).map(of).collect()
}
