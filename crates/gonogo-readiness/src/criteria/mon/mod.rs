//! Signals and alerts.

mod alerts_fired;
mod alerts_routed;
mod budgets_watched;
mod business_watched;
mod changes_on_timeline;
mod indicators_speak;
mod jobs_missed;
mod journeys_promised;
mod limits_watched;
mod noticed_in_time;
mod pages_bearable;
mod pages_tell_what_to_do;
mod probed_from_outside;
mod watcher_watched;

use super::Criterion;

pub(super) use alerts_fired::{CRITERION as FIRED, rests_on};

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    journeys_promised::CRITERION,
    indicators_speak::CRITERION,
    alerts_routed::CRITERION,
    pages_tell_what_to_do::CRITERION,
    alerts_fired::CRITERION,
    budgets_watched::CRITERION,
    probed_from_outside::CRITERION,
    jobs_missed::CRITERION,
    business_watched::CRITERION,
    watcher_watched::CRITERION,
    limits_watched::CRITERION,
    pages_bearable::CRITERION,
    noticed_in_time::CRITERION,
    changes_on_timeline::CRITERION,
];
