//! The outbox: at least once, under one id, and never out of a final state.

mod store_support;

use gonogo_server::store::{
    Claim, Lane, OutboxFilter, OutboxState, Outcome, Recorded, Snapshot, Store, StoreError,
    StoreOptions,
};
use store_support::*;

const LEASE_MS: i64 = 30_000;

fn with_effects(ids: &[&str]) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut step = tick(1);
    step.outbox = ids.iter().map(|id| effect(id)).collect();
    store.commit_step(step).wait().unwrap();
    (dir, store)
}

fn claim(store: &Store, now_ms: i64) -> Vec<(String, u32)> {
    let claim = Claim {
        now_ms,
        lease_ms: LEASE_MS,
        limit: 10,
    };
    let items = store.claim_due(claim).wait().unwrap();
    items
        .into_iter()
        .map(|i| (i.effect_id, i.attempts))
        .collect()
}

fn record(store: &Store, id: &str, attempt: u32, outcome: Outcome) -> Recorded {
    store
        .record_attempt(id, attempt, outcome, NOW_MS + 5)
        .wait()
        .unwrap()
}

fn delivered() -> Outcome {
    Outcome::Delivered {
        receipt: "250 ok".into(),
    }
}

fn retry(at_ms: i64) -> Outcome {
    Outcome::Retry {
        at_ms,
        error: "503".into(),
    }
}

fn state(store: &Store, id: &str) -> OutboxState {
    store.outbox_item(id).unwrap().unwrap().state
}

#[test]
fn a_claimed_effect_is_not_given_out_twice() {
    let (_dir, store) = with_effects(&["a", "b"]);
    assert_eq!(store.outbox_next_due().unwrap(), Some(NOW_MS));
    assert_eq!(claim(&store, NOW_MS - 1), []);
    assert_eq!(claim(&store, NOW_MS), [("a".into(), 1), ("b".into(), 1)]);
    assert_eq!(claim(&store, NOW_MS), []);
    assert_eq!(
        record(&store, "a", 1, delivered()),
        Recorded::Now(OutboxState::Delivered)
    );
    let item = store.outbox_item("a").unwrap().unwrap();
    assert_eq!(item.receipt.as_deref(), Some("250 ok"));
    assert_eq!(item.done_at_ms, Some(NOW_MS + 5));
    assert_eq!(store.outbox_next_due().unwrap(), Some(NOW_MS + LEASE_MS));
}

#[test]
fn a_send_that_died_with_the_process_is_repeated_under_its_id() {
    let (dir, store) = with_effects(&["a"]);
    assert_eq!(claim(&store, NOW_MS), [("a".into(), 1)]);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(state(&store, "a"), OutboxState::Sending);
    assert_eq!(claim(&store, NOW_MS + LEASE_MS - 1), []);
    assert_eq!(claim(&store, NOW_MS + LEASE_MS), [("a".into(), 2)]);
}

#[test]
fn a_failure_is_tried_again_when_it_says() {
    let (_dir, store) = with_effects(&["a"]);
    claim(&store, NOW_MS);
    let later = NOW_MS + 60_000;
    assert_eq!(
        record(&store, "a", 1, retry(later)),
        Recorded::Now(OutboxState::Pending)
    );
    let item = store.outbox_item("a").unwrap().unwrap();
    assert_eq!(
        (item.last_error.as_deref(), item.next_at_ms),
        (Some("503"), later)
    );
    assert_eq!(claim(&store, later - 1), []);
    assert_eq!(claim(&store, later), [("a".into(), 2)]);
    let failed = Outcome::Failed {
        error: "gone".into(),
    };
    assert_eq!(
        record(&store, "a", 2, failed),
        Recorded::Now(OutboxState::Failed)
    );
    assert_eq!(claim(&store, later + 10 * LEASE_MS), []);
}

#[test]
fn a_late_answer_never_undoes_a_newer_one() {
    let (_dir, store) = with_effects(&["a", "b"]);
    claim(&store, NOW_MS);
    claim(&store, NOW_MS + LEASE_MS);
    // The first sender comes back after its lease: its failure is old news.
    assert_eq!(record(&store, "a", 1, retry(NOW_MS)), Recorded::Stale);
    assert_eq!(state(&store, "a"), OutboxState::Sending);
    // Its delivery is not: the page is out.
    assert_eq!(
        record(&store, "b", 1, delivered()),
        Recorded::Now(OutboxState::Delivered)
    );
    assert_eq!(record(&store, "b", 2, retry(NOW_MS)), Recorded::Stale);
    assert_eq!(state(&store, "b"), OutboxState::Delivered);
    let error = store.record_attempt("none", 1, delivered(), NOW_MS).wait();
    assert_eq!(error, Err(StoreError::NotFound("effect")));
}

