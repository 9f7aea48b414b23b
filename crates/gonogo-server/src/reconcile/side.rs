//! What every side has in common: what is asked, what comes back, and why nothing does.

use gonogo_engine::Time;
use gonogo_engine::reconciliation::{Found, KEY_BYTES_MAX, Record};

/// The most records that are read of one side.
pub const RECORDS_MAX: usize = 200_000;
/// The most pages that are read of one side.
pub const PAGES_MAX: usize = 1_000;

/// The stretch of time that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub from: Time,
    pub until: Time,
}

/// What a side answered, in full.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub records: Vec<Record>,
    /// What is wrong with the side itself: a webhook that is switched off.
    pub faults: Vec<Found>,
}

/// Why a side could not be read in full.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub code: &'static str,
    /// A sentence that holds no secret and no body.
    pub detail: String,
    pub not_before: Option<Time>,
}

/// The stable reasons.
pub(super) mod code {
    pub const TIMEOUT: &str = "timeout";
    pub const UNAVAILABLE: &str = "unavailable";
    pub const RATE_LIMITED: &str = "rate_limited";
    pub const REFUSED: &str = "refused";
    pub const UNREADABLE: &str = "unreadable";
    pub const TOO_MANY: &str = "too_many";
    pub const TOO_EARLY: &str = "too_early";
    pub const NOT_CONFIGURED: &str = "not_configured";
}

impl Asked {
    pub fn holds(self, at: Time) -> bool {
        self.from <= at && at <= self.until
    }
}

impl Read {
    /// Takes a record in; too many are an error, because the rest would look missing.
    pub fn push(&mut self, record: Record) -> Result<(), Trouble> {
        if record.key.is_empty() || record.key.len() > KEY_BYTES_MAX {
            return Err(Trouble::new(
                code::UNREADABLE,
                format!("a key is empty or longer than {KEY_BYTES_MAX} bytes"),
            ));
        }
        if self.records.len() >= RECORDS_MAX {
            return Err(Trouble::new(
                code::TOO_MANY,
                format!("there are more than {RECORDS_MAX} records; make the window shorter"),
            ));
        }
        self.records.push(record);
        Ok(())
    }
}

impl Trouble {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            not_before: None,
        }
    }

    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(code::UNREADABLE, detail)
    }

    /// More pages than are read.
    pub fn too_many_pages() -> Self {
        Self::new(
            code::TOO_MANY,
            format!("there are more than {PAGES_MAX} pages; make the window shorter"),
        )
    }

    /// A setting that cannot be read.
    pub fn setting(why: String) -> Self {
        Self::new(code::NOT_CONFIGURED, why)
    }

    pub fn before(mut self, at: Time) -> Self {
        self.not_before = Some(at);
        self
    }

    /// Says which side it is about.
    pub fn of(mut self, side: &str) -> Self {
        self.detail = format!("{side}: {}", self.detail);
        self
    }
}
