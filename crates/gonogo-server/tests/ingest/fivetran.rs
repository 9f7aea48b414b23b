//! Fivetran's signature, its events, and the replays its protocol does not prevent.

use gonogo_model::source::Provider;
use gonogo_server::ingest::sign;

use crate::{Post, RECEIVED_S, fixture, secret, table};

const KEY: &str = "fivetran-example-key";

/// The signature by KEY of the start of a sync without its final line break, made with
/// another HMAC implementation.
const START_SIGNATURE: &str = "9492df2ecf88971c3e174cfad75c89891fe39e5e93ee638540ab8db64ee5b887";

fn signed(body: &[u8]) -> Post {
    let header = sign::fivetran(&secret(KEY), body);
    Post::to(Provider::Fivetran, &[KEY], body).with("X-Fivetran-Signature-256", &header)
}

#[test]
fn a_sync_that_failed() {
    let post = signed(fixture!("fivetran/sync_end_failure.json")).keeping(&[
        "connector_name",
        "sync_id",
        "data.status",
        "data.reason",
    ]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "fivetran",
      "id": "5e23b32e55362a7107d755ce969dbe02",
      "type": "sync_end",
      "subject": "mystified_presiding",
      "time": "2026-03-02T02:58:34.386Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "connector_name": {
          "Text": "ledger_replica"
        },
        "data.reason": {
          "Text": "The replication slot does not exist"
        },
        "data.status": {
          "Text": "FAILURE_WITH_TASK"
        },
        "sync_id": {
          "Text": "5e5bbda8-6d4c-4b8e-9b0c-2f2a3d1c7b55"
        }
      }
    }
    dedup 5e23b32e55362a7107d755ce969dbe02
    "#);
}

#[test]
fn an_older_payload_with_a_group() {
    let post = signed(fixture!("fivetran/sync_start_old_group.json"))
        .keeping(&["group_id", "destination_group_id"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "fivetran",
      "id": "10177ae5816df09cc8e42e0bec2d446d",
      "type": "sync_start",
      "subject": "oblivious_gear",
      "time": "2026-03-02T02:40:00.001Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "group_id": {
          "Text": "deck_enrichment"
        }
      }
    }
    dedup 10177ae5816df09cc8e42e0bec2d446d
    "#);
}

#[test]
fn a_transformation_has_no_connector() {
    let post = signed(fixture!("fivetran/dbt_run_succeeded.json"))
        .keeping(&["data.dbtJobId", "data.result.stepResults.0.success"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "fivetran",
      "id": "d2c11afa93dd2c3ea7801b2f625d0349",
      "type": "dbt_run_succeeded",
      "time": "2026-03-02T02:55:44.435Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "data.dbtJobId": {
          "Text": "impressed_deserted"
        },
        "data.result.stepResults.0.success": {
          "Bool": true
        }
      }
    }
    dedup d2c11afa93dd2c3ea7801b2f625d0349
    "#);
}

#[test]
fn a_test_event_is_answered_and_not_stored() {
    let post = signed(fixture!("fivetran/test_event.json"));
    assert_eq!(post.outcome(), "nothing: a test event of Fivetran's");
}

#[test]
fn the_header() {
    let body = fixture!("fivetran/sync_start_old_group.json").trim_ascii_end();
    let upper = START_SIGNATURE.to_uppercase();
    let prefixed = format!("sha256={START_SIGNATURE}");
    let rows = [
        ("lower case", START_SIGNATURE),
        ("upper case", &upper),
        ("a prefix", &prefixed),
        ("half of it", &START_SIGNATURE[..32]),
        ("an odd number of digits", &START_SIGNATURE[..63]),
        ("no digits", "zz"),
        ("empty", ""),
    ];
    let rows = rows.map(|(case, header)| {
        let post = Post::to(Provider::Fivetran, &[KEY], body);
        (
            case,
            post.with("X-Fivetran-Signature-256", header).outcome(),
        )
    });
    insta::assert_snapshot!(table(rows), @r"
    lower case: sync_start
    upper case: sync_start
    a prefix: 400 signature_malformed
    half of it: 401 signature_mismatch
    an odd number of digits: 400 signature_malformed
    no digits: 400 signature_malformed
    empty: 401 signature_missing
    ");
    let none = Post::to(Provider::Fivetran, &[KEY], body);
    assert_eq!(none.outcome(), "401 signature_missing");
}

#[test]
fn a_repeat_has_the_same_key_however_it_is_spaced() {
    let compact = br#"{"event":"sync_end","created":"2026-03-02T02:58:34.386Z","connector_id":"mystified_presiding","sync_id":"5e5bbda8-6d4c-4b8e-9b0c-2f2a3d1c7b55"}"#;
    let whole = signed(fixture!("fivetran/sync_end_failure.json")).event();
    assert_eq!(whole.dedup, signed(compact).event().dedup);
    assert_eq!(whole.event.id, whole.dedup.to_string());
    let next = String::from_utf8_lossy(compact).replace("34.386Z", "34.387Z");
    assert_ne!(whole.dedup, signed(next.as_bytes()).event().dedup);
}

#[test]
fn an_old_body_is_a_replay() {
    // Created at 02:58:34.386; Fivetran repeats for 24 hours.
    let post =
        |seconds| signed(fixture!("fivetran/sync_end_failure.json")).received(RECEIVED_S + seconds);
    let limit = 25 * 3600 - 86;
    assert_eq!(post(limit).outcome(), "sync_end");
    assert_eq!(post(limit + 1).outcome(), "401 timestamp_too_old");
    let mut strict = post(-26);
    strict.settings.tolerance = jiff::SignedDuration::from_secs(60);
    assert_eq!(strict.outcome(), "sync_end");
    strict.received_at += jiff::SignedDuration::from_secs(1);
    assert_eq!(strict.outcome(), "401 timestamp_too_old");
}

#[test]
fn what_verifies_and_is_no_event_is_a_dead_letter() {
    let rows = [
        ("not JSON", "nope"),
        ("a list", "[]"),
        ("no event", r#"{"created":"2026-03-02T02:58:34.386Z"}"#),
        ("no time", r#"{"event":"sync_end"}"#),
        (
            "no time zone",
            r#"{"event":"sync_end","created":"2026-03-02T02:58:34"}"#,
        ),
        (
            "a new kind of event",
            r#"{"event":"rename_connector","created":"2026-03-02T02:58:34Z"}"#,
        ),
        (
            "a leap second",
            r#"{"event":"sync_end","created":"2026-03-02T02:58:60Z"}"#,
        ),
        (
            "the year 9999",
            r#"{"event":"sync_end","created":"9999-12-31T23:59:59Z"}"#,
        ),
        (
            "beyond it",
            r#"{"event":"sync_end","created":"+010000-01-01T00:00:00Z"}"#,
        ),
        (
            "before the common era",
            r#"{"event":"sync_end","created":"-000001-01-01T00:00:00Z"}"#,
        ),
    ];
    let rows = rows.map(|(case, body)| (case, signed(body.as_bytes()).outcome()));
    insta::assert_snapshot!(table(rows), @r"
    not JSON: dead letter not_json: line 1, column 2
    a list: dead letter unknown_shape: `event` is missing or of another type
    no event: dead letter unknown_shape: `event` is missing or of another type
    no time: dead letter unknown_shape: `created` is missing or of another type
    no time zone: dead letter bad_time: `created` is no RFC 3339 time, or out of range
    a new kind of event: rename_connector
    a leap second: sync_end
    the year 9999: sync_end
    beyond it: dead letter bad_time: `created` is no RFC 3339 time, or out of range
    before the common era: 401 timestamp_too_old
    ");
}
