//! On call and escalation.

mod access_tried;
mod answered_in_time;
mod enough_commanders;
mod policy_ends_with_people;
mod rota_without_gaps;
mod second_room;
mod shifts_end;
mod vendors_reachable;
mod walk;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    rota_without_gaps::CRITERION,
    policy_ends_with_people::CRITERION,
    answered_in_time::CRITERION,
    access_tried::CRITERION,
    second_room::CRITERION,
    vendors_reachable::CRITERION,
    enough_commanders::CRITERION,
    shifts_end::CRITERION,
];
