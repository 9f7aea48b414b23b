//! Every limit, at the limit and one beyond it.

use axum::http::HeaderName;
use gonogo_model::source::Provider;
use gonogo_server::ingest::{
    MAX_BATCH, MAX_HEADER_BYTES, MAX_HEADERS, MAX_SIGNATURES, MAX_TEXT_BYTES, sign,
};

use crate::{Post, RECEIVED_S, at, secret};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn stripe(body: &str) -> Post {
    let header = sign::stripe(&secret(KEY), body.as_bytes(), at(RECEIVED_S));
    Post::to(Provider::Stripe, &[KEY], body.as_bytes()).with("stripe-signature", &header)
}

fn event(id: &str, rest: &str) -> String {
    format!(r#"{{"object":"event","id":"{id}","type":"a","created":{RECEIVED_S}{rest}}}"#)
}

fn batch(body: &[u8]) -> Post {
    let header = sign::cloudevents(&secret(KEY), "1", body, at(RECEIVED_S)).unwrap();
    Post::to(Provider::Cloudevents, &[KEY], body)
        .with("content-type", "application/cloudevents-batch+json")
        .with("webhook-id", "1")
        .with("webhook-timestamp", &RECEIVED_S.to_string())
        .with("webhook-signature", &header)
}

#[test]
fn the_body() {
    let mut post = stripe(&event("evt_1", ""));
    post.settings.max_body_bytes = post.body.len();
    assert_eq!(post.outcome(), "a");
    post.settings.max_body_bytes -= 1;
    assert_eq!(post.outcome(), "413 body_too_large");
}

#[test]
fn the_number_of_headers() {
    let mut post = stripe(&event("evt_1", ""));
    for n in 1..MAX_HEADERS {
        let name = HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
        post.headers.insert(name, "1".parse().unwrap());
    }
    assert_eq!(post.outcome(), "a");
    let post = post.with("x-1", "1");
    assert_eq!(post.outcome(), "431 headers_too_large");
}

#[test]
fn the_size_of_headers() {
    let post = stripe(&event("evt_1", ""));
    let used: usize = post
        .headers
        .iter()
        .map(|(k, v)| k.as_str().len() + v.len())
        .sum();
    let rest = MAX_HEADER_BYTES - used - "x-fill".len();
    let mut post = post.with("x-fill", &"a".repeat(rest));
    assert_eq!(post.outcome(), "a");
    post.headers
        .insert("x-fill", "a".repeat(rest + 1).parse().unwrap());
    assert_eq!(post.outcome(), "431 headers_too_large");
}

#[test]
fn the_number_of_signatures() {
    let body = event("evt_1", "");
    let good = sign::stripe(&secret(KEY), body.as_bytes(), at(RECEIVED_S));
    let with = |others: usize| {
        let header = format!("{good}{}", ",v1=00".repeat(others));
        Post::to(Provider::Stripe, &[KEY], body.as_bytes())
            .with("stripe-signature", &header)
            .outcome()
    };
    assert_eq!(with(MAX_SIGNATURES - 1), "a");
    assert_eq!(with(MAX_SIGNATURES), "400 signature_malformed");

    let mut post = batch(b"[]");
    let good = post.headers["webhook-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut with = |others: usize| {
        let header = format!("{good}{}", " v1,AAAA".repeat(others));
        post.headers
            .insert("webhook-signature", header.parse().unwrap());
        post.outcome()
    };
    assert_eq!(with(MAX_SIGNATURES - 1), "nothing: an empty batch");
    assert_eq!(with(MAX_SIGNATURES), "400 signature_malformed");
}

#[test]
fn the_size_of_a_batch() {
    let of = |size: usize| {
        let events: Vec<String> = (0..size)
            .map(|id| format!(r#"{{"specversion":"1.0","type":"a","source":"/","id":"{id}"}}"#))
            .collect();
        batch(format!("[{}]", events.join(",")).as_bytes()).outcome()
    };
    assert_eq!(of(MAX_BATCH).split(", ").count(), MAX_BATCH);
    assert_eq!(of(MAX_BATCH + 1), "413 batch_too_large");
}

#[test]
fn the_length_of_an_id() {
    assert_eq!(
        stripe(&event(&"é".repeat(MAX_TEXT_BYTES / 2), "")).outcome(),
        "a"
    );
    let long = stripe(&event(&"i".repeat(MAX_TEXT_BYTES + 1), "")).outcome();
    assert_eq!(long, "dead letter bad_text: the id is too long");
}

#[test]
fn the_depth_of_json() {
    let nested = |depth: usize| {
        let data = format!(r#","data":{}{}"#, "[".repeat(depth), "]".repeat(depth));
        stripe(&event("evt_1", &data)).outcome()
    };
    // The object itself is one level, and the parser stops short of 128.
    assert_eq!(nested(126), "a");
    assert!(nested(127).starts_with("dead letter not_json"));
    assert!(nested(100_000).starts_with("dead letter not_json"));
}

#[test]
fn no_secret_means_that_nothing_is_taken() {
    let by_secret = |kind: &&Provider| **kind != Provider::GooglePubsub;
    for kind in Provider::ALL.iter().filter(by_secret).copied() {
        let post = Post::to(kind, &[], b"{}");
        assert_eq!(post.outcome(), "503 secret_not_configured");
        let mistake = format!("source `{kind}` has no secret");
        assert_eq!(post.settings.mistake(), Some(mistake));
    }
}
