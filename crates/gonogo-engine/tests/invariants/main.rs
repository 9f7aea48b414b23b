//! What holds whatever happens: no page is forgotten, no effect has the id of another, and
//! every replay agrees to the last byte.
//!
//! The seeds are fixed, so every run plays the same stories. `SOAK=<first>..<end>` plays those
//! of other seeds instead. A failure says its seed and the shortest story that still fails.

mod acts;
mod holds;
mod packages;
mod play;

use std::ops::Range;

use gonogo_engine::Time;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use acts::acts;
use packages::recipe;
use play::Play;

/// The seeds of an ordinary run.
const SEEDS: Range<u64> = 0..3;
/// How many stories each seed tells.
const STORIES_PER_SEED: u32 = 25;

#[test]
fn no_page_is_forgotten_and_every_replay_agrees() {
    // A Wednesday noon, when nobody's clock changes.
    let start = Time::from_millis(1_795_608_000_000);
    let story = ([recipe(), recipe()], acts(false), 5..60_usize);
    for_all(&story, |(recipes, acts, snapshot_every)| {
        Play::new(&recipes, start).all(&acts, snapshot_every)
    });
}

#[test]
fn nothing_that_comes_in_is_too_strange() {
    let story = (
        [recipe(), recipe()],
        acts(true),
        5..60_usize,
        any::<i64>().prop_map(Time::from_millis),
    );
    for_all(&story, |(recipes, acts, snapshot_every, start)| {
        Play::new(&recipes, start).all(&acts, snapshot_every)
    });
}

fn for_all<S: Strategy>(story: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    for seed in seeds() {
        let config = Config {
            cases: STORIES_PER_SEED,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: 10_000,
            ..Config::default()
        };
        match TestRunner::new(config).run(story, &test) {
            Ok(()) => {}
            Err(TestError::Fail(why, story)) => {
                panic!("SOAK={seed}..{} fails: {why}\n{story:#?}", seed + 1)
            }
            Err(error) => panic!("SOAK={seed}..{}: {error}", seed + 1),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever soaks says for how long")]
fn seeds() -> Range<u64> {
    let Ok(asked) = std::env::var("SOAK") else {
        return SEEDS;
    };
    let range = asked
        .split_once("..")
        .and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    range.unwrap_or_else(|| panic!("SOAK is <first>..<end>, not {asked:?}"))
}
