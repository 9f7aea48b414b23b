//! Faults that cannot be provoked from outside, and what they must leave behind.
//!
//! Invariant: whatever fails, callers are told, nothing is half stored, and the writer goes
//! on as soon as it can.

use std::sync::mpsc;

use super::writer::Urgency;
use super::{AppendBatch, Dedup, InputRange, Lane, NewInput, Step, Store, StoreError};

type OneWrite<T> = Box<dyn FnOnce(&Store) -> T + Send>;

impl Store {
    /// Simulates a disk of so many pages; 0 is as large as SQLite can.
    fn limit_pages(&self, pages: i64) {
        let pages = if pages == 0 {
            i64::from(u32::MAX) - 1
        } else {
            pages
        };
        let limit = move |conn: &rusqlite::Connection| {
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        };
        self.inner
            .writer
            .call(Urgency::Urgent, limit)
            .wait()
            .unwrap();
    }

    fn pages(&self) -> i64 {
        let count = |conn: &rusqlite::Connection| {
            Ok(conn.query_row("PRAGMA page_count", [], |r| r.get(0))?)
        };
        self.inner
            .writer
            .call(Urgency::Urgent, count)
            .wait()
            .unwrap()
    }

    /// Runs the writes as one group: the writer is held until all of them are queued.
    fn in_one_group<T: Send>(&self, writes: Vec<OneWrite<T>>) -> Vec<T> {
        let (started, wait_started) = mpsc::channel::<()>();
        let (release, held) = mpsc::channel::<()>();
        let hold = self.inner.writer.call(Urgency::Urgent, move |_| {
            drop(started);
            let _ = held.recv();
            Ok(())
        });
        std::thread::scope(|scope| {
            let hold = scope.spawn(|| hold.wait());
            let _ = wait_started.recv();
            let expected = writes.len();
            let writes: Vec<_> = writes
                .into_iter()
                .map(|write| scope.spawn(|| write(self)))
                .collect();
            while self.inner.writer.queued() < expected {
                std::thread::yield_now();
            }
            drop(release);
            hold.join().unwrap().unwrap();
            writes
                .into_iter()
                .map(|write| write.join().unwrap())
                .collect()
        })
    }
}

fn batch(text: &str, bytes: usize) -> AppendBatch {
    let mut key = [0; 16];
    key[..text.len()].copy_from_slice(text.as_bytes());
    let input = NewInput {
        kind: "test".into(),
        received_at_ms: 1_795_500_000_000,
        schema: 1,
        body: vec![b'x'; bytes],
        dedup: Some(Dedup {
            source: "test".into(),
            key,
            keep_days: 3,
        }),
        raw: None,
    };
    AppendBatch {
        lane: Lane::World,
        inputs: vec![input],
    }
}

fn tick(no: i64) -> Step {
    Step {
        no,
        epoch: 0,
        now_ns: 0,
        inputs: None,
        engine_version: "1".into(),
        outbox: Vec::new(),
        cancels: Vec::new(),
        history: Vec::new(),
    }
}

#[test]
fn a_full_disk_refuses_harms_nothing_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.append(batch("a", 600)).wait().unwrap()[0].seq(), 1);
    store.commit_step(tick(1)).wait().unwrap();
    store.limit_pages(store.pages());
    for _ in 0..3 {
        assert_eq!(
            store.append(batch("b", 100_000)).wait(),
            Err(StoreError::Full)
        );
    }
    let inputs = Some(InputRange {
        lane: Lane::World,
        first_seq: 1,
        last_seq: 1,
    });
    let mut large = Step { inputs, ..tick(2) };
    large.engine_version = "v".repeat(100_000);
    assert_eq!(
        store.commit_step(large.clone()).wait(),
        Err(StoreError::Full)
    );
    assert_eq!(store.last_step(), 1);
    assert_eq!(store.waiting(Lane::World).inputs, 1);
    assert_eq!(store.inputs_after(Lane::World, 0, 10).unwrap().len(), 1);
    assert!(StoreError::Full.is_temporary());

    store.limit_pages(0);
    assert_eq!(
        store.append(batch("b", 100_000)).wait().unwrap()[0].seq(),
        2,
        "no gap"
    );
    store.commit_step(large).wait().unwrap();
    assert_eq!(store.waiting(Lane::World).inputs, 1);
    assert_eq!(store.integrity().unwrap(), [""; 0]);
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.read_inputs_range(Lane::World, 1, 9).unwrap().len(), 2);
    assert_eq!(
        store.append(batch("b", 1)).wait().unwrap()[0].seq(),
        2,
        "a duplicate"
    );
}

#[test]
fn a_commit_that_fails_takes_its_whole_group_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let answers = store.in_one_group(vec![
        Box::new(|store| store.append(batch("a", 10)).wait().map(drop)),
        Box::new(|store| store.append(batch("b", 10)).wait().map(drop)),
        Box::new(|store| store.commit_step(tick(1)).wait()),
        // Found out at COMMIT, when all statements have succeeded.
        Box::new(|store| {
            let unsound = |conn: &rusqlite::Connection| {
                let sql = "PRAGMA defer_foreign_keys = 1;
                           INSERT INTO session VALUES (x'00', 'nobody', '', 0, 0, 0)";
                Ok(conn.execute_batch(sql)?)
            };
            store.inner.writer.call(Urgency::Bulk, unsound).wait()
        }),
    ]);
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(store.inputs_after(Lane::World, 0, 10).unwrap(), []);
    assert_eq!(store.last_step(), 0);
    // The same again, without the bad one.
    for (seq, text) in (1..).zip(["a", "b"]) {
        assert_eq!(store.append(batch(text, 10)).wait().unwrap()[0].seq(), seq);
    }
    store.commit_step(tick(1)).wait().unwrap();
}

#[test]
fn a_request_with_bad_content_fails_alone_in_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut bad = batch("bad", 10);
    bad.inputs.insert(0, batch("first", 10).inputs.remove(0));
    bad.inputs[1].dedup.as_mut().unwrap().keep_days = u16::MAX;
    let answers = store.in_one_group(vec![
        Box::new(|store| store.append(batch("a", 10)).wait()),
        Box::new(move |store| store.append(bad).wait()),
        Box::new(|store| store.append(batch("b", 10)).wait()),
    ]);
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(StoreError::TooLarge { .. })),
        "{answers:?}"
    );
    assert_eq!(store.inputs_after(Lane::World, 0, 10).unwrap().len(), 2);
    assert_eq!(store.append(batch("first", 10)).wait().unwrap()[0].seq(), 3);
}

#[test]
fn a_request_that_panics_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let ledger = std::sync::Arc::clone(&store.inner.ledger);
    let bad = store.inner.writer.call(Urgency::Bulk, move |conn| {
        conn.execute("INSERT INTO package VALUES ('half', 0, '')", [])?;
        let mut ledger = super::ledger::locked(&ledger);
        ledger.head.next_seq += 7;
        let nothing: Option<()> = None;
        nothing
            .ok_or(StoreError::Closed)
            .map_err(|_| std::panic::panic_any("a bug"))
    });
    assert!(bad.wait().is_err());
    assert_eq!(store.package("half").unwrap(), None);
    assert_eq!(store.append(batch("a", 10)).wait().unwrap()[0].seq(), 1);
}
