//! Rehearsals: what is played, and what has to come of it.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::check::{Check, LOCAL};
use crate::comms::PublicState;
use crate::component::{Component, Journey};
use crate::decimal::Decimal;
use crate::decode::{choice, record, words};
use crate::diagnostic::Diagnostic;
use crate::domains::Fleet;
use crate::duration::Duration;
use crate::flow::Flow;
use crate::gauge::Gauge;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::percent::Percent;
use crate::reconciliation::{Difference, Reconciliation};
use crate::skew::{Skew, SkewSide};
use crate::source::Source;
use crate::team::{Role, Team};
use crate::text::Spanned;
use crate::when::Instant;

/// The longest value of a skew that an inject can play: the longest that is compared.
pub const VALUE_CHARS_MAX: usize = 200;

record! {
    /// What is played on the virtual clock.
    pub struct Scenario as "a scenario" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// What really happens, which the responders do not know.
        pub truth: Option<String>,
        /// What every pseudo-random choice follows from.
        pub seed: u64 = 1,
        /// The virtual clock's first reading: day and hour decide who is on call.
        pub starts: Instant,
        /// How long it plays.
        pub lasts: Duration,
        /// What goes on in the background.
        pub traffic: Vec<Traffic>,
        /// What people do when they are paged. A role that is not named never answers.
        pub responders: Vec<Responder>,
        /// What happens, in order of time.
        pub injects: Vec<Inject>,
        /// What has to come of it.
        pub expect: Vec<Expectation>,
    }
}
entity!(Scenario, Scenario);

record! {
    /// Healthy background traffic of one flow.
    pub struct Traffic as "traffic" {
        /// The flow whose starts and ends are sent.
        pub flow: Ref<Flow>,
        /// The time between starts.
        pub every: Duration,
        /// The time from a start to its end.
        pub takes: Duration,
    }
}

record! {
    /// What somebody does when paged.
    pub struct Responder as "a responder" {
        /// Who.
        pub role: Ref<Role>,
        /// How long until they acknowledge; never, where it is not written.
        pub acks_after: Option<Duration>,
        /// How long after an update was promised they publish it; never, where it is not written.
        pub updates_after: Option<Duration>,
    }
}

record! {
    /// One timed stimulus.
    pub struct Inject as "an inject" {
        /// The name of this inject, for expectations to refer to.
        pub id: Spanned<Id>,
        /// When, from the start.
        pub at: Duration,
        /// What happens, in a sentence.
        pub note: String,
        /// What changes.
        pub change: Vec<Change>,
    }
}

choice! {
    /// What an inject changes in the simulated world.
    pub enum Change as "a change" {
        /// A check's probe begins to fail.
        CheckFails(CheckFails) = "check_fails",
        /// A check's probe answers well again.
        CheckRecovers(Ref<Check>) = "check_recovers",
        /// A tls check begins to see a certificate with so much of its life left.
        CertificateServed(CertificateServed) = "certificate_served",
        /// Starts of a flow no longer get their end.
        FlowLosesEnds(Ref<Flow>) = "flow_loses_ends",
        /// Ends of a flow are no success.
        FlowFails(Ref<Flow>) = "flow_fails",
        /// Ends of a flow take so long.
        FlowSlows(FlowSlows) = "flow_slows",
        /// A flow is healthy again.
        FlowRecovers(Ref<Flow>) = "flow_recovers",
        /// A single start of a flow, with or without its end.
        FlowStart(FlowStart) = "flow_start",
        /// A source goes quiet.
        SourceSilent(Ref<Source>) = "source_silent",
        /// A source speaks again.
        SourceSpeaks(Ref<Source>) = "source_speaks",
        /// A side of a reconciliation loses, doubles or alters records.
        RecordsDiffer(RecordsDiffer) = "records_differ",
        /// Both sides of a reconciliation hold the same again.
        RecordsAgree(Ref<Reconciliation>) = "records_agree",
        /// A side of a reconciliation cannot be asked.
        RecordsUnreadable(RecordsUnreadable) = "records_unreadable",
        /// It can be asked again.
        RecordsReadable(Ref<Reconciliation>) = "records_readable",
        /// Domains of a fleet get into trouble.
        DomainsBreak(DomainsBreak) = "domains_break",
        /// All domains of a fleet are well again.
        DomainsRecover(Ref<Fleet>) = "domains_recover",
        /// Somebody begins maintenance.
        MaintenanceBegins(MaintenanceBegins) = "maintenance_begins",
        /// A gauge is read as a number, or as numbers that run to another one.
        GaugeReads(GaugeReads) = "gauge_reads",
        /// A gauge cannot be read.
        GaugeUnreadable(GaugeUnreadable) = "gauge_unreadable",
        /// A side of a skew is read as a value.
        SkewReads(SkewReads) = "skew_reads",
        /// A side of a skew cannot be read.
        SkewUnreadable(SkewUnreadable) = "skew_unreadable",
        /// Another tool raises an alert.
        ExternalFires(ExternalFires) = "external_fires",
        /// Another tool says that its alert is over.
        ExternalOver(ExternalOver) = "external_over",
        /// An agent no longer reports what it asks.
        AgentSilent(AgentOf) = "agent_silent",
        /// It reports again.
        AgentSpeaks(AgentOf) = "agent_speaks",
    }
}

