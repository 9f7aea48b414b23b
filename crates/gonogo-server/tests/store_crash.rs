//! What the files hold after the process died at any moment, and on a disk that refuses.

mod store_support;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use gonogo_server::store::{Lane, Store, StoreError};
use rustix::process::{Resource, Rlimit, setrlimit};
use store_support::*;

/// The files a crash leaves; the shared memory of SQLite is made anew.
fn copy_as_after_a_crash(from: &Path, to: &Path) {
    for file in ["journal.db", "journal.db-wal", "raw.db", "raw.db-wal"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

fn text_of(seq: i64) -> String {
    format!("input {seq} {}", "x".repeat(600))
}

#[test]
fn what_was_acknowledged_before_a_crash_is_there_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let acknowledged = AtomicI64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let seq = append(&store, &"x".repeat(600));
                    acknowledged.fetch_max(seq, Ordering::SeqCst);
                    // Small enough that the log is not folded while it is copied.
                    if seq >= 1_200 {
                        stop.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
        let mut no = 0;
        for crash in 1..=5 {
            while acknowledged.load(Ordering::SeqCst) < crash * 100 {
                let seen = *store.heads().borrow();
                let _ = store.wait_for_heads(seen, Duration::from_secs(10));
            }
            let first = store.applied(Lane::World) + 1;
            let last = acknowledged.load(Ordering::SeqCst);
            no += 1;
            let mut decided = step(no, first, last);
            decided.outbox = vec![effect(&format!("e{no}"))];
            store.commit_step(decided).wait().unwrap();
            let before = acknowledged.load(Ordering::SeqCst);
            let crashed = tempfile::tempdir().unwrap();
            copy_as_after_a_crash(dir.path(), crashed.path());

            let found = Store::open(crashed.path()).unwrap();
            assert_eq!(found.integrity().unwrap(), [""; 0]);
            let seqs: Vec<i64> = found
                .read_inputs_range(Lane::World, 1, i64::MAX)
                .unwrap()
                .iter()
                .map(|i| i.seq)
                .collect();
            assert!(
                seqs.len() as i64 >= before,
                "{before} acknowledged, {} found",
                seqs.len()
            );
            assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>(), "no gaps");
            assert_eq!((found.last_step(), found.applied(Lane::World)), (no, last));
            assert_eq!(found.outbox_counts().unwrap().pending, no as u64);
            assert_eq!(append(&found, "goes on"), seqs.len() as i64 + 1);
        }
        stop.store(true, Ordering::SeqCst);
    });
}

/// A crash cuts the log anywhere. What is left must be some earlier moment, whole.
#[test]
fn a_log_cut_anywhere_is_an_earlier_moment() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for no in 1..=30 {
        let seq = store
            .append(world(vec![keyed("s", &format!("{no}")), input("b")]))
            .wait();
        let first = seq.unwrap()[0].seq();
        let mut decided = step(no, first, first + 1);
        decided.outbox = vec![effect(&format!("e{no}"))];
        decided.history = vec![line(&format!("h{no}"))];
        store.commit_step(decided).wait().unwrap();
    }
    let crashed = tempfile::tempdir().unwrap();
    copy_as_after_a_crash(dir.path(), crashed.path());
    let log = std::fs::read(crashed.path().join("journal.db-wal")).unwrap();
    let cuts = 60;
    let mut last_steps = Vec::new();
    for cut in 0..=cuts {
        let at = tempfile::tempdir().unwrap();
        copy_as_after_a_crash(crashed.path(), at.path());
        let mut left = log[..log.len() * cut / cuts].to_vec();
        // The last sector may be half written, with what was on the disk before behind it.
        left.extend(std::iter::repeat_n(0xA5, 700));
        std::fs::write(at.path().join("journal.db-wal"), left).unwrap();
        let found = match Store::open(at.path()) {
            Ok(found) => found,
            Err(error) => panic!("cut {cut}: {error}"),
        };
        assert_eq!(found.integrity().unwrap(), [""; 0], "cut {cut}");
        let (no, seq) = (found.last_step(), found.applied(Lane::World));
        assert_eq!(seq, 2 * no, "a step and its position are one");
        assert_eq!(found.outbox_counts().unwrap().pending, no as u64);
        assert_eq!(found.history("inc-1", 0, 100).unwrap().len(), no as usize);
        let inputs = found
            .read_inputs_range(Lane::World, 1, i64::MAX)
            .unwrap()
            .len() as i64;
        assert!(
            inputs == seq || inputs == seq + 2,
            "{inputs} inputs after step {no}"
        );
        let retry = found.append(world(vec![keyed("s", "1")])).wait().unwrap()[0];
        assert_eq!(
            retry,
            if inputs > 0 {
                duplicate(1)
            } else {
                appended(1)
            }
        );
        last_steps.push(no);
    }
    assert!(last_steps.is_sorted());
    assert_eq!(last_steps.last(), Some(&30));
}

const SMALL_DISK: &str = "GONOGO_TEST_SMALL_DISK";

/// The child lowers its own limit on file sizes, so that the system refuses the writes of
/// SQLite as a full disk does: in the middle of a commit.
#[test]
fn a_disk_that_refuses_fails_requests_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        // Without this the system would end the process instead of failing the write.
        .args([
            "-c",
            r#"trap '' XFSZ; exec "$0" --exact child_on_a_small_disk"#,
        ])
        .arg(std::env::current_exe().unwrap())
        .env(SMALL_DISK, dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.integrity().unwrap(), [""; 0]);
    assert!(store.heads().borrow().world > 10);
}

/// Does something only as the child of the test above.
#[test]
fn child_on_a_small_disk() {
    let Some(dir) = std::env::var_os(SMALL_DISK) else {
        return;
    };
    let store = Store::open(dir).unwrap();
    for seq in 1..=10 {
        assert_eq!(append(&store, &text_of(seq)), seq);
    }
    limit_files(Some(400_000));
    let mut stored = 10;
    let error = loop {
        match store
            .append(world(vec![input(&text_of(stored + 1))]))
            .wait()
        {
            Ok(answers) => stored = answers[0].seq(),
            Err(error) => break error,
        }
    };
    assert!(error.is_temporary(), "{error}");
    assert!(
        matches!(error, StoreError::Unavailable(_) | StoreError::Full),
        "{error}"
    );
    let refused = store.commit_step(step(1, 1, stored)).wait();
    assert!(refused.is_err());
    let rows = store.inputs_after(Lane::World, 0, 10_000).unwrap();
    assert_eq!(rows.len() as i64, stored, "reads go on");
    limit_files(None);
    assert_eq!(
        append(&store, &text_of(stored + 1)),
        stored + 1,
        "and writes, without a gap"
    );
    store.commit_step(step(1, 1, stored)).wait().unwrap();
    store.close().unwrap();
}

fn limit_files(bytes: Option<u64>) {
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: bytes,
            maximum: None,
        },
    )
    .unwrap();
}
