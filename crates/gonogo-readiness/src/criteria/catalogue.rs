//! Every criterion, in order of area and number.

use super::Criterion;
use super::{cap, crt, dat, dep, ext, mon, onc, own, rbk, reh, rel, rsk, sup};

/// Every criterion.
pub const CRITERIA: &[&[Criterion]] = &[
    own::ALL,
    dep::ALL,
    rsk::ALL,
    mon::ALL,
    onc::ALL,
    rbk::ALL,
    rel::ALL,
    cap::ALL,
    dat::ALL,
    crt::ALL,
    ext::ALL,
    sup::ALL,
    reh::ALL,
];

/// The criterion of this name, whatever its case.
pub fn find(id: &str) -> Option<&'static Criterion> {
    all().find(|c| c.id.eq_ignore_ascii_case(id))
}

/// All of them, in order.
pub fn all() -> impl Iterator<Item = &'static Criterion> {
    CRITERIA.iter().flat_map(|area| area.iter())
}
