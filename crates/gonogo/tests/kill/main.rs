//! The server is killed at random points under load, again and again, and nothing is lost.
//!
//! Clients repeat an event until it gets its 2xx, as providers do. The people's phones are
//! a server of the test that sometimes refuses and sometimes hangs. Afterwards the journal
//! is opened and everything is accounted for.

mod load;
mod package;
mod phones;
mod process;
mod verdict;

use std::time::Duration;

use load::Load;
use phones::Phones;
use process::{Random, Server};

/// How often the process is killed.
const KILLS: u32 = 22;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_loses_no_input_and_no_page() {
    let seed = std::env::var("GONOGO_TEST_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_261_123);
    println!("seed {seed} (set GONOGO_TEST_SEED to repeat another)");
    let mut random = Random::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let phones = Phones::open(seed).await;
    package::write(&dir.path().join("ops"), &phones.url());
    let mut server = Server::start(dir.path());
    server.until_ready().await;

    let load = Load::start(server.url(), seed);
    for kill in 0..KILLS {
        // Every third one comes while the process is still recovering.
        if kill % 3 == 2 {
            tokio::time::sleep(random.between(5, 250)).await;
        } else {
            server.until_ready().await;
            tokio::time::sleep(random.between(100, 900)).await;
        }
        server.kill();
        server.restart();
    }
    server.until_ready().await;
    let sent = load.stop().await;
    println!(
        "{} events acknowledged, {} of them starts whose end never comes",
        sent.acknowledged.len(),
        sent.lost.len()
    );
    phones.behave();
    phones.until_quiet(Duration::from_secs(12)).await;
    server.terminate().await;

    verdict::account_for(dir.path(), &sent, &phones.messages());
}
