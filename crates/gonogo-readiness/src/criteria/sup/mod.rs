//! Support and communication.

mod affected_listed;
mod public_names_map;
mod status_page_apart;
mod support_prepared;
mod templates_ready;
mod tickets_raise_alarm;
mod updates_promised;

use super::Criterion;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    status_page_apart::CRITERION,
    public_names_map::CRITERION,
    templates_ready::CRITERION,
    updates_promised::CRITERION,
    support_prepared::CRITERION,
    tickets_raise_alarm::CRITERION,
    affected_listed::CRITERION,
];
