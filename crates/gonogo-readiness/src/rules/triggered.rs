//! What sets failure modes off, as far as a register says.

use gonogo_model::Package;
use gonogo_model::risk::{FailureMode, Trigger};

/// With fewer than this the mix of triggers is chance.
const ENOUGH: usize = 4;

/// The failure modes that say what sets them off, where there are enough of them to speak of a
/// mix, in the order of their names.
pub(super) fn triggered(package: &Package) -> Option<Vec<(&FailureMode, Trigger)>> {
    let modes = package.failure_modes.values();
    let found: Vec<_> = modes.filter_map(|m| Some((m, m.trigger?))).collect();
    (found.len() >= ENOUGH).then_some(found)
}
