//! Every place of a package in which an expression stands.

use crate::alert::Condition;
use crate::change::ChangeSignal;
use crate::gauge::GaugeFrom;
use crate::id::Id;
use crate::package::Package;
use crate::reconciliation::Side;
use crate::skew::SkewSide;
use crate::slo::Sli;

use super::Where;

/// An expression, and the events that it is asked about.
#[derive(Clone, Debug)]
pub struct Use<'p> {
    /// The expression.
    pub of: &'p Where,
    /// The source of the events.
    pub source: &'p Id,
    /// Their types; any, where there are none.
    pub events: Vec<&'p str>,
}

/// All of them.
pub fn uses(package: &Package) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    let mut list = List(&mut found);
    for flow in package.flows.values() {
        for matcher in [&flow.start, &flow.end] {
            list.add(&matcher.r#where, &matcher.source.id, &[&matcher.event]);
        }
        list.add(&flow.success_where, &flow.end.source.id, &[&flow.end.event]);
    }
    for gauge in package.gauges.values() {
        if let GaugeFrom::Event(from) = &gauge.from {
            list.add(&from.r#where, &from.source.id, &[&from.event]);
        }
    }
    for skew in package.skews.values() {
        for side in [&skew.expected, &skew.actual] {
            if let SkewSide::Event(from) = side {
                list.add(&from.r#where, &from.source.id, &[&from.event]);
            }
        }
    }
    for slo in package.slos.values() {
        if let Sli::Events(sli) = &slo.sli {
            let types: &[&[String]] = &[&sli.event, &sli.good_event];
            list.add(&sli.r#where, &sli.source.id, types);
            list.add(&sli.good_where, &sli.source.id, types);
        }
    }
    for change in package.changes.values() {
        if let ChangeSignal::Events(told_by) = &change.told_by {
            list.add(&told_by.r#where, &told_by.source.id, &[&told_by.event]);
        }
    }
    for alert in package.alerts.values() {
        if let Condition::NoEvents(c) = &alert.when {
            list.add(&c.r#where, &c.source.id, &[&c.event]);
        }
    }
    for reconciliation in package.reconciliations.values() {
        for side in [&reconciliation.left, &reconciliation.right] {
            if let Side::Events(side) = side {
                list.add(&side.r#where, &side.source.id, &[&side.event]);
            }
        }
    }
    found
}

struct List<'l, 'p>(&'l mut Vec<Use<'p>>);

impl<'p> List<'_, 'p> {
    fn add(&mut self, of: &'p Option<Box<Where>>, source: &'p Id, types: &[&'p [String]]) {
        if let Some(of) = of {
            let events = types.iter().flat_map(|types| types.iter());
            self.0.push(Use {
                of,
                source,
                events: events.map(String::as_str).collect(),
            });
        }
    }
}
