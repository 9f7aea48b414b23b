//! The pages of signals with 5,000 checks while webhooks come in.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::client::{Load, run};
use super::package::{Extra, flows, reader, serve, write};
use super::table::{Row, count, ms};
use super::{Scale, stripe};

/// How many checks.
const CHECKS: usize = 5_000;
/// What is asked for.
const TARGET: Duration = Duration::from_millis(200);
/// Senders of webhooks meanwhile.
const SENDERS: usize = 8;
/// What is asked for, in turns: all signals, the checks, found, sorted, far behind, one, JSON.
const PAGES: [&str; 7] = [
    "/signals",
    "/signals/checks",
    "/signals/checks?q=number+4242",
    "/signals/checks?sort=-since",
    "/signals/checks?page=40",
    "/signals/checks/k2500",
    "/signals/flows/f0",
];

/// Measures it.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Row> {
    let runtime = Runtime::new()?;
    // Nobody listens there, so that every check has an answer to show, and fails.
    let checks: String = (0..CHECKS)
        .map(|n| {
            format!(
                "  - {{id: k{n}, name: Check number {n}, component: c0, every: 5m, probe: {{tcp: {{host: 127.0.0.1, port: 9, allow_private: true}}}}}}\n"
            )
        })
        .collect();
    let mut text = flows(4, "http://127.0.0.1:9", Extra::failing);
    for file in text.files.values_mut() {
        file.push_str("checks:\n");
        file.push_str(&checks);
    }
    let package = write(base, "checks", &text)?;
    let app = runtime.block_on(serve(package, base.join("checks-data")))?;
    let token = runtime.block_on(reader(&app))?;
    let page = |n: usize| {
        let path = PAGES[n % PAGES.len()];
        let head = "host: 127.0.0.1\r\nauthorization: Bearer";
        format!("GET {path} HTTP/1.1\r\n{head} {token}\r\n\r\n").into_bytes()
    };
    run(app.address, &[(0..PAGES.len()).map(page).collect()])?;
    let (mut pages, mut events) = (Load::default(), Load::default());
    for turn in 0..scale.pick(6, 2) {
        let webhooks = webhooks(turn, scale.pick(1_500, 600))?;
        let asked: Vec<Vec<u8>> = (0..20 * PAGES.len()).map(page).collect();
        let address = app.address;
        let (came, seen) = std::thread::scope(|scope| {
            let sender = scope.spawn(|| run(address, &webhooks));
            let seen = run(address, &[asked]);
            (sender.join(), seen)
        });
        events.add(came.map_err(|_| anyhow::anyhow!("the senders panicked"))??);
        pages.add(seen?);
    }
    runtime.block_on(app.shut_down())?;
    Ok(Row::at_most(
        "pages of signals with 5,000 checks while webhooks come in",
        format!(
            "p50 {}, p99 {} of {}, beside {} webhooks/s",
            ms(pages.wait(0.5)),
            ms(pages.wait(0.99)),
            pages.waits.len(),
            count(events.rate()),
        ),
        format!("p99 at most {}", ms(TARGET)),
        pages.wait(0.99).as_secs_f64() / TARGET.as_secs_f64(),
    ))
}

fn webhooks(turn: usize, each: usize) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let of = |sender: usize| {
        let one = |n: usize| stripe::request("begun.0", &format!("ch_{turn}_{sender}_{n}"), "ok");
        (0..each).map(one).collect()
    };
    (0..SENDERS).map(of).collect()
}
