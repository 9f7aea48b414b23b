//! `/metrics`: read as Prometheus reads it.

use std::collections::BTreeMap;

use gonogo_server::auth::Scope;
use reqwest::Method;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_counted_is_there() {
    let server = Server::start().await;
    server
        .sale("e-1", "sale.made", json!({"sale": "s-1"}))
        .await;
    server
        .sale("e-1", "sale.made", json!({"sale": "s-1"}))
        .await;
    server
        .send(Method::POST, "/in/till", None, Some("{}".into()))
        .await;
    server
        .delivered(
            "m-1",
            json!({"specversion": "1.0", "id": "1", "source": "x"}),
        )
        .await;
    server.incident().await;
    let samples = server
        .settled_metrics("gonogo_notifications_total{channel=\"ntfy\",outcome=\"handed_over\"}")
        .await;
    for (sample, value) in [
        ("gonogo_ingest_accepted_total{source=\"till\"}", 3.0),
        ("gonogo_ingest_duplicates_total{source=\"till\"}", 1.0),
        (
            "gonogo_ingest_refused_total{source=\"till\",code=\"signature_missing\"}",
            1.0,
        ),
        ("gonogo_dead_letters{source=\"till\"}", 1.0),
        ("gonogo_incidents_open{severity=\"SEV1\"}", 1.0),
        ("gonogo_incidents_open{severity=\"SEV2\"}", 0.0),
        ("gonogo_checks{state=\"failing\"}", 1.0),
        ("gonogo_flow_open{flow=\"sale-recorded\"}", 1.0),
        ("gonogo_outbox{state=\"failed\"}", 0.0),
        (
            "gonogo_notifications_total{channel=\"slack\",outcome=\"failed\"}",
            0.0,
        ),
    ] {
        assert_eq!(samples.get(sample), Some(&value), "{sample}");
    }
    for sample in [
        "gonogo_engine_step",
        "gonogo_journal_head{lane=\"world\"}",
        "gonogo_journal_applied{lane=\"human\"}",
        "gonogo_raw_bytes",
        "gonogo_disk_free_bytes",
        "process_resident_memory_bytes",
    ] {
        assert!(samples.get(sample).is_some_and(|v| *v > 0.0), "{sample}");
    }
    assert!(
        samples
            .keys()
            .any(|s| s.starts_with("gonogo_build_info{version="))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_on_this_machine_asks_for_others() {
    let server = Server::start().await;
    let plain = server.send(Method::GET, "/metrics", None, None).await;
    assert_eq!(plain.status, 200);
    assert_eq!(
        plain.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let passed_on = server.passed_on("/metrics", None).await;
    assert_eq!(passed_on.refusal(), (401, "sign_in".into()));
    let token = server.token(Scope::Read).await;
    assert_eq!(server.passed_on("/metrics", Some(&token)).await.status, 200);
    server.stop().await;
}

impl Server {
    /// Scrapes until a sample is above zero.
    async fn settled_metrics(&self, sample: &str) -> BTreeMap<String, f64> {
        let mut view = self.app.site.view.clone();
        let settled = async {
            loop {
                let text = self.send(Method::GET, "/metrics", None, None).await.text;
                let samples = read(&text);
                if samples.get(sample).is_some_and(|v| *v > 0.0) {
                    return samples;
                }
                // What became of a message is an input too.
                view.changed().await.unwrap();
            }
        };
        let within = std::time::Duration::from_secs(20);
        tokio::time::timeout(within, settled)
            .await
            .expect("in time")
    }
}

/// Reads the format strictly: each sample under its own `HELP` and `TYPE`, none twice.
fn read(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut metric = "";
    let mut seen = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            metric = rest.split(' ').next().unwrap();
            assert!(!seen.contains(&metric), "{metric} twice");
            seen.push(metric);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, metric);
            assert_eq!(
                kind == "counter",
                name.ends_with("_total"),
                "{name} is a {kind}"
            );
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(sample.split('{').next(), Some(metric));
            let before = samples.insert(sample.to_owned(), value.parse().unwrap());
            assert!(before.is_none(), "{sample} twice");
        }
    }
    samples
}
