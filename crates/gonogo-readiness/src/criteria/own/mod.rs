//! Ownership and people.

mod one_accountable_owner;
mod owner_accepted;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[one_accountable_owner::CRITERION, owner_accepted::CRITERION];
