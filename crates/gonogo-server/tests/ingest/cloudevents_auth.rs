//! How a sender of CloudEvents proves itself: Standard Webhooks, or a token.

use gonogo_model::source::Provider;
use gonogo_server::ingest::{CloudeventsAuth, MIN_TOKEN_BYTES, sign};

use crate::cloudevents::{KEY, STRUCTURED, signed};
use crate::{Post, RECEIVED_S, at, fixture, secret, table};

const OTHER_KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TOKEN: &str = "an-example-token";

#[test]
fn the_documented_vectors() {
    let vectors = [
        (
            KEY,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            OTHER_KEY,
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ];
    for (key, id, stamp_s, body, signature) in vectors {
        let made = sign::cloudevents(&secret(key), id, body.as_bytes(), at(stamp_s));
        assert_eq!(made.as_deref(), Some(signature));
        let post = Post::to(Provider::Cloudevents, &[key], body.as_bytes())
            .with("Content-Type", STRUCTURED)
            .with("webhook-id", id)
            .with("webhook-timestamp", &stamp_s.to_string())
            .with("webhook-signature", signature)
            .received(stamp_s);
        let verified = "dead letter unknown_shape: `specversion` is missing or of another type";
        assert_eq!(post.outcome(), verified);
    }
}

#[test]
fn the_signature() {
    let body = br#"{"specversion":"1.0","type":"a","source":"/s","id":"1"}"#;
    let good = sign::cloudevents(&secret(KEY), "msg_1", body, at(RECEIVED_S)).unwrap();
    let by_other = sign::cloudevents(&secret(OTHER_KEY), "msg_1", body, at(RECEIVED_S)).unwrap();
    let post = |id: &str, stamp: &str, signature: &str| {
        Post::to(Provider::Cloudevents, &[KEY], body)
            .with("Content-Type", STRUCTURED)
            .with("webhook-id", id)
            .with("webhook-timestamp", stamp)
            .with("webhook-signature", signature)
            .outcome()
    };
    let now = RECEIVED_S.to_string();
    let rows = [
        ("as documented", post("msg_1", &now, &good)),
        (
            "one of several",
            post("msg_1", &now, &format!("{by_other} v1a,AAAA v1,%% {good}")),
        ),
        ("by another key", post("msg_1", &now, &by_other)),
        ("another id", post("msg_2", &now, &good)),
        ("another stamp", post("msg_1", "1772420401", &good)),
        ("a stamp that is no number", post("msg_1", "now", &good)),
        ("without its scheme", post("msg_1", &now, &good[3..])),
        (
            "another scheme",
            post("msg_1", &now, &good.replace("v1,", "v1a,")),
        ),
        ("empty", post("msg_1", &now, "")),
        ("no id", post("", &now, &good)),
    ];
    insta::assert_snapshot!(table(rows), @r"
    as documented: a
    one of several: a
    by another key: 401 signature_mismatch
    another id: 401 signature_mismatch
    another stamp: 401 signature_mismatch
    a stamp that is no number: 400 signature_malformed
    without its scheme: 401 signature_mismatch
    another scheme: 401 signature_mismatch
    empty: 401 signature_missing
    no id: 401 signature_missing
    ");
}

#[test]
fn a_stamp_may_be_off_in_both_directions() {
    let post = |seconds: i64| {
        signed(STRUCTURED, fixture!("cloudevents/charge_recorded.json"))
            .received(RECEIVED_S + seconds)
    };
    let recorded = "com.example.ledger.charge.recorded";
    assert_eq!(post(300).outcome(), recorded);
    assert_eq!(post(-300).outcome(), recorded);
    assert_eq!(post(301).outcome(), "401 timestamp_too_old");
    assert_eq!(post(-301).outcome(), "401 timestamp_too_new");
}

#[test]
fn a_token_instead_of_a_signature() {
    let body = br#"{"specversion":"1.0","type":"a","source":"/s","id":"1"}"#;
    let post = |secrets: &[&str], authorization: &str| {
        Post::to(Provider::Cloudevents, secrets, body)
            .with("Content-Type", STRUCTURED)
            .with("Authorization", authorization)
            .outcome()
    };
    let short = &TOKEN[..MIN_TOKEN_BYTES - 1];
    assert_eq!(TOKEN.len(), MIN_TOKEN_BYTES);
    let rows = [
        ("the token", post(&[TOKEN], "Bearer an-example-token")),
        (
            "scheme in lower case",
            post(&[TOKEN], "bearer an-example-token"),
        ),
        (
            "one of two",
            post(&["another-example-token", TOKEN], "Bearer an-example-token"),
        ),
        ("another", post(&[TOKEN], "Bearer an-example-tokem")),
        ("half of it", post(&[TOKEN], "Bearer an-example")),
        ("another scheme", post(&[TOKEN], "Basic an-example-token")),
        ("no scheme", post(&[TOKEN], "an-example-token")),
        (
            "a token that is too short",
            post(&[short], &format!("Bearer {short}")),
        ),
        (
            "a signing secret is no token",
            post(&[KEY], &format!("Bearer {KEY}")),
        ),
        (
            "nor beside tokens",
            post(&[KEY, TOKEN], &format!("Bearer {TOKEN}")),
        ),
    ];
    insta::assert_snapshot!(table(rows), @r"
    the token: a
    scheme in lower case: a
    one of two: a
    another: 401 signature_mismatch
    half of it: 401 signature_mismatch
    another scheme: 400 signature_malformed
    no scheme: 400 signature_malformed
    a token that is too short: 503 secret_not_configured
    a signing secret is no token: 401 signature_missing
    nor beside tokens: 401 signature_missing
    ");
}

#[test]
fn secrets_that_cannot_be_used_are_named_without_being_shown() {
    let mistake = |secrets: &[&str]| {
        Post::to(Provider::Cloudevents, secrets, b"")
            .settings
            .mistake()
            .unwrap_or("no mistake".into())
    };
    let rows = [
        ("good", mistake(&[KEY, OTHER_KEY])),
        ("none", mistake(&[])),
        ("not base64", mistake(&["whsec_???"])),
        ("too short a key", mistake(&["whsec_AAAA", KEY])),
        ("a token beside keys", mistake(&[KEY, TOKEN])),
        ("a good token", mistake(&[TOKEN])),
        ("too short a token", mistake(&["secret"])),
    ];
    insta::assert_snapshot!(table(rows), @r"
    good: no mistake
    none: source `cloudevents` has no secret
    not base64: source `cloudevents`: 1 of 1 secrets cannot be used: a signing secret is `whsec_` and 24 to 64 bytes in base64, a public key `whpk_` and 32 bytes
    too short a key: source `cloudevents`: 1 of 2 secrets cannot be used: a signing secret is `whsec_` and 24 to 64 bytes in base64, a public key `whpk_` and 32 bytes
    a token beside keys: source `cloudevents`: 1 of 2 secrets cannot be used: a signing secret is `whsec_` and 24 to 64 bytes in base64, a public key `whpk_` and 32 bytes
    a good token: no mistake
    too short a token: source `cloudevents`: 1 of 1 secrets cannot be used: a token has at least 16 bytes
    ");
    let post = signed(STRUCTURED, b"{}");
    let mut unusable = Post::to(Provider::Cloudevents, &["whsec_AAAA"], b"{}");
    unusable.headers = post.headers;
    assert_eq!(unusable.outcome(), "503 secret_not_configured");
    assert_eq!(
        unusable.settings.cloudevents_auth,
        CloudeventsAuth::Signature
    );
}
