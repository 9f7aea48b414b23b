//! Asking other services over HTTP: reconciliations, gauges, skews and counters all do.
//!
//! Only addresses that may be asked are asked, answers are bounded in time and size, and
//! invariant: what could not be had in full is a [`Trouble`], never an empty answer.

mod client;
mod trouble;

pub(crate) use client::{Answer, Api, How, Proof, endpoint};
pub(crate) use trouble::{Trouble, code};
