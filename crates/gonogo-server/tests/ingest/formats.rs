//! One genuine delivery of each format that is taken, to be changed and signed again.
//!
//! A table that holds for all of them is written once. Invariant: whatever is changed in a
//! delivery, its proof fits it.

use axum::http::{HeaderName, HeaderValue};
use gonogo_model::source::Provider;
use gonogo_server::ingest::sign;
use serde_json::{Value, json};

use crate::{Post, RECEIVED_S, at, fixture, oidc, secret};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ROUTING_KEY: &str = "samplekeyhere0000000000000000000";

/// A format, and where its deliveries have what every event needs.
pub struct Format {
    pub name: &'static str,
    kind: Provider,
    fixture: &'static [u8],
    /// A pointer into the body, or the name of a header.
    pub id: &'static str,
    pub time: &'static str,
    /// Headers that belong to the format.
    headers: &'static [(&'static str, &'static str)],
    /// Where a number can stand that the package keeps, and its dotted path.
    pub number: Option<(&'static str, &'static str)>,
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PLAIN: Format = Format {
    name: "",
    kind: Provider::Stripe,
    fixture: b"",
    id: "/id",
    time: "",
    headers: &[],
    number: None,
};

/// Every format that is taken.
pub const FORMATS: [Format; 16] = [
    Format {
        name: "stripe, snapshot",
        fixture: fixture!("stripe/charge_succeeded.json"),
        time: "/created",
        number: Some(("/data/object/amount", "data.object.amount")),
        ..PLAIN
    },
    Format {
        name: "stripe, thin",
        fixture: fixture!("stripe/thin_meter_error.json"),
        time: "/created",
        number: Some(("/reason", "reason")),
        ..PLAIN
    },
    Format {
        name: "fivetran",
        kind: Provider::Fivetran,
        fixture: fixture!("fivetran/sync_end_failure.json"),
        id: "/connector_id",
        time: "/created",
        number: Some(("/data/rows", "data.rows")),
        ..PLAIN
    },
    Format {
        name: "github",
        kind: Provider::Github,
        fixture: fixture!("github/workflow_run_completed.json"),
        id: "x-github-delivery",
        time: "/workflow_run/updated_at",
        headers: &[
            JSON,
            ("x-github-event", "workflow_run"),
            ("x-github-delivery", "1"),
        ],
        number: Some(("/workflow_run/run_attempt", "workflow_run.run_attempt")),
    },
    Format {
        name: "pub/sub, wrapped",
        kind: Provider::GooglePubsub,
        fixture: fixture!("google/clouddeploy_operation.json"),
        id: "/message/messageId",
        time: "/message/publishTime",
        number: Some(("/deliveryAttempt", "deliveryAttempt")),
        ..PLAIN
    },
    Format {
        name: "pub/sub, unwrapped",
        kind: Provider::GooglePubsub,
        fixture: fixture!("google/plain.json"),
        id: "x-goog-pubsub-message-id",
        time: "x-goog-pubsub-publish-time",
        headers: &[
            ("x-goog-pubsub-message-id", "1"),
            ("x-goog-pubsub-publish-time", "2026-03-02T02:59:00Z"),
        ],
        number: Some(("/n", "data.n")),
    },
    Format {
        name: "eventarc",
        kind: Provider::GooglePubsub,
        fixture: fixture!("google/eventarc_certificate.json"),
        id: "ce-id",
        time: "ce-time",
        headers: &[
            JSON,
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            (
                "ce-source",
                "//certificatemanager.googleapis.com/projects/p",
            ),
            (
                "ce-type",
                "google.cloud.certificatemanager.certificate.v1.updated",
            ),
            ("ce-time", "2026-03-02T02:59:00Z"),
        ],
        number: Some(("/n", "data.n")),
    },
    Format {
        name: "cloud monitoring",
        kind: Provider::CloudMonitoring,
        fixture: fixture!("monitoring/open.json"),
        id: "/incident/incident_id",
        time: "/incident/started_at",
        number: Some(("/incident/observed_value", "incident.observed_value")),
        ..PLAIN
    },
    Format {
        name: "cloudevents, structured",
        kind: Provider::Cloudevents,
        fixture: fixture!("cloudevents/charge_recorded.json"),
        time: "/time",
        headers: &[("content-type", "application/cloudevents+json")],
        number: Some(("/data/amount", "data.amount")),
        ..PLAIN
    },
    Format {
        name: "cloudevents, binary",
        kind: Provider::Cloudevents,
        fixture: br#"{"amount": 120000}"#,
        id: "ce-id",
        time: "ce-time",
        headers: &[
            JSON,
            ("ce-specversion", "1.0"),
            ("ce-type", "com.example.ledger.charge.recorded"),
            ("ce-source", "https://ledger.example.com/postings"),
            ("ce-id", "1"),
            ("ce-time", "2026-03-02T02:59:00Z"),
        ],
        number: Some(("/amount", "data.amount")),
    },
    Format {
        name: "cloudevents, batch",
        kind: Provider::Cloudevents,
        fixture: br#"[{"specversion": "1.0", "type": "a", "source": "/", "id": "1",
            "time": "2026-03-02T02:59:00Z", "data": {"amount": 120000}}]"#,
        id: "/0/id",
        time: "/0/time",
        headers: &[("content-type", "application/cloudevents-batch+json")],
        number: Some(("/0/data/amount", "data.amount")),
    },
    Format {
        name: "standard webhooks",
        kind: Provider::StandardWebhooks,
        fixture: fixture!("standard/contact_created.json"),
        id: "webhook-id",
        time: "/timestamp",
        headers: &[("webhook-id", "1")],
        number: Some(("/data/plan", "data.plan")),
    },
    Format {
        name: "alertmanager, webhook",
        kind: Provider::Alertmanager,
        fixture: fixture!("alertmanager/webhook_v4.json"),
        id: "/alerts/0/labels/alertname",
        time: "/alerts/0/startsAt",
        ..PLAIN
    },
    Format {
        name: "alertmanager, API",
        kind: Provider::Alertmanager,
        fixture: br#"[{"labels": {"alertname": "a"}, "startsAt": "2026-03-02T02:59:00Z"}]"#,
        id: "/0/labels/alertname",
        time: "/0/startsAt",
        ..PLAIN
    },
    Format {
        name: "grafana",
        kind: Provider::Grafana,
        fixture: fixture!("grafana/unified.json"),
        id: "/alerts/0/labels/alertname",
        time: "/alerts/0/startsAt",
        ..PLAIN
    },
    Format {
        name: "pagerduty",
        kind: Provider::Pagerduty,
        fixture: fixture!("pagerduty/trigger.json"),
        id: "/dedup_key",
        time: "/payload/timestamp",
        ..PLAIN
    },
];

