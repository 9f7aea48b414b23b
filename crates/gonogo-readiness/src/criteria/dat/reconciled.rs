//! # DAT-04: Money and data that move are reconciled
//!
//! ## Why it matters
//! A charge that nobody recorded turns nothing red. Only somebody who compares what should have
//! happened with what did, count by count and sum by sum, finds it before the customer does.
//!
//! ## How it is proved
//! From the package: each journey that moves money or data has a flow that follows it from its
//! start to its end, and each flow of it an alert for an end that does not come. Where it moves
//! money, amounts have to `agree`, and each flow that compares any an alert for those that do not. And in the last day that comparison ran
//! and came out even.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DAT-04 journey/pay --result pass --method probe \
//!   --actor gonogo --note "214 charges, 214 entries, sums equal in USD and EUR"
//! ```
//!
//! ## How to meet it
//! Declare a flow from the provider's event to your own record, with `agree` on amount and
//! currency, and let the daily report write the record.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition};
use gonogo_model::component::Moves;
use gonogo_model::flow::Flow;

use super::super::answer::Answer;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DAT-04",
    title: "Money and data that move are reconciled",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(24)),
    trigger: Some(Trigger::MoneyOrData),
    source: include_str!("reconciled.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let mut flows: BTreeMap<&Id, Vec<&Flow>> = BTreeMap::new();
    for flow in case.package.flows.values() {
        if let Some(journey) = &flow.journey {
            flows.entry(&journey.id).or_default().push(flow);
        }
    }
    let mut overdue: BTreeMap<&Id, Vec<&Alert>> = BTreeMap::new();
    let mut mismatch: BTreeMap<&Id, Vec<&Alert>> = BTreeMap::new();
    for alert in case.package.alerts.values() {
        match &alert.when {
            Condition::FlowOverdue(c) => overdue.entry(&c.flow.id).or_default().push(alert),
            Condition::FlowMismatch(c) => mismatch.entry(&c.flow.id).or_default().push(alert),
            _ => {}
        }
    }
    let moving = case
        .package
        .journeys
        .values()
        .filter(|j| !j.moves.is_empty());
    for journey in moving {
        let answer = case.journey(answers, journey);
        let Some(own) = flows.get(&journey.id.value) else {
            answer.fail(
                "no flow follows it from its start to its end",
                "declare a flow with this `journey`",
            );
            continue;
        };
        let money = journey.moves.contains(&Moves::Money);
        compared(answer, own, &overdue, &mismatch, money);
        answer.proved(
            case,
            &rests_on(own, &[&overdue, &mismatch]),
            "compare counts and sums of a day, and record how they came out",
        );
    }
}

type ByFlow<'p> = BTreeMap<&'p Id, Vec<&'p Alert>>;

fn compared(
    answer: &mut Answer,
    flows: &[&Flow],
    overdue: &ByFlow<'_>,
    mismatch: &ByFlow<'_>,
    money: bool,
) {
    for flow in flows {
        let id = &flow.id.value;
        answer.must(
            overdue.contains_key(id),
            format!("nobody hears when an end of `{id}` does not come"),
            "write an alert `flow_overdue` for its flow",
        );
    }
    if money {
        let sums: Vec<&&Flow> = flows.iter().filter(|f| !f.agree.is_empty()).collect();
        answer.must(
            !sums.is_empty(),
            "no amounts are compared",
            "write the fields that have to be equal as `agree:` at its flow",
        );
        for flow in sums {
            let id = &flow.id.value;
            answer.must(
                mismatch.contains_key(id),
                format!("nobody hears when amounts of `{id}` differ"),
                "write an alert `flow_mismatch` for its flow",
            );
        }
    }
}

/// The flows and the alerts about them.
fn rests_on(flows: &[&Flow], alerts: &[&ByFlow<'_>]) -> Vec<Subject> {
    let of_flow = |f: &&Flow| Subject::Entity(Kind::Flow, f.id.value.clone());
    let mut found: Vec<Subject> = flows.iter().map(of_flow).collect();
    for flow in flows {
        let told = alerts
            .iter()
            .filter_map(|by| by.get(&flow.id.value))
            .flatten();
        found.extend(told.map(|a| Subject::Entity(Kind::Alert, a.id.value.clone())));
    }
    found.sort();
    found
}
