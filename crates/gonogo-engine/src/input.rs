//! Everything that can happen, as the journal keeps it.
//!
//! Inputs are the only way into the engine. Their shape is versioned: a field may be added
//! with a default, and nothing else may change without a new [`SCHEMA`].

use std::collections::BTreeMap;

use gonogo_model::comms::PublicState;
use gonogo_model::decimal::Decimal;
use gonogo_model::event::Event;
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id, PackageText};
use serde::{Deserialize, Serialize};

use crate::domains::FleetInput;
use crate::effect::EffectId;
use crate::maintenance::ByHand;
use crate::reconciliation::Reconciled;
use crate::time::Time;

/// The version of the inputs' shape that this release writes. It reads this and the one before.
pub const SCHEMA: u16 = 1;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A package is put in force, for the first time or instead of another.
    Package(Box<PackageInput>),
    /// A verified event came in.
    Event(Event),
    /// A check was asked and this is the answer.
    Check(CheckResult),
    /// Our own intake took a signed event of our own at this time: it can hear.
    IntakeProven {
        /// When it was taken.
        at: Time,
    },
    /// What became of a notification.
    Delivery(Delivery),
    /// The answer to a question asked before paging on absence.
    Confirmation(Confirmation),
    /// Somebody decided something.
    Command(Command),
    /// Something is wrong with gonogo itself, or no longer is.
    Trouble(Trouble),
    /// The wall clock was found to differ, and was taken over.
    ClockStep {
        /// By how many milliseconds, positive when it jumped ahead.
        by_millis: i64,
    },
    /// Time passed.
    Tick,
    /// Two sides were compared, or could not be.
    Reconciled(Box<Reconciled>),
    /// Counters of an SLO were read, or could not be.
    Sampled(Sampled),
    /// A job reported that it runs.
    Beat(Beat),
    /// How well what a source sends gets through to the product.
    Forwarded(Box<Forwarded>),
    /// Something was learnt about domains of a fleet.
    Fleet(Box<FleetInput>),
    /// A gauge was read.
    GaugeRead(Box<GaugeRead>),
    /// A side of a skew was read.
    Sighting(Sighting),
    /// Another tool says something of its alerts.
    External(Box<External>),
    /// An agent reported what it asked.
    Reported(Box<Report>),
}

impl Input {
    /// The word the journal files it under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Package(_) => "package",
            Self::Event(_) => "event",
            Self::Check(_) => "check",
            Self::IntakeProven { .. } => "intake_proven",
            Self::Delivery(_) => "delivery",
            Self::Confirmation(_) => "confirmation",
            Self::Command(_) => "command",
            Self::Trouble(_) => "trouble",
            Self::ClockStep { .. } => "clock_step",
            Self::Tick => "tick",
            Self::Reconciled(_) => "reconciled",
            Self::Sampled(_) => "sampled",
            Self::Beat(_) => "beat",
            Self::Forwarded(_) => "forwarded",
            Self::Fleet(_) => "fleet",
            Self::GaugeRead(_) => "gauge_read",
            Self::Sighting(_) => "sighting",
            Self::External(_) => "external",
            Self::Reported(_) => "reported",
        }
    }
}

/// A package with its whole text, references to secrets unresolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackageInput {
    /// The files.
    pub text: PackageText,
    /// Values that stand in for written ones.
    #[serde(default)]
    pub overlay: Overlay,
    /// What every pseudo-random choice follows from.
    pub seed: u64,
}

/// The answer of a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check.
    pub check: Id,
    /// When the answer came.
    pub at: Time,
    /// What it says.
    pub verdict: CheckVerdict,
    /// The stable reason: `ok`, `timeout`, `cert_expired`.
    pub code: String,
    /// One sentence with the numbers.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
    /// How many equal answers this one stands for.
    #[serde(default = "one")]
    pub count: u32,
    /// The certificate that was served, where there was one.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// What the registry says, where it was asked.
    #[serde(default)]
    pub registration: Option<Registration>,
    /// What else was seen on the way.
    #[serde(default, skip_serializing_if = "Seen::is_empty")]
    pub seen: Box<Seen>,
}

/// What an agent asked from its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The place.
    pub place: Id,
    /// Which run of the agent: it counts anew when it starts.
    pub boot: String,
    /// The number of the first result; the others follow it.
    pub first: u64,
    /// The answers, in the order in which they came; by the server's clock.
    pub results: Vec<CheckResult>,
    /// How many answers the agent had to drop since it started.
    #[serde(default)]
    pub dropped: u64,
}

