//! The package, made ready for deciding: who listens to which event, what depends on what.
//!
//! A plan follows from a package alone and is never stored; a snapshot keeps the package's
//! text and makes the plan again.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::alert::{Alert, Condition};
use gonogo_model::change::ChangeSignal;
use gonogo_model::component::Journey;
use gonogo_model::external::{self, ExternalAlert};
use gonogo_model::flow::Flow;
use gonogo_model::gauge::GaugeFrom;
use gonogo_model::launch::Grouping;
use gonogo_model::skew::SkewSide;
use gonogo_model::{Duration, Id, Package, PackageText};

use crate::falls;
use crate::input::Side;
use crate::signals::keep_early;
use crate::watch::Listeners;

/// A package, indexed.
#[derive(Debug)]
pub struct Plan {
    /// The package itself.
    pub package: Package,
    /// The text that it was read from.
    pub text: PackageText,
    /// The alerts that are declared, and those that sources imply.
    pub alerts: BTreeMap<Id, Alert>,
    /// Flows in order of name; states stand in the same order.
    pub flows: Vec<Flow>,
    /// Source → event type → what listens.
    routes: BTreeMap<Id, BTreeMap<String, Vec<Route>>>,
    /// Alerts by the signal they watch; those of flows stand in the flows' order.
    by_flow: Vec<Vec<Id>>,
    at_once: Vec<Vec<AtOnce>>,
    by_check: BTreeMap<Id, Vec<Id>>,
    by_source: BTreeMap<Id, Vec<Id>>,
    by_reconciliation: BTreeMap<Id, Vec<Id>>,
    by_slo: BTreeMap<Id, Vec<Id>>,
    /// Who else listens to events.
    pub(crate) listeners: Listeners,
    /// Changes by the flow, in the flows' order, or the check that tells of them.
    changes_by_flow: Vec<Vec<Id>>,
    changes_by_check: BTreeMap<Id, Vec<Id>>,
    by_fleet: BTreeMap<Id, Vec<Id>>,
    by_gauge: BTreeMap<Id, Vec<Id>>,
    by_skew: BTreeMap<Id, Vec<Id>>,
    /// Gauges of which some alert wants to know the pace.
    paced: BTreeSet<Id>,
    /// Source → event type → what reads a value there.
    readers: BTreeMap<Id, BTreeMap<String, Vec<Reader>>>,
    /// Alerts that take alerts of another tool, in the order in which they may.
    by_tool: BTreeMap<Id, Vec<(Turn, Id)>>,
    /// Alert → its component.
    components: BTreeMap<Id, Id>,
    /// Component → everything it needs to work, with the number of edges to it.
    upstream: BTreeMap<Id, BTreeMap<Id, u32>>,
}

/// Which end of which flow an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The flow's place in [`Plan::flows`].
    pub flow: usize,
    /// Which end.
    pub end: End,
    /// How long an end without its start is kept.
    pub keep_early: Duration,
}

/// Which end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It opens.
    Start,
    /// It closes.
    Finish,
}

