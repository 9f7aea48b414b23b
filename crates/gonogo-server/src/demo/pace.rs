//! How fast the demonstration plays.

use std::time::Duration;

/// A factor on every time of the demonstration; 1 is the default.
#[derive(Clone, Copy, Debug)]
pub struct Pace(f64);

impl Pace {
    /// Between a tenth and forty times as fast as the default.
    pub fn new(factor: f64) -> Self {
        Self(if factor.is_finite() {
            factor.clamp(0.1, 40.0)
        } else {
            1.0
        })
    }

    /// So many seconds of the script, at this pace.
    pub(super) fn secs(self, secs: f64) -> Duration {
        Duration::from_secs_f64(secs / self.0)
    }

    /// So many seconds of the script as a duration in a package, at least one second.
    pub(super) fn shorten(self, secs: f64) -> String {
        format!("{}ms", self.secs(secs).as_millis().max(1000))
    }
}