/// What a probe saw besides its verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Where the time went.
    #[serde(default)]
    pub phases: Phases,
    /// What a vendor says, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What else is worth knowing, in sentences: no trouble, but no secret either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// What the content was, as the beginning of its SHA-256; a change is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Seen {
    /// Is there nothing to keep?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the time of a probe went, in milliseconds; a phase that was not reached is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Asking DNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<u32>,
    /// Opening the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<u32>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<u32>,
    /// From the request to the head of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u32>,
    /// From the head of the answer to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<u32>,
}

/// One thing that a vendor says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What is wrong, in the vendor's words.
    pub title: String,
    /// The vendor's word for how bad it is.
    pub state: String,
    /// Does it count as a failure?
    pub counts: bool,
    /// Since when, as far as the vendor says.
    #[serde(default)]
    pub since: Option<Time>,
    /// Where the vendor tells more.
    #[serde(default)]
    pub link: Option<String>,
}

/// A job's report about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The check that expects it.
    pub check: Id,
    /// When it came in.
    pub at: Time,
    /// What it says.
    pub kind: BeatKind,
    /// Which run it is about, where runs are told apart.
    #[serde(default)]
    pub run: Option<String>,
    /// How long the run took, where the job says so.
    #[serde(default)]
    pub took: Option<Duration>,
    /// The exit code, where the job says it.
    #[serde(default)]
    pub exit: Option<i64>,
    /// What else it says, kept short.
    #[serde(default)]
    pub note: String,
}

/// What a job says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeatKind {
    /// A run begins.
    Start,
    /// A run is over, and all is well.
    Success,
    /// A run is over, and something is not well.
    Fail,
}

fn one() -> u32 {
    1
}

/// What a probe's answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Failing,
    /// It could not be told: our own trouble, not theirs.
    Unknown,
}

/// A served certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Valid from.
    pub not_before: Time,
    /// Valid until.
    pub not_after: Time,
    /// Who signed it.
    pub issuer: String,
    /// Its serial number, in hex.
    pub serial: String,
}

/// A domain's registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Until when, where the registry says so.
    pub ends: Option<Time>,
    /// With whom.
    pub registrar: String,
    /// Its status words, such as `client transfer prohibited`.
    pub status: Vec<String>,
}

/// What the counters of an SLO grew by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// The SLO.
    pub slo: Id,
    /// Since when.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// By how many good items.
    pub good: u64,
    /// By how many bad ones.
    pub bad: u64,
    /// Why they could not be read, where that is so; then nothing else counts.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// A gauge as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaugeRead {
    /// The gauge.
    pub gauge: Id,
    /// When.
    pub at: Time,
    /// The number; none where it could not be told.
    pub number: Option<Decimal>,
    /// Why there is none, in a sentence.
    #[serde(default)]
    pub detail: String,
}

/// A side of a skew as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The skew.
    pub skew: Id,
    /// Which side.
    pub side: Side,
    /// When.
    pub at: Time,
    /// The value; none where it could not be told.
    pub value: Option<String>,
    /// Why there is none, in a sentence.
    #[serde(default)]
    pub detail: String,
}

/// A side of a skew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The value that should be.
    Expected,
    /// The value that is.
    Actual,
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The notification.
    pub effect: EffectId,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// What the channel said.
    #[serde(default)]
    pub detail: String,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The channel took it over. For mail that is "handed over", not "read".
    HandedOver,
    /// It did not get through yet and is being tried again.
    Retrying,
    /// It will not get through on this channel.
    Failed,
}

/// The answer to [`crate::effect::Confirm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The question.
    pub effect: EffectId,
    /// The answer.
    pub answer: Answer,
    /// What was asked and what came back, in a sentence.
    #[serde(default)]
    pub detail: String,
}

/// An answer about a missing end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It happened; only its event was lost.
    Happened,
    /// It did not happen.
    Missing,
    /// Nobody could say.
    Unknown,
}

/// Somebody decided something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Who.
    pub by: Actor,
    /// What.
    pub verb: Verb,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What to call them on the timeline.
    pub name: String,
    /// The person of the package that they are, where that is known.
    #[serde(default)]
    pub person: Option<Id>,
    /// How it reached us: `page`, `link`, `cli`, `rehearsal`.
    pub via: String,
}

