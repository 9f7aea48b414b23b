//! Signed events as the providers send them, through the real intake.

use std::time::Duration;

use anyhow::Context as _;
use gonogo_model::Package;
use gonogo_model::expression::Where;
use gonogo_model::flow::{Flow, Matcher};
use gonogo_model::source::Provider;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ingest::{Secret, sign};

/// Sends events into the intake of a server.
#[derive(Clone)]
pub(super) struct Traffic {
    client: reqwest::Client,
    /// `http://127.0.0.1:port`
    intake: String,
    seed: u64,
}

/// The key that signs a source's events; the same text is in the server's environment.
pub(super) fn secret_of(kind: Provider) -> &'static str {
    match kind {
        Provider::Stripe => "whsec_demonstration_only_stripe",
        Provider::Fivetran => "demonstration-only-fivetran",
        Provider::Github => "demonstration-only-github",
        Provider::Cloudevents | Provider::StandardWebhooks => {
            "whsec_ZGVtb25zdHJhdGlvbi1vbmx5LWxlZGdlci1rZXk="
        }
        // Nobody but Google can sign for it: the demonstration leaves it alone.
        Provider::GooglePubsub => "",
        Provider::CloudMonitoring => "demonstration-only-monitoring",
        Provider::Alertmanager | Provider::Grafana => "demonstration-only-alerts",
        Provider::Pagerduty => "d0000000000000000000000000000000",
    }
}

impl Traffic {
    pub(super) fn new(intake: String, seed: u64) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            client,
            intake,
            seed,
        })
    }

    /// A key of a flow's start that was never used before: a different one for each seed.
    pub(super) fn key(&self, flow: &Flow, number: u64) -> String {
        let prefix = match flow.start.event.first().map(String::as_str) {
            Some("charge.succeeded") => "ch_",
            Some("invoice.paid") => "in_",
            _ => "",
        };
        let mixed = (self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        if prefix.is_empty() {
            (mixed >> 24).to_string()
        } else {
            format!("{prefix}demo{mixed:016x}")
        }
    }

    /// Sends the start of a flow.
    pub(super) async fn start(
        &self,
        package: &Package,
        flow: &Flow,
        key: &str,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        self.send(package, flow, &flow.start, key, at, true).await
    }

    /// Sends the end of a flow.
    pub(super) async fn end(
        &self,
        package: &Package,
        flow: &Flow,
        key: &str,
        at: Timestamp,
        success: bool,
    ) -> anyhow::Result<()> {
        self.send(package, flow, &flow.end, key, at, success).await
    }

    async fn send(
        &self,
        package: &Package,
        flow: &Flow,
        matcher: &Matcher,
        key: &str,
        at: Timestamp,
        success: bool,
    ) -> anyhow::Result<()> {
        let source = package
            .sources
            .get(&matcher.source.id)
            .context("the flow has no source")?;
        let is_end = std::ptr::eq(matcher, &flow.end);
        let kind = matcher.event.first().context("the matcher has no event")?;
        let mut body = skeleton(source.kind, kind, key, at);
        for (field, allowed) in &matcher.only {
            set(&mut body, field, allowed.first().map_or("", String::as_str));
        }
        let mut wish = |asked: &Where, holds| {
            for (field, value) in asked.wish(holds) {
                set(&mut body, &field, &value.to_string());
            }
        };
        if let Some(asked) = &matcher.r#where {
            wish(asked, true);
        }
        if let Some(asked) = flow.success_where.as_ref().filter(|_| is_end) {
            wish(asked, success);
        }
        if is_end {
            for (field, allowed) in &flow.success {
                let good = allowed.first().map_or("success", String::as_str);
                set(&mut body, field, if success { good } else { "failure" });
            }
        }
        for agreement in &flow.agree {
            let field = if is_end {
                &agreement.end
            } else {
                &agreement.start
            };
            let value = if agreement.start.contains("amount") {
                "4900"
            } else {
                "usd"
            };
            set(&mut body, field, value);
        }
        if !matches!(matcher.key.as_str(), "subject" | "id") {
            set(&mut body, &matcher.key, key);
        }
        self.post(source.kind, matcher.source.id.as_str(), kind, key, &body)
            .await
    }

    async fn post(
        &self,
        provider: Provider,
        source: &str,
        kind: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec(body)?;
        let secret =
            Secret::new(secret_of(provider)).context("nobody but its provider can sign")?;
        let now = Timestamp::now();
        let mut request = self.client.post(format!("{}/in/{source}", self.intake));
        let json = if provider == Provider::Cloudevents {
            "application/cloudevents+json"
        } else {
            "application/json"
        };
        request = request.header("content-type", json);
        request = match provider {
            Provider::Stripe => {
                request.header("stripe-signature", sign::stripe(&secret, &bytes, now))
            }
            Provider::Fivetran => {
                request.header("x-fivetran-signature-256", sign::fivetran(&secret, &bytes))
            }
            Provider::Github => request
                .header("x-hub-signature-256", sign::github(&secret, &bytes))
                .header("x-github-event", kind.split('.').next().unwrap_or(kind))
                .header("x-github-delivery", format!("{kind}-{key}")),
            Provider::CloudMonitoring => request.basic_auth("demo", Some(secret_of(provider))),
            Provider::GooglePubsub => {
                anyhow::bail!("nobody but Google can sign for {source}")
            }
            Provider::Cloudevents | Provider::StandardWebhooks => {
                let id = format!("{kind}-{key}");
                let signature = sign::cloudevents(&secret, &id, &bytes, now).context("no key")?;
                request
                    .header("webhook-id", id)
                    .header("webhook-timestamp", now.as_second().to_string())
                    .header("webhook-signature", signature)
            }
            // They raise alerts, and flows are made of events.
            Provider::Alertmanager | Provider::Grafana | Provider::Pagerduty => {
                anyhow::bail!("{source} raises alerts and has no events")
            }
        };
        let answer = request.body(bytes).send().await?;
        let status = answer.status();
        if !status.is_success() {
            anyhow::bail!(
                "the intake refused an event of {source}: {status} {}",
                answer.text().await.unwrap_or_default()
            );
        }
        Ok(())
    }
}

