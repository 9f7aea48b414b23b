//! Does something stand apart from what it has to outlive?
//!
//! It has to share neither a component nor a region of a vendor, and nor has anything that it
//! stands on itself.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;

use super::Case;
use crate::graph::Place;

/// What two things share.
pub(super) enum Shared<'p> {
    /// A component that both stand on.
    Component(&'p Id),
    /// The region in which this one stands.
    Region(&'p Id),
}

/// Everything that some places fail without, themselves included.
pub(super) fn beneath<'p>(
    case: &Case<'p>,
    from: impl IntoIterator<Item = Place>,
) -> BTreeSet<&'p Id> {
    let places = case.graph.beneath(from).into_iter();
    places.map(|at| case.graph.node(at).id()).collect()
}

/// What a component, or something that it stands on, shares with what is needed.
pub(super) fn shared<'p>(
    case: &Case<'p>,
    host: &Id,
    needed: &BTreeSet<&'p Id>,
) -> Option<Shared<'p>> {
    let under = beneath(case, case.graph.component(host));
    if let Some(both) = under.intersection(needed).next() {
        return Some(Shared::Component(both));
    }
    let place = |id: &Id| {
        let attributes = &case.package.components.get(id)?.attributes;
        Some((attributes.get("vendor")?, attributes.get("region")?))
    };
    let mut taken = BTreeMap::new();
    for id in needed {
        if let Some(place) = place(id) {
            taken.entry(place).or_insert(*id);
        }
    }
    let same = |id: &&Id| place(id).and_then(|here| taken.get(&here).copied());
    under.iter().find_map(same).map(Shared::Region)
}
