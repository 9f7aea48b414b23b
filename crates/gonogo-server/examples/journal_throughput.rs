//! How many inputs a second the journal takes while many callers wait for their answer.
//!
//! `cargo run --release -p gonogo-server --example journal_throughput [DIR]`

use std::time::Instant;

use gonogo_server::store::{AppendBatch, Dedup, Lane, NewInput, Store};

const CALLERS: u64 = 2_000;
const EACH: u64 = 200;
const BODY_BYTES: usize = 600;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let base = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(base)?;
    let store = Store::open(dir.path())?;
    let lone = Instant::now();
    for n in 0..100 {
        store.append(batch(u64::MAX, n)).await?;
    }
    let lone = lone.elapsed() / 100;
    let begin = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            let mut slowest = std::time::Duration::ZERO;
            for n in 0..EACH {
                let sent = Instant::now();
                store.append(batch(caller, n)).await?;
                slowest = slowest.max(sent.elapsed());
            }
            anyhow::Ok(slowest)
        });
    }
    let mut slowest = std::time::Duration::ZERO;
    while let Some(caller) = callers.join_next().await {
        slowest = slowest.max(caller??);
    }
    let rows = CALLERS * EACH;
    let rate = rows as f64 / begin.elapsed().as_secs_f64();
    println!("one caller alone: {lone:?} per durable input");
    println!("{CALLERS} callers: {rate:.0} inputs/s of {BODY_BYTES} bytes, slowest {slowest:?}");
    store.blocking(Store::close).await?;
    Ok(())
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
