//! The risk register.

mod complete_rows;
mod detection_fired;
mod detection_rating;
mod every_dependency_covered;
mod high_risks_treated;
mod occurrence_observed;
mod premortem;
mod silent_failures;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    every_dependency_covered::CRITERION,
    complete_rows::CRITERION,
    detection_fired::CRITERION,
    high_risks_treated::CRITERION,
    detection_rating::CRITERION,
    occurrence_observed::CRITERION,
    silent_failures::CRITERION,
    premortem::CRITERION,
];