impl Plan {
    /// Indexes a package that was read from a text.
    pub fn new(package: Package, text: PackageText) -> Self {
        let mut plan = Self {
            flows: package.flows.values().cloned().collect(),
            routes: BTreeMap::new(),
            by_flow: vec![Vec::new(); package.flows.len()],
            at_once: vec![Vec::new(); package.flows.len()],
            by_check: BTreeMap::new(),
            by_source: BTreeMap::new(),
            by_reconciliation: BTreeMap::new(),
            by_slo: BTreeMap::new(),
            listeners: Listeners::of(&package),
            changes_by_flow: vec![Vec::new(); package.flows.len()],
            changes_by_check: BTreeMap::new(),
            by_fleet: BTreeMap::new(),
            by_gauge: BTreeMap::new(),
            by_skew: BTreeMap::new(),
            paced: BTreeSet::new(),
            readers: readers(&package),
            by_tool: BTreeMap::new(),
            alerts: all_alerts(&package),
            components: BTreeMap::new(),
            upstream: falls::upstream(&package),
            package,
            text,
        };
        for (flow, declared) in plan.flows.iter().enumerate() {
            for (end, matcher) in [(End::Start, &declared.start), (End::Finish, &declared.end)] {
                let types = plan.routes.entry(matcher.source.id.clone()).or_default();
                let source = plan.package.sources.get(&matcher.source.id);
                let retry_window = source.map_or(Duration::ZERO, |s| s.retry_window);
                let keep_early = keep_early(retry_window, declared.deadline);
                for event in &matcher.event {
                    types.entry(event.clone()).or_default().push(Route {
                        flow,
                        end,
                        keep_early,
                    });
                }
            }
        }
        for (id, alert) in &plan.alerts {
            if let Some(component) = alert.component(&plan.package) {
                plan.components
                    .insert(id.clone(), component.id.value.clone());
            }
            if let Some(flow) = flow_of(&alert.when) {
                if let Ok(index) = plan.flows.binary_search_by(|f| f.id.value.cmp(flow)) {
                    plan.by_flow[index].push(id.clone());
                    plan.at_once[index].push(AtOnce::of(&alert.when));
                }
                continue;
            }
            if let Condition::ExternalAlert(c) = &alert.when {
                let takers = plan.by_tool.entry(c.source.id.clone()).or_default();
                takers.push((Turn::of(c), id.clone()));
                takers.sort();
                continue;
            }
            if let Some(slo) = alert.when.slo() {
                plan.by_slo
                    .entry(slo.id.clone())
                    .or_default()
                    .push(id.clone());
            }
            // Bad items in a row or in a time are told as they come; the rest by the minute.
            if let Condition::SloFailing(c) = &alert.when
                && let Some(slo) = plan.package.slos.get(&c.slo.id)
            {
                let flow = slo.sli.flow();
                let flow =
                    flow.and_then(|f| plan.flows.binary_search_by(|x| x.id.value.cmp(f)).ok());
                if let Some(index) = flow {
                    plan.by_flow[index].push(id.clone());
                    plan.at_once[index].push(AtOnce::Window);
                }
                if let Some(check) = slo.sli.check() {
                    plan.by_check
                        .entry(check.clone())
                        .or_default()
                        .push(id.clone());
                }
            }
            let (map, signal) = match &alert.when {
                Condition::CheckFailing(c) => (&mut plan.by_check, &c.check.id),
                Condition::CertificateExpiring(c) => (&mut plan.by_check, &c.check.id),
                Condition::RegistrationExpiring(c) => (&mut plan.by_check, &c.check.id),
                Condition::SourceSilent(c) => (&mut plan.by_source, &c.source.id),
                Condition::DeliveryFailing(c) => (&mut plan.by_source, &c.source.id),
                Condition::Domains(c) => (&mut plan.by_fleet, &c.fleet.id),
                Condition::Reconciliation(c) => (&mut plan.by_reconciliation, &c.reconciliation.id),
                Condition::ReconciliationStale(c) => {
                    (&mut plan.by_reconciliation, &c.reconciliation.id)
                }
                Condition::Skew(c) => (&mut plan.by_skew, &c.skew.id),
                Condition::Gauge(c) => {
                    let pace = c.rising_by.is_some() || c.falling_by.is_some();
                    if pace || c.exhausted_within.is_some() {
                        plan.paced.insert(c.gauge.id.clone());
                    }
                    (&mut plan.by_gauge, &c.gauge.id)
                }
                _ => continue,
            };
            map.entry(signal.clone()).or_default().push(id.clone());
        }
        for (id, change) in &plan.package.changes {
            match &change.told_by {
                ChangeSignal::Flow(flow) => {
                    let index = plan.flows.binary_search_by(|f| f.id.value.cmp(&flow.id));
                    if let Ok(index) = index {
                        plan.changes_by_flow[index].push(id.clone());
                    }
                }
                ChangeSignal::Check(check) => {
                    let of = plan.changes_by_check.entry(check.id.clone()).or_default();
                    of.push(id.clone());
                }
                ChangeSignal::Events(_) => {}
            }
        }
        plan
    }

    /// What listens to the events of a source, by type.
    pub fn types(&self, source: &Id) -> Option<&BTreeMap<String, Vec<Route>>> {
        self.routes.get(source)
    }

    /// A flow's place in [`Plan::flows`].
    pub fn flow(&self, flow: &Id) -> Option<usize> {
        self.flows.binary_search_by(|f| f.id.value.cmp(flow)).ok()
    }

    /// The alerts that watch the flow at this place.
    pub fn alerts_of_flow(&self, flow: usize) -> &[Id] {
        self.by_flow.get(flow).map_or(&[], Vec::as_slice)
    }

