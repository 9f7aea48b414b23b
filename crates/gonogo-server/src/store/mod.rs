//! The durable journal and everything committed with it, on SQLite.
//!
//! Whatever happens is appended here before anybody is told "ok", and whatever the engine
//! decided is committed here before anything is sent. The store knows nothing of what the
//! bytes mean: inputs, effects and snapshots are opaque to it.
//!
//! * [`Store::append`] is the first transaction (T1): inputs, with their dedup rows.
//! * [`Store::commit_step`] is the second (T2): outbox, history and the applied position.
//! * [`Store::inputs_after`] hands the engine's driver what was appended, in commit order.
//! * [`Store::latest_snapshot`], [`Store::steps_after`] and [`Store::read_inputs_range`]
//!   are what a restart needs.
//!
//! Writes are described first and sent when awaited (or by [`Write::wait`] from a thread).
//! Reads block on the disk for a moment; async code runs them with [`Store::blocking`].
//!
//! Invariant: an answer `Ok` means fsynced, and an error means that nothing was stored.

mod api_tokens;
mod append;
mod archive;
mod audit;
mod backup;
mod checkpoint;
mod dead_letter;
mod dedup;
mod error;
mod events;
mod evidence;
#[cfg(test)]
mod fault;
mod forward;
mod forward_log;
mod head;
mod history;
mod input;
mod job;
mod journal;
mod ledger;
mod links;
mod lock;
mod look;
mod options;
mod outbox;
mod outbox_list;
mod package;
mod prune;
mod raw;
mod raw_body;
mod raw_keys;
mod readers;
mod schema;
mod sessions;
mod snapshot;
mod space;
mod step;
mod tail;
mod users;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use api_tokens::ApiToken;
pub use append::{APPEND_BYTES_MAX, APPEND_INPUTS_MAX};
pub use archive::Archive;
pub use audit::{AuditFilter, AuditRow, NewAudit};
pub use backup::{Copied, MANIFEST, Manifest, backup, restore};
pub use dead_letter::{
    DEAD_LETTERS_PER_SOURCE_MAX, DeadLetter, DeadLetterCount, DeadLetterFilter, DeadLettered,
    NewDeadLetter,
};
pub use dedup::{DEDUP_DAYS_MAX, DEDUP_RECENT_MAX};
pub use error::StoreError;
pub use events::FoundEvent;
pub use evidence::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, EVIDENCE_PER_SUBJECT_MAX, NewEvidence};
pub use forward::{
    FORWARD_LOG_MAX, ForwardAttempt, ForwardFate, ForwardTally, NewForward, QueuedForward,
};
pub use forward_log::{ForwardFilter, ForwardRow, ForwardState, REPLAY_MAX};
pub use head::Waiting;
pub use history::HistoryRow;
pub use input::{AppendBatch, Appended, Dedup, Input, Lane, NewInput};
pub use journal::READ_BYTES_MAX;
pub use links::{OneTimeLink, UserSetup};
pub use lock::LOCK_FILE;
pub use look::{Look, look};
pub use options::{
    HISTORY_KEEP_DAYS, JOURNAL_KEEP_DAYS, RESERVE_BYTES, StoreOptions, UNAPPLIED_BYTES_MAX,
    UNAPPLIED_HUMAN_MAX, UNAPPLIED_INPUTS_MAX,
};
pub use outbox::{Claim, OUTBOX_OPEN_MAX, OUTBOX_TERMINAL_MAX, OutboxState, Outcome, Recorded};
pub use outbox_list::{OutboxCounts, OutboxFilter, OutboxItem};
pub use raw::{RAW_BYTES_MAX, RAW_QUEUE_BYTES_MAX};
pub use raw_body::{RawBody, RawPlain, RawStats};
pub use sessions::{SESSIONS_PER_USER_MAX, Session};
pub use snapshot::{SNAPSHOTS_KEPT, Snapshot};
pub use step::{InputRange, OutboxRow, Step, StepRow};
pub use tail::{Heads, TAIL_BYTES_MAX};
pub use users::User;
pub use write::Write;
pub use writer::{GROUP_BYTES_MAX, GROUP_INPUTS_MAX, WRITE_QUEUE_MAX};

/// Handle of an open data directory; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    options: StoreOptions,
    ledger: Arc<Mutex<ledger::Ledger>>,
    tail: Arc<tail::Tail>,
    readers: readers::Readers,
    raw: Arc<raw::RawStore>,
    space: Arc<space::Space>,
    checkpointer: checkpoint::Checkpointer,
    writer: writer::Writer,
    /// Let go of last, after the files are folded.
    lock: Mutex<Option<Arc<lock::Lock>>>,
}

impl Store {
    /// Opens the data directory, creating it if need be, with the default limits.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(dir, StoreOptions::default())
    }

    /// Opens the data directory with limits of one's own.
    pub fn open_with(dir: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let dir = dir.as_ref().to_owned();
        let lock = Arc::new(lock::Lock::take(&dir)?);
        let path = dir.join("journal.db");
        let conn = schema::open(&path, schema::JOURNAL)?;
        let space = Arc::new(space::Space::new(&dir, options.reserve_bytes));
        let keep = (Arc::clone(&lock), Arc::clone(&space));
        let raw = Arc::new(raw::RawStore::open(&dir, options.raw_bytes_max, keep)?);
        // A file that is synced but not in its directory is lost all the same.
        lock::sync_dir(&dir)?;
        let tail = Arc::new(tail::Tail::new(options.tail_bytes_max));
        let ledger = ledger::Ledger::load(&conn, &options, Arc::clone(&tail), Arc::clone(&raw))?;
        let ledger = Arc::new(Mutex::new(ledger));
        let readers = readers::Readers::new(&path);
        let checkpointer = checkpoint::Checkpointer::start(&path, Arc::clone(&lock))?;
        let bell = checkpointer.bell(Arc::clone(&space));
        let hooks = ledger::LedgerHooks::new(Arc::clone(&ledger), bell);
        let keep = Arc::clone(&lock);
        let writer = writer::Writer::start(
            "journal-writer",
            conn,
            Box::new(hooks),
            writer::Gather::Never,
            keep,
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                dir,
                options,
                ledger,
                tail,
                readers,
                raw,
                space,
                checkpointer,
                writer,
                lock: Mutex::new(Some(lock)),
            }),
        })
    }

    /// The data directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Runs reads off the async threads: `store.blocking(|s| s.outbox_counts()).await`.
    pub async fn blocking<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || read(&store))
            .await
            .map_err(|e| StoreError::Unavailable(format!("the read did not finish: {e}")))?
    }

    /// Finishes queued writes, folds the log into the database file and lets go of the data
    /// directory. Other clones get [`StoreError::Closed`] from here on. Blocks.
    pub fn close(&self) -> Result<(), StoreError> {
        self.inner.writer.stop();
        self.inner.raw.close();
        self.inner.checkpointer.stop();
        self.inner.readers.close();
        checkpoint::fold(&self.inner.dir.join("journal.db"));
        checkpoint::fold(&self.inner.dir.join("raw.db"));
        self.inner
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Ok(())
    }

    /// What SQLite's own check and ours find wrong; empty is good. Reads everything.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut found = self.inner.readers.with(journal::integrity)?;
        found.extend(self.inner.raw.integrity()?);
        Ok(found)
    }
}
