//! What happened, in words, for timelines and for the record.

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// The incident, where it belongs to one.
    pub incident: Option<u64>,
    /// The stable kind.
    pub kind: EntryKind,
    /// Who or what it is about: an alert, a person, a component.
    pub subject: String,
    /// What happened, in a sentence.
    pub text: String,
}

/// The kinds of entry. The word is stable: pages, exports and tests rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EntryKind {
    Opened,
    Reopened,
    Merged,
    Attached,
    AlertFiring,
    AlertResolved,
    Cause,
    Severity,
    Journey,
    Paged,
    Delivered,
    DeliveryFailed,
    Escalated,
    NobodyFound,
    Fallback,
    Acknowledged,
    Command,
    Growth,
    Straggler,
    Promise,
    UpdateDue,
    UpdateOverdue,
    Published,
    StepDone,
    Note,
    Confirm,
    Quiet,
    Resolved,
    Package,
    Trouble,
    Blind,
    Clock,
    Reconciled,
    Changed,
    Freeze,
    Domains,
    External,
    Silence,
    Maintenance,
}

impl EntryKind {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Merged => "merged",
            Self::Attached => "attached",
            Self::AlertFiring => "alert_firing",
            Self::AlertResolved => "alert_resolved",
            Self::Cause => "cause",
            Self::Severity => "severity",
            Self::Journey => "journey",
            Self::Paged => "paged",
            Self::Delivered => "delivered",
            Self::DeliveryFailed => "delivery_failed",
            Self::Escalated => "escalated",
            Self::NobodyFound => "nobody_found",
            Self::Fallback => "fallback",
            Self::Acknowledged => "acknowledged",
            Self::Command => "command",
            Self::Growth => "growth",
            Self::Straggler => "straggler",
            Self::Promise => "promise",
            Self::UpdateDue => "update_due",
            Self::UpdateOverdue => "update_overdue",
            Self::Published => "published",
            Self::StepDone => "step_done",
            Self::Note => "note",
            Self::Confirm => "confirm",
            Self::Quiet => "quiet",
            Self::Resolved => "resolved",
            Self::Package => "package",
            Self::Trouble => "trouble",
            Self::Blind => "blind",
            Self::Clock => "clock",
            Self::Reconciled => "reconciled",
            Self::Changed => "changed",
            Self::Freeze => "freeze",
            Self::Domains => "domains",
            Self::External => "external",
            Self::Silence => "silence",
            Self::Maintenance => "maintenance",
        }
    }
}
