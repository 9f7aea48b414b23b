//! Stripe's header grammar, its events, and what is not one.

use gonogo_model::source::Provider;
use gonogo_server::ingest::{Note, sign};
use jiff::SignedDuration;

use crate::{Post, RECEIVED_S, at, fixture, secret, table};

const KEY: &str = "whsec_example_one";
const OTHER_KEY: &str = "whsec_example_two";

/// A body, and its signature by KEY at RECEIVED_S, made with another HMAC implementation.
const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
const V1: &str = "0398201e12d8bacb070ae2b739c5831726d6fd03250152737d9df2bbd3672496";

fn signed(body: &[u8]) -> Post {
    let header = sign::stripe(&secret(KEY), body, at(RECEIVED_S));
    Post::to(Provider::Stripe, &[KEY], body).with("Stripe-Signature", &header)
}

#[test]
fn a_charge() {
    let post = signed(fixture!("stripe/charge_succeeded.json")).keeping(&[
        "livemode",
        "data.object.amount",
        "data.object.currency",
        "data.object.invoice",
        "data.object.metadata.team.name",
        "data.object.payment_method_details.type",
        "data.object.billing_details",
        "data.object.no_such_field",
    ]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "stripe",
      "id": "evt_3QaGoNo1",
      "type": "charge.succeeded",
      "subject": "ch_3QaGoNo1",
      "time": "2026-03-02T02:59:55Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "data.object.amount": {
          "Int": 120000
        },
        "data.object.currency": {
          "Text": "eur"
        },
        "data.object.invoice": "Null",
        "data.object.metadata.team.name": {
          "Text": "integrations"
        },
        "data.object.payment_method_details.type": {
          "Text": "card"
        },
        "livemode": {
          "Bool": true
        }
      }
    }
    dedup b3fae6d936e1ca81f32938dc60db70f8
    second 18f1404ef73ebb81c2e0041e22dbfded
    "#);
}

#[test]
fn what_is_not_declared_is_not_kept() {
    let event = signed(fixture!("stripe/charge_succeeded.json"))
        .event()
        .event;
    let stored = serde_json::to_string(&event).unwrap();
    for private in ["Exampleton", "customer@example.com", "4242"] {
        assert!(!stored.contains(private), "{stored}");
    }
}

#[test]
fn an_invoice_that_cannot_be_finalised() {
    let post = signed(fixture!("stripe/invoice_finalization_failed.json")).keeping(&[
        "account",
        "data.object.last_finalization_error.code",
        "data.object.parent.subscription_details.subscription",
    ]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "stripe",
      "id": "evt_1QaGoNo2",
      "type": "invoice.finalization_failed",
      "subject": "in_1QaGoNo2",
      "time": "2026-03-02T02:58:20Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "account": {
          "Text": "acct_1GoNoConnected"
        },
        "data.object.last_finalization_error.code": {
          "Text": "customer_tax_location_invalid"
        },
        "data.object.parent.subscription_details.subscription": {
          "Text": "sub_1QaGoNo2"
        }
      }
    }
    dedup 841f300a9166a199394cac7558ccbe2c
    second 80e51fedda1f57e1e25cec3d792c13f2
    "#);
}

#[test]
fn a_completed_session_is_not_yet_paid() {
    let post = signed(fixture!("stripe/checkout_session_completed_unpaid.json"))
        .keeping(&["data.object.payment_status", "data.object.amount_total"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "stripe",
      "id": "evt_1QaGoNo3",
      "type": "checkout.session.completed",
      "subject": "cs_live_a1GoNo3",
      "time": "2026-03-02T02:58:30Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "data.object.amount_total": {
          "Int": 2900
        },
        "data.object.payment_status": {
          "Text": "unpaid"
        }
      }
    }
    dedup d483d7e68c133f3eeeb985d07b2bd933
    second 52a20c2f2af2ee1c037ffbfda42f627b
    "#);
}

#[test]
fn an_object_without_an_id_leaves_no_subject() {
    let event = signed(fixture!("stripe/balance_available.json")).event();
    assert_eq!((event.event.subject, event.second_key), (None, None));
}

