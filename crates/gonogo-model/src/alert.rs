//! Conditions that somebody should hear about, and how loudly.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::component::Component;
use crate::decode::{choice, record, words};
use crate::domains::{DomainStage, DomainsCondition, Fleet};
use crate::duration::Duration;
use crate::expression::Where;
use crate::external::ExternalAlert;
use crate::flow::Flow;
use crate::gauge::{Gauge, GaugeBeyond};
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::percent::Percent;
use crate::reconciliation::{Difference, Reconciliation};
use crate::runbook::Runbook;
use crate::skew::Skew;
use crate::slo::Slo;
use crate::source::Source;
use crate::team::Team;
use crate::text::Spanned;

record! {
    /// A condition that somebody should hear about.
    pub struct Alert as "an alert" {
        /// The name of this entry; with the package it is the dedup key.
        pub id: Spanned<Id>,
        /// What happened, as a sentence: "A charge was not recorded".
        pub name: String,
        /// How bad it is.
        pub severity: Severity,
        /// How loudly it is said.
        pub urgency: Urgency = Urgency::Page,
        /// When it holds.
        pub when: Condition,
        /// How long it has to hold before it fires.
        pub hold: Duration = Duration::ZERO,
        /// What sort of trouble it is; follows from the condition where it is not written.
        pub class: Option<AlertClass>,
        /// What it means for customers, in their words.
        pub impact: Option<String>,
        /// The first safe thing to do, in a sentence.
        pub first_step: Option<String>,
        /// What to follow.
        pub runbook: Option<Ref<Runbook>>,
        /// The team that is paged; the owner of the component, where it is not written.
        pub team: Option<Ref<Team>>,
    }
}
entity!(Alert, Alert);

words! {
    /// How bad something is.
    pub enum Severity as "a severity" {
        /// Customers cannot do what they came for, or money or data is at risk.
        Sev1 = "SEV1" | "P0" | "sev1" | "p0",
        /// A surface is down or wrong for some.
        Sev2 = "SEV2" | "P1" | "sev2" | "p1",
        /// Worse than it should be; customers can go on.
        Sev3 = "SEV3" | "P2" | "sev3" | "p2",
        /// To be mended in working hours.
        Sev4 = "SEV4" | "P3" | "sev4" | "p3",
    }
}

impl Severity {
    /// One step worse; the worst stays.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Sev1 | Self::Sev2 => Self::Sev1,
            Self::Sev3 => Self::Sev2,
            Self::Sev4 => Self::Sev3,
        }
    }
}

words! {
    /// How loudly an alert is said.
    pub enum Urgency as "an urgency" {
        /// Somebody is woken.
        Page = "page",
        /// The team's room is told, and it waits for working hours.
        Ticket = "ticket",
    }
}

words! {
    /// What sort of trouble an alert tells of. It decides whether the trouble of something
    /// upstream can explain it.
    pub enum AlertClass as "a class of alert" {
        /// Something does not work: an upstream failure can explain it.
        Availability = "availability",
        /// Something is about to run out: nothing upstream explains it.
        Expiry = "expiry",
        /// Something was lost, doubled or wrong: it always has to be looked at by itself.
        Integrity = "integrity",
    }
}

choice! {
    /// When an alert holds.
    pub enum Condition as "a condition" {
        /// Starts of a flow whose end did not come in time.
        FlowOverdue(FlowOverdue) = "flow_overdue",
        /// Ends of a flow that were not a success.
        FlowFailing(FlowFailing) = "flow_failing",
        /// Ends of a flow that came late.
        FlowSlow(FlowSlow) = "flow_slow",
        /// Ends that contradict their start, came twice, or had no start.
        FlowMismatch(FlowMismatch) = "flow_mismatch",
        /// A check that fails.
        CheckFailing(CheckFailing) = "check_failing",
        /// A served certificate that runs out.
        CertificateExpiring(CertificateExpiring) = "certificate_expiring",
        /// A source that should speak and does not.
        SourceSilent(SourceSilent) = "source_silent",
        /// An error budget that is used up too fast.
        SloBurn(SloBurn) = "slo_burn",
        /// What a source sends does not get through to the product.
        DeliveryFailing(DeliveryFailing) = "delivery_failing",
        /// A registration of a domain that runs out.
        RegistrationExpiring(RegistrationExpiring) = "registration_expiring",
        /// Two sides that do not hold the same records.
        Reconciliation(Unreconciled) = "reconciliation",
        /// A reconciliation that nobody could answer for too long.
        ReconciliationStale(ReconciliationStale) = "reconciliation_stale",
        /// So many bad items of an SLO, in a row or within a time: for what is too rare for a rate.
        SloFailing(SloFailing) = "slo_failing",
        /// An error budget that is used up, or nearly.
        SloBudget(SloBudget) = "slo_budget",
        /// An SLO for which nothing is counted any more.
        SloSilent(SloSilent) = "slo_silent",
        /// Events that should come and do not.
        NoEvents(NoEvents) = "no_events",
        /// Domains of a fleet that stand somewhere.
        Domains(DomainsCondition) = "domains",
        /// A number that is too high, too low, or on its way there.
        Gauge(Box<GaugeBeyond>) = "gauge",
        /// Two values that have not agreed for too long.
        Skew(SkewDiffers) = "skew",
        /// Alerts that another tool raises.
        ExternalAlert(ExternalAlert) = "external_alert",
    }
}

