//! Appending: what an answer promises, over batches, callers and restarts.

mod store_support;

use gonogo_server::store::{
    APPEND_INPUTS_MAX, AppendBatch, DEDUP_DAYS_MAX, Heads, Lane, Store, StoreError, StoreOptions,
};
use store_support::*;

#[test]
fn a_duplicate_in_the_same_batch_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let batch = world(vec![
        keyed("stripe", "a"),
        keyed("stripe", "a"),
        keyed("github", "a"),
    ]);
    let answers = store.append(batch).wait().unwrap();
    assert_eq!(answers, [appended(1), duplicate(1), appended(2)]);
    assert_eq!(store.inputs_after(Lane::World, 0, 10).unwrap().len(), 2);
}

#[test]
fn a_duplicate_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let answers = store
        .append(world(vec![keyed("stripe", "a")]))
        .wait()
        .unwrap();
    assert_eq!(answers, [appended(1)]);
    store.close().unwrap();

    let store = Store::open(dir.path()).unwrap();
    let batch = world(vec![keyed("stripe", "b"), keyed("stripe", "a")]);
    assert_eq!(
        store.append(batch).wait().unwrap(),
        [appended(2), duplicate(1)]
    );
}

#[test]
fn a_key_is_found_for_its_days_and_pruned_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let on_day = |day: i64| {
        let mut input = keyed("stripe", "a");
        input.received_at_ms += day * DAY_MS;
        store.append(world(vec![input])).wait().unwrap()[0]
    };
    assert_eq!(on_day(0), appended(1));
    assert_eq!(on_day(3), duplicate(1), "the last day of three");
    // The clock of a machine may go back.
    assert_eq!(on_day(-1), duplicate(1));
    assert_eq!(store.prune_dedup(NOW_MS + 3 * DAY_MS).wait().unwrap(), 0);
    assert_eq!(store.prune_dedup(NOW_MS + 4 * DAY_MS).wait().unwrap(), 1);
    assert_eq!(on_day(3), appended(2), "forgotten");
}

#[test]
fn many_callers_get_numbers_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let store = store.clone();
            std::thread::spawn(move || -> Vec<i64> {
                (0..50)
                    .map(|n| append(&store, &format!("{caller}-{n}")))
                    .collect()
            })
        })
        .collect();
    let mut seqs: Vec<i64> = callers
        .into_iter()
        .flat_map(|c| c.join().unwrap())
        .collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=800).collect::<Vec<_>>());
    let rows = store.inputs_after(Lane::World, 0, 1_000).unwrap();
    assert_eq!(rows.iter().map(|r| r.seq).collect::<Vec<_>>(), seqs);
}

#[tokio::test(flavor = "multi_thread")]
async fn async_callers_share_commits() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..500 {
        let store = store.clone();
        tasks.spawn(async move { store.append(world(vec![input(&n.to_string())])).await });
    }
    let mut seqs = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        seqs.push(answer.unwrap().unwrap()[0].seq());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=500).collect::<Vec<_>>());
}

#[test]
fn lanes_share_one_sequence_and_are_read_apart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    append(&store, "webhook");
    let ack = AppendBatch {
        lane: Lane::Human,
        inputs: vec![input("ack")],
    };
    assert_eq!(store.append(ack).wait().unwrap(), [appended(2)]);
    append(&store, "probe");
    let texts = |lane| -> Vec<(i64, String)> {
        let rows = store.inputs_after(lane, 0, 10).unwrap();
        rows.iter()
            .map(|r| (r.seq, String::from_utf8(r.body.clone()).unwrap()))
            .collect()
    };
    assert_eq!(texts(Lane::Human), [(2, "ack".into())]);
    assert_eq!(
        texts(Lane::World),
        [(1, "webhook".into()), (3, "probe".into())]
    );
    assert_eq!(
        *store.heads().borrow(),
        Heads {
            human: 2,
            world: 3,
            step: 0
        }
    );
}

