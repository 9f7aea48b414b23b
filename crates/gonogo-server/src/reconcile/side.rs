//! What every side has in common: what is asked, what comes back, and why nothing does.

use gonogo_engine::Time;
use gonogo_engine::reconciliation::{Found, KEY_BYTES_MAX, Record};

pub(super) use crate::ask::{Trouble, code};

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

/// More pages than are read.
pub(super) fn too_many_pages() -> Trouble {
    Trouble::new(
        code::TOO_MANY,
        format!("there are more than {PAGES_MAX} pages; make the window shorter"),
    )
}
