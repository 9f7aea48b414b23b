//! Heartbeats: jobs that tell us when they run, so that their silence says something.

use crate::cron::Cron;
use crate::decode::record;
use crate::duration::Duration;
use crate::setting::SecretRef;
use crate::when::Zone;

record! {
    /// A job that reports to `/heartbeat/{check}` when it begins, when it ends, or both.
    ///
    /// It is expected once within every `every` of the check, or at the times of `cron`.
    pub struct HeartbeatProbe as "a heartbeat" {
        /// The times at which it is expected, as a crontab writes them; instead of `every`.
        pub cron: Option<Cron>,
        /// The zone of `cron`; UTC, where it is not written.
        pub time_zone: Option<Zone>,
        /// How much later than expected it may be heard.
        pub grace: Duration = Duration::from_mins(5),
        /// How long a run may take from its start to its end.
        pub longest: Option<Duration>,
        /// May a run begin before the one before it has ended?
        pub overlaps: bool = false,
        /// What the sender has to show, as a bearer token or in the path; several while one is
        /// being replaced.
        pub tokens: Vec<SecretRef>,
    }
}

impl HeartbeatProbe {
    /// The zone that its times are in.
    pub fn zone(&self) -> Zone {
        self.time_zone.clone().unwrap_or_else(Zone::utc)
    }
}