/// The part of a provider's event that every one of them has.
fn skeleton(provider: Provider, kind: &str, key: &str, at: Timestamp) -> Value {
    let seconds = at.as_second();
    match provider {
        Provider::Stripe => json!({
            "id": format!("evt_{kind}_{key}"), "object": "event", "type": kind, "created": seconds,
            "livemode": true, "api_version": "2026-03-25.dahlia", "pending_webhooks": 1,
            "data": {"object": {"id": key, "object": kind.split('.').next()}},
        }),
        Provider::Fivetran => json!({
            "event": kind, "created": format!("{}", at.round(jiff::Unit::Millisecond).unwrap_or(at)),
            "connector_type": "salesforce", "connector_id": format!("conn_{key}"),
            "connector_name": "salesforce.accounts", "sync_id": key, "data": {},
        }),
        Provider::Github => {
            let (event, action) = kind.split_once('.').unwrap_or((kind, "completed"));
            let id = key.parse::<u64>().unwrap_or(1);
            let finished = action == "completed";
            json!({
                "action": action,
                event: {
                    "id": id, "run_attempt": 1, "status": action, "name": "Deploy",
                    "conclusion": if finished { json!("success") } else { Value::Null },
                    "head_branch": "main", "html_url": format!("https://github.com/example/dataface/actions/runs/{id}"),
                    "created_at": at.to_string(), "updated_at": at.to_string(), "run_started_at": at.to_string(),
                },
                "repository": {"full_name": "example/dataface"},
            })
        }
        Provider::GooglePubsub => json!({}),
        Provider::CloudMonitoring => json!({
            "version": "1.2",
            "incident": {
                "incident_id": key, "state": kind.rsplit('.').next(), "started_at": seconds,
                "ended_at": seconds,
            },
        }),
        Provider::StandardWebhooks => json!({
            "type": kind, "timestamp": at.to_string(), "data": {},
        }),
        Provider::Cloudevents => json!({
            "specversion": "1.0", "id": format!("{kind}-{key}"), "source": "/billing-ledger", "type": kind,
            "subject": key, "time": at.to_string(), "data": {},
        }),
        Provider::Alertmanager | Provider::Grafana | Provider::Pagerduty => json!({}),
    }
}

/// Sets the leaf at a dotted path; text that looks like one becomes a number or a boolean.
fn set(body: &mut Value, path: &str, value: &str) {
    let mut place = body;
    for part in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = match value {
        "true" => json!(true),
        "false" => json!(false),
        number if number.parse::<i64>().is_ok() && number.len() < 10 => {
            json!(number.parse::<i64>().unwrap_or(0))
        }
        text => json!(text),
    };
}

/// So long before a time.
pub(super) fn before(at: Timestamp, secs: i64) -> Timestamp {
    at - SignedDuration::from_secs(secs)
}
