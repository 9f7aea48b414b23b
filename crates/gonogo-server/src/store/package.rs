//! The text of every ops package that was ever in force.
//!
//! A replay needs the package that decided, not the one on disk now, so its whole text
//! (with environment and file references unresolved) is kept under its digest. Invariant:
//! the text under a digest never changes.

use rusqlite::{OptionalExtension, params};

use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// The largest package text.
pub const PACKAGE_BYTES_MAX: usize = 64 << 20;

impl Store {
    /// Keeps a package's text. Known digests are left as they are.
    pub fn put_package(&self, digest: &str, text: String, at_ms: i64) -> Write<()> {
        let digest = digest.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            if text.len() > PACKAGE_BYTES_MAX {
                return Err(StoreError::TooLarge {
                    what: "package text in bytes",
                    size: text.len() as u64,
                    max: PACKAGE_BYTES_MAX as u64,
                });
            }
            conn.prepare_cached(
                "INSERT INTO package (digest, at_ms, text) VALUES (?1, ?2, ?3)
                 ON CONFLICT (digest) DO NOTHING",
            )?
            .execute(params![digest, at_ms, text])?;
            Ok(())
        })
    }

    /// The text kept under a digest.
    pub fn package(&self, digest: &str) -> Result<Option<String>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT text FROM package WHERE digest = ?1")?
                .query_row([digest], |r| r.get(0))
                .optional()?)
        })
    }
}
