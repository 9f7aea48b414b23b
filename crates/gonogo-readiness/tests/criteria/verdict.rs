//! The lattice: what blocks, what is excepted, what does not apply.

use gonogo_readiness::criteria::{self, State};
use gonogo_readiness::verdict::Call;

use crate::fixture::Fixture;

#[test]
fn a_package_without_evidence_is_no_go() {
    let verdict = Fixture::new("").verdict();
    assert_eq!(verdict.call, Call::NoGo);
    assert!(verdict.blocking().count() > 0);
}

#[test]
fn every_criterion_is_asked_once_and_has_a_manual() {
    let mut seen = std::collections::BTreeSet::new();
    for criterion in criteria::all() {
        assert!(seen.insert(criterion.id), "{} twice", criterion.id);
        let manual = criterion.manual();
        assert!(
            manual.starts_with(&format!("# {}: {}\n", criterion.id, criterion.title)),
            "{manual}"
        );
        for section in [
            "## Why it matters",
            "## How it is proved",
            "## Example",
            "## How to meet it",
        ] {
            assert!(
                manual.contains(section),
                "{} has no {section}",
                criterion.id
            );
        }
        assert!(criteria::find(&criterion.id.to_lowercase()).is_some());
    }
}

#[test]
fn what_always_applies_cannot_be_waved_away() {
    let waved = Fixture::new("").instead(
        "operators: shop",
        "operators: shop\n  not_applicable: [{criterion: OWN-01, absent: datastore, because: no}]",
    );
    let (_, state, why) = waved.said("OWN-01", "package");
    assert_eq!((state, &*why), (State::Fail, "it always applies"));
}
