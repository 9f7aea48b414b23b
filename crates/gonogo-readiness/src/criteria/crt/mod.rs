//! What expires.

mod chains_probed;
mod inventory_complete;
mod nothing_expires_soon;
mod notices_arrive;
mod renewal_seen_twice;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    inventory_complete::CRITERION,
    chains_probed::CRITERION,
    nothing_expires_soon::CRITERION,
    notices_arrive::CRITERION,
    renewal_seen_twice::CRITERION,
];
