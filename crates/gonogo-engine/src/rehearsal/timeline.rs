//! What happened, line by line: from the inject to the alert, the page, the answer, the update
//! and the end.

use std::collections::BTreeMap;
use std::fmt;

use gonogo_model::alert::{Alert, Condition};
use gonogo_model::scenario::{Change, Inject, Scenario};
use gonogo_model::slo::Sli;
use gonogo_model::{Duration, Id, Package};
use serde::{Deserialize, Serialize};

use crate::history::{Entry, EntryKind};
use crate::time::Time;

/// How many lines are kept; a rehearsal that makes more says how many it left out.
pub const LINES_MAX: usize = 10_000;
/// How many questions about one flow get a line of their own; those after share one.
pub const QUESTIONS_SHOWN: usize = 3;

/// One line of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, from the start, in milliseconds.
    pub after_ms: i64,
    /// What sort of line.
    pub kind: LineKind,
    /// The incident, where it belongs to one.
    pub incident: Option<u64>,
    /// Who or what it is about: an inject, an alert, a person, a component.
    pub subject: String,
    /// What happened, in a sentence.
    pub text: String,
}

/// The sorts of line. The word is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum LineKind {
    Injected,
    Unwatched,
    Detected,
    Opened,
    Reopened,
    Merged,
    Cause,
    Severity,
    Journey,
    Paged,
    Escalated,
    Nobody,
    Fallback,
    Undelivered,
    Acknowledged,
    Command,
    Again,
    Straggler,
    Promised,
    Due,
    Overdue,
    Published,
    Asked,
    Note,
    Recovered,
    Quiet,
    Resolved,
    Trouble,
    Compared,
    /// Domains of a fleet moved.
    Domains,
}

impl LineKind {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Unwatched => "unwatched",
            Self::Detected => "detected",
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Merged => "merged",
            Self::Cause => "cause",
            Self::Severity => "severity",
            Self::Journey => "journey",
            Self::Paged => "paged",
            Self::Escalated => "escalated",
            Self::Nobody => "nobody",
            Self::Fallback => "fallback",
            Self::Undelivered => "undelivered",
            Self::Acknowledged => "acknowledged",
            Self::Command => "command",
            Self::Again => "again",
            Self::Straggler => "straggler",
            Self::Promised => "promised",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Published => "published",
            Self::Asked => "asked",
            Self::Note => "note",
            Self::Recovered => "recovered",
            Self::Quiet => "quiet",
            Self::Resolved => "resolved",
            Self::Trouble => "trouble",
            Self::Compared => "compared",
            Self::Domains => "domains",
        }
    }

    fn of(kind: EntryKind) -> Option<Self> {
        Some(match kind {
            EntryKind::Opened => Self::Opened,
            EntryKind::Reopened => Self::Reopened,
            EntryKind::Merged => Self::Merged,
            EntryKind::AlertFiring => Self::Detected,
            EntryKind::AlertResolved => Self::Recovered,
            EntryKind::Cause => Self::Cause,
            EntryKind::Severity => Self::Severity,
            EntryKind::Journey => Self::Journey,
            EntryKind::Paged => Self::Paged,
            EntryKind::DeliveryFailed => Self::Undelivered,
            EntryKind::Escalated => Self::Escalated,
            EntryKind::NobodyFound => Self::Nobody,
            EntryKind::Fallback => Self::Fallback,
            EntryKind::Acknowledged => Self::Acknowledged,
            EntryKind::Command => Self::Command,
            EntryKind::Growth => Self::Again,
            EntryKind::Straggler => Self::Straggler,
            EntryKind::Promise => Self::Promised,
            EntryKind::UpdateDue => Self::Due,
            EntryKind::UpdateOverdue => Self::Overdue,
            EntryKind::Published => Self::Published,
            EntryKind::StepDone | EntryKind::Note => Self::Note,
            EntryKind::Changed | EntryKind::Freeze | EntryKind::Maintenance => Self::Note,
            EntryKind::Confirm => Self::Asked,
            EntryKind::Reconciled => Self::Compared,
            EntryKind::Domains => Self::Domains,
            EntryKind::Quiet => Self::Quiet,
            EntryKind::Resolved => Self::Resolved,
            EntryKind::Trouble | EntryKind::Blind | EntryKind::Clock => Self::Trouble,
            // What these say stands in the lines beside them.
            EntryKind::Attached
            | EntryKind::Delivered
            | EntryKind::Package
            | EntryKind::External
            | EntryKind::Silence => return None,
        })
    }
}

