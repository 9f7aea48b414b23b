//! Everything that touches the world: intake, journal, probes, notifications and pages.
//!
//! The engine decides, this crate does. Nothing here decides who is paged or when; it
//! verifies and stores what came in, hands it to the engine, and carries out the effects
//! the engine asked for.

pub mod ack;
pub mod api;
pub mod app;
mod ask;
pub mod auth;
pub mod clock;
pub mod courier;
pub mod demo;
pub mod doctor;
pub mod driver;
pub mod explained;
pub mod fleets;
pub mod force;
mod forward;
pub mod graph;
pub mod heartbeats;
pub mod incidents;
pub mod ingest;
pub mod keys;
pub mod launch;
pub mod live;
pub mod metrics;
pub mod notify;
pub mod overview;
pub mod package_dir;
pub mod package_page;
pub mod places;
pub mod probe;
pub mod pulse;
pub mod readiness;
pub mod reconcile;
pub mod risks;
pub mod routes;
pub mod runbooks;
pub mod sampling;
pub mod settings;
pub mod shell;
pub mod shown;
pub mod signals;
pub mod site;
pub mod status_page;
pub mod store;
pub mod uplink;
pub mod view;
pub mod watch;
pub mod web;
