//! Why something that was asked gave no answer.

use gonogo_engine::Time;

/// Why an answer could not be had in full.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub code: &'static str,
    /// A sentence that holds no secret and no body.
    pub detail: String,
    pub not_before: Option<Time>,
}

/// The stable reasons.
pub(crate) mod code {
    pub const TIMEOUT: &str = "timeout";
    pub const UNAVAILABLE: &str = "unavailable";
    pub const RATE_LIMITED: &str = "rate_limited";
    pub const REFUSED: &str = "refused";
    pub const UNREADABLE: &str = "unreadable";
    pub const TOO_MANY: &str = "too_many";
    pub const TOO_EARLY: &str = "too_early";
    pub const NOT_CONFIGURED: &str = "not_configured";
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
