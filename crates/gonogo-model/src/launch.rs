//! The package as a whole: what is launched, when, and who watches gonogo itself.

use crate::decode::record;
use crate::duration::Duration;
use crate::escalation::EscalationPolicy;
use crate::id::Id;
use crate::kind::Ref;
use crate::setting::Setting;
use crate::team::Role;
use crate::text::Spanned;
use crate::when::{Instant, Zone};

/// The format version that this release writes.
pub const FORMAT: u32 = 1;

record! {
    /// The package as a whole.
    pub struct Header as "the package" {
        /// The version of this format: 1.
        pub format: Spanned<u32>,
        /// The name of the package.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// What is launched.
        pub launch: Option<Launch>,
        /// The zone that pages show besides UTC.
        pub time_zone: Zone = Zone::utc(),
        /// Who is paged when gonogo itself is in trouble.
        pub operators: Ref<EscalationPolicy>,
        /// The outside system that must hear from gonogo, and calls somebody when it does not.
        pub dead_man: Option<DeadMan>,
        /// How alerts become incidents.
        pub grouping: Grouping = Grouping::default(),
    }
}

record! {
    /// What is launched.
    pub struct Launch as "a launch" {
        /// When.
        pub at: Instant,
        /// Who declares it.
        pub director: Ref<Role>,
        /// How long it is watched closely afterwards.
        pub observation: Duration = Duration::from_hours(7 * 24),
    }
}

record! {
    /// An outside heartbeat. It is only sent while gonogo finds nothing wrong with itself.
    pub struct DeadMan as "a dead man's switch" {
        /// The URL that is requested.
        pub url: Setting,
        /// How often.
        pub every: Duration = Duration::from_secs(60),
    }
}

record! {
    /// How alerts become incidents. The defaults fit most.
    pub struct Grouping as "grouping" {
        /// Failures this far apart can have one cause.
        pub window: Duration = Duration::from_mins(15),
        /// How long an alert of an engaged team waits for its suspected cause to be confirmed
        /// before it pages by itself.
        pub confirm_within: Duration = Duration::from_mins(2),
        /// How long an alert may go on after its cause recovered before it pages by itself.
        pub straggler_after: Duration = Duration::from_mins(10),
        /// How long everything has to be well before an incident is over.
        pub soak: Duration = Duration::from_mins(5),
        /// How long after its end the same trouble reopens an incident.
        pub reopen_within: Duration = Duration::from_mins(30),
        /// An acknowledged incident that nobody touches for this long pages again.
        pub stale_ack_after: Duration = Duration::from_mins(30),
        /// An acknowledged count that grows by this factor, in percent, pages again.
        pub growth_percent: u32 = 100,
    }
}

impl Default for Grouping {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(15),
            confirm_within: Duration::from_mins(2),
            straggler_after: Duration::from_mins(10),
            soak: Duration::from_mins(5),
            reopen_within: Duration::from_mins(30),
            stale_ack_after: Duration::from_mins(30),
            growth_percent: 100,
        }
    }
}