#[tokio::test]
async fn heads_wake_whoever_watches() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut heads = store.heads();
    let seen = *heads.borrow_and_update();
    store.append(world(vec![input("a")])).await.unwrap();
    heads.changed().await.unwrap();
    assert_eq!(heads.borrow().world, 1);
    let now = store.wait_for_heads(seen, std::time::Duration::from_secs(60));
    assert_eq!(now.world, 1);
}

#[test]
fn an_engine_that_fell_behind_reads_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        tail_bytes_max: 1_000,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    for n in 1..=50 {
        append(&store, &format!("{n:0100}"));
    }
    let mut seq = 0;
    let mut seen = Vec::new();
    loop {
        let rows = store.inputs_after(Lane::World, seq, 7).unwrap();
        let Some(last) = rows.last() else { break };
        seq = last.seq;
        seen.extend(rows.iter().map(|r| (r.seq, r.body.clone())));
    }
    let expected: Vec<_> = (1..=50)
        .map(|n| (n, format!("{n:0100}").into_bytes()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_skipped_input_says_so_in_memory_and_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    append(&store, "good");
    append(&store, "poison");
    store.skip(2, "panicked", NOW_MS).wait().unwrap();
    assert_eq!(
        store.skip(9, "no such", NOW_MS).wait(),
        Err(StoreError::NotFound("input"))
    );
    let skipped = |store: &Store| -> Vec<Option<String>> {
        let rows = store.inputs_after(Lane::World, 0, 10).unwrap();
        rows.iter().map(|r| r.skipped.clone()).collect()
    };
    assert_eq!(skipped(&store), [None, Some("panicked".into())]);
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(skipped(&store), [None, Some("panicked".into())]);
    let rows = store.read_inputs_range(Lane::World, 2, 2).unwrap();
    assert_eq!(rows[0].skipped.as_deref(), Some("panicked"));
}

#[test]
fn ingest_is_refused_at_the_limit_and_commands_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        unapplied_inputs_max: 3,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options.clone()).unwrap();
    store
        .append(world(vec![keyed("stripe", "a"), input("b")]))
        .wait()
        .unwrap();
    // Two do not fit where one would: the batch is stored whole or not at all.
    let error = store
        .append(world(vec![input("c"), input("d")]))
        .wait()
        .unwrap_err();
    let full = StoreError::JournalFull {
        lane: Lane::World,
        limit: 3,
        unit: "inputs",
    };
    assert_eq!(error, full);
    assert!(error.is_temporary());
    assert_eq!(append(&store, "c"), 3);
    assert_eq!(store.append(world(vec![input("d")])).wait(), Err(full));
    assert_eq!(
        store
            .append(world(vec![keyed("stripe", "a")]))
            .wait()
            .unwrap(),
        [duplicate(1)]
    );
    let ack = AppendBatch {
        lane: Lane::Human,
        inputs: vec![input("ack")],
    };
    assert_eq!(store.append(ack).wait().unwrap(), [appended(4)]);
    store.close().unwrap();

    // The backlog is counted again after a restart, and a step makes room.
    let store = Store::open_with(dir.path(), options).unwrap();
    assert!(store.append(world(vec![input("d")])).wait().is_err());
    store.commit_step(step(1, 1, 2)).wait().unwrap();
    assert_eq!(store.waiting(Lane::World).inputs, 1);
    assert_eq!(append(&store, "d"), 5);
}

#[test]
fn bytes_of_the_backlog_are_limited_too() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        unapplied_bytes_max: 10,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    append(&store, "1234567890");
    let error = store.append(world(vec![input("1")])).wait().unwrap_err();
    assert!(
        matches!(error, StoreError::JournalFull { unit: "bytes", .. }),
        "{error}"
    );
    store.commit_step(step(1, 1, 1)).wait().unwrap();
    append(&store, "1");
    assert_eq!(store.waiting(Lane::World).bytes, 1);
}