#[test]
fn a_thin_event() {
    let post = signed(fixture!("stripe/thin_meter_error.json"))
        .keeping(&["livemode", "related_object.url"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "stripe",
      "id": "evt_test_65GoNo5",
      "type": "v1.billing.meter.error_report_triggered",
      "subject": "mtr_GoNo5",
      "time": "2026-03-02T02:59:30.246Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "livemode": {
          "Bool": true
        },
        "related_object.url": {
          "Text": "/v1/billing/meters/mtr_GoNo5"
        }
      }
    }
    dedup 9e4c28bf90e3889e5f2d75476c3c990a
    second d2448e52be83f69b49b48771194cc62c
    "#);
}

#[test]
fn two_events_of_one_change_share_only_the_second_key() {
    let body = |id: &str| {
        format!(
            r#"{{"id":"{id}","object":"event","created":1772420000,"type":"charge.updated",
                "data":{{"object":{{"id":"ch_1"}}}}}}"#
        )
    };
    let first = signed(body("evt_1").as_bytes()).event();
    let again = signed(body("evt_1").as_bytes())
        .received(RECEIVED_S + 60)
        .event();
    let twin = signed(body("evt_2").as_bytes()).event();
    assert_eq!(first.dedup, again.dedup);
    assert_ne!(first.dedup, twin.dedup);
    assert_eq!(first.second_key, twin.second_key);
}

