//! Rehearsal and launch.

mod everybody_voted;
mod high_risks_rehearsed;
mod launch_planned;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    high_risks_rehearsed::CRITERION,
    launch_planned::CRITERION,
    everybody_voted::CRITERION,
];
