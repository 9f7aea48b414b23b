//! Analyses of the dependency graph, on graphs small enough to know the answer.

mod blast;
mod build;
mod cut_sets;
mod falls;
