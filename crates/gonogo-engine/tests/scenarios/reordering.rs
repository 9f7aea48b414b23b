//! The order of arrival, repetitions and a restart: none of them changes what became of a flow.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_engine::Engine;
use gonogo_engine::flow::Counts;
use gonogo_model::Duration;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::support::stage::Stage;

/// How many flows of one kind are under way together.
const KEYS: usize = 4;

/// One message: of a start or an end, about a key.
#[derive(Clone, Copy, Debug)]
struct Message {
    is_end: bool,
    key: usize,
}

/// What is left when all has come in and every deadline has passed.
#[derive(Debug, PartialEq)]
struct Outcome {
    counts: Counts,
    contradictions: BTreeMap<String, String>,
    open: Vec<String>,
    overdue: BTreeSet<String>,
    without_start: usize,
}

#[test]
fn each_outcome_is_told_apart() {
    let message = |is_end, key| Message { is_end, key };
    let (start, end) = (|key| message(false, key), |key| message(true, key));
    let arrived = [end(0), end(2), start(1), start(0), end(3), start(3), end(3)];
    let outcome = play(&arrived, None);
    let counts = &outcome.counts;
    assert_eq!((counts.starts, counts.completed), (3, 2));
    assert_eq!((counts.overdue, counts.mismatches), (1, 1));
    assert_eq!(outcome.open, ["ch_1"]);
    assert_eq!(outcome.overdue, BTreeSet::from(["ch_1".to_owned()]));
    assert_eq!(outcome.without_start, 1, "the sender may still retry it");
    let doubled = BTreeMap::from([("ch_3".to_owned(), "ended twice".to_owned())]);
    assert_eq!(outcome.contradictions, doubled);
}

#[test]
fn a_sender_whose_clock_is_hours_ahead_is_judged_by_when_we_heard() {
    let mut stage = Stage::shop();
    let ahead = Duration::from_hours(-3);
    stage.charge_from(ahead, "ch_1", 1200, "usd");
    stage.charge_from(ahead, "ch_2", 1200, "usd");
    stage.mins(4);
    stage.recorded("ch_1", 1200);
    stage.mins(2);
    assert_eq!(stage.pages(), ["05:30 ben page INC-1"], "for ch_2 only");
    let flow = &stage.engine.state().flows[0];
    assert_eq!(flow.overdue, BTreeSet::from(["ch_2".to_owned()]));
    let counts = flow.series.sum(stage.now, Duration::from_hours(1));
    assert_eq!((counts.starts, counts.completed, counts.late), (2, 1, 0));
}

#[test]
fn a_sender_whose_clock_is_hours_behind_is_given_the_time_of_a_late_start() {
    let mut stage = Stage::shop();
    let behind = Duration::from_hours(3);
    stage.charge_from(behind, "ch_1", 1200, "usd");
    stage.charge_from(behind, "ch_2", 1200, "usd");
    stage.secs(20);
    stage.recorded_from(behind, "ch_1", 1200, "usd");
    stage.mins(1);
    assert_eq!(stage.pages(), ["01:00 ben page INC-1"], "for ch_2 only");
    let flow = &stage.engine.state().flows[0];
    assert_eq!(flow.overdue, BTreeSet::from(["ch_2".to_owned()]));
    let counts = flow.series.sum(stage.now, Duration::from_hours(4));
    assert_eq!((counts.starts, counts.completed, counts.late), (2, 1, 0));
}

proptest! {
    #![proptest_config(Config {
        cases: 48,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn the_order_of_arrival_and_a_restart_do_not_change_the_outcome(
        (sent, arrived) in messages().prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
        restart_before in 0..24_usize,
    ) {
        let in_order = play(&sent, None);
        prop_assert_eq!(&play(&arrived, None), &in_order);
        prop_assert_eq!(&play(&arrived, Some(restart_before)), &in_order);
    }

    #[test]
    fn a_start_that_is_told_again_is_one_start(
        (once, twice) in messages().prop_flat_map(|sent| {
            let starts = sent.iter().filter(|m| !m.is_end).copied();
            let twice = sent.iter().copied().chain(starts).collect::<Vec<_>>();
            (Just(sent), Just(twice).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(play(&twice, None), play(&once, None));
    }
}

/// Of every key none, one or two starts and ends: complete ones, missing ones and doubled ones.
fn messages() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec((0..3_usize, 0..3_usize), KEYS).prop_map(|keys| {
        let of = |key, is_end, count| std::iter::repeat_n(Message { is_end, key }, count);
        let all = keys
            .iter()
            .enumerate()
            .flat_map(|(key, (starts, ends))| of(key, false, *starts).chain(of(key, true, *ends)));
        all.collect()
    })
}

/// Everything happened in the first minute, by the senders' clocks, and arrives in the third.
fn play(arrivals: &[Message], restart_before: Option<usize>) -> Outcome {
    let mut stage = Stage::shop();
    stage.mins(2);
    for (number, Message { is_end, key }) in arrivals.iter().copied().enumerate() {
        if restart_before == Some(number) {
            stage.engine = Engine::restore(&stage.engine.snapshot()).unwrap();
        }
        let second = key as i64 + if is_end { 40 } else { 10 };
        let ago = stage.now.since(stage.start + Duration::from_secs(second));
        let name = format!("ch_{key}");
        match is_end {
            false => stage.charge_from(ago, &name, 1200, "usd"),
            true => stage.recorded_from(ago, &name, 1200, "usd"),
        }
        stage.secs(1);
    }
    // Past every deadline, and not past the time in which a sender may retry a start.
    stage.pass(Duration::from_hours(2));
    let flow = &stage.engine.state().flows[0];
    Outcome {
        counts: flow.series.sum(stage.now, Duration::from_hours(3)),
        contradictions: flow.mismatched.clone(),
        open: flow.open.keys().cloned().collect(),
        overdue: flow.overdue.clone(),
        without_start: flow.early_len(),
    }
}
