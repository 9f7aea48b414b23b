//! # OWN-04: Owners have accepted what they own
//!
//! ## Why it matters
//! A name in a file is somebody else's opinion. Whoever is paged for something has to have said
//! yes to it, and has to say it again when what they own has changed.
//!
//! ## How it is proved
//! An attestation about each team that owns a component, by somebody of that team, seen by a
//! second person. It is bound to the team and to all that the team owns, so a new
//! component asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add OWN-04 team/platform --result pass --method attest \
//!   --actor oncall-one --reviewer launch-director --note "said yes in the readiness review"
//! ```
//!
//! ## How to meet it
//! Walk through the list of components with the team, then record what they said.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-04",
    title: "Owners have accepted what they own",
    classes: &[Class::Attestation],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("owner_accepted.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for team in case.package.teams.values() {
        let owned: Vec<Subject> = case
            .package
            .components
            .values()
            .filter(|c| c.team.id == team.id.value)
            .map(|c| Subject::Entity(Kind::Component, c.id.value.clone()))
            .collect();
        if owned.is_empty() {
            continue;
        }
        case.entity(answers, team).proved(
            case,
            &owned,
            "walk through its components with the team, and record what they said",
        );
    }
}
