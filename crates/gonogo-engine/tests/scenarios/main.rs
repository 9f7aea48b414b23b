//! What the engine does in situations that a toy gets wrong, through `Engine::handle` only.

mod budgets;
mod certificates;
mod charges;
mod conditions;
mod delivery;
mod domains;
mod downtime;
mod external;
mod heartbeats;
mod maintenance;
mod measures;
mod outage;
mod people;
mod places;
mod promises;
mod rare_events;
mod reconciliation;
mod reload;
mod reordering;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
