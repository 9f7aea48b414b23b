//! Housekeeping: what is past its time leaves, in small commits.
//!
//! Invariant: nothing leaves that a replay from the oldest snapshot could ask for.

use super::{Store, StoreError};

impl Store {
    /// What a background task does about once an hour: drops dedup keys, raw bodies and
    /// keys, finished effects and sessions that are past their time. Blocks; small commits.
    pub fn prune(&self, now_ms: i64) -> Result<(), StoreError> {
        while self.prune_dedup(now_ms).wait()? > 0 {}
        while self.prune_outbox().wait()? > 0 {}
        self.prune_sessions(now_ms).wait()?;
        self.inner.raw.prune(now_ms)
    }
}
