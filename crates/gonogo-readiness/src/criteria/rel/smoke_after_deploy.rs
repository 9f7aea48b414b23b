//! # REL-07: After each deployment every critical journey is tried
//!
//! ## Why it matters
//! A deployment that went through is not a product that works. What breaks is often a variant
//! that nobody tries: a customer's own domain, another tenant, the second sign-in.
//!
//! ## How it is proved
//! From the package: each critical journey has a check that names it, and where customers' own
//! domains lie under it, one about those, too. And those checks were run after the last
//! deployment, in the last seven days: the record names each (`tried`) and is bound to what the
//! journey and the checks are now.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REL-07 journey/dashboards-on-own-domain --result pass --method probe \
//!   --actor ci --tried custom-domain-answers --tried cloud-health --note "after run 8812"
//! ```
//!
//! ## How to meet it
//! Run the journey's checks as the last step of the pipeline, and let it write the record.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::check::Check;
use gonogo_model::component::{ComponentKind, Journey};

use crate::criteria::prelude::*;
use crate::criteria::tried::not_tried;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-07",
    title: "After each deployment every critical journey is tried",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(7 * 24)),
    trigger: None,
    source: include_str!("smoke_after_deploy.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let mut of_journey: BTreeMap<&Id, Vec<&Check>> = BTreeMap::new();
    let mut of_component: BTreeMap<&Id, Vec<&Check>> = BTreeMap::new();
    for check in case.package.checks.values() {
        if let Some(journey) = &check.journey {
            of_journey.entry(&journey.id).or_default().push(check);
        }
        of_component
            .entry(&check.component.id)
            .or_default()
            .push(check);
    }
    for journey in case.critical() {
        let own = of_journey.get(&journey.id.value);
        let mut checks: Vec<&Check> = own.into_iter().flatten().copied().collect();
        let answer = case.journey(answers, journey);
        answer.must(
            !checks.is_empty(),
            "no check tries it",
            "write `journey:` at the check that does, or write one",
        );
        for fleet in fleets(case, journey) {
            let variants = of_component.get(fleet);
            answer.must(
                variants.is_some(),
                format!("no check tries it through `{fleet}`"),
                "write a check about one of those names",
            );
            checks.extend(variants.into_iter().flatten());
        }
        checks.sort_by_key(|c| &c.id.value);
        checks.dedup_by_key(|c| &c.id.value);
        let others: Vec<Subject> = checks
            .iter()
            .map(|c| Subject::Entity(Kind::Check, c.id.value.clone()))
            .collect();
        answer
            .proved(
                case,
                &others,
                "run its checks as the last step of a deployment, and record which with `--tried`",
            )
            .shows("run those, too", |record| {
                not_tried(record, checks.iter().map(|c| c.id.value.as_str()))
            });
    }
}

/// The fleets of host names that a journey needs.
fn fleets<'p>(case: &Case<'p>, journey: &Journey) -> Vec<&'p Id> {
    let place = case.graph.journey(&journey.id.value);
    let beneath = case.graph.beneath(place);
    let mut found: Vec<&Id> = beneath
        .into_iter()
        .filter_map(|at| match case.graph.node(at) {
            Node::Component(c) if c.kind == ComponentKind::DomainFleet => Some(&c.id.value),
            _ => None,
        })
        .collect();
    found.sort();
    found
}
