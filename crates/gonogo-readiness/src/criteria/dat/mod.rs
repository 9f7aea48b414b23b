//! Data safety.

mod backups_watched;
mod deletes_staged;
mod reconciled;
mod restore_rehearsed;
mod retries_harmless;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    backups_watched::CRITERION,
    restore_rehearsed::CRITERION,
    deletes_staged::CRITERION,
    reconciled::CRITERION,
    retries_harmless::CRITERION,
];