    /// What can be told at once of the conditions of these alerts, in the same order.
    pub(crate) fn at_once_of_flow(&self, flow: usize) -> &[AtOnce] {
        self.at_once.get(flow).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a check.
    pub fn alerts_of_check(&self, check: &Id) -> &[Id] {
        self.by_check.get(check).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a source.
    pub fn alerts_of_source(&self, source: &Id) -> &[Id] {
        self.by_source.get(source).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a fleet of domains.
    pub fn alerts_of_fleet(&self, fleet: &Id) -> &[Id] {
        self.by_fleet.get(fleet).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a reconciliation.
    pub fn alerts_of_reconciliation(&self, reconciliation: &Id) -> &[Id] {
        self.by_reconciliation
            .get(reconciliation)
            .map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch an SLO.
    pub fn alerts_of_slo(&self, slo: &Id) -> &[Id] {
        self.by_slo.get(slo).map_or(&[], Vec::as_slice)
    }

    /// The changes that the flow at this place tells of.
    pub(crate) fn changes_of_flow(&self, flow: usize) -> &[Id] {
        self.changes_by_flow.get(flow).map_or(&[], Vec::as_slice)
    }

    /// The changes that a check tells of.
    pub(crate) fn changes_of_check(&self, check: &Id) -> &[Id] {
        self.changes_by_check.get(check).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a gauge.
    pub fn alerts_of_gauge(&self, gauge: &Id) -> &[Id] {
        self.by_gauge.get(gauge).map_or(&[], Vec::as_slice)
    }

    /// The alerts that watch a skew.
    pub fn alerts_of_skew(&self, skew: &Id) -> &[Id] {
        self.by_skew.get(skew).map_or(&[], Vec::as_slice)
    }

    /// Does some alert want to know how fast a gauge changes?
    pub(crate) fn has_pace(&self, gauge: &Id) -> bool {
        self.paced.contains(gauge)
    }

    /// What reads a value in the events of a source and type.
    pub(crate) fn readers(&self, source: &Id, event: &str) -> &[Reader] {
        let types = self.readers.get(source);
        types.and_then(|t| t.get(event)).map_or(&[], Vec::as_slice)
    }

    /// The alerts that take one of another tool with these labels.
    pub fn takers(&self, source: &Id, labels: &BTreeMap<String, String>) -> Vec<Id> {
        let mut found: Vec<Id> = Vec::new();
        let mut taken = Turn::First;
        for (turn, id) in self.by_tool.get(source).into_iter().flatten() {
            if !found.is_empty() && *turn != taken {
                break;
            }
            let alert = self.alerts.get(id);
            if let Some(Condition::ExternalAlert(c)) = alert.map(|a| &a.when)
                && c.takes(labels)
            {
                taken = *turn;
                found.push(id.clone());
            }
        }
        found
    }

    /// An alert that is about those of another tool, and the source that they come through.
    pub fn external(&self, alert: &Id) -> Option<(&Alert, &Id)> {
        let alert = self.alerts.get(alert)?;
        match &alert.when {
            Condition::ExternalAlert(c) => Some((alert, &c.source.id)),
            _ => None,
        }
    }

    /// The labels that an alert is silenced by.
    pub fn labels_of(&self, alert: &Alert) -> BTreeMap<String, String> {
        let id = &alert.id.value;
        let mut labels = BTreeMap::from([
            ("alertname".to_string(), id.to_string()),
            ("severity".into(), alert.severity.to_string()),
            ("class".into(), alert.class().to_string()),
        ]);
        if let Some(component) = self.component_of(id) {
            labels.insert("component".into(), component.to_string());
        }
        if let Some(team) = self.team_of(alert) {
            labels.insert("team".into(), team.to_string());
        }
        if let Some((_, source)) = self.external(id) {
            labels.insert("source".into(), source.to_string());
        }
        labels
    }

    /// The component that an alert is about.
    pub fn component_of(&self, alert: &Id) -> Option<&Id> {
        self.components.get(alert)
    }

    /// The team that is paged for an alert.
    pub fn team_of(&self, alert: &Alert) -> Option<Id> {
        if let Some(team) = &alert.team {
            return Some(team.id.clone());
        }
        let component = self.components.get(&alert.id.value)?;
        Some(self.package.components.get(component)?.team.id.clone())
    }

    /// How far upstream `cause` is of `component`, over hard edges and groups of which it leaves
    /// too few; 0 for itself.
    pub fn distance(&self, component: &Id, cause: &Id) -> Option<u32> {
        if component == cause {
            return Some(0);
        }
        self.upstream.get(component)?.get(cause).copied()
    }

    /// Everything that takes a component down, itself included.
    pub fn causes(&self, component: &Id) -> BTreeMap<Id, u32> {
        let mut all = self.upstream.get(component).cloned().unwrap_or_default();
        all.insert(component.clone(), 0);
        all
    }

    /// Everything that fails with a component, itself included.
    pub fn blast(&self, component: &Id) -> BTreeSet<Id> {
        let hit = |c: &&Id| self.distance(c, component).is_some();
        self.package
            .components
            .keys()
            .filter(hit)
            .cloned()
            .collect()
    }

    /// The journeys that cannot be done while these components themselves do not work.
    pub fn journeys_without<'a>(
        &'a self,
        down: &'a BTreeSet<Id>,
    ) -> impl Iterator<Item = &'a Journey> {
        let journeys = self.package.journeys.values();
        journeys.filter(|j| falls::falls(&j.depends_on, |c| down.contains(c)))
    }

    /// The journeys that fail with a component, however far up it is.
    pub fn journeys_hit(&self, component: &Id) -> BTreeSet<Id> {
        let is_down = |c: &Id| self.distance(c, component).is_some();
        let journeys = self.package.journeys.values();
        let hit = journeys.filter(|j| falls::falls(&j.depends_on, is_down));
        hit.map(|j| j.id.value.clone()).collect()
    }

    /// How alerts become incidents.
    pub fn grouping(&self) -> Grouping {
        self.package
            .header
            .as_ref()
            .map_or_else(Grouping::default, |h| h.grouping.clone())
    }
}

/// What reads a value in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A gauge.
    Gauge(Id),
    /// A side of a skew.
    Skew(Id, Side),
}

fn readers(package: &Package) -> BTreeMap<Id, BTreeMap<String, Vec<Reader>>> {
    let gauges = package.gauges.iter().filter_map(|(id, g)| match &g.from {
        GaugeFrom::Event(from) => Some((from, Reader::Gauge(id.clone()))),
        GaugeFrom::HttpJson(_) | GaugeFrom::Promql(_) => None,
    });
    let skews = package.skews.iter().flat_map(|(id, s)| {
        let sides = [(&s.expected, Side::Expected), (&s.actual, Side::Actual)];
        sides
            .into_iter()
            .filter_map(move |(side, which)| match side {
                SkewSide::Event(from) => Some((from, Reader::Skew(id.clone(), which))),
                _ => None,
            })
    });
    let mut readers: BTreeMap<Id, BTreeMap<String, Vec<Reader>>> = BTreeMap::new();
    for (from, reader) in gauges.chain(skews) {
        let types = readers.entry(from.source.id.clone()).or_default();
        for event in &from.event {
            types.entry(event.clone()).or_default().push(reader.clone());
        }
    }
    readers
}

/// When a condition may take an alert of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Always.
    First,
    /// When none of the first does.
    Rest,
    /// When nothing else does.
    Last,
}

impl Turn {
    fn of(condition: &ExternalAlert) -> Self {
        match (condition.rest, condition.labels.is_empty()) {
            (false, _) => Self::First,
            (true, false) => Self::Rest,
            (true, true) => Self::Last,
        }
    }
}

fn all_alerts(package: &Package) -> BTreeMap<Id, Alert> {
    let sources = package.sources.values();
    let implied = sources.filter_map(|source| external::implied(source, package));
    let mut all: BTreeMap<Id, Alert> = implied.map(|a| (a.id.value.clone(), a)).collect();
    all.extend(package.alerts.iter().map(|(id, a)| (id.clone(), a.clone())));
    all
}

/// What can be told of a condition without sums over windows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AtOnce {
    /// So many overdue are enough.
    Overdue(u64),
    /// Any contradiction is enough.
    Mismatch,
    /// So many failures in a row, and nothing else, are enough.
    InRow(u32),
    /// So many in a row are enough, and a window may be too.
    InRowOrWindow(u32),
    /// Only a window tells.
    Window,
}

impl AtOnce {
    fn of(condition: &Condition) -> Self {
        match condition {
            Condition::FlowOverdue(c) => Self::Overdue(u64::from(c.count.max(1))),
            Condition::FlowMismatch(_) => Self::Mismatch,
            Condition::FlowFailing(c) => match (c.consecutive, c.below) {
                (Some(bound), None) => Self::InRow(bound.max(1)),
                (Some(bound), Some(_)) => Self::InRowOrWindow(bound.max(1)),
                (None, _) => Self::Window,
            },
            _ => Self::Window,
        }
    }
}

/// The flow whose events a condition follows as they come.
pub(crate) fn flow_of(condition: &Condition) -> Option<&Id> {
    match condition {
        Condition::FlowOverdue(c) => Some(&c.flow.id),
        Condition::FlowFailing(c) => Some(&c.flow.id),
        Condition::FlowSlow(c) => Some(&c.flow.id),
        Condition::FlowMismatch(c) => Some(&c.flow.id),
        Condition::CheckFailing(_)
        | Condition::CertificateExpiring(_)
        | Condition::RegistrationExpiring(_)
        | Condition::SourceSilent(_)
        | Condition::DeliveryFailing(_)
        | Condition::SloBurn(_)
        | Condition::Domains(_)
        | Condition::Reconciliation(_)
        | Condition::ReconciliationStale(_)
        | Condition::SloFailing(_)
        | Condition::SloBudget(_)
        | Condition::SloSilent(_)
        | Condition::NoEvents(_)
        | Condition::Gauge(_)
        | Condition::Skew(_)
        | Condition::ExternalAlert(_) => None,
    }
}
