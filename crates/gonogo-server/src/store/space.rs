//! Free space on the disk, looked at with every commit.
//!
//! A disk fills with what the world sends. Before it is full that lane is refused, so that
//! the last of the space belongs to steps, commands and the outbox, and gonogo can still
//! page somebody about its own disk. Invariant: a look that fails changes nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Store;

pub(super) struct Space {
    dir: PathBuf,
    reserve: u64,
    /// Bytes of the log that may still make the database file grow.
    unfolded: AtomicU64,
    free: AtomicU64,
    low: AtomicBool,
}

impl Store {
    /// Whether the world's lane is refused because the disk is nearly full.
    #[must_use]
    pub fn is_low_on_space(&self) -> bool {
        self.inner.space.is_low()
    }

    /// Bytes free on the disk of the data directory, as of the last commit.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.inner.space.free.load(Ordering::Relaxed)
    }
}

impl Space {
    pub(super) fn new(dir: &Path, reserve: u64) -> Self {
        let space = Self {
            dir: dir.to_owned(),
            reserve,
            unfolded: AtomicU64::new(0),
            free: AtomicU64::new(u64::MAX),
            low: AtomicBool::new(false),
        };
        space.look();
        space
    }

    pub(super) fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// Space that is spoken for: folding the log will take it.
    pub(super) fn set_unfolded(&self, bytes: u64) {
        self.unfolded.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn look(&self) {
        let Ok(disk) = rustix::fs::statvfs(&self.dir) else {
            return;
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        self.free.store(free, Ordering::Relaxed);
        // A quarter more to leave the state than to enter it, so that it does not flap.
        let slack = if self.is_low() { self.reserve / 4 } else { 0 };
        let unfolded = self.unfolded.load(Ordering::Relaxed);
        let limit = self.reserve.saturating_add(slack).saturating_add(unfolded);
        let low = free < limit;
        if low != self.low.swap(low, Ordering::Relaxed) {
            if low {
                tracing::error!(
                    free,
                    "the disk is nearly full: only commands and pages are stored"
                );
            } else {
                tracing::info!(free, "the disk has room again");
            }
        }
    }
}