record! {
    /// A gauge is read as a number, or as numbers that run to another one.
    pub struct GaugeReads as "gauge_reads" {
        /// The gauge.
        pub gauge: Ref<Gauge>,
        /// The number.
        pub value: Spanned<Decimal>,
        /// The number that it runs to, in a straight line.
        pub to: Option<Spanned<Decimal>>,
        /// How long it takes to get there.
        pub over: Option<Spanned<Duration>>,
    }
}

record! {
    /// A gauge cannot be read.
    pub struct GaugeUnreadable as "gauge_unreadable" {
        /// The gauge.
        pub gauge: Ref<Gauge>,
        /// What is said instead of a number.
        pub detail: String = "it answered 503".into(),
    }
}

record! {
    /// A side of a skew is read as a value.
    pub struct SkewReads as "skew_reads" {
        /// The skew.
        pub skew: Ref<Skew>,
        /// The value that should be.
        pub expected: Option<Spanned<String>>,
        /// The value that is.
        pub actual: Option<Spanned<String>>,
    }
}

record! {
    /// A side of a skew cannot be read.
    pub struct SkewUnreadable as "skew_unreadable" {
        /// The skew.
        pub skew: Ref<Skew>,
        /// Which side.
        pub side: WhichSide = WhichSide::Actual,
        /// What is said instead of a value.
        pub detail: String = "it answered 503".into(),
    }
}

words! {
    /// A side of a skew.
    pub enum WhichSide as "a side of a skew" {
        /// The value that should be.
        Expected = "expected",
        /// The value that is.
        Actual = "actual",
    }
}

record! {
    /// Another tool raises an alert, and goes on to speak of it.
    pub struct ExternalFires as "external_fires" {
        /// The source that it comes in through.
        pub source: Ref<Source>,
        /// Its labels, by which it is known.
        pub labels: BTreeMap<String, String>,
        /// What the tool says of it.
        pub summary: Option<String>,
    }
}

record! {
    /// Another tool says that its alert is over.
    pub struct ExternalOver as "external_over" {
        /// The source that it came in through.
        pub source: Ref<Source>,
        /// The labels that it was raised with.
        pub labels: BTreeMap<String, String>,
    }
}

record! {
    /// Somebody begins maintenance of a component.
    pub struct MaintenanceBegins as "maintenance_begins" {
        /// The component.
        pub component: Ref<Component>,
        /// Also of what needs it.
        pub dependents: bool = false,
        /// For how long.
        pub lasts: Duration,
        /// Why.
        pub reason: String = "planned work".into(),
    }
}

record! {
    /// A side of a reconciliation loses, doubles or alters records.
    pub struct RecordsDiffer as "records_differ" {
        /// The reconciliation.
        pub reconciliation: Ref<Reconciliation>,
        /// How they differ.
        pub how: Difference = Difference::MissingRight,
        /// The keys of the records; one is made up, where none are written.
        pub keys: Vec<String>,
        /// The amount of each, in the smallest unit of its currency.
        pub amount: u32 = 4200,
        /// Their currency.
        pub currency: String = "usd".into(),
    }
}

record! {
    /// A side of a reconciliation cannot be asked.
    pub struct RecordsUnreadable as "records_unreadable" {
        /// The reconciliation.
        pub reconciliation: Ref<Reconciliation>,
        /// What is said instead of an answer.
        pub detail: String = "it answered 503".into(),
    }
}

