//! The package as a whole: what is launched, when, and who watches gonogo itself.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::alert::Alert;
use crate::component::{Component, Handover, Journey};
use crate::decode::{Cx, Decode, Definitions, record, scalar, words};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::escalation::EscalationPolicy;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::percent::Percent;
use crate::risk::FailureMode;
use crate::runbook::Runbook;
use crate::setting::Setting;
use crate::team::Role;
use crate::text::Spanned;
use crate::when::{Instant, Zone};
use crate::yaml::Node;

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
        /// How much is asked before a launch.
        pub profile: Profile = Profile::SmallLaunch,
        /// The zone that pages show besides UTC.
        pub time_zone: Zone = Zone::utc(),
        /// Who is paged when gonogo itself is in trouble.
        pub operators: Ref<EscalationPolicy>,
        /// The outside system that must hear from gonogo, and calls somebody when it does not.
        pub dead_man: Option<DeadMan>,
        /// By what it is told that our own way out is closed, and not everything else.
        pub uplink: Option<Uplink>,
        /// How alerts become incidents.
        pub grouping: Grouping = Grouping::default(),
        /// What gonogo itself runs on: it must not fall with what it watches.
        pub runs_on: Vec<Ref<Component>>,
        /// How people work together during an incident.
        pub coordination: Option<Coordination>,
        /// Criteria that do not apply, each with what is absent.
        pub not_applicable: Vec<NotApplicable>,
    }
}

record! {
    /// What can be reached for as long as our own way out is open.
    pub struct Uplink as "an uplink" {
        /// Places of others, far from what is watched. One that lets us in is enough.
        pub targets: Vec<UplinkTarget>,
    }
}

record! {
    /// A place that lets everybody in.
    pub struct UplinkTarget as "a target of an uplink" {
        /// Its name or address.
        pub host: Setting,
        /// Its TCP port.
        pub port: u16 = 443,
        /// Addresses that only this network knows may be asked.
        pub allow_private: bool = false,
    }
}

words! {
    /// How much is asked before a launch: which criteria stop it. All are asked in either.
    pub enum Profile as "a profile" {
        /// For a handful of people: the twenty without which nobody should launch; the rest warn.
        SmallLaunch = "small-launch",
        /// Every blocker of the catalogue stops the launch.
        Full = "full",
    }
}

record! {
    /// How people work together during an incident.
    pub struct Coordination as "coordination" {
        /// Where they meet.
        pub room: String,
        /// Where they meet when that is down with the rest: another vendor, another sign-in.
        pub alternate_room: Option<String>,
        /// How long somebody leads an incident at most before handing over.
        pub longest_shift: Option<Duration>,
        /// The role that leads an incident.
        pub commander: Option<Ref<Role>>,
        /// What to follow when it is an attack or a leak, which is not an outage.
        pub security: Option<Ref<Runbook>>,
        /// How somebody gets in when sign-in is down, and where that is logged.
        pub break_glass: Option<Ref<Runbook>>,
    }
}

record! {
    /// That a criterion does not apply, because something is not there.
    pub struct NotApplicable as "a criterion that does not apply" {
        /// The criterion: `DAT-02`.
        pub criterion: Spanned<String>,
        /// What is absent, which is checked: `datastore`, `money`, `vendor`.
        pub absent: Spanned<String>,
        /// Why, in a sentence.
        pub because: String,
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
        /// Who does what on the day, each with somebody who stands in.
        pub staff: Vec<Staff>,
        /// What exactly goes out, per component.
        pub releases: Vec<Release>,
        /// How more and more customers get it.
        pub stages: Vec<Stage>,
        /// What is switched on, and how it is switched off.
        pub features: Vec<Feature>,
        /// When nothing else may change.
        pub freezes: Vec<Freeze>,
        /// What is expected to come.
        pub demand: Option<Demand>,
        /// What ends the launch.
        pub abort: Vec<Abort>,
        /// What is done when the answer is no.
        pub no_go: Vec<Task>,
        /// Who is asked, in this order.
        pub poll: Vec<Position>,
        /// What may not be passed without asking again.
        pub point_of_no_return: Option<String>,
        /// Who keeps it reliable afterwards, and from when.
        pub handover: Option<Handover>,
        /// What people saw going wrong when they imagined that it had failed, and what came of each.
        pub premortem: Vec<Concern>,
    }
}

