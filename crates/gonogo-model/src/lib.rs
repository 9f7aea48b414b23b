//! The ops package as a value: parse, decode, resolve, with a diagnostic for every mistake.
//!
//! One noun, one file. Nothing here touches a file system, a network or a clock: text goes
//! in, a [`package::Package`] and its diagnostics come out.

pub mod alert;
pub mod budget_policy;
pub mod change;
pub mod check;
pub mod comms;
pub mod component;
pub mod cron;
pub mod decimal;
pub mod decode;
pub mod diagnostic;
pub mod domains;
pub mod duration;
pub mod escalation;
pub mod event;
pub mod evidence;
pub mod expression;
pub mod external;
pub mod flow;
pub mod forward;
pub mod gauge;
pub mod heartbeat;
pub mod id;
pub mod kind;
pub mod launch;
pub mod maintenance;
pub mod material;
pub mod overlay;
pub mod package;
pub mod percent;
pub mod reconciliation;
pub mod risk;
pub mod runbook;
pub mod scenario;
pub mod schedule;
pub mod schema;
pub mod setting;
pub mod skew;
pub mod slo;
pub mod source;
pub mod support;
pub mod team;
pub mod text;
pub mod value;
pub mod vendor;
pub mod when;
pub mod yaml;

pub use diagnostic::Diagnostic;
pub use duration::Duration;
pub use id::Id;
pub use kind::{Kind, Ref, Subject};
pub use package::{Loaded, Package, load};
pub use text::PackageText;
