//! What can go wrong with stored data, in words an operator can act on.
//!
//! One failed group commit answers many callers, so every error is cheap to clone. No
//! variant carries stored content: an error text may end up in a log.

use rusqlite::ffi::{SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_TRIGGER};

use super::Lane;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the data directory.
    #[error(
        "{dir} is in use by another gonogo ({owner}); stop it or give another --data directory"
    )]
    Locked {
        /// The data directory.
        dir: String,
        /// What the lock file says about its owner.
        owner: String,
    },
    /// The disk is full. Nothing of the request was stored; it works again once there is room.
    #[error("the disk that holds the journal is full")]
    Full,
    /// The disk is nearly full, and what is left is for steps and commands.
    #[error("the disk that holds the journal is nearly full; only commands and pages are stored")]
    LowSpace,
    /// The disk or database refused for another reason. Nothing of the request was stored.
    #[error("the journal cannot be written or read now: {0}")]
    Unavailable(String),
    /// The engine is too far behind: the declared limit of unapplied inputs is reached.
    #[error("the {lane} lane is at its limit of {limit} {unit} not yet handled by the engine")]
    JournalFull {
        /// The lane that is full.
        lane: Lane,
        /// The limit that was reached.
        limit: u64,
        /// What the limit counts.
        unit: &'static str,
    },
    /// The request contradicts what is already stored.
    #[error("{0}")]
    Conflict(String),
    /// A name or id that must be unique is taken.
    #[error("already exists: {0}")]
    Taken(String),
    /// Something exceeds a limit of its own.
    #[error("{what} of {size} is over the limit of {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The most that is taken.
        max: u64,
    },
    /// Nobody who can sign in would be left with a role that somebody has to have.
    #[error("nobody who can sign in would be left with this role")]
    NobodyLeft,
    /// There is no such row.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A raw body whose key was deleted with its day, or whose bytes were changed.
    #[error("this raw body can no longer be read: its key is gone or its bytes were changed")]
    Unreadable,
    /// The file was written by a newer gonogo.
    #[error("{file} has schema {found}, this gonogo knows up to {known}; use the newer version")]
    Newer {
        /// The database file.
        file: String,
        /// Its schema version.
        found: i64,
        /// The newest schema version this program knows.
        known: i64,
    },
    /// What was read does not make sense.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the same request may succeed later: ingest answers 503 with `Retry-After`.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::LowSpace
                | Self::Unavailable(_)
                | Self::JournalFull { .. }
                | Self::Closed
        )
    }

    /// Whether the fault lies with the disk or the file, so that no other request of the
    /// same group can be stored either.
    pub(super) fn ends_group(&self) -> bool {
        matches!(self, Self::Full | Self::Unavailable(_) | Self::Corrupt(_))
    }

    pub(super) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full;
        }
        Self::Unavailable(format!("cannot {doing} {}: {error}", path.display()))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match &error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound("row"),
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                Code::DiskFull => Self::Full,
                Code::ConstraintViolation => match failure.extended_code {
                    SQLITE_CONSTRAINT_FOREIGNKEY => Self::NotFound("row to refer to"),
                    SQLITE_CONSTRAINT_TRIGGER => Self::Conflict(error.to_string()),
                    _ => Self::Taken(error.to_string()),
                },
                Code::TooBig => Self::Conflict("a value is larger than SQLite can hold".into()),
                Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt(error.to_string()),
                _ => Self::Unavailable(error.to_string()),
            },
            rusqlite::Error::ToSqlConversionFailure(_) => {
                Self::Conflict("a value does not fit its column".into())
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
