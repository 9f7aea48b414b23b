//! Alerts as Alertmanager, Grafana and PagerDuty's clients send them.

use gonogo_engine::external::RESOLVE_TIMEOUT;
use gonogo_engine::input::{External, Said};
use gonogo_model::source::Provider;
use gonogo_server::ingest::alerts::pagerduty::{MAX_DEDUP_CHARS, MAX_SUMMARY_CHARS, mistakes};
use gonogo_server::ingest::alerts::{MAX_ALERTS, fingerprint, post};
use gonogo_server::ingest::{Accepted, sign};
use serde_json::{Value, json};

use crate::{Post, RECEIVED_S, fixture, secret, table};

const TOKEN: &str = "an-example-token";
const ROUTING_KEY: &str = "samplekeyhere0000000000000000000";

fn webhook(body: &[u8]) -> Post {
    Post::to(Provider::Alertmanager, &[TOKEN], body)
        .with("authorization", &format!("Bearer {TOKEN}"))
}

fn grafana(body: &[u8]) -> Post {
    let signature = sign::grafana(&secret(TOKEN), None, body);
    Post::to(Provider::Grafana, &[TOKEN], body).with("X-Grafana-Alerting-Signature", &signature)
}

fn pagerduty(body: &[u8]) -> Post {
    Post::to(Provider::Pagerduty, &[ROUTING_KEY], body)
}

fn alerts(post: &Post) -> External {
    match post.accept() {
        Ok(Accepted::Alerts {
            external,
            dead: None,
        }) => *external,
        other => panic!("{other:?}"),
    }
}

