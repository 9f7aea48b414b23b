//! Deliveries that verified and cannot be normalised.
//!
//! The sender did its part, so it is told that all is well; what is wrong is ours to find out.
//! Invariant: the detail names places in the body, never what stands there.

use std::fmt;

/// Why a verified delivery is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The stable reason.
    pub reason: DeadReason,
    /// What exactly, for whoever looks through the list.
    pub detail: String,
}

/// The kinds of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadReason {
    /// It is not JSON, or JSON beyond what is read: nested deeper than 128, or with a number
    /// too large for any type.
    NotJson,
    /// It lacks what every event of this provider has, or has it in another shape.
    UnknownShape,
    /// It is of a version of the format that is not read.
    UnsupportedVersion,
    /// Its time cannot be read.
    BadTime,
    /// A text is too long, empty, or has control characters.
    BadText,
    /// A header that belongs to the event cannot be read, or may not be there.
    BadHeader,
    /// On replay: it would be refused today, for the reason in the detail.
    Refused,
}

impl DeadLetter {
    pub(super) fn new(reason: DeadReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// A part of the body that is missing or of the wrong kind.
    pub(super) fn lacks(what: &str) -> Self {
        Self::new(
            DeadReason::UnknownShape,
            format!("`{what}` is missing or of another type"),
        )
    }

    /// What the parser said, without the text around it.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        let detail = format!("line {}, column {}", error.line(), error.column());
        Self::new(DeadReason::NotJson, detail)
    }
}

impl DeadReason {
    /// The reason as metrics and the database have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::UnknownShape => "unknown_shape",
            Self::UnsupportedVersion => "unsupported_version",
            Self::BadTime => "bad_time",
            Self::BadText => "bad_text",
            Self::BadHeader => "bad_header",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}
