//! Analyses of the dependency graph, on graphs small enough to know the answer.

mod availability;
mod blast;
mod build;
mod common_cause;
mod coverage;
mod cut_sets;
mod falls;
mod people;
mod recovery;
mod report;
mod tier;