fn with(body: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(body).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn a_group_of_alertmanager() {
    let external = alerts(&webhook(fixture!("alertmanager/webhook_v4.json")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&external).unwrap());
}

#[test]
fn alerts_of_grafana() {
    let external = alerts(&grafana(fixture!("grafana/unified.json")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&external).unwrap());
    let external = alerts(&grafana(fixture!("grafana/before_unified.json")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&external).unwrap());
}

#[test]
fn the_test_button_of_grafana_is_heard_and_calls_nobody() {
    let body = fixture!("grafana/test_button.json");
    let external = alerts(&grafana(body));
    assert_eq!((external.alerts.len(), external.changes.len()), (0, 0));
    // A rule of that name is no test.
    let real = with(body, |v| {
        v["groupKey"] = "{}:{alertname=\"TestAlert\"}".into()
    });
    assert_eq!(alerts(&grafana(&real)).alerts.len(), 1);
    let other = with(body, |v| v["alerts"][0]["labels"]["instance"] = "db".into());
    assert_eq!(alerts(&grafana(&other)).alerts.len(), 1);
}

#[test]
fn events_for_pagerduty() {
    let external = alerts(&pagerduty(fixture!("pagerduty/trigger.json")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&external).unwrap());
    let external = alerts(&pagerduty(fixture!("pagerduty/change.json")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&external).unwrap());
}

#[test]
fn an_event_is_known_by_its_key_whatever_its_action() {
    let trigger = fixture!("pagerduty/trigger.json");
    let raised = alerts(&pagerduty(trigger)).alerts.remove(0);
    for (action, said) in [("resolve", Said::Over), ("acknowledge", Said::Acknowledged)] {
        let body = with(trigger, |v| {
            v["event_action"] = action.into();
            v["payload"] = Value::Null;
        });
        let other = alerts(&pagerduty(&body)).alerts.remove(0);
        assert_eq!(other.fingerprint, raised.fingerprint);
        assert_eq!(other.said, said);
    }
}

#[test]
fn a_rule_of_old_grafana_is_known_by_its_id_whatever_its_state() {
    let body = fixture!("grafana/before_unified.json");
    let state = |state: &str| alerts(&grafana(&with(body, |v| v["state"] = state.into())));
    let [firing, over, no_data] = ["alerting", "ok", "no_data"].map(|s| state(s).alerts.remove(0));
    assert_eq!(firing.fingerprint, over.fingerprint);
    assert_eq!(firing.fingerprint, no_data.fingerprint);
    assert_eq!((firing.said, over.said), (Said::Fires, Said::Over));
    assert_eq!(no_data.said, Said::Fires, "no data is not well");
    assert_eq!(no_data.labels["state"], "no_data");
}

#[test]
fn who_shows_no_proof_is_refused() {
    let body = fixture!("alertmanager/webhook_v4.json");
    let to = |kind| Post::to(kind, &[TOKEN], body);
    let basic = "Basic cHJvbWV0aGV1czphbi1leGFtcGxlLXRva2Vu";
    let signature = sign::grafana(&secret(TOKEN), None, body);
    let cases = [
        ("alertmanager, nothing", to(Provider::Alertmanager)),
        (
            "alertmanager, another token",
            to(Provider::Alertmanager).with("authorization", "Bearer another"),
        ),
        (
            "alertmanager, a password",
            to(Provider::Alertmanager).with("authorization", basic),
        ),
        (
            "alertmanager, two tokens",
            to(Provider::Alertmanager)
                .with("authorization", basic)
                .with("authorization", basic),
        ),
        ("grafana, nothing", to(Provider::Grafana)),
        (
            "grafana, a password",
            to(Provider::Grafana).with("authorization", basic),
        ),
        (
            "grafana, the signature of something else",
            to(Provider::Grafana).with("authorization", basic).with(
                "x-grafana-alerting-signature",
                &sign::grafana(&secret(TOKEN), None, b""),
            ),
        ),
        (
            "grafana, a signature",
            to(Provider::Grafana).with("x-grafana-alerting-signature", &signature),
        ),
        ("pagerduty, no key", to(Provider::Pagerduty)),
        (
            "pagerduty, another key",
            Post::to(
                Provider::Pagerduty,
                &[TOKEN],
                fixture!("pagerduty/trigger.json"),
            ),
        ),
        ("no secret", Post::to(Provider::Alertmanager, &[], body)),
    ];
    let rows = cases.iter().map(|(case, post)| (*case, post.outcome()));
    insta::assert_snapshot!(table(rows));
}

#[test]
fn grafana_may_sign_the_time_along() {
    let body = fixture!("grafana/unified.json");
    let source = r#"{id: g, name: G, kind: grafana, secrets: ["${env:G}"], signature_header: X-Signature, timestamp_header: X-Time}"#;
    let text = gonogo_model::PackageText {
        files: [("ops.yaml".to_string(), format!("sources: [{source}]\n"))].into(),
    };
    let package = gonogo_model::load(&text).package;
    let source = package.sources.values().next().unwrap();
    let post = |stamp: i64, signed: i64| {
        let signature = sign::grafana(&secret(TOKEN), Some(&signed.to_string()), body);
        let mut post = Post::to(Provider::Grafana, &[TOKEN], body)
            .with("x-signature", &signature)
            .with("x-time", &stamp.to_string());
        post.settings = gonogo_server::ingest::SourceSettings::of(source, vec![secret(TOKEN)], []);
        post.outcome()
    };
    let now = RECEIVED_S;
    let rows = [
        ("now", post(now, now)),
        ("another time", post(now, now - 1)),
        ("at the tolerance", post(now - 300, now - 300)),
        ("too old", post(now - 301, now - 301)),
        ("too new", post(now + 301, now + 301)),
        ("never", post(i64::MIN, i64::MIN)),
        ("at the end", post(i64::MAX, i64::MAX)),
    ];
    insta::assert_snapshot!(table(rows));
}

#[test]
fn what_has_another_shape_is_put_aside() {
    let group = fixture!("alertmanager/webhook_v4.json");
    let trigger = fixture!("pagerduty/trigger.json");
    let rows = [
        ("not JSON", webhook(b"{").outcome()),
        (
            "a template of their own",
            webhook(b"{\"text\":\"help\"}").outcome(),
        ),
        (
            "version 5",
            webhook(&with(group, |v| v["version"] = "5".into())).outcome(),
        ),
        (
            "no alerts",
            webhook(&with(group, |v| v["alerts"] = Value::Null)).outcome(),
        ),
        (
            "an empty group",
            webhook(&with(group, |v| {
                v["alerts"] = json!([]);
                v["truncatedAlerts"] = 0.into();
            }))
            .outcome(),
        ),
        (
            "one alert without labels",
            webhook(&with(group, |v| v["alerts"][1]["labels"] = json!({}))).outcome(),
        ),
        (
            "another status",
            webhook(&with(group, |v| v["alerts"][0]["status"] = "muted".into())).outcome(),
        ),
        ("grafana, not JSON", grafana(b"<p>").outcome()),
        (
            "grafana, their own",
            grafana(b"{\"text\":\"help\"}").outcome(),
        ),
        (
            "pagerduty, no summary",
            pagerduty(&with(trigger, |v| v["payload"]["summary"] = "".into())).outcome(),
        ),
    ];
    insta::assert_snapshot!(table(rows));
}

#[test]
fn pagerduty_is_told_what_is_wrong_as_it_would_say_it() {
    let trigger = fixture!("pagerduty/trigger.json");
    let wrong = |change: &dyn Fn(&mut Value)| {
        let body = with(trigger, |v| change(v));
        mistakes(&serde_json::from_slice(&body).unwrap()).join(" | ")
    };
    let long = "x".repeat(MAX_SUMMARY_CHARS);
    let key = "x".repeat(MAX_DEDUP_CHARS);
    let rows = [
        ("nothing", wrong(&|_| {})),
        ("short key", wrong(&|v| v["routing_key"] = "abc".into())),
        ("no key", wrong(&|v| v["routing_key"] = Value::Null)),
        ("action", wrong(&|v| v["event_action"] = "open".into())),
        ("no payload", wrong(&|v| v["payload"] = Value::Null)),
        (
            "payload",
            wrong(&|v| v["payload"] = json!({"severity": "bad"})),
        ),
        (
            "summary at the limit",
            wrong(&|v| v["payload"]["summary"] = long.clone().into()),
        ),
        (
            "summary",
            wrong(&|v| v["payload"]["summary"] = format!("{long}x").into()),
        ),
        (
            "dedup key at the limit",
            wrong(&|v| v["dedup_key"] = key.clone().into()),
        ),
        (
            "dedup key",
            wrong(&|v| v["dedup_key"] = format!("{key}x").into()),
        ),
        (
            "resolve without a key",
            wrong(&|v| {
                v["event_action"] = "resolve".into();
                v["dedup_key"] = Value::Null;
            }),
        ),
    ];
    insta::assert_snapshot!(table(rows));
}

fn read(body: &Value) -> Result<post::Posted, String> {
    let bytes = serde_json::to_vec(body).unwrap();
    let post = Post::to(Provider::Alertmanager, &[TOKEN], &bytes);
    post::read(&post.settings, &post.delivery())
}

#[test]
fn times_are_filled_in_as_alertmanager_does() {
    let now = RECEIVED_S * 1000;
    let one = |extra: Value| {
        let mut alert = json!({"labels": {"alertname": "A", "empty": ""}});
        for (key, value) in extra.as_object().unwrap() {
            alert[key] = value.clone();
        }
        let posted = read(&json!([alert])).unwrap();
        assert_eq!(posted.mistakes, Vec::<String>::new());
        let raised = posted.external.alerts.into_iter().next().unwrap();
        assert_eq!(raised.labels.len(), 1, "what is empty is no label");
        let ends = raised.ends_at.unwrap().as_millis() - now;
        (
            raised.said,
            raised.starts_at.as_millis() - now,
            ends,
            raised.timeout,
        )
    };
    let timeout = RESOLVE_TIMEOUT.as_millis();
    assert_eq!(one(json!({})), (Said::Fires, 0, timeout, true));
    assert_eq!(
        one(json!({"endsAt": "2026-03-02T03:04:00Z"})),
        (Said::Fires, 240_000, 240_000, false)
    );
    assert_eq!(
        one(json!({"startsAt": "2026-03-02T02:00:00Z", "endsAt": "2026-03-02T02:59:00Z"})),
        (Said::Over, -3_600_000, -60_000, false)
    );
    assert_eq!(
        one(json!({"startsAt": "2026-03-02T02:00:00Z", "endsAt": "0001-01-01T00:00:00Z"})),
        (Said::Fires, -3_600_000, timeout, true)
    );
}

#[test]
fn what_is_valid_is_taken_whatever_the_rest_is() {
    let posted = read(&json!([
        {"labels": {"alertname": "Good"}},
        {"labels": {}},
        {"labels": {"alertname": 7}},
        {"labels": {"alertname": "Bad"}, "startsAt": "2026-03-02T03:00:01Z", "endsAt": "2026-03-02T03:00:00Z"},
        "nonsense",
    ]))
    .unwrap();
    assert_eq!(posted.external.alerts.len(), 1);
    insta::assert_snapshot!(posted.mistakes.join("\n"));
    assert!(read(&json!({})).is_err());
    let many = |n: usize| json!(vec![json!({"labels": {"a": "b"}}); n]);
    assert!(read(&many(MAX_ALERTS)).is_ok());
    assert!(read(&many(MAX_ALERTS + 1)).is_err());
}

/// Made by `github.com/prometheus/common/model.LabelSet.Fingerprint`.
#[test]
fn fingerprints_are_prometheus_s() {
    let none = std::collections::BTreeMap::new();
    assert_eq!(fingerprint(&none), "cbf29ce484222325");
    let labels = [("alertname", "a")].map(|(n, v)| (n.to_string(), v.to_string()));
    assert_eq!(fingerprint(&labels.into()).len(), 16);
}