record! {
    /// Something that somebody saw going wrong when they imagined that the launch had failed.
    pub struct Concern as "a concern" {
        /// What.
        pub what: String,
        /// The failure modes that came of it.
        pub became: Vec<Ref<FailureMode>>,
        /// Why nothing came of it.
        pub dismissed: Option<String>,
    }
}

record! {
    /// One position on the day of the launch.
    pub struct Staff as "a position of the launch" {
        /// What they do.
        pub position: LaunchPosition,
        /// Who.
        pub role: Ref<Role>,
        /// Who stands in.
        pub backup: Option<Ref<Role>>,
    }
}

words! {
    /// What somebody does on the day.
    pub enum LaunchPosition as "a launch position" {
        /// Declares the launch.
        Director = "director",
        /// Carries it out.
        Operations = "operations",
        /// Leads an incident, and mends nothing.
        IncidentCommander = "incident-commander",
        /// Writes to customers.
        Communications = "communications",
        /// Hears from customers.
        Support = "support",
        /// Writes down what happens.
        Scribe = "scribe",
        /// Answers for the business.
        Approver = "approver",
        /// Answers for security.
        Security = "security",
        /// Talks to vendors.
        Vendor = "vendor-liaison",
    }
}

record! {
    /// What exactly goes out of one component.
    pub struct Release as "a release" {
        /// Of which.
        pub component: Ref<Component>,
        /// What was built: a digest or a commit, never a name that moves.
        pub artifact: String,
        /// The version of its configuration.
        pub config: String,
        /// The version of its schema, where it keeps data.
        pub schema: Option<String>,
        /// The state of its switches, where it has any.
        pub flags: Option<String>,
        /// Where what runs says what it is.
        pub build: Setting,
    }
}

record! {
    /// A step of exposure, with a gate at its end.
    pub struct Stage as "a stage" {
        /// What it is called.
        pub name: String,
        /// The share of customers that have it then.
        pub share: Percent,
        /// How long it stays there at least.
        pub bake: Duration,
        /// What takes it back: alerts that must not fire.
        pub abort_on: Vec<Ref<Alert>>,
        /// Who opens the gate to the next.
        pub decider: Option<Ref<Role>>,
        /// What sort of change goes this way.
        pub changes: Vec<ChangeType>,
    }
}

words! {
    /// A sort of change.
    pub enum ChangeType as "a sort of change" {
        /// What is built and deployed.
        Code = "code",
        /// Settings.
        Config = "config",
        /// Data that acts like code.
        Data = "data",
        /// Rules: quotas, permissions, routing.
        Policy = "policy",
        /// Switches.
        Flag = "flag",
        /// What it runs on.
        Infrastructure = "infrastructure",
    }
}

record! {
    /// Something new that can be switched off.
    pub struct Feature as "a feature" {
        /// What it is.
        pub name: String,
        /// Where it is.
        pub component: Ref<Component>,
        /// The switch.
        pub flag: String,
        /// How it is switched off, in one line.
        pub off: String,
    }
}

record! {
    /// A time in which nothing else may change.
    pub struct Freeze as "a freeze" {
        /// What it is for.
        pub reason: String,
        /// From when.
        pub from: Instant,
        /// Until when.
        pub until: Instant,
        /// What sort of change is held.
        pub changes: Vec<ChangeType>,
        /// Which components; all, where none is written.
        pub components: Vec<Ref<Component>>,
        /// Who may let something through.
        pub override_by: Ref<Role>,
    }
}

record! {
    /// What is expected to come.
    pub struct Demand as "a demand estimate" {
        /// Of what: "deployments an hour".
        pub unit: String,
        /// On an ordinary day.
        pub base: u64,
        /// At the peak.
        pub peak: u64,
        /// The journey that brings it; the launch as a whole, where it is not written.
        pub journey: Option<Ref<Journey>>,
        /// Of what it consists.
        pub mix: Option<String>,
        /// Peaks that the calendar brings: the first of the month, renewals, nightly runs.
        pub calendar: Vec<String>,
        /// Who says so.
        pub owner: Ref<Role>,
    }
}

