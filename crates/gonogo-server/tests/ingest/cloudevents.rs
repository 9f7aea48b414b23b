//! CloudEvents in three modes, and what is not one.

use gonogo_model::source::Provider;
use gonogo_server::ingest::{Accepted, Delivery, envelope_headers, replay, sign};

use crate::{Post, RECEIVED_S, at, fixture, secret, table};

/// A secret of the Standard Webhooks documentation.
pub const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

pub fn signed(media_type: &str, body: &[u8]) -> Post {
    let header = sign::cloudevents(&secret(KEY), "msg_1", body, at(RECEIVED_S)).unwrap();
    Post::to(Provider::Cloudevents, &[KEY], body)
        .with("Content-Type", media_type)
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", &RECEIVED_S.to_string())
        .with("webhook-signature", &header)
}

fn binary(media_type: &str, body: &[u8]) -> Post {
    signed(media_type, body)
        .with("ce-specversion", "1.0")
        .with("ce-type", "com.example.ledger.charge.recorded")
        .with("ce-source", "https://ledger.example.com/postings")
        .with("ce-id", "A234-1234-1234")
}

#[test]
fn a_structured_event() {
    let post = signed(
        "application/cloudevents+json; charset=utf-8",
        fixture!("cloudevents/charge_recorded.json"),
    )
    .keeping(&[
        "subject",
        "source",
        "partitionkey",
        "data.amount",
        "data.rate",
        "data.huge",
        "data.settled",
    ]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "cloudevents",
      "id": "A234-1234-1234",
      "type": "com.example.ledger.charge.recorded",
      "subject": "ch_3QaGoNo1",
      "time": "2026-03-02T02:59:57.25Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "data.amount": {
          "Int": 120000
        },
        "data.huge": {
          "Text": "18446744073709551615"
        },
        "data.rate": {
          "Text": "1.25"
        },
        "data.settled": {
          "Bool": false
        },
        "partitionkey": {
          "Text": "cus_GoNo1"
        },
        "source": {
          "Text": "https://ledger.example.com/postings"
        },
        "subject": {
          "Text": "ch_3QaGoNo1"
        }
      }
    }
    dedup ce7b5b15422437cc81e871e3b8a2332a
    "#);
}

#[test]
fn the_same_event_in_binary_mode() {
    let body = br#"{"charge":"ch_3QaGoNo1","amount":120000,"currency":"eur","rate":1.25,"huge":18446744073709551615,"settled":false}"#;
    let fields = [
        "subject",
        "source",
        "partitionkey",
        "datacontenttype",
        "dataschema",
        "data.amount",
        "data.rate",
        "data.huge",
        "data.settled",
    ];
    let post = binary("application/json", body)
        .with("ce-time", "2026-03-02T03:59:57.25+01:00")
        .with("ce-subject", "ch_3QaGoNo1")
        .with("ce-partitionkey", "cus_GoNo1")
        .with(
            "ce-dataschema",
            "https://ledger.example.com/schemas/posting.json",
        )
        .keeping(&fields);
    let structured =
        signed(STRUCTURED, fixture!("cloudevents/charge_recorded.json")).keeping(&fields);
    assert_eq!(post.event(), structured.event());
}

#[test]
fn header_values_are_decoded_once() {
    let post = binary("text/plain", "grüß".as_bytes())
        .with("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80")
        .with("ce-note", "%2541")
        .with("ce-quoted", r#""say \"hi\"""#)
        .keeping(&["subject", "note", "quoted", "data", "datacontenttype"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "cloudevents",
      "id": "A234-1234-1234",
      "type": "com.example.ledger.charge.recorded",
      "subject": "Euro € 😀",
      "time": "2026-03-02T03:00:00Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "data": {
          "Text": "grüß"
        },
        "datacontenttype": {
          "Text": "text/plain"
        },
        "note": {
          "Text": "%41"
        },
        "quoted": {
          "Text": "say \"hi\""
        },
        "subject": {
          "Text": "Euro € 😀"
        }
      }
    }
    dedup ce7b5b15422437cc81e871e3b8a2332a
    TimeMissing
    "#);
}

