//! The ops package as a value: parse, decode, resolve, with a diagnostic for every mistake.
//!
//! One noun, one file. Nothing here touches a file system, a network or a clock: text goes
//! in, a [`package`] and its diagnostics come out.

pub mod event;
pub mod id;

pub use id::Id;
