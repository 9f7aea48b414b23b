//! Cloud Monitoring's webhook: its two states, its test, its token.

use gonogo_model::source::Provider;
use gonogo_server::ingest::{MIN_TOKEN_BYTES, Note};
use serde_json::{Value, json};

use crate::{Post, fixture, table};

const TOKEN: &str = "a-token+of enough/bytes";
const IN_URL: &str = "auth=1&token=a-token%2Bof%20enough/bytes";
const OPEN: &[u8] = fixture!("monitoring/open.json");

fn sent(body: &[u8]) -> Post {
    let mut post = Post::to(Provider::CloudMonitoring, &[TOKEN], body);
    post.query = IN_URL.into();
    post
}

fn changed(change: impl FnOnce(&mut Value)) -> Post {
    let mut body: Value = serde_json::from_slice(OPEN).unwrap();
    change(&mut body["incident"]);
    sent(body.to_string().as_bytes())
}

#[test]
fn an_incident_opens_and_closes() {
    let fields = [
        "incident.observed_value",
        "incident.policy_name",
        "incident.severity",
        "incident.ended_at",
    ];
    let open = sent(OPEN).keeping(&fields);
    insta::assert_snapshot!(open.show());
    let closed = sent(fixture!("monitoring/closed.json")).keeping(&fields);
    insta::assert_snapshot!(closed.show());
    assert_eq!(open.event().event.subject, closed.event().event.subject);
    assert_ne!(open.event().dedup, closed.event().dedup);
    let outcome = sent(fixture!("monitoring/test.json")).outcome();
    assert_eq!(outcome, "nothing: a test of Cloud Monitoring's");
}

#[test]
fn the_token() {
    let ask = |query: &str, header: Option<&str>| {
        let mut post = Post::to(
            Provider::CloudMonitoring,
            &["another-token-of-ours", TOKEN],
            OPEN,
        );
        post.query = query.into();
        match header {
            Some(header) => post.with("Authorization", header).outcome(),
            None => post.outcome(),
        }
    };
    let basic = |text: &str| {
        use base64::Engine as _;
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(text)
        )
    };
    let rows = [
        ("in the URL", ask(IN_URL, None)),
        (
            "as Google names it",
            ask("auth_token=another-token-of-ours", None),
        ),
        (
            "as a password",
            ask("", Some(&basic(&format!("gcm:{TOKEN}")))),
        ),
        (
            "a password with a colon",
            ask("", Some(&basic(&format!("gcm:x:{TOKEN}")))),
        ),
        (
            "a good token beside a wrong password",
            ask(IN_URL, Some(&basic("gcm:wrong"))),
        ),
        ("none", ask("", None)),
        ("an empty one", ask("token=", None)),
        ("another", ask("token=a-token", None)),
        (
            "two",
            ask("token=x&token=a-token%2Bof%20enough/bytes", None),
        ),
        ("a name that ends alike", ask("not_token=x", None)),
        ("an overlong letter", ask("token=%C0%A0", None)),
        ("a bearer token", ask("", Some(&format!("Bearer {TOKEN}")))),
        ("a password that is no base64", ask("", Some("Basic !!!"))),
        ("no user name", ask("", Some(&basic(TOKEN)))),
    ];
    insta::assert_snapshot!(table(rows));
    let mut short = Post::to(Provider::CloudMonitoring, &["short"], OPEN);
    short.query = "token=short".into();
    assert_eq!(short.outcome(), "503 secret_not_configured");
    let mistake = format!("a token has at least {MIN_TOKEN_BYTES} bytes");
    assert!(short.settings.mistake().unwrap().contains(&mistake));
}

#[test]
fn odd_incidents() {
    let with = |change: &dyn Fn(&mut Value)| changed(change).outcome();
    let version = |version: Value| {
        let mut body: Value = serde_json::from_slice(OPEN).unwrap();
        body["version"] = version;
        sent(body.to_string().as_bytes()).outcome()
    };
    let rows = [
        ("version 1.3", version(json!("1.3"))),
        ("version 2.0", version(json!("2.0"))),
        ("version as a number", version(json!(1.2))),
        (
            "a state in capitals",
            with(&|i| i["state"] = "CLOSED".into()),
        ),
        (
            "a state of tomorrow",
            with(&|i| i["state"] = "snoozed".into()),
        ),
        ("no state", with(&|i| i["state"] = Value::Null)),
        ("no id", with(&|i| i["incident_id"] = "".into())),
        (
            "a time in words",
            with(&|i| i["started_at"] = "yesterday".into()),
        ),
        (
            "a time as text",
            with(&|i| i["started_at"] = "1772419800".into()),
        ),
        (
            "a time out of range",
            with(&|i| i["started_at"] = i64::MAX.into()),
        ),
        (
            "a time that is no number",
            with(&|i| i["started_at"] = json!({})),
        ),
        ("no JSON", sent(b"incident=1").outcome()),
        ("another JSON", sent(b"{}").outcome()),
    ];
    insta::assert_snapshot!(table(rows));
    let odd = changed(|i| {
        i["started_at"] = 0.into();
        i["observed_value"] = json!(0.1);
        i["state"] = "paused".into();
    })
    .keeping(&["incident.observed_value"])
    .event();
    assert_eq!(
        odd.notes,
        [Note::TimeMissing, Note::UnknownValue("incident.state")]
    );
    assert_eq!(
        odd.event.fields["incident.observed_value"].to_string(),
        "0.1"
    );
}
