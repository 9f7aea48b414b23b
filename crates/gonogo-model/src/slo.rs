//! Service level objectives, in the words of the SRE workbook.

use crate::check::Check;
use crate::component::Journey;
use crate::decode::{choice, record};
use crate::duration::Duration;
use crate::flow::Flow;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::percent::Percent;
use crate::team::Role;
use crate::text::Spanned;

record! {
    /// A promise about a ratio of good to all, over a window.
    pub struct Slo as "an SLO" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The journey it is about.
        pub journey: Option<Ref<Journey>>,
        /// Who answers for it.
        pub owner: Option<Ref<Role>>,
        /// What is counted.
        pub sli: Sli,
        /// The share that has to be good.
        pub target: Percent,
        /// The rolling window.
        pub window: Duration = Duration::from_hours(28 * 24),
        /// Below this many counted items in a window there is nothing to say: "too few events".
        pub min_events: u32 = 10,
    }
}
entity!(Slo, Slo);

choice! {
    /// What an SLO counts.
    pub enum Sli as "an SLI" {
        /// Starts of a flow that ended in time, over all that are due.
        Completion(Ref<Flow>) = "flow_completion",
        /// Ends of a flow that were a success, over all ends.
        Success(Ref<Flow>) = "flow_success",
        /// Ends of a flow that came fast enough, over all ends.
        Latency(LatencySli) = "flow_latency",
        /// Good answers of a check, over all answers.
        Check(Ref<Check>) = "check",
    }
}

record! {
    /// Ends that came fast enough.
    pub struct LatencySli as "a latency SLI" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// How fast is fast enough.
        pub under: Duration,
    }
}
