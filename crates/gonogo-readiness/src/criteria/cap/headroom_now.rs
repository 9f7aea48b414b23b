//! # CAP-04: What critical journeys need has room to lose a part now
//!
//! ## Why it matters
//! Redundancy that is in use is none: where three instances carry what two cannot, the first
//! failure takes the rest along. Load grows quietly until that is so.
//!
//! ## How it is proved
//! For each service and datastore of one's own that a critical journey cannot do without: its
//! `limits` are written, and in the last seven days somebody looked at what is used. The record
//! says how many units (instances, zones, replicas) may be lost before a limit is reached
//! (`measured`): two for tier 1, one for the others.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CAP-04 component/dataface-cloud --result pass --method probe \
//!   --actor oncall-one --measured 2 --note "6 instances at 48% of their connections; 4 carry it"
//! ```
//!
//! ## How to meet it
//! Divide what is used at the busiest hour by what one unit carries. Add units, or shed load
//! earlier, until as many are spare as the tier asks for.

use std::collections::BTreeSet;

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-04",
    title: "What critical journeys need has room to lose a part now",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(7 * 24)),
    trigger: None,
    source: include_str!("headroom_now.rs"),
    assess,
};

/// How many units a component of a tier has to be able to lose.
fn spare(tier: u8) -> u64 {
    if tier <= 1 { 2 } else { 1 }
}

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let journeys = case
        .critical()
        .filter_map(|j| case.graph.journey(&j.id.value));
    let needed: BTreeSet<usize> = case.graph.beneath(journeys).into_iter().collect();
    for at in needed {
        let Node::Component(component) = case.graph.node(at) else {
            continue;
        };
        if !matches!(
            component.kind,
            ComponentKind::Service | ComponentKind::Datastore
        ) {
            continue;
        }
        let wanted = spare(component.tier);
        case.component(answers, component)
            .must(
                !component.limits.is_empty(),
                "what it can take at most is not written",
                "write `limits:`: instances, connections, disk, requests",
            )
            .proved(
                case,
                &[],
                "look at what is used at its busiest, and record how many units may be lost",
            )
            .shows("add units, or shed load earlier", |record| {
                match record.measured {
                    None => Some((
                        State::Unknown,
                        "the record does not say how many units may be lost".into(),
                    )),
                    Some(found) if found < wanted => Some((
                        State::Fail,
                        format!(
                            "it can lose {found}, and tier {} needs {wanted}",
                            component.tier
                        ),
                    )),
                    Some(_) => None,
                }
            });
    }
}
