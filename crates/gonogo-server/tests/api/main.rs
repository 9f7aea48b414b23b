//! The API, met from outside by programs.

mod act;
mod agent;
mod alertmanager;
mod allowed;
mod budgets;
mod conditions;
mod dead_letters;
mod described;
mod domains;
mod evidence;
mod explained;
mod heartbeats;
mod maintenance;
mod metrics;
mod pagerduty;
mod pages;
mod peers;
mod read;
mod reconciliations;
mod reload;
mod sampling;
mod server;
mod signals;
mod silences;
mod tokens;
