//! Sending on what a source receives: the original bytes, to the team's own endpoint.
//!
//! Standing in front of a product's webhook endpoint is how its delivery can be measured where
//! it counts, and it makes gonogo a part of that path. Whoever switches it on says so: the
//! component behind the endpoint needs the one that forwards, and loading adds that edge to
//! the graph where the package does not write it.

use std::collections::BTreeMap;

use crate::component::{Component, Dependency, DependencyKind};
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::kind::Ref;
use crate::package::Package;
use crate::setting::Setting;

record! {
    /// Where the deliveries of a source go on to, as they came.
    pub struct Forward as "a forwarding" {
        /// The team's own endpoint.
        pub url: Setting,
        /// The component behind that endpoint.
        pub to: Ref<Component>,
        /// The component that stands for gonogo itself: `to` needs it from now on.
        pub through: Ref<Component>,
        /// How long one attempt may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// How it is tried again.
        pub retry: ForwardRetry = ForwardRetry::default(),
        /// A field of the body (`data.object.customer`): what has the same value is sent in order.
        pub ordering_key: Option<String>,
        /// For how long a delivery that does not get through holds up the later ones of its key.
        pub hold: Duration = Duration::from_mins(15),
        /// Headers that are added; those of the sender pass through untouched.
        pub headers: BTreeMap<String, Setting>,
        /// How many deliveries may be under way at once.
        pub concurrency: u16 = 8,
        /// How many deliveries may wait.
        pub waiting: u32 = 10_000,
        /// What happens to a delivery when so many wait.
        pub when_full: WhenFull = WhenFull::Refuse,
        /// A delivery that is not acknowledged within this time counts as failed, even if it gets
        /// through later.
        pub late_after: Duration = Duration::from_mins(5),
        /// A file of root certificates, for an endpoint with its own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// How a delivery is tried again.
    pub struct ForwardRetry as "a retry of a forwarding" {
        /// At most so many attempts.
        pub attempts: u16 = 50,
        /// For at most so long after it was received.
        pub within: Duration = Duration::from_hours(72),
    }
}

impl Default for ForwardRetry {
    fn default() -> Self {
        Self {
            attempts: 50,
            within: Duration::from_hours(72),
        }
    }
}

words! {
    /// What happens to a delivery when too many wait to be sent on.
    pub enum WhenFull as "a policy for a full queue" {
        /// It is refused with 503, and the provider sends it again.
        Refuse = "refuse",
        /// It is taken, and not sent on: it stands in the delivery log, from where it can be sent.
        Keep = "keep",
    }
}

/// Adds the edges that forwarding makes where the package does not write them.
pub(crate) fn add_edges(package: &mut Package) {
    for source in package.sources.values() {
        let Some(forward) = &source.forward else {
            continue;
        };
        let Some(to) = package.components.get_mut(&forward.to.id) else {
            continue;
        };
        let written = |d: &Dependency| d.component.id == forward.through.id;
        if forward.to.id == forward.through.id || to.depends_on.iter().any(written) {
            continue;
        }
        to.depends_on.push(Dependency {
            component: forward.through.clone(),
            kind: DependencyKind::Hard,
            group: None,
            needs: None,
            when_it_fails: Some(format!(
                "what {} sends waits at the provider until gonogo takes it again",
                source.name
            )),
            runbook: None,
            mode: None,
            timeout: None,
            retry: None,
            idempotency: None,
            fails: None,
            fallback: None,
        });
    }
}