impl Format {
    /// A delivery as the provider sends it.
    pub fn sent(&self) -> Post {
        self.with(&[])
    }

    /// A delivery with other values in some of its places; `null` leaves one out.
    pub fn with(&self, places: &[(&str, &Value)]) -> Post {
        let mut body: Value = serde_json::from_slice(self.fixture).unwrap();
        let mut headers: Vec<_> = self.headers.to_vec();
        let texts: Vec<(&str, String)> = places
            .iter()
            .filter(|(place, _)| !place.starts_with('/'))
            .map(|(place, value)| (*place, value.as_str().unwrap_or_default().to_owned()))
            .collect();
        for (place, value) in places {
            if place.starts_with('/') {
                put(&mut body, place, value);
            } else {
                headers.retain(|(name, _)| name != place);
            }
        }
        if self.id == "/message/messageId" {
            // The other spelling would have to agree.
            for other in ["message_id", "publish_time"] {
                put(&mut body, &format!("/message/{other}"), &Value::Null);
            }
        }
        let mut post = Post::to(self.kind, &[KEY], body.to_string().as_bytes());
        let texts = texts.iter().map(|(name, text)| (*name, text.as_str()));
        let kept = texts.filter(|(_, text)| !text.is_empty());
        for (name, value) in headers.into_iter().chain(kept) {
            post = post.with(name, value);
        }
        sign_again(post)
    }

    /// As [`Format::with`], where a body that serde would not write is put in as text.
    pub fn with_number(&self, number: &str) -> Option<Post> {
        const STAND_IN: &str = "a-number-goes-here";
        let (place, path) = self.number?;
        let post = self.with(&[(place, &json!(STAND_IN))]);
        let text = String::from_utf8(post.body.clone()).unwrap();
        let mut post = post.keeping(&[path]);
        post.body = text.replace(&format!("\"{STAND_IN}\""), number).into();
        Some(sign_again(post))
    }
}

fn put(body: &mut Value, place: &str, value: &Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match value {
        Value::Null => drop(parent.as_object_mut().unwrap().remove(name)),
        value => parent[name] = value.clone(),
    }
}

/// The delivery with the proof of what is in it now.
pub fn sign_again(mut post: Post) -> Post {
    let key = secret(KEY);
    let stamp = at(RECEIVED_S);
    let body = &post.body;
    let proof = match post.settings.kind {
        Provider::Stripe => vec![("stripe-signature", sign::stripe(&key, body, stamp))],
        Provider::Fivetran => vec![("x-fivetran-signature-256", sign::fivetran(&key, body))],
        Provider::Github => vec![("x-hub-signature-256", sign::github(&key, body))],
        Provider::GooglePubsub => {
            let good = oidc::good(b"");
            let token = good.headers["authorization"].to_str().unwrap().to_owned();
            (post.settings.oidc, post.keys) = (good.settings.oidc, good.keys);
            vec![("authorization", token)]
        }
        Provider::CloudMonitoring => {
            post.query = format!("token={KEY}");
            Vec::new()
        }
        Provider::Cloudevents | Provider::StandardWebhooks => {
            let id = post.headers.get("webhook-id");
            let id = id.and_then(|id| id.to_str().ok()).unwrap_or("msg_1");
            let signature = sign::cloudevents(&key, id, body, stamp).unwrap();
            vec![
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", RECEIVED_S.to_string()),
                ("webhook-signature", signature),
            ]
        }
        Provider::Alertmanager => vec![("authorization", format!("Bearer {KEY}"))],
        Provider::Grafana => vec![(
            "x-grafana-alerting-signature",
            sign::grafana(&key, None, body),
        )],
        Provider::Pagerduty => {
            post.settings.secrets = vec![secret(ROUTING_KEY)];
            Vec::new()
        }
    };
    for (name, value) in proof {
        let value = HeaderValue::from_str(&value).unwrap();
        post.headers.insert(HeaderName::from_static(name), value);
    }
    post
}
