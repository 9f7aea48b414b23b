//! What happens next: a deterministic state machine from inputs to effects.
//!
//! The same engine runs on the wall clock (serve), on a virtual one (rehearse) and on a
//! recorded one (backtest). It has no clock, no IO, no randomness and no hash order of its
//! own: what a rehearsal proves is what production does.

pub mod alerting;
pub mod change;
pub mod check;
mod command;
pub mod domains;
pub mod doubt;
mod draft;
pub mod effect;
pub mod engine;
pub mod expression;
pub mod external;
mod falls;
pub mod flow;
pub mod forward;
pub mod freeze;
pub mod gauge;
pub mod grouping;
pub mod heartbeat;
pub mod history;
pub mod incident;
pub mod input;
pub mod maintenance;
mod measuring;
pub mod paging;
pub mod places;
pub mod plan;
pub mod promises;
pub mod reading;
pub mod reconciliation;
pub mod rehearsal;
mod reload;
pub mod series;
pub mod signals;
pub mod skew;
pub mod slo;
pub mod source;
pub mod time;
pub mod trend;
mod trouble;
mod upkeep;
mod watch;

pub use effect::Effect;
pub use engine::{Deadline, Engine, Outcome, State};
pub use input::Input;
pub use time::Time;
