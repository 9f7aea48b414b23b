//! Ownership and people.

mod business_owner;
mod launch_positions;
mod no_single_person;
mod nobody_who_left;
mod one_accountable_owner;
mod owner_accepted;
mod owner_after_launch;
mod two_reachable_people;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    one_accountable_owner::CRITERION,
    two_reachable_people::CRITERION,
    no_single_person::CRITERION,
    owner_accepted::CRITERION,
    launch_positions::CRITERION,
    business_owner::CRITERION,
    nobody_who_left::CRITERION,
    owner_after_launch::CRITERION,
];
