//! `/runbooks`: is there one, what is it for, and what does it say.
//!
//! Rendered from the package in force, for reading on a phone and for printing.

mod pages;
pub mod steps;

pub use pages::routes;
