//! Change and release.

mod automatic_rollback;
mod every_change_staged;
mod exposure_in_stages;
mod freeze_enforced;
mod no_change_by_hand;
mod release_identity;
mod singletons_alone;
mod smoke_after_deploy;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    release_identity::CRITERION,
    exposure_in_stages::CRITERION,
    every_change_staged::CRITERION,
    automatic_rollback::CRITERION,
    freeze_enforced::CRITERION,
    no_change_by_hand::CRITERION,
    smoke_after_deploy::CRITERION,
    singletons_alone::CRITERION,
];
