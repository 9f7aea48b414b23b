//! Where events come in.

use std::collections::BTreeMap;

use crate::alert::Severity;
use crate::component::Component;
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::expression::EventSchema;
use crate::external::{UNMATCHED_SEVERITY, Unmatched};
use crate::forward::Forward;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::{SecretRef, Setting};
use crate::team::Team;
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
        /// Which fields its events have, by type of event (`"*"` for all): `gonogo check` holds
        /// expressions against it.
        pub schema: BTreeMap<String, EventSchema>,
        /// `google-pubsub`: the service account whose tokens are taken, and no other's.
        pub service_account: Option<Setting>,
        /// `google-pubsub`: the audience of the tokens; by default the URL of this source.
        pub audience: Option<Setting>,
        /// `google-pubsub`: where the keys are that tokens are verified with; by default Google's.
        pub jwks_url: Option<Setting>,
        /// `standard-webhooks`: where the body has the event's id; by default `webhook-id` is it.
        pub id_field: Option<String>,
        /// `standard-webhooks`: where the body has the event's type; by default `type`, then `event`.
        pub type_field: Option<String>,
        /// `standard-webhooks`: where the body has the time; by default `timestamp`, then `time`.
        pub time_field: Option<String>,
        /// `standard-webhooks`: where the body says what the event is about.
        pub subject_field: Option<String>,
        /// Where what it sends goes on to, as it came; nowhere, where this is not written.
        pub forward: Option<Forward>,
        /// What becomes of alerts of another tool that no alert of the package takes.
        pub unmatched: Unmatched = Unmatched::Ticket,
        /// How bad such an alert is.
        pub unmatched_severity: Severity = UNMATCHED_SEVERITY,
        /// The team that is told of such an alert; the owner of the component, where it is not
        /// written.
        pub team: Option<Ref<Team>>,
        /// How long an alert of another tool is believed that says no end and is not repeated.
        /// Where it is not written: five minutes for what is posted to the Alertmanager API, and
        /// until it is called over for webhooks.
        pub quiet_after: Option<Duration>,
        /// The header with Grafana's signature, where its contact point names another.
        pub signature_header: Option<String>,
        /// The header with the time that Grafana signs along, where its contact point has one.
        pub timestamp_header: Option<String>,
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
        /// Google Pub/Sub push and Eventarc, with a token of Google's: Cloud Build, Cloud Deploy, Cloud Run.
        GooglePubsub = "google-pubsub",
        /// Cloud Monitoring's webhook channel, with a token in its URL or a password.
        CloudMonitoring = "cloud-monitoring",
        /// Any JSON, signed as Standard Webhooks: one's own services.
        StandardWebhooks = "standard-webhooks",
        /// Prometheus and `amtool` by the Alertmanager API v2, and Alertmanager's own webhook
        /// (version 4); a bearer token or the password of basic authentication.
        Alertmanager = "alertmanager",
        /// Grafana's webhook (`X-Grafana-Alerting-Signature`, or a token).
        Grafana = "grafana",
        /// PagerDuty's Events API v2 (the routing key).
        Pagerduty = "pagerduty",
    }
}

impl Provider {
    /// Does it raise alerts of its own, where others tell of events?
    pub fn raises_alerts(self) -> bool {
        matches!(self, Self::Alertmanager | Self::Grafana | Self::Pagerduty)
    }
}
