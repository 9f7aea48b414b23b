//! Standard Webhooks with the team's own JSON: shared secrets, public keys, and places.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gonogo_model::source::Provider;
use gonogo_server::ingest::{Accepted, Delivery, Places, envelope_headers, replay, sign};

use crate::{Post, RECEIVED_S, at, fixture, secret, table};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CREATED: &[u8] = fixture!("standard/contact_created.json");
const OWN: &[u8] = fixture!("standard/own_shape.json");

fn signed(body: &[u8]) -> Post {
    let header = sign::cloudevents(&secret(KEY), "msg_1", body, at(RECEIVED_S)).unwrap();
    Post::to(Provider::StandardWebhooks, &[KEY], body)
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", &RECEIVED_S.to_string())
        .with("webhook-signature", &header)
}

fn placed(mut post: Post, id: &str, kind: &str, time: &str, subject: &str) -> Post {
    let place = |path: &str| (!path.is_empty()).then(|| path.to_owned());
    post.settings.places = Places {
        id: place(id),
        kind: place(kind),
        time: place(time),
        subject: place(subject),
    };
    post
}

#[test]
fn as_the_specification_recommends() {
    insta::assert_snapshot!(signed(CREATED).keeping(&["data.plan"]).show());
}

#[test]
fn as_the_source_says() {
    let post = placed(
        signed(OWN),
        "meta.eventId",
        "meta.what.name",
        "meta.at",
        "charge",
    );
    insta::assert_snapshot!(post.keeping(&["amount"]).show());
}

#[test]
fn places_that_are_not_there() {
    let own = |id, kind, time, subject| placed(signed(OWN), id, kind, time, subject).outcome();
    let body = |text: &str| signed(text.as_bytes());
    let rows = [
        ("no type anywhere", own("", "", "", "")),
        ("no such id", own("meta.no", "meta.what.name", "", "")),
        ("no such type", own("", "meta.no", "", "")),
        ("a type that is an object", own("", "meta.what", "", "")),
        ("no such time", own("", "meta.what.name", "meta.no", "")),
        (
            "a time that is none",
            own("", "meta.what.name", "charge", ""),
        ),
        ("no such subject", own("", "meta.what.name", "", "nothing")),
        ("a number for a type", body(r#"{"type": 7}"#).outcome()),
        (
            "another name for it",
            body(r#"{"event": "done"}"#).outcome(),
        ),
        ("no JSON", body("type=done").outcome()),
        ("a list", body("[]").outcome()),
    ];
    insta::assert_snapshot!(table(rows));
    let time = |text: &str| body(text).event().event.time.to_string();
    let stamps = [
        ("seconds", time(r#"{"type":"a","timestamp":1772420395}"#)),
        (
            "milliseconds",
            time(r#"{"type":"a","created":1772420395123}"#),
        ),
        (
            "text",
            time(r#"{"type":"a","time":"2026-03-02T02:59:00+01:00"}"#),
        ),
        (
            "a guess that is none",
            time(r#"{"type":"a","time":"noon","created":true}"#),
        ),
        (
            "out of range",
            time(r#"{"type":"a","time":9223372036854775807}"#),
        ),
    ];
    insta::assert_snapshot!(table(stamps));
}

#[test]
fn public_keys() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let other = Ed25519KeyPair::generate().unwrap();
    let public = format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref()));
    let stamp = RECEIVED_S.to_string();
    let by = |pair: &Ed25519KeyPair| {
        let message = [b"msg_1.", stamp.as_bytes(), b".", CREATED].concat();
        format!("v1a,{}", STANDARD.encode(pair.sign(&message).as_ref()))
    };
    let ask = |secrets: &[&str], signature: &str| {
        Post::to(Provider::StandardWebhooks, secrets, CREATED)
            .with("webhook-id", "msg_1")
            .with("webhook-timestamp", &stamp)
            .with("webhook-signature", signature)
            .outcome()
    };
    let mac = sign::cloudevents(&secret(KEY), "msg_1", CREATED, at(RECEIVED_S)).unwrap();
    let with_public = {
        let key =
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, pair.public_key().as_ref());
        let message = [b"msg_1.", stamp.as_bytes(), b".", CREATED].concat();
        format!(
            "v1,{}",
            STANDARD.encode(aws_lc_rs::hmac::sign(&key, &message))
        )
    };
    let private = format!("whsk_{}", STANDARD.encode([7; 64]));
    let rows = [
        ("by its key", ask(&[&public], &by(&pair))),
        ("beside a shared secret", ask(&[KEY, &public], &by(&pair))),
        ("by the shared secret", ask(&[KEY, &public], &mac)),
        (
            "among others",
            ask(
                &[&public],
                &format!("v1,AAAA v1a,%% v1a,AAAA {} {}", by(&other), by(&pair)),
            ),
        ),
        ("by another key", ask(&[&public], &by(&other))),
        (
            "as the other scheme",
            ask(&[&public], &by(&pair).replace("v1a,", "v1,")),
        ),
        (
            "a shared secret of the public key",
            ask(&[&public], &with_public),
        ),
        ("only a shared secret here", ask(&[KEY], &by(&pair))),
        ("a short public key", ask(&["whpk_AAAA"], &by(&pair))),
        ("a private key here", ask(&[&private], &by(&pair))),
        ("too many", ask(&[&public], &vec![by(&pair); 17].join(" "))),
        ("no signature", ask(&[&public], "v1a,")),
    ];
    insta::assert_snapshot!(table(rows));
    let bearer = Post::to(
        Provider::StandardWebhooks,
        &["a-token-that-is-long-enough"],
        CREATED,
    )
    .with("Authorization", "Bearer a-token-that-is-long-enough");
    assert_eq!(bearer.outcome(), "503 secret_not_configured");
    assert!(
        bearer
            .settings
            .mistake()
            .unwrap()
            .contains("1 of 1 secrets cannot be used")
    );
}

#[test]
fn a_dead_letter_can_be_read_again() {
    let post = signed(CREATED);
    let kept = envelope_headers(&post.headers);
    assert!(!kept.contains_key("webhook-signature"));
    let delivery = Delivery {
        headers: &kept,
        ..post.delivery()
    };
    assert_eq!(
        replay(&post.settings, &delivery),
        Accepted::Events(vec![post.event()])
    );
}