#[test]
fn the_header() {
    let other = "00".repeat(32);
    let rows = [
        ("as documented", format!("t=1772420400,v1={V1}")),
        (
            "upper-case digits",
            format!("t=1772420400,v1={}", V1.to_uppercase()),
        ),
        ("signature first", format!("v1={V1},t=1772420400")),
        (
            "one of several",
            format!("t=1772420400,v1={other},v1={V1},v1={other}"),
        ),
        (
            "not hexadecimal is skipped",
            format!("t=1772420400,v1=xyz,v1={V1}"),
        ),
        (
            "unknown schemes are skipped",
            format!("t=1772420400,v2={other},v1={V1},v0={other}"),
        ),
        (
            "only v0, with the right tag",
            format!("t=1772420400,v0={V1}"),
        ),
        ("only what is not hexadecimal", "t=1772420400,v1=xyz".into()),
        ("no signature", "t=1772420400".into()),
        ("half a signature", format!("t=1772420400,v1={}", &V1[..32])),
        ("another stamp", format!("t=1772420401,v1={V1}")),
        ("no stamp", format!("v1={V1}")),
        ("a stamp that is no number", format!("t=now,v1={V1}")),
        (
            "a stamp beyond 64 bits",
            format!("t=99999999999999999999,v1={V1}"),
        ),
        ("the lowest stamp", format!("t={},v1={V1}", i64::MIN)),
        ("a pair without =", format!("t=1772420400,v1={V1},")),
        ("a pair with two =", format!("t=1772420400,v1={V1},v0=a=b")),
        ("empty", String::new()),
        ("not ASCII", "t=1772420400,v1=ä".into()),
    ];
    let rows = rows.map(|(case, header)| {
        let post = Post::to(Provider::Stripe, &[KEY], BODY).with("Stripe-Signature", &header);
        (case, post.outcome())
    });
    insta::assert_snapshot!(table(rows), @r"
    as documented: dead letter unknown_shape: `created` is missing or of another type
    upper-case digits: dead letter unknown_shape: `created` is missing or of another type
    signature first: dead letter unknown_shape: `created` is missing or of another type
    one of several: dead letter unknown_shape: `created` is missing or of another type
    not hexadecimal is skipped: dead letter unknown_shape: `created` is missing or of another type
    unknown schemes are skipped: dead letter unknown_shape: `created` is missing or of another type
    only v0, with the right tag: 401 signature_mismatch
    only what is not hexadecimal: 401 signature_mismatch
    no signature: 401 signature_mismatch
    half a signature: 401 signature_mismatch
    another stamp: 401 signature_mismatch
    no stamp: 400 signature_malformed
    a stamp that is no number: 400 signature_malformed
    a stamp beyond 64 bits: 400 signature_malformed
    the lowest stamp: 401 signature_mismatch
    a pair without =: 400 signature_malformed
    a pair with two =: 400 signature_malformed
    empty: 401 signature_missing
    not ASCII: 400 signature_malformed
    ");
}

#[test]
fn one_header_and_only_one() {
    let header = format!("t=1772420400,v1={V1}");
    let none = Post::to(Provider::Stripe, &[KEY], BODY);
    assert_eq!(none.outcome(), "401 signature_missing");
    let twice = none
        .with("Stripe-Signature", &header)
        .with("Stripe-Signature", &header);
    assert_eq!(twice.outcome(), "400 signature_malformed");
}

#[test]
fn only_the_raw_body_verifies() {
    let mut post = signed(fixture!("stripe/charge_succeeded.json"));
    post.body.push(b'\n');
    assert_eq!(post.outcome(), "401 signature_mismatch");
}

#[test]
fn either_of_two_secrets_verifies_while_one_is_replaced() {
    let body = fixture!("stripe/charge_succeeded.json");
    let by = |key: &str| sign::stripe(&secret(key), body, at(RECEIVED_S));
    let both = Post::to(Provider::Stripe, &[OTHER_KEY, KEY], body);
    let old = both.with("Stripe-Signature", &by(KEY));
    assert_eq!(old.outcome(), "charge.succeeded");
    let only_new = Post::to(Provider::Stripe, &[OTHER_KEY], body);
    let old = only_new.with("Stripe-Signature", &by(KEY));
    assert_eq!(old.outcome(), "401 signature_mismatch");
    // Stripe signs with both during the overlap.
    let (_, old_v1) = by(KEY)
        .split_once(',')
        .map(|(t, v)| (t.to_owned(), v.to_owned()))
        .unwrap();
    let header = format!("{},{old_v1}", by(OTHER_KEY));
    let overlap = Post::to(Provider::Stripe, &[OTHER_KEY], body).with("Stripe-Signature", &header);
    assert_eq!(overlap.outcome(), "charge.succeeded");
}

#[test]
fn a_stamp_is_compared_with_the_time_of_receipt() {
    let post = |seconds: i64| {
        signed(fixture!("stripe/charge_succeeded.json")).received(RECEIVED_S + seconds)
    };
    assert_eq!(post(300).outcome(), "charge.succeeded");
    assert_eq!(post(301).outcome(), "401 timestamp_too_old");
    let mut between = post(300);
    between.received_at += SignedDuration::from_millis(1);
    assert_eq!(between.outcome(), "401 timestamp_too_old");
    // A clock that is ahead is Stripe's business, but it is noted.
    assert_eq!(post(-300).event().notes, []);
    let notes = post(-86_400).event().notes;
    assert!(
        notes.contains(&Note::SenderAhead(SignedDuration::from_hours(24))),
        "{notes:?}"
    );
}

#[test]
fn a_false_signature_is_not_told_that_it_is_old() {
    let post = signed(BODY).received(RECEIVED_S + 86_400);
    let forged = Post {
        body: b"{}".to_vec(),
        ..post
    };
    assert_eq!(forged.outcome(), "401 signature_mismatch");
}

#[test]
fn what_verifies_and_is_no_event_is_a_dead_letter() {
    let of = |object: &str, rest: &str| format!(r#"{{"object":"{object}",{rest}}}"#);
    let event = |rest: &str| of("event", rest);
    let with_id = |id: &str| event(&format!(r#""id":{id},"type":"a","created":1772420000"#));
    let with_type = |kind: &str| event(&format!(r#""id":"1","type":{kind},"created":1772420000"#));
    let created = |time: &str| event(&format!(r#""id":"1","type":"a","created":{time}"#));
    let thin = |rest: &str| of("v2.core.event", &format!(r#""id":"1",{rest}"#));
    let ping = r#""type":"v2.core.event_destination.ping","created":"2026-03-02T02:59:59Z""#;
    let rows = [
        ("not JSON", "{".to_owned()),
        ("empty", String::new()),
        ("half a surrogate pair", r#""\ud800""#.into()),
        ("a number beyond all types", "1e999".into()),
        ("a list", "[]".into()),
        ("no object", r#"{"id":"evt_1"}"#.into()),
        ("another object", of("charge", r#""id":"ch_1""#)),
        ("no id", event(r#""type":"a","created":1772420000"#)),
        ("a number as id", with_id("1")),
        ("an empty id", with_id(r#""""#)),
        ("a long id", with_id(&format!(r#""{}""#, "x".repeat(1025)))),
        ("no type", with_type("null")),
        ("a line break in the type", with_type(r#""a\nb""#)),
        (
            "of two equal names the last",
            with_type(r#""a","type":"b""#),
        ),
        ("no time", event(r#""id":"1","type":"a""#)),
        ("a time as text", created(r#""1772420000""#)),
        ("beyond the year 9999", created("253402300800")),
        ("beyond 64 bits", created("18446744073709551616")),
        (
            "a thin event without a time",
            thin(r#""type":"a","created":"soon""#),
        ),
        ("a ping", thin(ping)),
    ];
    let rows = rows.map(|(case, body)| (case, signed(body.as_bytes()).outcome()));
    insta::assert_snapshot!(table(rows), @r"
    not JSON: dead letter not_json: line 1, column 1
    empty: dead letter not_json: line 1, column 0
    half a surrogate pair: dead letter not_json: line 1, column 8
    a number beyond all types: dead letter not_json: line 1, column 5
    a list: dead letter unknown_shape: `object` is missing or of another type
    no object: dead letter unknown_shape: `object` is missing or of another type
    another object: dead letter unknown_shape: `object` is neither `event` nor `v2.core.event`
    no id: dead letter unknown_shape: `id` is missing or of another type
    a number as id: dead letter unknown_shape: `id` is missing or of another type
    an empty id: dead letter bad_text: the id is empty
    a long id: dead letter bad_text: the id is too long
    no type: dead letter unknown_shape: `type` is missing or of another type
    a line break in the type: dead letter bad_text: the type has control characters
    of two equal names the last: b
    no time: dead letter unknown_shape: `created` is missing or of another type
    a time as text: dead letter unknown_shape: `created` is missing or of another type
    beyond the year 9999: dead letter bad_time: `created` is out of range
    beyond 64 bits: dead letter unknown_shape: `created` is missing or of another type
    a thin event without a time: dead letter bad_time: `created` is no RFC 3339 time, or out of range
    a ping: nothing: a ping of Stripe's
    ");
}

#[test]
fn a_time_that_cannot_be_right_gives_way_to_the_time_of_receipt() {
    let rows = [
        "-62135596800",
        "-1",
        "0",
        "946684799",
        "946684800",
        "1772506800",
        "1772506801",
        "253402207200",
    ];
    let rows = rows.map(|created| {
        let body = format!(r#"{{"object":"event","id":"evt_1","type":"a","created":{created}}}"#);
        let event = signed(body.as_bytes()).event();
        (created, format!("{} {:?}", event.event.time, event.notes))
    });
    insta::assert_snapshot!(table(rows), @r"
    -62135596800: 2026-03-02T03:00:00Z [TimeNotBelieved(0001-01-01T00:00:00Z)]
    -1: 2026-03-02T03:00:00Z [TimeNotBelieved(1969-12-31T23:59:59Z)]
    0: 2026-03-02T03:00:00Z [TimeNotBelieved(1970-01-01T00:00:00Z)]
    946684799: 2026-03-02T03:00:00Z [TimeNotBelieved(1999-12-31T23:59:59Z)]
    946684800: 2000-01-01T00:00:00Z []
    1772506800: 2026-03-03T03:00:00Z [SenderAhead(24h)]
    1772506801: 2026-03-02T03:00:00Z [TimeNotBelieved(2026-03-03T03:00:01Z)]
    253402207200: 2026-03-02T03:00:00Z [TimeNotBelieved(9999-12-30T22:00:00Z)]
    ");
}
