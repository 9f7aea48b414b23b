//! Rubbish of every kind: `accept` and `replay` answer, and never panic.

use std::sync::OnceLock;

use axum::http::{HeaderName, HeaderValue};
use gonogo_model::source::Provider;
use gonogo_server::ingest::oidc::Keys;
use gonogo_server::ingest::{
    Accepted, Delivery, accept, envelope_headers, handshake, replay, sign,
};
use serde_json::json;

use crate::oidc::{Signer, claims, expected, head};
use crate::{Post, RECEIVED_S, at, fixture, secret};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOKEN: &str = "an-example-token";

/// Deliveries tried of each kind.
const ROUNDS: u64 = 4_000;

const NAMES: [&str; 21] = [
    "webhook-request-origin",
    "x-goog-pubsub-message-id",
    "x-goog-pubsub-publish-time",
    "buildid",
    "status",
    "stripe-signature",
    "x-fivetran-signature-256",
    "x-hub-signature-256",
    "x-github-event",
    "x-github-delivery",
    "content-type",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "authorization",
    "ce-specversion",
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-time",
    "ce-subject",
];

/// Pieces that lead further into the parsers than bytes alone.
const PIECES: [&str; 29] = [
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.",
    "e30.",
    "Basic eDp5",
    "v1a,",
    "google.cloud.pubsub.topic.v1.messagePublished",
    "t=",
    "v1=",
    "v1,",
    ",",
    "=",
    "sha256=",
    "%C3%",
    "%",
    "\"",
    "\\",
    "00",
    "1.0",
    " ",
    "1772420400",
    "-9223372036854775808",
    "9223372036854775807",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
    "payload=",
    "bearer ",
    "2026-02-29T24:60:60Z",
    "-009999-01-01T00:00:00Z",
    "workflow_run",
];

const STRIPE: [&[u8]; 2] = [
    fixture!("stripe/charge_succeeded.json"),
    fixture!("stripe/thin_meter_error.json"),
];
const FIVETRAN: [&[u8]; 2] = [
    fixture!("fivetran/sync_end_failure.json"),
    fixture!("fivetran/dbt_run_succeeded.json"),
];
const GITHUB: [&[u8]; 3] = [
    fixture!("github/workflow_run_completed.json"),
    fixture!("github/deployment_status_created.json"),
    fixture!("github/push.json"),
];
const GOOGLE: [&[u8]; 7] = [
    fixture!("google/cloudbuild_success.json"),
    fixture!("google/cloudbuild_data.json"),
    fixture!("google/clouddeploy_operation.json"),
    fixture!("google/clouddeploy_approval.json"),
    fixture!("google/cloudrun_revision_failed.json"),
    fixture!("google/eventarc_audit.json"),
    fixture!("google/plain.json"),
];
const MONITORING: [&[u8]; 3] = [
    fixture!("monitoring/open.json"),
    fixture!("monitoring/closed.json"),
    fixture!("monitoring/test.json"),
];
const STANDARD: [&[u8]; 2] = [
    fixture!("standard/contact_created.json"),
    fixture!("standard/own_shape.json"),
];
const CLOUDEVENTS: [&[u8]; 2] = [
    fixture!("cloudevents/charge_recorded.json"),
    fixture!("cloudevents/batch.json"),
];

const ALERTMANAGER: [&[u8]; 2] = [
    fixture!("alertmanager/webhook_v4.json"),
    fixture!("alertmanager/posted.json"),
];
const GRAFANA: [&[u8]; 2] = [
    fixture!("grafana/unified.json"),
    fixture!("grafana/before_unified.json"),
];
const PAGERDUTY: [&[u8]; 2] = [
    fixture!("pagerduty/trigger.json"),
    fixture!("pagerduty/change.json"),
];

/// Values that a mutation puts in place of what stood there.
const VALUES: [&str; 8] = [
    "null",
    "[]",
    "{}",
    "-1",
    "18446744073709551615",
    "1e308",
    "\"\\u0000\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
];

/// Xorshift, so that a failure can be repeated from its seed.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn bytes(&mut self, limit: usize) -> Vec<u8> {
        (0..self.below(limit))
            .map(|_| self.next().to_le_bytes()[0])
            .collect()
    }

    fn header_value(&mut self) -> HeaderValue {
        let mut value = Vec::new();
        for _ in 0..self.below(6) {
            match self.below(3) {
                0 => value.extend(self.bytes(12)),
                _ => value.extend(self.one(&PIECES).as_bytes()),
            }
        }
        value.retain(|byte| (32..127).contains(byte) || *byte >= 128);
        HeaderValue::from_bytes(&value).unwrap()
    }

    /// A known body with a few things wrong, or no body at all.
    fn body(&mut self, kind: Provider) -> Vec<u8> {
        if self.below(8) == 0 {
            return self.bytes(64);
        }
        let known: &[&[u8]] = match kind {
            Provider::Stripe => &STRIPE,
            Provider::Fivetran => &FIVETRAN,
            Provider::Github => &GITHUB,
            Provider::Cloudevents => &CLOUDEVENTS,
            Provider::GooglePubsub => &GOOGLE,
            Provider::CloudMonitoring => &MONITORING,
            Provider::StandardWebhooks => &STANDARD,
            Provider::Alertmanager => &ALERTMANAGER,
            Provider::Grafana => &GRAFANA,
            Provider::Pagerduty => &PAGERDUTY,
        };
        let mut body = self.one(known).to_vec();
        for _ in 0..self.below(4) {
            let at = self.below(body.len());
            match self.below(4) {
                0 => body[at] = self.next().to_le_bytes()[0],
                1 => body.truncate(at.max(1)),
                2 => body.insert(at, b'['),
                _ => self.replace_value(&mut body, at),
            }
        }
        body
    }

    /// Another value after the next colon, which most of the time leaves valid JSON.
    fn replace_value(&mut self, body: &mut Vec<u8>, from: usize) {
        let Some(colon) = body[from..].iter().position(|byte| *byte == b':') else {
            return;
        };
        let begin = from + colon + 1;
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b'\n');
        let length = body[begin..].iter().position(ends).unwrap_or(0);
        let value = self.one(&VALUES);
        body.splice(begin..begin + length, value.bytes());
    }
}

