//! # DAT-05: Trying a payment again does not pay twice
//!
//! ## Why it matters
//! Every call that is tried again happens twice sooner or later: the answer was lost, the worker
//! was restarted, the provider repeats its event. Where money moves, twice is a refund and an
//! apology.
//!
//! ## How it is proved
//! From the package: under each journey that moves money, every dependency that is tried again
//! (`retry`) says why that does no harm (`idempotency`). And for each component or journey that
//! has one, the same request was sent twice in the last 90 days, and counted once.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DAT-05 component/webhook-receiver --result pass --method drill \
//!   --actor oncall-one --note "sent evt_1 three times, also while the first ran: one row, one entry"
//! ```
//!
//! ## How to meet it
//! Give each operation a key that the caller chooses, keep it unique where the effect is stored,
//! and replay a real request, also while the first still runs.

use std::collections::BTreeSet;

use gonogo_model::component::{Dependency, Moves};

use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DAT-05",
    title: "Trying a payment again does not pay twice",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Money),
    source: include_str!("retries_harmless.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let journeys = case.package.journeys.values();
    let paying: Vec<_> = journeys
        .filter(|j| j.moves.contains(&Moves::Money))
        .collect();
    let places = paying
        .iter()
        .filter_map(|j| case.graph.journey(&j.id.value));
    let beneath: BTreeSet<usize> = case.graph.beneath(places).into_iter().collect();
    let (mut said, mut asked) = (false, false);
    for at in beneath {
        let node = case.graph.node(at);
        let edges = node.depends_on();
        said |= edges.iter().any(|d| d.retry.is_some());
        let retried: Vec<&Dependency> = edges.iter().filter(|d| is_retried(d)).collect();
        if retried.is_empty() {
            continue;
        }
        asked = true;
        let answer = match node {
            Node::Component(c) => case.component(answers, c),
            Node::Journey(j) => case.journey(answers, j),
        };
        for edge in retried {
            answer.must(
                edge.idempotency
                    .as_ref()
                    .is_some_and(|i| !i.trim().is_empty()),
                format!(
                    "why trying `{}` again does no harm is not written",
                    edge.component.id
                ),
                "write `idempotency:` at the dependency: the key, and where it is unique",
            );
        }
        answer.proved(
            case,
            &[],
            "send the same request twice, and record that it counted once",
        );
    }
    if asked {
        return;
    }
    for journey in paying {
        let answer = case.journey(answers, journey);
        if !said {
            answer.unknown(
                "nothing under it says whether it is tried again",
                "write `retry:` at what it depends on, and `none` where it is not",
            );
        }
    }
}

/// Is it tried again? `none`, `no` and `never` say that it is not.
fn is_retried(edge: &Dependency) -> bool {
    let retry = edge.retry.as_deref().unwrap_or("").trim().to_lowercase();
    let first = retry.split(|c: char| !c.is_alphabetic()).next();
    !retry.is_empty() && !matches!(first, Some("none" | "no" | "never" | "not"))
}
