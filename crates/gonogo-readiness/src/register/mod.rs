//! The risk register: each failure mode with what its ratings come to, whether what would notice
//! it has ever been seen to, and what is done about it; and what no failure mode covers.
//!
//! A detection rating is a claim until its alert has fired: without a drill in which one of its
//! alerts did, it counts as the worst. An acceptance counts while somebody holds the role that
//! gave it, and until its day.

mod level;

use gonogo_model::alert::Alert;
use gonogo_model::risk::{Action, FailureMode};
use gonogo_model::when::{Local, Zone};
use jiff::Timestamp;

use crate::criteria::{Case, held_by_somebody};
use crate::graph::coverage::Coverage;

pub use level::{Level, WORST};

/// The criterion whose evidence says that an alert has fired.
pub const FIRED: &str = "MON-05";

/// The risk register of a package.
#[derive(Clone, Debug)]
pub struct Register<'p> {
    /// Every failure mode, the most urgent first.
    pub rows: Vec<Row<'p>>,
    /// Journeys against what they stand on, and which failure modes cover each pair.
    pub matrix: Coverage<'p>,
}

impl<'p> Register<'p> {
    /// Of a package, as the evidence about it stands at a moment.
    pub fn of(case: &Case<'p>) -> Self {
        Self {
            rows: rows(case),
            matrix: Coverage::of(case.package, case.graph),
        }
    }
}

/// A failure mode and how it stands.
#[derive(Clone, Debug)]
pub struct Row<'p> {
    /// The failure mode.
    pub mode: &'p FailureMode,
    /// How urgently it has to be acted on.
    pub level: Level,
    /// How urgently, if its detection were as it is rated.
    pub level_as_rated: Level,
    /// The detection that counts: as rated where an alert of it has fired, the worst otherwise.
    pub credited_detection: u8,
    /// Has one of its alerts fired in a drill, and does that still hold?
    pub detection_fired: bool,
    /// What would notice it, in the order written, and whether that has fired.
    pub detections: Vec<(&'p Alert, bool)>,
    /// Whether it is accepted.
    pub acceptance: Acceptance,
    /// What is done about it.
    pub treatment: Treatment,
}

/// Whether a risk is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Nobody accepted it.
    None,
    /// It is, by somebody, until a day that is to come.
    InForce,
    /// It was, and that is over.
    Expired,
    /// It is, by a role that nobody holds.
    Unowned,
}

impl Acceptance {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "not accepted",
            Self::InForce => "accepted",
            Self::Expired => "acceptance expired",
            Self::Unowned => "accepted by nobody",
        }
    }
}

/// What is done about a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is lived with, for a time.
    Accepted,
    /// Something is to be done, by somebody, by a day that is to come.
    Planned,
    /// Something should have been done by now.
    Overdue,
    /// Something is to be done by a role that nobody holds.
    Unowned,
    /// All that was planned is done.
    Done,
    /// Nothing is planned.
    Nothing,
}

impl Treatment {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Planned => "planned",
            Self::Overdue => "overdue",
            Self::Unowned => "planned by nobody",
            Self::Done => "done",
            Self::Nothing => "nothing planned",
        }
    }
}

/// Every failure mode and how it stands, the most urgent first, then the most severe.
pub fn rows<'p>(case: &Case<'p>) -> Vec<Row<'p>> {
    let modes = case.package.failure_modes.values();
    let mut rows: Vec<Row<'p>> = modes.map(|mode| row(case, mode)).collect();
    rows.sort_by_key(|r| std::cmp::Reverse((r.level, level::on_scale(r.mode.severity))));
    rows
}

/// How one failure mode stands.
pub fn row<'p>(case: &Case<'p>, mode: &'p FailureMode) -> Row<'p> {
    let alerts = mode.detected_by.iter();
    let detections: Vec<(&Alert, bool)> = alerts
        .filter_map(|r| case.package.alerts.get(&r.id))
        .map(|alert| (alert, case.not_fired(alert).is_none()))
        .collect();
    let detection_fired = detections.iter().any(|(_, fired)| *fired);
    let credited_detection = match detection_fired {
        true => level::on_scale(mode.detection),
        false => WORST,
    };
    let acceptance = acceptance(case, mode);
    Row {
        mode,
        level: Level::of(mode.severity, mode.occurrence, credited_detection),
        level_as_rated: Level::of(mode.severity, mode.occurrence, mode.detection),
        credited_detection,
        detection_fired,
        detections,
        acceptance,
        treatment: treatment(case, mode, acceptance),
    }
}

fn acceptance(case: &Case<'_>, mode: &FailureMode) -> Acceptance {
    match &mode.accepted {
        None => Acceptance::None,
        Some(accepted) if instant(accepted.until) <= case.now => Acceptance::Expired,
        Some(accepted) if !held_by_somebody(case, &accepted.by.id) => Acceptance::Unowned,
        Some(_) => Acceptance::InForce,
    }
}

fn treatment(case: &Case<'_>, mode: &FailureMode, acceptance: Acceptance) -> Treatment {
    let open = || mode.actions.iter().filter(|a| !a.done);
    let overdue = |a: &Action| instant(a.due) <= case.now;
    if acceptance == Acceptance::InForce {
        Treatment::Accepted
    } else if open().any(overdue) {
        Treatment::Overdue
    } else if open().any(|a| !held_by_somebody(case, &a.owner.id)) {
        Treatment::Unowned
    } else if open().next().is_some() {
        Treatment::Planned
    } else if !mode.actions.is_empty() {
        Treatment::Done
    } else {
        Treatment::Nothing
    }
}

/// The beginning of a day in a register, which is written in UTC.
pub(crate) fn instant(local: Local) -> Timestamp {
    Zone::utc().instant(local.0)
}
