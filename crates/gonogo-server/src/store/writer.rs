//! The one thread that writes to a database file, and its group commit.
//!
//! SQLite takes one writer at a time and an fsync costs a millisecond or more, so all
//! writes queue here and everything that queued while the last fsync ran goes into the
//! next transaction. There is no timer where somebody waits: an idle store commits a lone
//! request at once.
//!
//! Invariant: a caller is answered `Ok` only after the COMMIT that holds its rows returned,
//! and a group that failed has stored nothing at all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, mpsc, oneshot};

use super::StoreError;
use super::job::{Hooks, Job, Weight};
use super::write::{Call, Write};

/// Requests that may wait for the writer; more callers wait for a place in the queue.
pub const WRITE_QUEUE_MAX: usize = 4096;
/// A group stops growing at this many inputs. A larger single batch is still one group.
pub const GROUP_INPUTS_MAX: usize = 512;
/// A group stops growing at this many bytes of bodies.
pub const GROUP_BYTES_MAX: usize = 8 << 20;

/// How long a group of bulk jobs may wait for more of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gather {
    /// Somebody waits for each.
    Never,
    /// Nobody waits for any.
    For(Duration),
}

/// Which of the two queues a job waits in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Urgency {
    /// Steps, outbox and human commands: drained first.
    Urgent,
    /// What the world sends.
    Bulk,
}

/// Handle of the writer thread.
pub(super) struct Writer {
    urgent: mpsc::Sender<Box<dyn Job>>,
    bulk: mpsc::Sender<Box<dyn Job>>,
    stop: Arc<Notify>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `keep` lives as long as the thread does, such as the lock file.
    pub(super) fn start(
        name: &str,
        conn: Connection,
        hooks: Box<dyn Hooks>,
        gather: Gather,
        keep: impl Send + 'static,
    ) -> Result<Self, StoreError> {
        let (urgent, urgent_rx) = mpsc::channel(WRITE_QUEUE_MAX);
        let (bulk, bulk_rx) = mpsc::channel(WRITE_QUEUE_MAX);
        let stop = Arc::new(Notify::new());
        let mut queue = Queue {
            urgent: urgent_rx,
            bulk: bulk_rx,
            stop: Arc::clone(&stop),
            stopping: false,
            gather,
        };
        // The thread sleeps on two queues at once; nothing else runs on it.
        let sleeper = Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|e| StoreError::Unavailable(format!("cannot start the writer: {e}")))?;
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let mut committer = Committer {
                    conn,
                    hooks,
                    failed_groups: 0,
                    syncing: true,
                };
                while let Some(group) = queue.next_group(&sleeper) {
                    committer.commit(group);
                }
                drop((committer, keep));
            })
            .map_err(|e| StoreError::Unavailable(format!("cannot start the writer: {e}")))?;
        Ok(Self {
            urgent,
            bulk,
            stop,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// A job built by the caller, with the receiver that its answer comes on.
    pub(super) fn submit<T>(
        &self,
        urgency: Urgency,
        job: Box<dyn Job>,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Write<T> {
        let queue = match urgency {
            Urgency::Urgent => self.urgent.clone(),
            Urgency::Bulk => self.bulk.clone(),
        };
        Write { queue, job, answer }
    }

    /// A write that is one function over the connection.
    pub(super) fn call<T, F>(&self, urgency: Urgency, run: F) -> Write<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Call {
            run: Some(run),
            value: None,
            reply,
        };
        self.submit(urgency, Box::new(job), answer)
    }

    /// Hands a job over without waiting, or gives it back if the queue is full or closed.
    pub(super) fn offer(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        self.bulk
            .try_send(job)
            .map_err(mpsc::error::TrySendError::into_inner)
    }

    /// Requests that wait.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        [&self.urgent, &self.bulk]
            .map(|q| q.max_capacity() - q.capacity())
            .iter()
            .sum()
    }

    /// Finishes what is queued and ends the thread. Later requests get `Closed`.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Queue {
    urgent: mpsc::Receiver<Box<dyn Job>>,
    bulk: mpsc::Receiver<Box<dyn Job>>,
    stop: Arc<Notify>,
    stopping: bool,
    gather: Gather,
}

impl Queue {
    /// Blocks for one job, then takes whatever else is queued, urgent ones first.
    fn next_group(&mut self, sleeper: &Runtime) -> Option<Vec<Box<dyn Job>>> {
        let mut group = vec![sleeper.block_on(self.next())?];
        if let Gather::For(time) = self.gather
            && !group[0].needs_sync()
            && !self.stopping
        {
            group.extend(sleeper.block_on(self.gather(time)));
        }
        let mut weight = Weight::default();
        for more in group.iter().map(|job| job.weight()) {
            weight.inputs += more.inputs.max(1);
            weight.bytes += more.bytes;
        }
        while weight.inputs < GROUP_INPUTS_MAX && weight.bytes < GROUP_BYTES_MAX {
            let Ok(job) = self.urgent.try_recv().or_else(|_| self.bulk.try_recv()) else {
                break;
            };
            let more = job.weight();
            weight.inputs += more.inputs.max(1);
            weight.bytes += more.bytes;
            group.push(job);
        }
        Some(group)
    }

    /// Lets bulk jobs queue for a while; an urgent one ends it.
    async fn gather(&mut self, time: Duration) -> Option<Box<dyn Job>> {
        tokio::select! {
            biased;
            () = self.stop.notified() => {
                // Kept for the next round, which ends everything.
                self.stop.notify_one();
                None
            }
            Some(job) = self.urgent.recv() => Some(job),
            () = tokio::time::sleep(time) => None,
        }
    }

