//! How many inputs a second the journal takes, and how long a caller waits, while many
//! callers wait for their answer.
//!
//! `cargo run --release -p gonogo-server --example journal_throughput [DIR [CALLERS]]`

use std::time::{Duration, Instant};

use gonogo_server::store::{AppendBatch, Dedup, Lane, NewInput, Store};

const INPUTS: usize = 400_000;
const BODY_BYTES: usize = 600;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, Into::into);
    let callers: usize = args.next().map_or(Ok(2_000), |n| n.parse())?;
    let dir = tempfile::tempdir_in(base)?;
    let store = Store::open(dir.path())?;
    let lone = wait_of(&store, usize::MAX, 200).await?;
    print("one caller", 200, lone.iter().sum(), lone);

    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let store = store.clone();
        tasks.spawn(async move { wait_of(&store, caller, INPUTS / callers).await });
    }
    let mut waits = Vec::with_capacity(INPUTS);
    while let Some(of_one) = tasks.join_next().await {
        waits.extend(of_one??);
    }
    print(
        &format!("{callers} callers"),
        waits.len(),
        begin.elapsed(),
        waits,
    );
    store.blocking(Store::close).await?;
    Ok(())
}

/// Appends one after the other and answers how long each took.
async fn wait_of(store: &Store, caller: usize, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::with_capacity(count);
    for n in 0..count {
        let sent = Instant::now();
        store.append(batch(caller as u64, n as u64)).await?;
        waits.push(sent.elapsed());
    }
    Ok(waits)
}

fn print(who: &str, count: usize, took: Duration, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let rate = count as f64 / took.as_secs_f64();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "{who}: {rate:.0} inputs/s of {BODY_BYTES} bytes; wait {:?} median, {:?} p99, {:?} at most",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn batch(caller: u64, n: u64) -> AppendBatch {
    // Scatters like a hash does.
    let key = (u128::from(caller) << 64 | u128::from(n)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C);
    let dedup = Dedup {
        source: "bench".into(),
        key: key.to_be_bytes(),
        keep_days: 7,
    };
    let input = NewInput {
        kind: "bench".into(),
        received_at_ms: 1_795_500_000_000,
        schema: 1,
        body: vec![b'x'; BODY_BYTES],
        dedup: Some(dedup),
        raw: None,
    };
    AppendBatch {
        lane: Lane::World,
        inputs: vec![input],
    }
}
