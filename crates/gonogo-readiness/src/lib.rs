//! What an ops package lacks: graph analyses, lints, and how findings are shown.
//!
//! Everything follows from the package's text: no file system, no network, no clock, so the
//! same text gives the same findings in the same order.

pub mod check;
pub mod criteria;
pub mod destructive;
pub mod export;
pub mod graph;
pub mod import;
mod markdown;
pub mod mentions;
pub mod recording;
pub mod register;
pub mod report;
pub mod rules;
pub mod runbook_status;
pub mod secret;
pub mod verdict;
pub mod whom;
pub mod wording;
pub mod yaml;

pub use check::{Checked, check, judge};