    async fn next(&mut self) -> Option<Box<dyn Job>> {
        if !self.stopping {
            tokio::select! {
                biased;
                () = self.stop.notified() => {}
                Some(job) = self.urgent.recv() => return Some(job),
                Some(job) = self.bulk.recv() => return Some(job),
            }
            self.stopping = true;
            self.urgent.close();
            self.bulk.close();
        }
        // What was queued before is still done, then both are empty.
        match self.urgent.recv().await {
            Some(job) => Some(job),
            None => self.bulk.recv().await,
        }
    }
}

struct Committer {
    conn: Connection,
    hooks: Box<dyn Hooks>,
    /// Since the last group that was stored; a full disk is logged once, not per group.
    failed_groups: u64,
    /// Whether a commit waits for the disk now.
    syncing: bool,
}

impl Committer {
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        let synced = self.sync_if_needed(&group);
        let conn = &self.conn;
        match synced.and_then(|()| apply_group(conn, self.hooks.as_mut(), &mut group)) {
            Ok(outcomes) => {
                if self.failed_groups > 0 {
                    tracing::info!(
                        groups = self.failed_groups,
                        "writing works again after failures"
                    );
                    self.failed_groups = 0;
                }
                self.hooks.committed(conn);
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    job.answer(outcome);
                }
            }
            Err(error) => {
                if self.failed_groups == 0 {
                    tracing::error!(%error, "nothing can be stored now; every request is told so");
                }
                self.failed_groups += 1;
                if !conn.is_autocommit()
                    && let Err(error) = run(conn, "ROLLBACK")
                {
                    tracing::error!(%error, "cannot roll back");
                }
                self.hooks.undo_group(conn);
                for job in group {
                    job.answer(Err(error.clone()));
                }
            }
        }
    }

    /// Commits wait for the disk, unless nobody in the group is told that they did.
    fn sync_if_needed(&mut self, group: &[Box<dyn Job>]) -> Result<(), StoreError> {
        let sync = group.iter().any(|job| job.needs_sync());
        if sync != self.syncing {
            let level = if sync { "FULL" } else { "NORMAL" };
            self.conn.pragma_update(None, "synchronous", level)?;
            self.syncing = sync;
        }
        Ok(())
    }
}

/// Runs and commits the group; an error means that nothing of it may stay.
fn apply_group(
    conn: &Connection,
    hooks: &mut dyn Hooks,
    group: &mut [Box<dyn Job>],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    run(conn, "BEGIN IMMEDIATE")?;
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        let savepoint = job.needs_savepoint();
        if savepoint {
            run(conn, "SAVEPOINT job")?;
        }
        hooks.mark();
        let outcome = catch_unwind(AssertUnwindSafe(|| job.apply(conn))).unwrap_or_else(|_| {
            Err(StoreError::Conflict(
                "the request made the store panic".into(),
            ))
        });
        match &outcome {
            Ok(()) if savepoint => run(conn, "RELEASE job")?,
            Ok(()) => {}
            // SQLite may have ended the transaction by itself after a disk error.
            Err(error) if error.ends_group() || conn.is_autocommit() => return Err(error.clone()),
            Err(_) => {
                if savepoint {
                    run(conn, "ROLLBACK TO job")?;
                    run(conn, "RELEASE job")?;
                }
                hooks.undo_job(conn);
            }
        }
        outcomes.push(outcome);
    }
    hooks.seal(conn)?;
    run(conn, "COMMIT")?;
    Ok(outcomes)
}

fn run(conn: &Connection, sql: &str) -> Result<(), StoreError> {
    Ok(conn.prepare_cached(sql)?.execute([]).map(drop)?)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as sync_mpsc;

    use super::*;

    /// A job of which nobody is told; it says at which level its group is synced.
    struct Behind(sync_mpsc::Sender<i64>);

    impl Job for Behind {
        fn needs_sync(&self) -> bool {
            false
        }

        fn apply(&mut self, conn: &Connection) -> Result<(), StoreError> {
            self.0.send(level(conn)?).unwrap();
            Ok(())
        }

        fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
            outcome.unwrap();
        }
    }

    struct NoHooks;

    impl Hooks for NoHooks {}

    fn level(conn: &Connection) -> Result<i64, StoreError> {
        Ok(conn.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
    }

    #[test]
    fn jobs_gather_unsynced_until_one_comes_that_is_waited_for() {
        const FULL: i64 = 2;
        const NORMAL: i64 = 1;
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open(dir.path().join("a.db")).unwrap();
        conn.pragma_update(None, "synchronous", "FULL").unwrap();
        let gather = Gather::For(Duration::from_secs(3600));
        let writer = Writer::start("test", conn, Box::new(NoHooks), gather, ()).unwrap();
        let (seen_tx, seen) = sync_mpsc::channel();
        assert!(writer.offer(Box::new(Behind(seen_tx.clone()))).is_ok());
        assert_eq!(writer.call(Urgency::Urgent, level).wait().unwrap(), FULL);
        assert_eq!(seen.recv().unwrap(), FULL, "it went along with the other");
        assert!(writer.offer(Box::new(Behind(seen_tx))).is_ok());
        writer.stop();
        assert_eq!(seen.recv().unwrap(), NORMAL);
    }
}
