//! # MON-02: Each indicator has data now, and its silence is noticed
//!
//! ## Why it matters
//! An indicator without data looks like one without trouble. The dashboard is flat and green on
//! the day its exporter dies.
//!
//! ## How it is proved
//! From the package: whatever the indicator counts is watched for silence, a check by an alert on
//! its failing, a flow by an alert on its source's `silent_after` or on overdue ends, anything by
//! an alert with `slo_silent`; what is made of other SLOs, by each of them. Then that it
//! had data lately; a running gonogo records that itself. Lately is a quarter of an hour for a
//! check; for a flow it is as long as its source may be silent, and the window of the SLO where
//! the package names no such bound: few events are no missing events.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - {id: shop, name: Shop, kind: cloudevents, silent_after: 1h}
//! alerts:
//!   - {id: shop-silent, name: The shop says nothing, severity: SEV2, when: {source_silent: {source: shop}}}
//! ```
//!
//! ## How to meet it
//! Give the source a bound on its silence and an alert, or watch the flow for ends that never
//! come. Ask a server with `gonogo verdict --server`.

use gonogo_model::Id;
use gonogo_model::alert::Condition;
use gonogo_model::slo::{Sli, Slo};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-02",
    title: "Each indicator has data now, and its silence is noticed",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_mins(15)),
    trigger: None,
    source: include_str!("indicators_speak.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for slo in case.package.slos.values() {
        let noticed = silence_noticed(case, slo);
        case.entity(answers, slo)
            .must(
                noticed,
                "nothing would notice if it had no data",
                "give its source `silent_after` and an alert, or alert on its check or on overdue ends",
            )
            .proved_within(
                case,
                &[counted(slo)],
                Some(lately(case, slo)),
                "ask a running server: `gonogo verdict --server URL`",
            );
    }
}

/// What the indicator counts.
fn counted(slo: &Slo) -> Subject {
    let (kind, id) = match &slo.sli {
        Sli::Check(check) => (Kind::Check, &check.id),
        Sli::Completion(flow) | Sli::Success(flow) => (Kind::Flow, &flow.id),
        Sli::Latency(latency) => (Kind::Flow, &latency.flow.id),
        Sli::Events(events) => (Kind::Source, &events.source.id),
        Sli::Delivery(delivery) => (Kind::Source, &delivery.source.id),
        Sli::Promql(_) | Sli::Composite(_) | Sli::Journey(_) => (Kind::Slo, &slo.id.value),
    };
    Subject::Entity(kind, id.clone())
}

/// How old its last data may be.
fn lately(case: &Case<'_>, slo: &Slo) -> Duration {
    let least = Duration::from_mins(15);
    let most = match &slo.sli {
        Sli::Check(check) => case.package.checks.get(&check.id).map(|c| c.stale_after()),
        Sli::Completion(flow) | Sli::Success(flow) => silence(case, &flow.id, slo),
        Sli::Latency(latency) => silence(case, &latency.flow.id, slo),
        Sli::Events(events) => {
            let bound = case.package.sources.get(&events.source.id);
            Some(bound.and_then(|s| s.silent_after).unwrap_or(slo.period()))
        }
        Sli::Delivery(delivery) => {
            let bound = case.package.sources.get(&delivery.source.id);
            Some(bound.and_then(|s| s.silent_after).unwrap_or(slo.period()))
        }
        Sli::Promql(_) => None,
        Sli::Composite(_) | Sli::Journey(_) => Some(slo.period()),
    };
    most.map_or(least, |most| most.max(least))
}

fn silence(case: &Case<'_>, flow: &Id, slo: &Slo) -> Option<Duration> {
    let source = &case.package.flows.get(flow)?.start.source;
    let bound = case.package.sources.get(&source.id)?.silent_after;
    Some(bound.unwrap_or(slo.period()))
}

fn silence_noticed(case: &Case<'_>, slo: &Slo) -> bool {
    let p = case.package;
    let silent = |source: &Id| {
        let mut alerts = p.alerts.values();
        alerts.any(|a| match &a.when {
            Condition::SourceSilent(c) => c.source.id == *source,
            Condition::NoEvents(c) => c.source.id == *source,
            _ => false,
        })
    };
    let itself = p.alerts.values().any(|a| match &a.when {
        Condition::SloSilent(c) => c.slo.id == slo.id.value,
        _ => false,
    });
    if itself {
        return true;
    }
    let flow = match &slo.sli {
        Sli::Events(events) => return silent(&events.source.id),
        Sli::Delivery(delivery) => return silent(&delivery.source.id),
        Sli::Promql(_) => return false,
        Sli::Composite(_) | Sli::Journey(_) => {
            let parts = slo.parts(p);
            let plain = |part: &Slo| !part.sli.is_made_of_slos();
            return !parts.is_empty()
                && parts
                    .iter()
                    .all(|(part, _)| plain(part) && silence_noticed(case, part));
        }
        Sli::Check(check) => {
            return p.alerts.values().any(|a| match &a.when {
                Condition::CheckFailing(c) => c.check.id == check.id,
                _ => false,
            });
        }
        Sli::Completion(flow) | Sli::Success(flow) => flow,
        Sli::Latency(latency) => &latency.flow,
    };
    let Some(start) = p.flows.get(&flow.id).map(|f| &f.start.source.id) else {
        return false;
    };
    p.alerts.values().any(|a| match &a.when {
        Condition::FlowOverdue(c) => c.flow.id == flow.id,
        Condition::SourceSilent(c) => {
            let source = p.sources.get(&c.source.id);
            c.source.id == *start && source.is_some_and(|s| s.silent_after.is_some())
        }
        _ => false,
    })
}
