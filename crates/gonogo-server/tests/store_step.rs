//! Steps: numbered without gaps, written once, and passing over nothing.

mod store_support;

use gonogo_server::store::{InputRange, Lane, OutboxState, Store, StoreError};
use store_support::*;

#[test]
fn a_step_is_written_once_however_often_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    append(&store, "a");
    let mut first = step(1, 1, 1);
    first.outbox = vec![effect("e1")];
    first.history = vec![line("h1")];
    for _ in 0..3 {
        store.commit_step(first.clone()).wait().unwrap();
    }
    store.commit_step(tick(2)).wait().unwrap();
    // Still the same after others followed.
    store.commit_step(first.clone()).wait().unwrap();
    assert_eq!(store.outbox_counts().unwrap().pending, 1);
    assert_eq!(store.history("inc-1", 0, 10).unwrap().len(), 1);
    assert_eq!(store.last_step(), 2);

    let mut other = first;
    other.outbox[0].body = b"another page".to_vec();
    let error = store.commit_step(other).wait().unwrap_err();
    assert_eq!(
        error,
        StoreError::Conflict("step 1 is committed with other content".into())
    );
}

#[test]
fn a_step_must_follow_the_last_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for no in [0, 2, -1] {
        let error = store.commit_step(tick(no)).wait().unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{no}: {error}");
    }
    store.commit_step(tick(1)).wait().unwrap();
}

#[test]
fn a_step_cannot_pass_over_an_input() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for text in ["a", "b", "c"] {
        append(&store, text);
    }
    let refused = |step| store.commit_step(step).wait().unwrap_err().to_string();
    assert_eq!(
        refused(step(1, 2, 3)),
        "step 1 passes over input 1 of the world lane"
    );
    assert_eq!(
        refused(step(1, 1, 4)),
        "step 1 handles inputs of the world lane that were never appended"
    );
    store.commit_step(step(1, 1, 2)).wait().unwrap();
    assert_eq!(
        refused(step(2, 2, 3)),
        "step 2 handles 2..=3 of the world lane, which is applied up to 2"
    );
    assert_eq!(store.applied(Lane::World), 2);
    let left = store.unapplied(Lane::World, 10).unwrap();
    assert_eq!(left.iter().map(|i| i.seq).collect::<Vec<_>>(), [3]);
}

#[test]
fn an_older_holder_of_the_engine_commits_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mine = store.take_epoch().wait().unwrap();
    let theirs = store.take_epoch().wait().unwrap();
    assert!(theirs > mine);
    let mut late = tick(1);
    late.epoch = mine;
    assert!(matches!(
        store.commit_step(late.clone()).wait(),
        Err(StoreError::Conflict(_))
    ));
    late.epoch = theirs;
    store.commit_step(late).wait().unwrap();
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.take_epoch().wait().unwrap(), theirs + 1);
}

#[test]
fn a_restart_finds_steps_ranges_and_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for text in ["a", "b", "c"] {
        append(&store, text);
    }
    store.commit_step(step(1, 1, 2)).wait().unwrap();
    store.commit_step(tick(2)).wait().unwrap();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    let steps = store.steps_after(0, 100).unwrap();
    assert_eq!(steps.iter().map(|s| s.no).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(steps[1].inputs, None);
    assert_eq!(steps[1].now_ns, NOW_MS * 1_000_000 + 2);
    let range = InputRange {
        lane: Lane::World,
        first_seq: 1,
        last_seq: 2,
    };
    assert_eq!(steps[0].inputs, Some(range));
    let replayed = store
        .read_inputs_range(range.lane, range.first_seq, range.last_seq)
        .unwrap();
    assert_eq!(
        replayed.iter().map(|i| &i.body[..]).collect::<Vec<_>>(),
        [b"a", b"b"]
    );
    let rest = store.unapplied(Lane::World, 10).unwrap();
    assert_eq!(rest.iter().map(|i| &i.body[..]).collect::<Vec<_>>(), [b"c"]);
    assert_eq!(append(&store, "d"), 4);
}

#[test]
fn a_decision_reached_twice_is_one_effect() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for no in 1..=2 {
        let mut step = tick(no);
        step.outbox = vec![effect("same")];
        store.commit_step(step).wait().unwrap();
    }
    let item = store.outbox_item("same").unwrap().unwrap();
    assert_eq!((item.step_no, item.state), (1, OutboxState::Pending));
    assert_eq!(store.outbox_for_incident("inc-1", 10).unwrap().len(), 1);
}
