//! Where events come in.

use crate::component::Component;
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::SecretRef;
use crate::text::Spanned;

record! {
    /// An intake for events, at `/in/{id}`.
    pub struct Source as "a source" {
        /// The name of this entry, and of its URL.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// Whose format and signature it speaks.
        pub kind: Provider,
        /// The component that speaks here.
        pub component: Option<Ref<Component>>,
        /// The keys that sign; several while one is being replaced.
        pub secrets: Vec<SecretRef>,
        /// The longest silence that is still normal; without it silence is never an alert.
        pub silent_after: Option<Duration>,
        /// How long the sender goes on repeating what we did not take.
        pub retry_window: Duration = Duration::from_hours(72),
        /// How many days raw bodies are kept, encrypted.
        pub keep_days: u16 = 7,
        /// The largest body accepted, in bytes.
        pub max_body_bytes: u32 = 262_144,
        /// Fields kept with each event, besides those that flows name.
        pub fields: Vec<String>,
    }
}
entity!(Source, Source);

words! {
    /// Whose format and signature a source speaks.
    pub enum Provider as "a kind of source" {
        /// Stripe webhooks (`Stripe-Signature`).
        Stripe = "stripe",
        /// Fivetran webhooks (`X-Fivetran-Signature-256`).
        Fivetran = "fivetran",
        /// GitHub webhooks (`X-Hub-Signature-256`).
        Github = "github",
        /// CloudEvents 1.0 over HTTP, signed as Standard Webhooks.
        Cloudevents = "cloudevents",
    }
}
