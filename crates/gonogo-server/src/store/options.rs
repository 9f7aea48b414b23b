//! The limits of a store, with their defaults.
//!
//! Invariant: nothing in a data directory grows without one of them.

use super::{
    DEAD_LETTERS_PER_SOURCE_MAX, DEDUP_RECENT_MAX, OUTBOX_TERMINAL_MAX, RAW_BYTES_MAX,
    TAIL_BYTES_MAX,
};

/// Inputs that may wait for the engine in the world's lane before ingest is refused.
pub const UNAPPLIED_INPUTS_MAX: u64 = 1_000_000;
/// Bytes of bodies that may wait for the engine in the world's lane.
pub const UNAPPLIED_BYTES_MAX: u64 = 2 << 30;
/// Commands and deliveries that may wait: a lane of their own, so that a flood of webhooks
/// never refuses an acknowledgement.
pub const UNAPPLIED_HUMAN_MAX: u64 = 100_000;

/// Days that inputs and steps stay for backtests; what a restart needs stays longer.
pub const JOURNAL_KEEP_DAYS: u16 = 120;
/// Days that timelines stay.
pub const HISTORY_KEEP_DAYS: u16 = 1_100;
/// Free space at which the world's lane is refused, so that steps, commands and the outbox
/// can still be written: a filling disk must not stop the pages about it.
pub const RESERVE_BYTES: u64 = 64 << 20;

/// Limits that a deployment or a test may set; the defaults are the constants.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// See [`UNAPPLIED_INPUTS_MAX`].
    pub unapplied_inputs_max: u64,
    /// See [`UNAPPLIED_BYTES_MAX`].
    pub unapplied_bytes_max: u64,
    /// See [`UNAPPLIED_HUMAN_MAX`].
    pub unapplied_human_max: u64,
    /// See [`TAIL_BYTES_MAX`].
    pub tail_bytes_max: usize,
    /// See [`DEDUP_RECENT_MAX`].
    pub dedup_recent_max: usize,
    /// See [`RAW_BYTES_MAX`].
    pub raw_bytes_max: u64,
    /// See [`DEAD_LETTERS_PER_SOURCE_MAX`].
    pub dead_letters_per_source_max: u64,
    /// See [`OUTBOX_TERMINAL_MAX`].
    pub outbox_terminal_max: u64,
    /// See [`JOURNAL_KEEP_DAYS`].
    pub journal_keep_days: u16,
    /// See [`HISTORY_KEEP_DAYS`].
    pub history_keep_days: u16,
    /// See [`RESERVE_BYTES`].
    pub reserve_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            unapplied_inputs_max: UNAPPLIED_INPUTS_MAX,
            unapplied_bytes_max: UNAPPLIED_BYTES_MAX,
            unapplied_human_max: UNAPPLIED_HUMAN_MAX,
            tail_bytes_max: TAIL_BYTES_MAX,
            dedup_recent_max: DEDUP_RECENT_MAX,
            raw_bytes_max: RAW_BYTES_MAX,
            dead_letters_per_source_max: DEAD_LETTERS_PER_SOURCE_MAX,
            outbox_terminal_max: OUTBOX_TERMINAL_MAX,
            journal_keep_days: JOURNAL_KEEP_DAYS,
            history_keep_days: HISTORY_KEEP_DAYS,
            reserve_bytes: RESERVE_BYTES,
        }
    }
}
