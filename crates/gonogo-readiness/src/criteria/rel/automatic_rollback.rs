//! # REL-04: A bad release takes itself back
//!
//! ## Why it matters
//! A person needs minutes to wake, read and decide; a pipeline that listens to the alert has
//! begun to go back by then. Most bad releases need no more than that.
//!
//! ## How it is proved
//! From the package: everything that is deployed names the alerts on which the pipeline takes it
//! back (`rollback.on_alerts`). And in the last 90 days that was seen: an alert fired and the old
//! version came back with nobody's hand. A change of one of the alerts asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REL-04 component/dataface-cloud --result pass --method drill \
//!   --actor ci --note "forced errors in staging: back to revision 88 after 3 min"
//! ```
//!
//! ## How to meet it
//! Give the pipeline the alert's webhook, release something that fails on purpose, and watch.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-04",
    title: "A bad release takes itself back",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Deployable),
    source: include_str!("automatic_rollback.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.deployables() {
        let rollback = component.rollback.as_ref();
        let alerts: Vec<Subject> = rollback
            .into_iter()
            .flat_map(|r| &r.on_alerts)
            .map(|a| Subject::Entity(Kind::Alert, a.id.clone()))
            .collect();
        case.component(answers, component)
            .must(
                !alerts.is_empty(),
                "no alert takes it back by itself",
                "write `on_alerts:` in its `rollback`, and let the pipeline listen to them",
            )
            .proved(
                case,
                &alerts,
                "let one of them fire in a test environment, and record what the pipeline did",
            );
    }
}
