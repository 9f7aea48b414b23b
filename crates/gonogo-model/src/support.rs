//! Support: how what customers say reaches whoever can mend it.

use crate::component::Journey;
use crate::decode::record;
use crate::duration::Duration;
use crate::escalation::EscalationPolicy;
use crate::kind::Ref;
use crate::risk::FailureMode;
use crate::team::Role;

record! {
    /// How support works with whoever is on call.
    pub struct Support as "support" {
        /// Who answers customers.
        pub role: Ref<Role>,
        /// Who stands in.
        pub backup: Option<Ref<Role>>,
        /// What customers say, and where that goes.
        pub routing: Vec<Routing>,
        /// Answers that are ready, per failure mode.
        pub macros: Vec<Macro>,
        /// So many alike in so short a time are an incident.
        pub threshold: Option<Threshold>,
        /// How somebody in support declares an incident. Anyone may; it is cheap.
        pub declare: Option<String>,
        /// How the customers that are affected are listed while the product is down.
        pub affected_customers: Option<String>,
        /// What may be promised in return, and by whom.
        pub goodwill: Option<String>,
    }
}

record! {
    /// What customers say, and where that goes.
    pub struct Routing as "a routing rule" {
        /// In the customer's words.
        pub symptom: String,
        /// The journey it is about.
        pub journey: Option<Ref<Journey>>,
        /// The failure modes it may be.
        pub failure_modes: Vec<Ref<FailureMode>>,
        /// The first question to ask back.
        pub ask: Option<String>,
        /// Where the ticket goes.
        pub queue: String,
        /// Who is paged when it cannot wait.
        pub escalate_to: Ref<EscalationPolicy>,
    }
}

record! {
    /// An answer that is ready.
    pub struct Macro as "a macro" {
        /// The failure modes it is for.
        pub failure_modes: Vec<Ref<FailureMode>>,
        /// The tag that finds all tickets of it again.
        pub tag: String,
        /// The answer.
        pub body: String,
    }
}

record! {
    /// So many alike in so short a time.
    pub struct Threshold as "a threshold" {
        /// How many.
        pub tickets: u32,
        /// In how long.
        pub within: Duration,
        /// Who is paged.
        pub page: Ref<EscalationPolicy>,
    }
}