record! {
    /// Two sides that do not hold the same records. All written bounds have to be reached.
    pub struct Unreconciled as "a reconciliation condition" {
        /// The reconciliation.
        pub reconciliation: Ref<Reconciliation>,
        /// Which differences count; all of them, where none are written.
        pub kinds: Vec<Difference>,
        /// How many at once.
        pub count: u32 = 1,
        /// How much they come to in any one currency, in its smallest unit.
        pub amount: Option<u64>,
    }
}

record! {
    /// A reconciliation that nobody could answer for too long.
    pub struct ReconciliationStale as "a reconciliation_stale condition" {
        /// The reconciliation.
        pub reconciliation: Ref<Reconciliation>,
        /// For how long.
        pub after: Duration = Duration::from_hours(2),
    }
}

record! {
    /// Starts whose end did not come in time.
    pub struct FlowOverdue as "a flow_overdue condition" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// How many at once.
        pub count: u32 = 1,
    }
}

record! {
    /// Ends that were not a success. Any of the written bounds is enough.
    pub struct FlowFailing as "a flow_failing condition" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// So many failures in a row.
        pub consecutive: Option<u32>,
        /// A success ratio below this share, over the window.
        pub below: Option<Percent>,
        /// The window of the ratio.
        pub window: Duration = Duration::from_hours(1),
        /// Fewer ends than this in the window say nothing about a ratio.
        pub min_events: u32 = 5,
    }
}

record! {
    /// Ends that came late.
    pub struct FlowSlow as "a flow_slow condition" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// Which quantile of the latency, as a share: `95%` is p95.
        pub quantile: Percent = Percent::from_ppm(950_000),
        /// The bound.
        pub above: Duration,
        /// The window.
        pub window: Duration = Duration::from_mins(15),
        /// Fewer ends than this in the window say nothing.
        pub min_events: u32 = 5,
    }
}

record! {
    /// Ends that contradict their start, came twice, or had no start.
    pub struct FlowMismatch as "a flow_mismatch condition" {
        /// The flow.
        pub flow: Ref<Flow>,
    }
}

record! {
    /// A check that fails.
    pub struct CheckFailing as "a check_failing condition" {
        /// The check.
        pub check: Ref<Check>,
    }
}

record! {
    /// A served certificate that runs out. Judged by the share of its lifetime, because
    /// lifetimes differ: six days left are a lot for one of seven days, and nothing for a year's.
    pub struct CertificateExpiring as "a certificate_expiring condition" {
        /// The tls check that sees it.
        pub check: Ref<Check>,
        /// Holds when less than this share of the lifetime is left.
        pub lifetime_left: Percent = Percent::from_ppm(333_333),
    }
}

record! {
    /// A registration of a domain that runs out.
    pub struct RegistrationExpiring as "a registration_expiring condition" {
        /// The registration check that sees it.
        pub check: Ref<Check>,
        /// Holds when fewer days than this are left.
        pub days_left: u32 = 30,
    }
}

record! {
    /// A source that should speak and does not.
    pub struct SourceSilent as "a source_silent condition" {
        /// The source; its `silent_after` is the bound.
        pub source: Ref<Source>,
    }
}