#[test]
fn data_is_kept_in_the_member_that_fits_it() {
    let fields = ["data", "data_base64", "data.a"];
    let kept = |media_type: &str, body: &[u8]| {
        let event = binary(media_type, body)
            .with("ce-data", "forged")
            .with("ce-data_base64", "forged")
            .keeping(&fields)
            .event();
        format!("{:?}", event.event.fields)
    };
    let rows = [
        ("JSON", kept("application/vnd.example+json", br#"{"a":1}"#)),
        ("a JSON text", kept("text/json", br#""a""#)),
        ("text", kept("text/csv", b"a,b")),
        ("bytes", kept("application/octet-stream", &[0xff, 0xfe])),
        ("none", kept("application/json", b"")),
    ];
    insta::assert_snapshot!(table(rows), @r#"
    JSON: {"data.a": Int(1)}
    a JSON text: {"data": Text("a")}
    text: {"data": Text("a,b")}
    bytes: {"data_base64": Text("//4=")}
    none: {}
    "#);
}

#[test]
fn a_batch() {
    let post = signed(BATCH, fixture!("cloudevents/batch.json"));
    let Ok(Accepted::Events(events)) = post.accept() else {
        panic!("{:?}", post.accept());
    };
    let subjects: Vec<_> = events
        .iter()
        .map(|one| one.event.subject.as_deref())
        .collect();
    // The third repeats the first; the second has its id, but another source.
    assert_eq!(subjects, [Some("ch_1"), Some("ch_2")]);
    assert_ne!(events[0].dedup, events[1].dedup);
    assert_eq!(events[0].event.id, events[1].event.id);
}

#[test]
fn a_bad_event_of_a_batch_costs_only_itself() {
    let good = r#"{"specversion":"1.0","type":"a","source":"/s","id":"1"}"#;
    let bad = r#"{"specversion":"1.0","type":"a","source":"/s"}"#;
    let rows = [
        ("one of three", format!("[{good},{bad},{good}]")),
        ("all", format!("[{bad},{bad}]")),
        ("none at all", "[]".into()),
        ("not a list", good.to_owned()),
        ("not JSON", format!("[{good}")),
    ];
    let rows = rows.map(|(case, body)| (case, signed(BATCH, body.as_bytes()).outcome()));
    insta::assert_snapshot!(table(rows), @r"
    one of three: 1 events, dead letter unknown_shape: 1 of 3 events, the first at index 1: `id` is missing or of another type
    all: dead letter unknown_shape: 2 of 2 events, the first at index 0: `id` is missing or of another type
    none at all: nothing: an empty batch
    not a list: dead letter unknown_shape: the batch is not a list
    not JSON: 400 not_json
    ");
}

#[test]
fn the_envelope() {
    let rows = [
        (
            "the least",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1"}"#,
        ),
        (
            "null is absent",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","subject":null,"time":null}"#,
        ),
        (
            "an older version",
            r#"{"specversion":"0.3","type":"a","source":"/s","id":"1"}"#,
        ),
        ("no type", r#"{"specversion":"1.0","source":"/s","id":"1"}"#),
        ("no source", r#"{"specversion":"1.0","type":"a","id":"1"}"#),
        (
            "an empty id",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":""}"#,
        ),
        (
            "an empty subject",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","subject":""}"#,
        ),
        (
            "a subject that is no text",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","subject":1}"#,
        ),
        (
            "a control character",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1\u0085"}"#,
        ),
        (
            "a time that is none",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","time":"soon"}"#,
        ),
        (
            "a leap second",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","time":"2016-12-31T23:59:60Z"}"#,
        ),
        (
            "data twice",
            r#"{"specversion":"1.0","type":"a","source":"/s","id":"1","data":1,"data_base64":"AA=="}"#,
        ),
        ("a list", "[]"),
        ("not JSON", "{"),
    ];
    let rows = rows.map(|(case, body)| (case, signed(STRUCTURED, body.as_bytes()).outcome()));
    insta::assert_snapshot!(table(rows), @r"
    the least: a
    null is absent: a
    an older version: dead letter unsupported_version: `specversion` is not 1.0
    no type: dead letter unknown_shape: `type` is missing or of another type
    no source: dead letter unknown_shape: `source` is missing or of another type
    an empty id: dead letter unknown_shape: `id` is missing or of another type
    an empty subject: dead letter bad_text: the subject is empty
    a subject that is no text: dead letter unknown_shape: `subject` is missing or of another type
    a control character: dead letter bad_text: the id has control characters
    a time that is none: dead letter bad_time: `time` is no RFC 3339 time, or out of range
    a leap second: a
    data twice: dead letter unknown_shape: `data` and `data_base64` exclude each other
    a list: dead letter unknown_shape: `specversion` is missing or of another type
    not JSON: 400 not_json
    ");
}

#[test]
fn binary_headers() {
    let rows = [
        ("no time", binary("application/json", b"1")),
        ("data that is not JSON", binary("application/json", b"{")),
        (
            "datacontenttype in a header",
            binary("text/plain", b"").with("ce-datacontenttype", "text/plain"),
        ),
        (
            "an overlong encoding",
            binary("text/plain", b"").with("ce-subject", "%C0%A0"),
        ),
        (
            "half an escape",
            binary("text/plain", b"").with("ce-subject", "100%"),
        ),
        (
            "an open quotation",
            binary("text/plain", b"").with("ce-subject", "\"a"),
        ),
        (
            "an attribute twice",
            binary("text/plain", b"").with("ce-id", "2"),
        ),
    ];
    let rows = rows.map(|(case, post)| (case, post.outcome()));
    insta::assert_snapshot!(table(rows), @r"
    no time: com.example.ledger.charge.recorded
    data that is not JSON: 400 not_json
    datacontenttype in a header: dead letter bad_header: the header `ce-datacontenttype` must not be there: Content-Type says it
    an overlong encoding: dead letter bad_header: the header `ce-subject` cannot be decoded
    half an escape: dead letter bad_header: the header `ce-subject` cannot be decoded
    an open quotation: dead letter bad_header: the header `ce-subject` cannot be decoded
    an attribute twice: dead letter bad_header: the header `ce-id` is there twice
    ");
}

#[test]
fn formats_that_are_not_read() {
    for media_type in [
        "application/cloudevents+avro",
        "application/cloudevents-batch+xml",
        "application/json",
        "text/plain",
    ] {
        assert_eq!(
            signed(media_type, b"{}").outcome(),
            "415 unsupported_media_type",
            "{media_type}"
        );
    }
}

#[test]
fn a_binary_event_is_replayed_from_what_is_kept_of_it() {
    let post = binary("application/json", b"{}").with("Authorization", "Bearer x");
    let kept = envelope_headers(&post.headers);
    assert!(!kept.contains_key("authorization") && !kept.contains_key("webhook-signature"));
    let delivery = Delivery {
        headers: &kept,
        ..post.delivery()
    };
    assert_eq!(
        replay(&post.settings, &delivery),
        Accepted::Events(vec![post.event()])
    );

    let stale = Delivery {
        body: b"{",
        ..delivery
    };
    let Accepted::DeadLetter(dead) = replay(&post.settings, &stale) else {
        panic!("what is no JSON cannot be replayed");
    };
    assert_eq!(dead.to_string(), "refused: not_json");
}