record! {
    /// A check's probe begins to fail.
    pub struct CheckFails as "check_fails" {
        /// The check.
        pub check: Ref<Check>,
        /// What the probe says.
        pub detail: String = "connection refused".into(),
        /// The places that it fails from, of those that the check names; from all, where it is
        /// not written.
        pub from: Vec<Spanned<Id>>,
    }
}

record! {
    /// The agent of a place.
    pub struct AgentOf as "an agent" {
        /// The place, as checks name it.
        pub place: Spanned<Id>,
    }
}

record! {
    /// What certificate a tls check sees.
    pub struct CertificateServed as "certificate_served" {
        /// The check.
        pub check: Ref<Check>,
        /// How long it is valid in all.
        pub lifetime: Duration = Duration::from_hours(90 * 24),
        /// How much of that is left.
        pub left: Duration,
    }
}

record! {
    /// Ends of a flow take longer.
    pub struct FlowSlows as "flow_slows" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// How long they take.
        pub takes: Duration,
    }
}

record! {
    /// A single start of a flow.
    pub struct FlowStart as "flow_start" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// Its key.
        pub key: String,
        /// How long until its end; never, where it is not written.
        pub takes: Option<Duration>,
    }
}

record! {
    /// Domains of a fleet get into trouble.
    pub struct DomainsBreak as "domains_break" {
        /// The fleet.
        pub fleet: Ref<Fleet>,
        /// How many of the two hundred that are played.
        pub count: u16 = 1,
        /// What happens to them.
        pub by: DomainTrouble,
    }
}

words! {
    /// What happens to domains in a rehearsal.
    pub enum DomainTrouble as "a trouble of domains" {
        /// Our edge takes no connections.
        EdgeDown = "edge_down",
        /// Our edge serves a certificate for another name.
        WrongCertificate = "wrong_certificate",
        /// Certificates are not renewed.
        NotRenewed = "not_renewed",
        /// Customers point the names elsewhere.
        Moved = "moved",
        /// Customers let the names go.
        Gone = "gone",
        /// Customers let only others issue certificates, and renewal is due.
        IssuerForbidden = "issuer_forbidden",
        /// Nobody can say how they are.
        Unanswered = "unanswered",
    }
}

record! {
    /// Something that has to come of it.
    pub struct Expectation as "an expectation" {
        /// What.
        pub that: Outcome,
        /// The inject that the time is counted from; the scenario's start, where it is not written.
        pub after: Option<Spanned<Id>>,
        /// How soon, at the latest.
        pub within: Option<Duration>,
    }
}

choice! {
    /// What can be expected.
    pub enum Outcome as "an outcome" {
        /// An alert fires.
        Fires(Ref<Alert>) = "fires",
        /// An alert never fires.
        NeverFires(Ref<Alert>) = "never_fires",
        /// An alert resolves.
        Resolves(Ref<Alert>) = "resolves",
        /// Somebody of a team is paged on a channel that wakes.
        Paged(Ref<Team>) = "paged",
        /// Whoever holds a role is paged.
        RolePaged(Ref<Role>) = "role_paged",
        /// A team is not paged at all.
        NotPaged(Ref<Team>) = "not_paged",
        /// So many incidents are opened in all.
        Incidents(u32) = "incidents",
        /// An incident names a component as its cause.
        Cause(Ref<Component>) = "cause",
        /// An incident reaches at least this severity.
        Severity(crate::alert::Severity) = "severity",
        /// An incident says a journey is hit.
        JourneyHit(Ref<Journey>) = "journey_hit",
        /// The public page says a state.
        Published(PublicState) = "published",
        /// A promised update comes due.
        UpdateDue(Percent) = "updates_kept",
        /// Every incident is resolved.
        AllResolved(bool) = "all_resolved",
    }
}