record! {
    /// An error budget that is used up too fast, by the multiwindow rule of the SRE workbook,
    /// chapter 5: both windows have to burn faster than the bound.
    pub struct SloBurn as "an slo_burn condition" {
        /// The SLO.
        pub slo: Ref<Slo>,
        /// Which pair of windows.
        pub speed: BurnSpeed = BurnSpeed::Fast,
        /// Fewer items than this in the long window say nothing; as the SLO says, where it is not
        /// written.
        pub min_events: Option<u32>,
    }
}

record! {
    /// Bad items of an SLO, counted and not divided. Either of the written bounds is enough.
    pub struct SloFailing as "an slo_failing condition" {
        /// The SLO.
        pub slo: Ref<Slo>,
        /// So many bad ones in a row.
        pub consecutive: Option<u32>,
        /// So many bad ones within the time, however many are good.
        pub bad_events: Option<u32>,
        /// The time.
        pub within: Duration = Duration::from_hours(1),
    }
}

record! {
    /// An error budget that is used up, or nearly.
    pub struct SloBudget as "an slo_budget condition" {
        /// The SLO.
        pub slo: Ref<Slo>,
        /// Holds when no more than this share of the budget is left.
        pub left: Percent = Percent::from_ppm(0),
    }
}

record! {
    /// An SLO for which nothing is counted any more, though our own intake hears: a metric that
    /// is gone, events that stopped.
    pub struct SloSilent as "an slo_silent condition" {
        /// The SLO.
        pub slo: Ref<Slo>,
        /// The longest that is still normal.
        pub within: Duration,
    }
}

record! {
    /// Events that should come and do not. It is only judged while our own intake is proven to
    /// hear.
    pub struct NoEvents as "a no_events condition" {
        /// The source they come from.
        pub source: Ref<Source>,
        /// Their types, any of them; any type, where none is written.
        pub event: Vec<String>,
        /// Fields and the values they may have; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of them, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
        /// The longest time without one that is still normal.
        pub within: Duration,
    }
}

record! {
    /// What a source sends does not get through to the endpoint that it is forwarded to. Any of
    /// the bounds is enough; an endpoint that said it wants no more (410) always is.
    pub struct DeliveryFailing as "a delivery_failing condition" {
        /// The source; it has to say `forward`.
        pub source: Ref<Source>,
        /// A share of deliveries acknowledged in time below this, over the window.
        pub below: Option<Percent>,
        /// The window of the ratio.
        pub window: Duration = Duration::from_hours(1),
        /// Fewer deliveries than this in the window say nothing about a ratio.
        pub min_events: u32 = 5,
        /// The oldest delivery that is not acknowledged is older than this.
        pub older_than: Duration = Duration::from_mins(15),
        /// So many attempts failed in a row.
        pub consecutive: Option<u32>,
    }
}

record! {
    /// Two values that have not agreed for too long.
    pub struct SkewDiffers as "a skew condition" {
        /// The skew; its `agree_within` is the bound.
        pub skew: Ref<Skew>,
    }
}

words! {
    /// A pair of windows and a burn rate, from the SRE workbook, chapter 5, table 5-8.
    pub enum BurnSpeed as "a burn speed" {
        /// 14.4 × over 1 h and 5 min: 2 % of a 30-day budget.
        Fast = "fast",
        /// 6 × over 6 h and 30 min: 5 % of a 30-day budget.
        Medium = "medium",
        /// 1 × over 3 d and 6 h: 10 % of a 30-day budget.
        Slow = "slow",
        /// 3 × over 1 d and 2 h: 10 % of a 30-day budget.
        Daily = "daily",
    }
}

impl BurnSpeed {
    /// The long window, the short one, and the share of the budget that the long one uses up, in
    /// parts per million (SRE workbook, table 5-8; the row of a day is the one that is added in
    /// most tools).
    ///
    /// The lengths stay as they are when the SLO's window is not 30 days; the burn rate follows
    /// from the share: rate = share × the SLO's window ÷ the long window. So 2 % in an hour is
    /// 14.4 × for 30 days, 13.44 × for 28 and 3.36 × for 7.
    pub fn windows(self) -> (Duration, Duration, u32) {
        match self {
            Self::Fast => (Duration::from_hours(1), Duration::from_mins(5), 20_000),
            Self::Medium => (Duration::from_hours(6), Duration::from_mins(30), 50_000),
            Self::Daily => (Duration::from_hours(24), Duration::from_hours(2), 100_000),
            Self::Slow => (Duration::from_hours(72), Duration::from_hours(6), 100_000),
        }
    }