/// With the headers that make sense of it, unless it has others already.
fn labelled(mut post: Post) -> Post {
    let media_type = match post.settings.kind {
        Provider::Cloudevents if post.body.starts_with(b"[") => {
            "application/cloudevents-batch+json"
        }
        Provider::Cloudevents => "application/cloudevents+json",
        _ => "application/json",
    };
    for (name, value) in [
        ("content-type", media_type),
        ("x-github-event", "workflow_run"),
        ("x-github-delivery", "1"),
    ] {
        if !post.headers.contains_key(name) {
            post = post.with(name, value);
        }
    }
    post
}

fn signed(kind: Provider, mut post: Post) -> Post {
    let key = secret(KEY);
    let stamp = at(RECEIVED_S);
    let proof = match kind {
        Provider::Stripe => vec![("stripe-signature", sign::stripe(&key, &post.body, stamp))],
        Provider::Fivetran => {
            vec![("x-fivetran-signature-256", sign::fivetran(&key, &post.body))]
        }
        Provider::Github => vec![("x-hub-signature-256", sign::github(&key, &post.body))],
        Provider::GooglePubsub => {
            // One token, made once: a signature takes longer than all the rest.
            static TOKEN: OnceLock<String> = OnceLock::new();
            let made = || Signer::google().token(&head(), &claims(json!({})));
            post.settings.oidc = Some(expected());
            post.keys = Some(Signer::google().keys());
            let token = TOKEN.get_or_init(made);
            vec![("authorization", format!("Bearer {token}"))]
        }
        Provider::CloudMonitoring => {
            post.settings.secrets = vec![key];
            post.query = format!("token={KEY}");
            post.headers.remove("authorization");
            Vec::new()
        }
        Provider::Cloudevents | Provider::StandardWebhooks => vec![
            ("webhook-id", "1".into()),
            ("webhook-timestamp", RECEIVED_S.to_string()),
            (
                "webhook-signature",
                sign::cloudevents(&key, "1", &post.body, stamp).unwrap(),
            ),
        ],
        Provider::Alertmanager => vec![("authorization", format!("Bearer {KEY}"))],
        Provider::Grafana => vec![(
            "x-grafana-alerting-signature",
            sign::grafana(&key, None, &post.body),
        )],
        // The proof is in the body.
        Provider::Pagerduty => Vec::new(),
    };
    if kind == Provider::Pagerduty {
        post.settings.secrets = vec![secret("samplekeyhere0000000000000000000")];
    }
    for (name, value) in proof {
        let value = HeaderValue::from_str(&value).unwrap();
        post.headers.insert(HeaderName::from_static(name), value);
    }
    post
}

#[test]
fn nothing_panics_and_nothing_unsigned_gets_through() {
    let seed = 0x9e37_79b9_7f4a_7c15;
    println!("seed {seed:#x}");
    let mut luck = Luck(seed);
    let (mut events, mut alerts) = (0, 0);
    for round in 0..ROUNDS {
        for kind in Provider::ALL.iter().copied() {
            let keys: &[&str] = if luck.below(4) == 0 { &[TOKEN] } else { &[KEY] };
            let mut post = Post::to(kind, keys, &luck.body(kind)).keeping(&[
                "data.object.amount",
                "0",
                "data",
                "a..b",
                ".",
            ]);
            for _ in 0..luck.below(6) {
                let name = HeaderName::from_static(luck.one(&NAMES));
                post.headers.append(name, luck.header_value());
            }
            if kind == Provider::GooglePubsub {
                post.settings.oidc = Some(expected());
                post.keys = Some(Signer::google().keys());
            }
            post.query = luck
                .one(&["", "token=", "token=%", "auth_token=x&token", "&=&"])
                .into();
            if luck.below(3) == 0 {
                post.received_at =
                    at(luck.one(&[RECEIVED_S, -1, 253_402_207_200, -377_705_023_201]));
            }
            let outcome = post.accept();
            assert!(
                outcome.is_err(),
                "round {round}: {kind} took what nobody signed"
            );
            replay(&post.settings, &post.delivery());
            let headers = &envelope_headers(&post.headers);
            let kept = Delivery {
                headers,
                ..post.delivery()
            };
            replay(&post.settings, &kept);
            handshake(&post.headers, None);
            let _ = Keys::parse(&post.body);

            let post = signed(kind, labelled(post));
            match accept(&post.settings, &post.delivery()) {
                Ok(Accepted::Events(_) | Accepted::Partial { .. }) => events += 1,
                Ok(Accepted::Alerts { .. }) => alerts += 1,
                _ => {}
            }
        }
    }
    // Otherwise only the first line of defence was tried.
    assert!(events > 1_000, "only {events} deliveries became events");
    assert!(alerts > 1_000, "only {alerts} deliveries raised alerts");
}
