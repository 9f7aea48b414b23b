//! Vendors and security.

mod break_glass;
mod security_path;
mod security_review;
mod vendor_failure;
mod vendor_feeds;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    vendor_feeds::CRITERION,
    vendor_failure::CRITERION,
    security_review::CRITERION,
    break_glass::CRITERION,
    security_path::CRITERION,
];