    /// The burn rate for an SLO's window, in millionths: 14 400 000 is 14.4 ×.
    pub fn rate_ppm(self, period: Duration) -> u64 {
        let (long, _, share) = self.windows();
        let rate = u128::from(share) * u128::from(period.as_millis().unsigned_abs())
            / u128::from(long.as_millis().unsigned_abs().max(1));
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

impl Alert {
    /// What sort of trouble it tells of.
    pub fn class(&self) -> AlertClass {
        let ends = |s: &DomainStage| matches!(s, DomainStage::Renewing | DomainStage::Expiring);
        self.class.unwrap_or(match &self.when {
            Condition::CertificateExpiring(_) | Condition::RegistrationExpiring(_) => {
                AlertClass::Expiry
            }
            Condition::FlowOverdue(_)
            | Condition::FlowMismatch(_)
            | Condition::Reconciliation(_)
            | Condition::Skew(_) => AlertClass::Integrity,
            Condition::Gauge(c) if c.exhausted_within.is_some() => AlertClass::Expiry,
            Condition::Domains(c) if !c.stand.is_empty() && c.stand.iter().all(ends) => {
                AlertClass::Expiry
            }
            _ => AlertClass::Availability,
        })
    }

    /// The component that the condition is about, in a package that loads.
    pub fn component<'p>(&self, package: &'p crate::package::Package) -> Option<&'p Component> {
        let flow = |r: &Ref<Flow>| package.flows.get(&r.id).map(|f| &f.component);
        let check = |r: &Ref<Check>| package.checks.get(&r.id).map(|c| &c.component);
        let compared = |r: &Ref<Reconciliation>| {
            let found = package.reconciliations.get(&r.id);
            found.map(|r| &r.component)
        };
        let gauge = |r: &Ref<Gauge>| package.gauges.get(&r.id).map(|g| &g.component);
        let component = match &self.when {
            Condition::Domains(c) => {
                let fleet: &Ref<Fleet> = &c.fleet;
                package.fleets.get(&fleet.id).map(|f| &f.component)
            }
            Condition::Reconciliation(c) => compared(&c.reconciliation),
            Condition::ReconciliationStale(c) => compared(&c.reconciliation),
            Condition::FlowOverdue(c) => flow(&c.flow),
            Condition::FlowFailing(c) => flow(&c.flow),
            Condition::FlowSlow(c) => flow(&c.flow),
            Condition::FlowMismatch(c) => flow(&c.flow),
            Condition::CheckFailing(c) => check(&c.check),
            Condition::CertificateExpiring(c) => check(&c.check),
            Condition::RegistrationExpiring(c) => check(&c.check),
            Condition::Gauge(c) => gauge(&c.gauge),
            Condition::Skew(c) => package.skews.get(&c.skew.id).map(|s| &s.component),
            Condition::SourceSilent(c) => package
                .sources
                .get(&c.source.id)
                .and_then(|s| s.component.as_ref()),
            Condition::DeliveryFailing(c) => package
                .sources
                .get(&c.source.id)
                .and_then(|s| s.forward.as_ref().map(|f| &f.to).or(s.component.as_ref())),
            Condition::ExternalAlert(c) => c.component.as_ref().or_else(|| {
                let source = package.sources.get(&c.source.id)?;
                source.component.as_ref()
            }),
            Condition::NoEvents(c) => package
                .sources
                .get(&c.source.id)
                .and_then(|s| s.component.as_ref()),
            Condition::SloBurn(_)
            | Condition::SloFailing(_)
            | Condition::SloBudget(_)
            | Condition::SloSilent(_) => {
                let slo = package.slos.get(&self.when.slo()?.id)?;
                return package.components.get(slo.component(package)?);
            }
        }?;
        package.components.get(&component.id)
    }
}

impl Condition {
    /// The SLO that it is about.
    pub fn slo(&self) -> Option<&Ref<Slo>> {
        match self {
            Self::SloBurn(c) => Some(&c.slo),
            Self::SloFailing(c) => Some(&c.slo),
            Self::SloBudget(c) => Some(&c.slo),
            Self::SloSilent(c) => Some(&c.slo),
            _ => None,
        }
    }
}
