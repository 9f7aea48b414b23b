//! # CRT-05: What renews by itself is watched by something else
//!
//! ## Why it matters
//! Automatic renewal is trusted until it stops, and what would have said so is often part of it.
//! The other way in which it ends is a card that ran out two years after somebody entered it.
//!
//! ## How it is proved
//! From the package: each entry whose `renewal` is not by hand says what tells a second time that
//! it was renewed (`second_check`), and where a domain, a licence or a contract renews by
//! itself, the card that pays is an entry too. And in the last 30 days the two were compared and
//! agreed.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CRT-05 expiring/app-certificate --result pass --method probe \
//!   --actor ci --note "served: until 2027-02-11; certificate manager: the same serial"
//! ```
//!
//! ## How to meet it
//! Compare what is served with what the issuer's list says, in a job that the renewal does not
//! know of. Enter the card with its end as a `card`.

use gonogo_model::material::{Material, MaterialKind};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CRT-05",
    title: "What renews by itself is watched by something else",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("renewal_seen_twice.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let all = || case.package.expiring.values();
    let card = all().any(|m| m.kind == MaterialKind::Card);
    for material in all() {
        let answer = case.entity(answers, material);
        if by_hand(material) {
            continue;
        }
        let second = material.second_check.as_deref().unwrap_or("");
        let paid = matches!(
            material.kind,
            MaterialKind::Domain | MaterialKind::Licence | MaterialKind::Contract
        );
        answer
            .must(
                !second.trim().is_empty(),
                "nothing else tells that it was renewed",
                "write what does as `second_check:`",
            )
            .must(
                !paid || card,
                "which card pays for its renewal is in no entry",
                "write the card under `expiring`, with its end",
            )
            .proved(
                case,
                &[],
                "compare what renewed it with what else tells, and record whether they agree",
            );
    }
}

/// Does somebody renew it, who would notice that it was not?
fn by_hand(material: &Material) -> bool {
    let renewal = material.renewal.trim().to_lowercase();
    renewal.starts_with("by hand") || renewal.starts_with("manual")
}