#[test]
fn one_bad_batch_does_not_harm_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let callers: Vec<_> = (0..40)
        .map(|n| {
            let store = store.clone();
            std::thread::spawn(move || {
                let mut bad = keyed("stripe", &format!("bad{n}"));
                bad.dedup.as_mut().unwrap().keep_days = DEDUP_DAYS_MAX + 1;
                let good = keyed("stripe", &format!("good{n}"));
                let both = store.append(world(vec![good.clone(), bad])).wait();
                assert!(matches!(both, Err(StoreError::TooLarge { .. })), "{both:?}");
                store.append(world(vec![good])).wait().unwrap()[0]
            })
        })
        .collect();
    let mut answers: Vec<_> = callers.into_iter().map(|c| c.join().unwrap()).collect();
    answers.sort_by_key(|a| a.seq());
    assert_eq!(answers, (1..=40).map(appended).collect::<Vec<_>>());
    assert_eq!(store.integrity().unwrap(), [""; 0]);
}

#[test]
fn ten_thousand_alerts_fit_in_one_batch_and_a_limit_holds() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let many = vec![input("alert"); 10_000];
    assert_eq!(store.append(world(many)).wait().unwrap().len(), 10_000);
    let most = vec![input(""); APPEND_INPUTS_MAX];
    assert_eq!(
        store.append(world(most)).wait().unwrap().len(),
        APPEND_INPUTS_MAX
    );
    let over = vec![input(""); APPEND_INPUTS_MAX + 1];
    let error = store.append(world(over)).wait().unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

#[test]
fn a_second_process_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).err().unwrap();
    let StoreError::Locked { owner, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(owner, &format!("process {}", std::process::id()));
    store.close().unwrap();
    let again = Store::open(dir.path()).unwrap();
    assert_eq!(
        store.append(world(vec![input("late")])).wait(),
        Err(StoreError::Closed)
    );
    assert_eq!(store.outbox_counts(), Err(StoreError::Closed));
    drop(again);
    Store::open(dir.path()).unwrap();
}

/// Keys wait in memory and move to the index in runs; wherever they are, they are found.
#[test]
fn a_key_is_found_while_it_moves_and_after_a_restart_in_between() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        dedup_recent_max: 3_000,
        ..StoreOptions::default()
    };
    let mut store = Store::open_with(dir.path(), options.clone()).unwrap();
    let mut known = 0;
    for round in 0..12 {
        let fresh: Vec<_> = (0..700)
            .map(|n| keyed("stripe", &format!("{round}-{n}")))
            .collect();
        let answers = store.append(world(fresh)).wait().unwrap();
        assert_eq!(answers[0], appended(known + 1));
        known += 700;
        if round % 3 == 1 {
            store.close().unwrap();
            store = Store::open_with(dir.path(), options.clone()).unwrap();
        }
        let again: Vec<_> = (0..=round)
            .flat_map(|round| (0..700).map(move |n| keyed("stripe", &format!("{round}-{n}"))))
            .collect();
        let answers = store.append(world(again)).wait().unwrap();
        let first: Vec<_> = (1..=known).map(duplicate).collect();
        assert_eq!(answers, first, "round {round}");
    }
    assert_eq!(store.integrity().unwrap(), [""; 0]);
    store.close().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    let moved: i64 = db
        .query_row("SELECT count(*) FROM dedup", [], |r| r.get(0))
        .unwrap();
    assert!(moved >= 3_000, "{moved} keys moved to the index");
}

/// A batch that was refused leaves no key behind, or its retry would be lost.
#[test]
fn a_refused_batch_can_be_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        unapplied_inputs_max: 2,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    let batch = world(vec![
        keyed("new-source", "a"),
        keyed("new-source", "b"),
        input("c"),
    ]);
    assert!(store.append(batch).wait().is_err());
    let half = world(vec![keyed("new-source", "a"), keyed("new-source", "b")]);
    assert_eq!(
        store.append(half).wait().unwrap(),
        [appended(1), appended(2)]
    );
}