#[test]
fn a_cancelled_effect_is_not_sent_any_more() {
    let (_dir, store) = with_effects(&["waiting", "sending", "dying", "done"]);
    let mut hold = tick(2);
    hold.cancels = vec!["waiting".into()];
    store.commit_step(hold).wait().unwrap();
    assert_eq!(claim(&store, NOW_MS).len(), 3);
    record(&store, "done", 1, delivered());
    let mut cancel = tick(3);
    cancel.cancels = vec![
        "sending".into(),
        "dying".into(),
        "done".into(),
        "unknown".into(),
    ];
    store.commit_step(cancel).wait().unwrap();
    assert_eq!(state(&store, "waiting"), OutboxState::Cancelled);
    assert_eq!(
        state(&store, "sending"),
        OutboxState::Sending,
        "it cannot be called back"
    );
    assert_eq!(state(&store, "done"), OutboxState::Delivered);
    assert_eq!(
        record(&store, "sending", 1, retry(NOW_MS)),
        Recorded::Now(OutboxState::Cancelled),
        "but it is not tried again"
    );
    assert_eq!(claim(&store, NOW_MS + LEASE_MS), [], "nor after a crash");
    assert_eq!(state(&store, "dying"), OutboxState::Cancelled);
}

#[test]
fn counts_and_lists_agree() {
    let (_dir, store) = with_effects(&["a", "b", "c"]);
    claim(&store, NOW_MS);
    record(&store, "a", 1, delivered());
    record(&store, "b", 1, retry(NOW_MS));
    let counts = store.outbox_counts().unwrap();
    assert_eq!(
        (counts.pending, counts.sending, counts.delivered),
        (1, 1, 1)
    );
    assert!(!counts.over_limit());
    let ids = |filter: OutboxFilter| -> Vec<String> {
        let items = store.outbox_list(&filter).unwrap();
        items.into_iter().map(|i| i.effect_id).collect()
    };
    let all = OutboxFilter {
        limit: 2,
        ..OutboxFilter::default()
    };
    assert_eq!(ids(all.clone()), ["c", "b"]);
    assert_eq!(
        ids(OutboxFilter {
            before_rank: Some(2),
            ..all.clone()
        }),
        ["a"]
    );
    assert_eq!(
        ids(OutboxFilter {
            state: Some(OutboxState::Pending),
            ..all.clone()
        }),
        ["b"]
    );
    assert_eq!(
        ids(OutboxFilter {
            incident: Some("other".into()),
            ..all
        }),
        [""; 0]
    );
    assert_eq!(store.outbox_for_incident("inc-1", 10).unwrap().len(), 3);
}

#[test]
fn finished_effects_leave_only_when_no_replay_can_decide_them_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        outbox_terminal_max: 1,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    for no in 1..=3 {
        let mut step = tick(no);
        step.outbox = vec![effect(&format!("e{no}"))];
        store.commit_step(step).wait().unwrap();
    }
    for (id, _) in claim(&store, NOW_MS) {
        record(&store, &id, 1, delivered());
    }
    assert_eq!(
        store.prune_outbox().wait().unwrap(),
        0,
        "no snapshot: all could come again"
    );
    let snapshot = Snapshot {
        step_no: 1,
        schema: 1,
        engine_version: "engine-1".into(),
        taken_at_ms: NOW_MS,
        body: b"state".to_vec(),
    };
    store.save_snapshot(snapshot).unwrap();
    assert_eq!(store.prune_outbox().wait().unwrap(), 1);
    assert!(store.outbox_item("e1").unwrap().is_none());
    assert!(store.outbox_item("e2").unwrap().is_some());
    assert_eq!(store.prune_outbox().wait().unwrap(), 0);
}

/// The end of an effect and the news of it are one commit.
#[test]
fn what_became_of_an_effect_is_told_once() {
    let (dir, store) = with_effects(&["a"]);
    claim(&store, NOW_MS);
    let told = |store: &Store, attempt, outcome| {
        let news = vec![input("it failed")];
        store
            .record_and_append("a", attempt, outcome, NOW_MS, news)
            .wait()
    };
    let failed = Outcome::Failed {
        error: "gone".into(),
    };
    let mut huge = input("");
    huge.dedup = keyed("s", "x").dedup;
    huge.dedup.as_mut().unwrap().keep_days = u16::MAX;
    let refused = store.record_and_append("a", 1, failed.clone(), NOW_MS, vec![input("x"), huge]);
    assert!(refused.wait().is_err());
    assert_eq!(
        state(&store, "a"),
        OutboxState::Sending,
        "not closed without the news"
    );
    assert_eq!(store.heads().borrow().human, 0);

    assert_eq!(
        told(&store, 1, failed.clone()),
        Ok(Recorded::Now(OutboxState::Failed))
    );
    assert_eq!(told(&store, 1, failed), Ok(Recorded::Stale));
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let news = store.unapplied(Lane::Human, 10).unwrap();
    assert_eq!(
        news.iter()
            .map(|i| (i.seq, &i.body[..]))
            .collect::<Vec<_>>(),
        [(1, &b"it failed"[..])]
    );
    assert_eq!(state(&store, "a"), OutboxState::Failed);
}
