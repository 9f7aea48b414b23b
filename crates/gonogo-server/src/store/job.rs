//! What the writer thread runs, and what it keeps in step with its transactions.
//!
//! Invariant: every job is answered exactly once, and after its group's fate is known.

use rusqlite::Connection;

use super::StoreError;

/// How much a job adds to its group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    pub inputs: usize,
    pub bytes: usize,
}

/// One request on its way through the writer.
pub(super) trait Job: Send {
    fn weight(&self) -> Weight {
        Weight {
            inputs: 1,
            bytes: 0,
        }
    }
    /// Whether a failure may leave some of its rows behind, so that they must be undone.
    fn needs_savepoint(&self) -> bool {
        true
    }
    /// Whether somebody is told that it is on the disk. A group of which nobody is told so is
    /// not synced; the next one that is, or the next checkpoint, takes it along.
    fn needs_sync(&self) -> bool {
        true
    }
    /// Runs inside the group's transaction.
    fn apply(&mut self, conn: &Connection) -> Result<(), StoreError>;
    /// Called once, after the group was committed or given up.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// What the writer keeps in step with the transaction, such as the next sequence number.
pub(super) trait Hooks: Send {
    /// A job starts: remember where things stand.
    fn mark(&mut self) {}
    /// The rows of the job since `mark` were undone.
    fn undo_job(&mut self, _conn: &Connection) {}
    /// The whole group was undone.
    fn undo_group(&mut self, _conn: &Connection) {}
    /// Last statements before COMMIT.
    fn seal(&mut self, _conn: &Connection) -> Result<(), StoreError> {
        Ok(())
    }
    /// The group is durable; runs before its callers are answered.
    fn committed(&mut self, _conn: &Connection) {}
}
