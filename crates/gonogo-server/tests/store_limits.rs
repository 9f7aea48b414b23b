//! Limits over time and space: what leaves when, what stays, and a disk that fills.

mod store_support;

use gonogo_server::store::{
    AppendBatch, Archive, Lane, RawBody, Snapshot, Step, Store, StoreError, StoreOptions,
};
use store_support::*;

fn snapshot(step_no: i64) -> Snapshot {
    Snapshot {
        step_no,
        schema: 1,
        engine_version: "engine-1".into(),
        taken_at_ms: NOW_MS,
        body: b"state".to_vec(),
    }
}

/// One input, one step and one line of history per day, and a skip on the first.
fn ten_days(store: &Store) {
    for day in 0..10 {
        let mut fact = keyed("stripe", &format!("day {day}"));
        fact.received_at_ms += day * DAY_MS;
        let seq = store.append(world(vec![fact])).wait().unwrap()[0].seq();
        if day == 0 {
            store.skip(seq, "poison", NOW_MS).wait().unwrap();
        }
        let mut history = line(&format!("line {day}"));
        history.at_ms += day * DAY_MS;
        let decided = Step {
            now_ns: (NOW_MS + day * DAY_MS) * 1_000_000,
            history: vec![history],
            ..step(day + 1, seq, seq)
        };
        store.commit_step(decided).wait().unwrap();
    }
}

fn first_kept(store: &Store) -> (i64, i64, i64) {
    let input = store.read_inputs_range(Lane::World, 1, i64::MAX).unwrap()[0].seq;
    let step = store.steps_after(0, 100).unwrap()[0].no;
    let line = store.history("inc-1", 0, 100).unwrap()[0].0;
    (input, step, line)
}

#[test]
fn old_inputs_leave_but_none_that_a_replay_needs() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        journal_keep_days: 2,
        history_keep_days: 5,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    ten_days(&store);
    let today = NOW_MS + 9 * DAY_MS;
    store.prune(today).unwrap();
    assert_eq!(
        first_kept(&store),
        (1, 1, 1),
        "without a snapshot a replay reads everything"
    );

    store.save_snapshot(snapshot(5)).unwrap();
    store.prune(today).unwrap();
    // Step 5 stays as the one that the snapshot stands after.
    assert_eq!(first_kept(&store), (6, 5, 5));
    store.save_snapshot(snapshot(10)).unwrap();
    store.prune(today).unwrap();
    assert_eq!(
        first_kept(&store),
        (6, 5, 5),
        "the older snapshot may still be needed"
    );

    for no in 11..=13 {
        store
            .commit_step(Step {
                now_ns: today * 1_000_000,
                ..tick(no)
            })
            .wait()
            .unwrap();
        store.save_snapshot(snapshot(no)).unwrap();
    }
    store.prune(today).unwrap();
    assert_eq!(
        first_kept(&store),
        (8, 8, 5),
        "two days and the day itself, five for history"
    );
    assert_eq!(store.integrity().unwrap(), [""; 0]);

    // Keys outlive the rows they came in with, over a restart too.
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut again = keyed("stripe", "day 6");
    again.received_at_ms = today;
    assert_eq!(
        store.append(world(vec![again])).wait().unwrap(),
        [duplicate(7)]
    );
    assert_eq!(append(&store, "next"), 11);
}

#[test]
fn a_disk_that_fills_is_kept_for_commands_and_pages() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    append(&first, "before");
    assert!(!first.is_low_on_space());
    assert!(first.free_bytes() > 0 && first.free_bytes() < u64::MAX);
    first.close().unwrap();

    let options = StoreOptions {
        reserve_bytes: u64::MAX,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    assert!(store.is_low_on_space());
    let refused = store
        .append(world(vec![input("webhook")]))
        .wait()
        .unwrap_err();
    assert_eq!(refused, StoreError::LowSpace);
    assert!(refused.is_temporary());
    let raw = RawBody {
        source: "stripe".into(),
        headers_json: "{}".into(),
        body: b"large".to_vec(),
        keep_days: 1,
    };
    let mut ack = input("ack");
    ack.raw = Some(raw);
    let ack = AppendBatch {
        lane: Lane::Human,
        inputs: vec![ack],
    };
    assert_eq!(store.append(ack).wait().unwrap(), [appended(2)]);
    assert_eq!(
        store.raw_stats().dropped,
        1,
        "bodies do not use up the reserve"
    );
    let mut decided = step(1, 1, 1);
    decided.outbox = vec![effect("page about the disk")];
    store.commit_step(decided).wait().unwrap();
    store.close().unwrap();

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(append(&store, "webhook"), 3);
}

#[test]
fn a_backup_is_whole_while_work_goes_on_and_reads_without_a_lock() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("data")).unwrap();
    ten_days(&store);
    store
        .put_package("d1", "text".into(), NOW_MS)
        .wait()
        .unwrap();
    let backup = dir.path().join("backup.db");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| (0..200).map(|_| append(&store, "more")).max());
        store.backup(&backup).unwrap();
        writing.join().unwrap();
    });
    let error = store.backup(&backup).unwrap_err();
    assert!(matches!(error, StoreError::Taken(_)), "{error}");

    // Of the copy, and of the directory while its owner has it open.
    for path in [&backup, store.dir()] {
        let archive = Archive::open(path).unwrap();
        let steps = archive.steps_after(0, 100).unwrap();
        assert_eq!(
            steps.iter().map(|s| s.no).collect::<Vec<_>>(),
            (1..=10).collect::<Vec<_>>()
        );
        let range = steps[0].inputs.unwrap();
        let inputs = archive.read_inputs_range(range.lane, range.first_seq, range.last_seq);
        let inputs = inputs.unwrap();
        assert_eq!(inputs[0].body, b"day 0");
        assert_eq!(inputs[0].skipped.as_deref(), Some("poison"));
        assert_eq!(archive.package("d1").unwrap().as_deref(), Some("text"));
    }

    let restored = dir.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(&backup, restored.join("journal.db")).unwrap();
    let restored = Store::open(restored).unwrap();
    assert_eq!(restored.integrity().unwrap(), [""; 0]);
    assert_eq!(restored.last_step(), 10);
}

#[test]
fn damage_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    ten_days(&store);
    assert_eq!(store.integrity().unwrap(), [""; 0]);
    store.close().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute_batch(
        "DELETE FROM step WHERE no = 4;
         INSERT INTO input_human SELECT * FROM input_world WHERE seq = 2;",
    )
    .unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        store.integrity().unwrap(),
        [
            "journal.db: 1 numbers used by both lanes",
            "journal.db: 1 steps missing between the first and the last",
        ]
    );
}
