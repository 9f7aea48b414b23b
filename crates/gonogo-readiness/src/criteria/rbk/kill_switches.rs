//! # RBK-11: Every launch feature can be switched off, and was
//!
//! ## Why it matters
//! A switch is the fastest way back, and the one that nobody tries: the off side is code that
//! never ran together with the rest.
//!
//! ## How it is proved
//! From the package: each of the launch's `features` names its switch and how it is turned off.
//! And for each component that has one: in the last 90 days it was switched off somewhere like
//! production, and the record names the switch (`tried`).
//!
//! ## Example
//! ```sh
//! gonogo evidence add RBK-11 component/dataface-cloud --result pass --method drill \
//!   --actor oncall-one --tried ALIE_ENABLED --note "off in staging: drafts gone, boards fine, 20 s"
//! ```
//!
//! ## How to meet it
//! Turn it off in staging with traffic, look at the journey it belongs to, and turn it on again.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::launch::Feature;

use crate::criteria::prelude::*;
use crate::criteria::tried::not_tried;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-11",
    title: "Every launch feature can be switched off, and was",
    classes: &[Class::Live, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Feature),
    source: include_str!("kill_switches.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let mut by_component: BTreeMap<&Id, Vec<&Feature>> = BTreeMap::new();
    for feature in launch.into_iter().flat_map(|l| &l.features) {
        let id = &feature.component.id;
        by_component.entry(id).or_default().push(feature);
    }
    for (id, features) in by_component {
        let Some(component) = case.package.components.get(id) else {
            continue;
        };
        let answer = case.component(answers, component);
        for feature in &features {
            answer
                .must(
                    !feature.flag.trim().is_empty(),
                    format!("the feature \"{}\" has no switch", feature.name),
                    "write `flag:` at the feature",
                )
                .must(
                    !feature.off.trim().is_empty(),
                    format!("how \"{}\" is switched off is not written", feature.name),
                    "write `off:` at the feature, in one line",
                );
        }
        answer
            .proved(
                case,
                &[],
                "switch it off somewhere like production, and record which switch it was",
            )
            .shows(
                "switch that one off, too, and record it with `--tried`",
                |record| not_tried(record, features.iter().map(|f| f.flag.as_str())),
            );
    }
}