/// Injects that cannot be played: a way that leads nowhere, a side that nobody reads, an alert
/// that nothing tells from others.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    let scenarios = package.scenarios.values();
    for change in scenarios.flat_map(|s| s.injects.iter().flat_map(|i| &i.change)) {
        match change {
            Change::GaugeReads(c) => numbers(c, found),
            Change::SkewReads(c) => values(package, c, found),
            Change::SkewUnreadable(c) => {
                let side = package.skews.get(&c.skew.id).map(|s| match c.side {
                    WhichSide::Expected => &s.expected,
                    WhichSide::Actual => &s.actual,
                });
                fixed(side, &c.skew, c.side, found);
            }
            Change::ExternalFires(c) => raised(package, &c.source, &c.labels, found),
            Change::ExternalOver(c) => raised(package, &c.source, &c.labels, found),
            Change::CheckFails(c) => {
                let check = package.checks.get(&c.check.id);
                let asked = |place: &Id| check.is_some_and(|c| c.is_asked_from(place.as_str()));
                places(&c.from, asked, found);
            }
            Change::AgentSilent(c) | Change::AgentSpeaks(c) => {
                let mut checks = package.checks.values();
                let asked = |place: &Id| {
                    place.as_str() != LOCAL && checks.any(|c| c.is_asked_from(place.as_str()))
                };
                places(std::slice::from_ref(&c.place), asked, found);
            }
            _ => {}
        }
    }
}

fn places(named: &[Spanned<Id>], mut asked: impl FnMut(&Id) -> bool, found: &mut Vec<Diagnostic>) {
    for place in named.iter().filter(|p| !asked(&p.value)) {
        let text = format!("nothing is asked from a place `{}`", place.value);
        let wrong = Diagnostic::error("inject-value", place.span, text);
        found.push(wrong.help("name a place of the check's `from: {places: […]}`"));
    }
}

fn numbers(c: &GaugeReads, found: &mut Vec<Diagnostic>) {
    let (span, text, help) = match (&c.to, &c.over) {
        (Some(to), None) => (
            to.span,
            "this says where the number goes, and not how long it takes",
            "write `over: 1h`, or only `value` for a number that is there at once",
        ),
        (None, Some(over)) => (
            over.span,
            "this says how long the number takes, and not where it goes",
            "write `to:` with the number that it runs to",
        ),
        (Some(_), Some(over)) if over.value <= Duration::ZERO => (
            over.span,
            "the number gets there before it begins",
            "write a length of time, such as `1h`",
        ),
        _ => return,
    };
    found.push(Diagnostic::error("inject-value", span, text).help(help));
}

fn values(package: &Package, c: &SkewReads, found: &mut Vec<Diagnostic>) {
    let skew = package.skews.get(&c.skew.id);
    let sides = [
        (&c.expected, WhichSide::Expected, skew.map(|s| &s.expected)),
        (&c.actual, WhichSide::Actual, skew.map(|s| &s.actual)),
    ];
    if sides.iter().all(|(value, _, _)| value.is_none()) {
        let text = "this inject says no value that is read";
        let wrong = Diagnostic::error("inject-value", c.skew.span, text);
        found.push(wrong.help("write `expected`, `actual` or both"));
    }
    for (value, which, side) in sides {
        let Some(value) = value else { continue };
        let long = value.value.chars().count() > VALUE_CHARS_MAX;
        if value.value.trim().is_empty() || long {
            let text = "this is no value that can be read";
            let help = format!("write 1 to {VALUE_CHARS_MAX} characters");
            found.push(Diagnostic::error("inject-value", value.span, text).help(help));
        }
        fixed(side, &c.skew, which, found);
    }
}

fn fixed(side: Option<&SkewSide>, skew: &Ref<Skew>, which: WhichSide, found: &mut Vec<Diagnostic>) {
    if let Some(SkewSide::Fixed(_)) = side {
        let text = format!(
            "the side `{which}` of the skew `{}` is written in the package",
            skew.id
        );
        let wrong = Diagnostic::error("inject-value", skew.span, text);
        found.push(wrong.label("nobody reads it").help("change the other side"));
    }
}

fn raised(
    package: &Package,
    source: &Ref<Source>,
    labels: &BTreeMap<String, String>,
    found: &mut Vec<Diagnostic>,
) {
    if labels.values().all(String::is_empty) {
        let text = "this alert has no labels, and nothing tells it from others";
        let wrong = Diagnostic::error("inject-value", source.span, text);
        found.push(wrong.help("write at least `labels: {alertname: …}`"));
    }
    let kind = package.sources.get(&source.id).map(|s| s.kind);
    if let Some(kind) = kind.filter(|kind| !kind.raises_alerts()) {
        let text = format!("a source of kind {kind} raises no alerts");
        let wrong = Diagnostic::error("inject-value", source.span, text);
        found.push(wrong.help("name a source of kind alertmanager, grafana or pagerduty"));
    }
}