/// The lines of a rehearsal while it is played.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) lines: Vec<Line>,
    pub(super) left_out: usize,
    start: Time,
    injected: Vec<(Inject, Time)>,
    /// How many questions there were about a flow, and where the line of the later ones is.
    questions: BTreeMap<String, (usize, Option<usize>)>,
}

impl Timeline {
    pub(super) fn new(start: Time) -> Self {
        Self {
            lines: Vec::new(),
            left_out: 0,
            start,
            injected: Vec::new(),
            questions: BTreeMap::new(),
        }
    }

    pub(super) fn injected(
        &mut self,
        scenario: &Scenario,
        index: usize,
        notes: &[String],
        now: Time,
    ) {
        let Some(inject) = scenario.injects.get(index) else {
            return;
        };
        let subject = inject.id.as_str();
        self.push(now, LineKind::Injected, None, subject, inject.note.clone());
        for note in notes {
            self.push(now, LineKind::Unwatched, None, subject, note.clone());
        }
        self.injected.push((inject.clone(), now));
    }

    /// Something in the scenario finds nothing in the package.
    pub(super) fn unwatched(&mut self, subject: &Id, text: String) {
        self.push(
            self.start,
            LineKind::Unwatched,
            None,
            subject.as_str(),
            text,
        );
    }

    pub(super) fn entry(&mut self, entry: &Entry, package: &Package) {
        let Some(kind) = LineKind::of(entry.kind) else {
            return;
        };
        if kind == LineKind::Asked && self.is_one_of_many(entry) {
            return;
        }
        let mut text = entry.text.clone();
        if kind == LineKind::Detected
            && let Some((inject, at)) = self.cause_of(&entry.subject, package)
        {
            let after = in_secs(entry.at.since(at));
            text = format!("{text} ({after} after {})", inject.id.value);
        }
        self.push(entry.at, kind, entry.incident, &entry.subject, text);
    }

    /// Hundreds of starts may be asked about: the first few tell what is going on.
    fn is_one_of_many(&mut self, entry: &Entry) -> bool {
        let (count, line) = self.questions.entry(entry.subject.clone()).or_default();
        *count += 1;
        let more = count.saturating_sub(QUESTIONS_SHOWN);
        if more == 0 {
            return false;
        }
        let text = format!(
            "and {more} more of {}, the last at {}",
            entry.subject,
            After(entry.at.since(self.start).as_millis())
        );
        if let Some(line) = line.and_then(|index| self.lines.get_mut(index)) {
            line.text = text;
            return true;
        }
        *line = Some(self.lines.len());
        let subject = entry.subject.clone();
        self.push(entry.at, LineKind::Asked, None, &subject, text);
        true
    }

    fn push(
        &mut self,
        at: Time,
        kind: LineKind,
        incident: Option<u64>,
        subject: &str,
        text: String,
    ) {
        if self.lines.len() >= LINES_MAX {
            self.left_out += 1;
            return;
        }
        self.lines.push(Line {
            after_ms: at.since(self.start).as_millis(),
            kind,
            incident,
            subject: subject.to_string(),
            text,
        });
    }

    /// The inject that an alert is due to: the last one that changed what it watches.
    fn cause_of(&self, alert: &str, package: &Package) -> Option<(&Inject, Time)> {
        let alert = package.alerts.get(alert);
        let touches = |i: &Inject| {
            let watched = alert.map(|a| watched(a, package));
            i.change
                .iter()
                .any(|c| watched.as_ref() == Some(&changed(c)))
        };
        let played = || self.injected.iter().rev();
        let found = played()
            .find(|(i, _)| touches(i))
            .or_else(|| played().next())?;
        Some((&found.0, found.1))
    }
}

