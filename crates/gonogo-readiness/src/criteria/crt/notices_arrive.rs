//! # CRT-04: Notices of expiry reach a team
//!
//! ## Why it matters
//! Registrars and issuers do write before the end. They write to whoever signed up, who has
//! changed jobs, or to a mailbox that was closed.
//!
//! ## How it is proved
//! From the package: each entry of `expiring` says where notices go (`notices_to`), and that is
//! nobody's own address. And for each such address, in the last 30 days, a message that was sent
//! there was read by somebody of the team; the record is about the first entry that uses the
//! address.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CRT-04 expiring/app-certificate --result pass --method drill \
//!   --actor oncall-one --note "wrote to platform@example.com: answered by oncall-two after 20 min"
//! ```
//!
//! ## How to meet it
//! Use one group address for everything, change it at each registrar and issuer, send a message
//! there, and see who answers.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::material::Material;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CRT-04",
    title: "Notices of expiry reach a team",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("notices_arrive.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let personal: BTreeMap<String, &str> = case
        .package
        .people
        .values()
        .flat_map(|p| p.contacts.iter().map(move |c| (p, c)))
        .map(|(person, contact)| (normal(&contact.to.to_string()), person.name.as_str()))
        .collect();
    let asked = asked(case);
    for material in case.package.expiring.values() {
        let answer = case.entity(answers, material);
        let Some(address) = address(material) else {
            answer.fail(
                "where notices of its expiry go is not written",
                "write a team's address as `notices_to:`",
            );
            continue;
        };
        if let Some(name) = personal.get(&address) {
            answer.fail(
                format!("notices of its expiry go to {name} alone"),
                "have them sent to an address of the team",
            );
            continue;
        }
        if asked.get(&address) == Some(&&material.id.value) {
            answer.proved(
                case,
                &[],
                "write to that address, and record who of the team answered",
            );
        }
    }
}

/// For each address the entry that it is asked for: the most important one that is live, so that
/// nothing of weight rests on the answer about a trifle.
fn asked<'p>(case: &Case<'p>) -> BTreeMap<String, &'p Id> {
    let mut found: BTreeMap<String, (bool, u8, &Id)> = BTreeMap::new();
    for material in case.package.expiring.values() {
        let id = &material.id.value;
        let subject = Subject::Entity(Kind::Material, id.clone());
        let rank = (case.off(&subject).is_some(), case.tier(&subject), id);
        if let Some(address) = address(material) {
            let best = found.entry(address).or_insert(rank);
            *best = (*best).min(rank);
        }
    }
    let names = found.into_iter().map(|(address, (_, _, id))| (address, id));
    names.collect()
}

fn address(material: &Material) -> Option<String> {
    let address = normal(material.notices_to.as_deref()?);
    (!address.is_empty()).then_some(address)
}

fn normal(address: &str) -> String {
    let address = address.trim();
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    address.to_lowercase()
}
