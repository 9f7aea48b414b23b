//! A month on the virtual clock: the shipped package, with an event each second.

use std::time::{Duration, Instant};

use gonogo_engine::rehearsal;
use gonogo_model::overlay::Overlay;
use gonogo_server::package_dir;

use super::package::shipped;
use super::table::{Row, count};

/// The scenario: a charge every other second, each with its start and its end.
const SCENARIO: &str = "\
scenarios:
  - id: a-month
    name: A month of charges
    starts: 2026-11-02T00:00:00Z
    lasts: 30d
    traffic:
      - {flow: charge-recorded, every: 2s, takes: 15s}
";
/// Events in 30 days.
const EVENTS: f64 = 30.0 * 86_400.0;
/// What is asked for.
const TARGET: Duration = Duration::from_secs(5);

/// Measures it.
pub fn measure() -> anyhow::Result<Row> {
    let mut text = package_dir::read(&shipped())?.text;
    text.files
        .insert("rehearsals/a-month.yaml".into(), SCENARIO.into());
    let begin = Instant::now();
    let played = rehearsal::run(&text, &Overlay::default(), "a-month", None)
        .map_err(|unknown| anyhow::anyhow!("no such scenario: {unknown:?}"))?;
    let took = begin.elapsed();
    anyhow::ensure!(played.lasts_ms == 30 * 86_400_000, "it played less");
    Ok(Row::at_most(
        "rehearsal of 30 days with 1 event/s",
        format!(
            "{:.1} s ({} events/s and the shipped package's checks)",
            took.as_secs_f64(),
            count(EVENTS / took.as_secs_f64())
        ),
        "at most 5 s".into(),
        took.as_secs_f64() / TARGET.as_secs_f64(),
    ))
}