/// What an alert watches, or an inject changes.
#[derive(PartialEq, Eq)]
enum Signal<'a> {
    Check(&'a Id),
    Flow(&'a Id),
    Source(&'a Id),
    Reconciliation(&'a Id),
    Fleet(&'a Id),
    Gauge(&'a Id),
    Skew(&'a Id),
    Nothing,
}

fn watched<'a>(alert: &'a Alert, package: &'a Package) -> Signal<'a> {
    match &alert.when {
        Condition::FlowOverdue(c) => Signal::Flow(&c.flow.id),
        Condition::FlowFailing(c) => Signal::Flow(&c.flow.id),
        Condition::FlowSlow(c) => Signal::Flow(&c.flow.id),
        Condition::FlowMismatch(c) => Signal::Flow(&c.flow.id),
        Condition::CheckFailing(c) => Signal::Check(&c.check.id),
        Condition::CertificateExpiring(c) => Signal::Check(&c.check.id),
        Condition::RegistrationExpiring(c) => Signal::Check(&c.check.id),
        Condition::SourceSilent(c) => Signal::Source(&c.source.id),
        Condition::DeliveryFailing(c) => Signal::Source(&c.source.id),
        Condition::Domains(c) => Signal::Fleet(&c.fleet.id),
        Condition::Reconciliation(c) => Signal::Reconciliation(&c.reconciliation.id),
        Condition::ReconciliationStale(c) => Signal::Reconciliation(&c.reconciliation.id),
        Condition::ExternalAlert(c) => Signal::Source(&c.source.id),
        Condition::NoEvents(c) => Signal::Source(&c.source.id),
        Condition::SloBurn(_)
        | Condition::SloFailing(_)
        | Condition::SloBudget(_)
        | Condition::SloSilent(_) => {
            let slo = alert.when.slo().and_then(|s| package.slos.get(&s.id));
            match slo.map(|s| &s.sli) {
                Some(Sli::Completion(f) | Sli::Success(f)) => Signal::Flow(&f.id),
                Some(Sli::Latency(l)) => Signal::Flow(&l.flow.id),
                Some(Sli::Check(c)) => Signal::Check(&c.id),
                Some(Sli::Delivery(d)) => Signal::Source(&d.source.id),
                Some(Sli::Events(e)) => Signal::Source(&e.source.id),
                Some(Sli::Promql(_) | Sli::Composite(_) | Sli::Journey(_)) | None => {
                    Signal::Nothing
                }
            }
        }
        Condition::Gauge(c) => Signal::Gauge(&c.gauge.id),
        Condition::Skew(c) => Signal::Skew(&c.skew.id),
    }
}

fn changed(change: &Change) -> Signal<'_> {
    match change {
        Change::CheckFails(c) => Signal::Check(&c.check.id),
        Change::CheckRecovers(c) => Signal::Check(&c.id),
        Change::CertificateServed(c) => Signal::Check(&c.check.id),
        Change::FlowLosesEnds(f) | Change::FlowFails(f) | Change::FlowRecovers(f) => {
            Signal::Flow(&f.id)
        }
        Change::FlowSlows(c) => Signal::Flow(&c.flow.id),
        Change::FlowStart(c) => Signal::Flow(&c.flow.id),
        Change::SourceSilent(s) | Change::SourceSpeaks(s) => Signal::Source(&s.id),
        Change::DomainsBreak(c) => Signal::Fleet(&c.fleet.id),
        Change::GaugeReads(c) => Signal::Gauge(&c.gauge.id),
        Change::GaugeUnreadable(c) => Signal::Gauge(&c.gauge.id),
        Change::SkewReads(c) => Signal::Skew(&c.skew.id),
        Change::SkewUnreadable(c) => Signal::Skew(&c.skew.id),
        Change::ExternalFires(c) => Signal::Source(&c.source.id),
        Change::ExternalOver(c) => Signal::Source(&c.source.id),
        // No alert watches for it.
        Change::MaintenanceBegins(_) | Change::AgentSilent(_) | Change::AgentSpeaks(_) => {
            Signal::Nothing
        }
        Change::DomainsRecover(r) => Signal::Fleet(&r.id),
        Change::RecordsDiffer(c) => Signal::Reconciliation(&c.reconciliation.id),
        Change::RecordsUnreadable(c) => Signal::Reconciliation(&c.reconciliation.id),
        Change::RecordsAgree(r) | Change::RecordsReadable(r) => Signal::Reconciliation(&r.id),
    }
}

/// A length of time in whole seconds, where it is that long.
pub(super) fn in_secs(length: Duration) -> Duration {
    match length.as_secs() {
        0 => length,
        secs => Duration::from_secs(secs),
    }
}

/// A time from the start: `+00:03:20`.
pub(super) struct After(pub(super) i64);

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = Duration::from_millis(self.0).as_secs();
        write!(
            f,
            "+{:02}:{:02}:{:02}",
            secs / 3600,
            secs / 60 % 60,
            secs % 60
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let incident = self.incident.map_or(String::new(), |n| format!("INC-{n}"));
        let (at, word) = (After(self.after_ms), self.kind.word());
        // An inject and a thing that nobody watches are told by their name.
        let named = matches!(self.kind, LineKind::Injected | LineKind::Unwatched);
        let subject = if named {
            format!("{}: ", self.subject)
        } else {
            String::new()
        };
        write!(f, "{at}  {word:<12}  {incident:<6}  {subject}{}", self.text)
    }
}