/// What somebody decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// "I have it."
    Acknowledge {
        /// The incident's number.
        incident: u64,
    },
    /// "It is over."
    Resolve {
        /// The incident's number.
        incident: u64,
        /// Why, for the timeline.
        reason: String,
    },
    /// Words on the timeline, for the team only.
    Note {
        /// The incident's number.
        incident: u64,
        /// The words.
        text: String,
    },
    /// An update that customers see.
    Publish {
        /// The incident's number.
        incident: u64,
        /// Where the incident stands.
        state: PublicState,
        /// The words.
        text: String,
    },
    /// Somebody leads from now on.
    TakeCommand {
        /// The incident's number.
        incident: u64,
    },
    /// A runbook step was done.
    StepDone {
        /// The incident's number.
        incident: u64,
        /// The runbook.
        runbook: Id,
        /// The step.
        step: String,
        /// What came of it: `ok`, `failed`, `skipped`.
        outcome: String,
    },
    /// A missing end is written off: it was looked at, and no longer counts.
    WriteOff {
        /// The flow.
        flow: Id,
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A page to somebody, to see whether it arrives.
    TestPage {
        /// Whom.
        person: Id,
    },
    /// A difference between two sides is written off: it was looked at, and no longer counts.
    WriteOffDifference {
        /// The reconciliation.
        reconciliation: Id,
        /// The key; `*` for all.
        key: String,
        /// Why.
        reason: String,
    },
    /// Nobody is told of alerts of another tool for a while.
    Silence {
        /// Of which.
        silence: Silence,
    },
    /// A silence ends before its time.
    EndSilence {
        /// Whose alerts it is about.
        source: Id,
        /// The silence.
        id: String,
    },
    /// Nobody is called for something for a while.
    BeginMaintenance {
        /// For what, and until when.
        window: ByHand,
    },
    /// Maintenance ends before its time.
    EndMaintenance {
        /// The window.
        id: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An alert of another tool is over, though the tool does not say so.
    ExternalOver {
        /// The source that it came in through.
        source: Id,
        /// The alert.
        fingerprint: String,
        /// How they know.
        reason: String,
    },
}

/// What another tool says of its alerts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct External {
    /// The source that it came in through.
    pub source: Id,
    /// When it came in.
    pub at: Time,
    /// The alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Raised>,
    /// Changes that the tool tells of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeTold>,
    /// The tool's own group, where it sends groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many alerts of the group it left out.
    #[serde(default)]
    pub truncated: u64,
}

/// What another tool says of one alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raised {
    /// What tells it from other alerts of the source.
    pub fingerprint: String,
    /// Where it stands.
    pub said: Said,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What else is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Where the tool shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Since when.
    pub starts_at: Time,
    /// Until when it is believed without being repeated, or when it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// The end is ours, because the tool said none.
    #[serde(default)]
    pub timeout: bool,
}

/// Where another tool says that an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It fires.
    Fires,
    /// Somebody there has it.
    Acknowledged,
    /// It is over.
    Over,
}

/// A change that another tool tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeTold {
    /// What changed, in a sentence.
    pub summary: String,
    /// When, by the tool.
    pub at: Time,
}

/// Nobody is told of alerts of another tool for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// Whose alerts it is about.
    pub source: Id,
    /// Of which; all have to match.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Time,
    /// Until when.
    pub ends_at: Time,
    /// When it was asked for.
    pub updated_at: Time,
    /// Who asked for it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What else is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What a label has to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// The value, or an expression that matches all of it.
    pub value: String,
    /// It is an expression.
    pub regex: bool,
    /// It has to match, or must not.
    pub equal: bool,
}

/// How well what a source sends gets through to the product: totals since counting began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forwarded {
    /// The source.
    pub source: Id,
    /// When this was so.
    pub at: Time,
    /// What was counted.
    pub totals: ForwardTotals,
    /// Deliveries that wait for an acknowledgement.
    pub waiting: u64,
    /// When the oldest of these was received.
    #[serde(default)]
    pub oldest: Option<Time>,
    /// Failed attempts since the last that was acknowledged.
    #[serde(default)]
    pub failures_in_row: u32,
    /// Why nothing is sent on any more, where that is so.
    #[serde(default)]
    pub stopped: Option<String>,
    /// How long acknowledgements took since the last report: a length and how many.
    #[serde(default)]
    pub latencies: Vec<(Duration, u32)>,
}

/// Deliveries of a source since counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardTotals {
    /// Received and to be sent on.
    pub received: u64,
    /// Acknowledged in time.
    pub in_time: u64,
    /// Not acknowledged in time, or given up.
    pub failed: u64,
}

/// Something is wrong with gonogo itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// The stable code: `lag`, `poison`, `dead_letters`, `signature_rejections`, `disk_full`.
    pub code: String,
    /// What it is, in a sentence; `None` when it is over.
    pub detail: Option<String>,
}