record! {
    /// What ends the launch.
    pub struct Abort as "an abort criterion" {
        /// What, in numbers.
        pub when: String,
        /// What would show it.
        pub alert: Option<Ref<Alert>>,
        /// Who decides.
        pub decider: Ref<Role>,
        /// How soon; after that it is taken back.
        pub decide_within: Duration = Duration::from_mins(5),
    }
}

record! {
    /// Something that somebody does.
    pub struct Task as "a task" {
        /// What.
        pub what: String,
        /// Who.
        pub owner: Ref<Role>,
        /// How soon.
        pub within: Option<Duration>,
    }
}

record! {
    /// One voice of the poll. It speaks for its area only.
    pub struct Position as "a position of the poll" {
        /// What is asked: "Billing".
        pub area: String,
        /// Who answers.
        pub role: Ref<Role>,
        /// The areas of the criteria it answers for: `OWN`, `RBK`.
        pub criteria: Vec<String>,
    }
}

record! {
    /// Something to be done before, at or after the launch.
    pub struct ChecklistItem as "a checklist item" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What.
        pub name: String,
        /// When: `T-4w`, `T-0`, `T+24h`.
        pub at: Offset,
        /// Who.
        pub owner: Ref<Role>,
        /// The launch waits for it.
        pub blocker: bool = true,
        /// The criteria that it answers: `CAP-02`.
        pub proves: Vec<Spanned<String>>,
        /// How, in a sentence.
        pub how: Option<String>,
    }
}
entity!(ChecklistItem, ChecklistItem);

/// A time before or after the launch: `T-4w`, `T-0`, `T+24h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset {
    /// Milliseconds after the launch; negative before it.
    millis: i64,
}

impl Offset {
    /// Parses `T-4w`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a time around the launch: write `T-4w`, `T-24h`, `T-0` or `T+1h`"
            )
        };
        let rest = text.strip_prefix(['T', 't']).ok_or_else(wrong)?;
        let sign = match rest.as_bytes().first() {
            Some(b'-') => -1,
            Some(b'+') => 1,
            _ => return Err(wrong()),
        };
        let length = Duration::parse(&rest[1..]).map_err(|_| wrong())?;
        Ok(Self {
            millis: sign * length.as_millis(),
        })
    }

    /// When that is, for a launch.
    pub fn of(self, launch: Timestamp) -> Timestamp {
        let span = SignedDuration::from_millis(self.millis);
        launch.checked_add(span).unwrap_or(launch)
    }

    /// How long after the launch, in milliseconds; negative before it.
    pub fn as_millis(self) -> i64 {
        self.millis
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = Duration::from_millis(self.millis.abs());
        match self.millis {
            0 => f.write_str("T-0"),
            m if m < 0 => write!(f, "T-{length}"),
            _ => write!(f, "T+{length}"),
        }
    }
}

impl Decode for Offset {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a time around the launch", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": "string", "pattern": "^[Tt][-+](0|([0-9]+(ms|s|m|min|h|d|w))+)$"})
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

/// An uplink by which nothing can be told.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    let Some(header) = &package.header else {
        return;
    };
    if header.uplink.as_ref().is_some_and(|u| u.targets.is_empty()) {
        let text = "`uplink` names no place, so nothing is told by it";
        let wrong = Diagnostic::error("uplink-nowhere", header.id.span, text);
        found.push(
            wrong.help("name two or more places of others: `targets: [{host: …}, {host: …}]`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_as_written_on_launch_day() {
        for (text, hours) in [("T-4w", -672), ("T-0", 0), ("T+24h", 24), ("t-90m", -1)] {
            assert_eq!(Offset::parse(text).unwrap().as_millis() / 3_600_000, hours);
        }
        assert_eq!(Offset::parse("T-24h").unwrap().to_string(), "T-1d");
        for bad in ["", "T", "4w", "T4w", "T-", "T-4", "T--4w", "T\u{e9}"] {
            assert!(Offset::parse(bad).is_err(), "{bad}");
        }
    }
}
