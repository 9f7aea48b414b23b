//! GitHub's signature, its events in both encodings, and headers it does not sign.

use gonogo_model::source::Provider;
use gonogo_server::ingest::{Accepted, Delivery, Note, envelope_headers, replay, sign};

use crate::{Post, RECEIVED_S, fixture, secret, table};

const KEY: &str = "It's a Secret to Everybody";
const DELIVERY: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn signed(event: &str, body: &[u8]) -> Post {
    let header = sign::github(&secret(KEY), body);
    Post::to(Provider::Github, &[KEY], body)
        .with("Content-Type", "application/json")
        .with("X-GitHub-Event", event)
        .with("X-GitHub-Delivery", DELIVERY)
        .with("X-Hub-Signature-256", &header)
}

#[test]
fn the_documented_vector() {
    let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(sign::github(&secret(KEY), b"Hello, World!"), header);
    let post = Post::to(Provider::Github, &[KEY], b"Hello, World!")
        .with("X-GitHub-Event", "push")
        .with("X-GitHub-Delivery", DELIVERY)
        .with("X-Hub-Signature-256", header);
    assert_eq!(post.outcome(), "dead letter not_json: line 1, column 1");
}

#[test]
fn a_workflow_run_that_failed() {
    let post = signed(
        "workflow_run",
        fixture!("github/workflow_run_completed.json"),
    )
    .keeping(&[
        "workflow_run.conclusion",
        "workflow_run.head_branch",
        "workflow_run.id",
        "workflow_run.run_attempt",
    ]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "github",
      "id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "type": "workflow_run.completed",
      "subject": "example-org/checkout#13284569021.2",
      "time": "2026-03-02T02:52:07Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "workflow_run.conclusion": {
          "Text": "failure"
        },
        "workflow_run.head_branch": {
          "Text": "main"
        },
        "workflow_run.id": {
          "Int": 13284569021
        },
        "workflow_run.run_attempt": {
          "Int": 2
        }
      }
    }
    dedup b261b8b6a2e4820ca478af595dd589bf
    second d82267387dcee0150bef44df90f9396a
    "#);
}

#[test]
fn a_deployment_and_its_status_have_one_subject() {
    let status = signed(
        "deployment_status",
        fixture!("github/deployment_status_created.json"),
    )
    .keeping(&["deployment_status.state", "deployment_status.environment"]);
    insta::assert_snapshot!(status.show(), @r#"
    {
      "source": "github",
      "id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "type": "deployment_status.created",
      "subject": "example-org/checkout#145988746",
      "time": "2026-03-02T02:58:01Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "deployment_status.environment": {
          "Text": "production"
        },
        "deployment_status.state": {
          "Text": "success"
        }
      }
    }
    dedup b261b8b6a2e4820ca478af595dd589bf
    second 50c1209b508e04b5d8879fd24e160f73
    "#);
    let deployment = signed("deployment", fixture!("github/deployment_created.json"));
    assert_eq!(
        deployment.event().event.subject,
        status.event().event.subject
    );
    assert_eq!(deployment.outcome(), "deployment.created");
}

#[test]
fn a_push_has_neither_action_nor_time() {
    let post = signed("push", fixture!("github/push.json")).keeping(&["ref", "after"]);
    insta::assert_snapshot!(post.show(), @r#"
    {
      "source": "github",
      "id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "type": "push",
      "subject": "example-org/checkout",
      "time": "2026-03-02T03:00:00Z",
      "received_at": "2026-03-02T03:00:00Z",
      "fields": {
        "after": {
          "Text": "5722c8d6be9bbb972fbeee2ffefd07f4035ac620"
        },
        "ref": {
          "Text": "refs/heads/main"
        }
      }
    }
    dedup b261b8b6a2e4820ca478af595dd589bf
    second 83b04166d978571e3dc17c01ab056e51
    TimeMissing
    "#);
}

#[test]
fn a_form_carries_the_same_event() {
    let json = fixture!("github/workflow_run_completed.json");
    let encoded: String = json.iter().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!("payload={encoded}");
    let mut post = signed("workflow_run", form.as_bytes());
    let form_type = "application/x-www-form-urlencoded; charset=utf-8";
    post.headers
        .insert("content-type", form_type.parse().unwrap());
    let plain = signed("workflow_run", json);
    assert_eq!(post.event(), plain.event());

    let mut empty = signed("workflow_run", b"other=1");
    empty
        .headers
        .insert("content-type", form_type.parse().unwrap());
    let missing = "dead letter unknown_shape: `payload` is missing or of another type";
    assert_eq!(empty.outcome(), missing);
}

#[test]
fn a_ping_is_answered_and_not_stored() {
    let post = signed("ping", fixture!("github/ping.json"));
    assert_eq!(post.outcome(), "nothing: a ping of GitHub's");
    let forged = Post {
        body: b"{}".to_vec(),
        ..post
    };
    assert_eq!(forged.outcome(), "401 signature_mismatch");
}

#[test]
fn an_unknown_conclusion_is_kept_and_noted() {
    let body = String::from_utf8_lossy(fixture!("github/workflow_run_completed.json"))
        .replace("\"failure\"", "\"exploded\"");
    let event = signed("workflow_run", body.as_bytes())
        .keeping(&["workflow_run.conclusion"])
        .event();
    assert_eq!(
        event.event.fields["workflow_run.conclusion"].to_string(),
        "exploded"
    );
    assert_eq!(event.notes, [Note::UnknownValue("workflow_run.conclusion")]);
}

#[test]
fn a_redelivery_is_the_same_event() {
    let body = fixture!("github/deployment_created.json");
    let first = signed("deployment", body).event();
    let again = signed("deployment", body)
        .received(RECEIVED_S + 3600)
        .event();
    assert_eq!(first.dedup, again.dedup);
}

#[test]
fn the_header() {
    let good = sign::github(&secret(KEY), b"{}");
    let rows = [
        ("as documented", good.clone()),
        ("no prefix", good[7..].to_owned()),
        ("the old algorithm", good.replace("sha256", "sha1")),
        ("not hexadecimal", "sha256=xyz".into()),
        ("empty", "sha256=".into()),
        ("of another body", sign::github(&secret(KEY), b"{ }")),
        ("by another key", sign::github(&secret("another"), b"{}")),
    ];
    let rows = rows.map(|(case, header)| {
        let post = Post::to(Provider::Github, &[KEY], b"{}")
            .with("X-GitHub-Event", "push")
            .with("X-GitHub-Delivery", DELIVERY)
            .with("X-Hub-Signature-256", &header);
        (case, post.outcome())
    });
    insta::assert_snapshot!(table(rows), @r"
    as documented: push
    no prefix: 400 signature_malformed
    the old algorithm: 400 signature_malformed
    not hexadecimal: 400 signature_malformed
    empty: 401 signature_mismatch
    of another body: 401 signature_mismatch
    by another key: 401 signature_mismatch
    ");
    let old_only = Post::to(Provider::Github, &[KEY], b"{}").with("X-Hub-Signature", "sha1=00");
    assert_eq!(old_only.outcome(), "401 signature_missing");
}

#[test]
fn a_body_that_contradicts_its_headers_is_a_dead_letter() {
    let without = |name: &str| {
        let mut post = signed("push", b"{}");
        post.headers.remove(name);
        post.outcome()
    };
    let of_type = |media_type: &str| {
        let mut post = signed("push", b"{}");
        post.headers
            .insert("content-type", media_type.parse().unwrap());
        post.outcome()
    };
    let rows = [
        ("no event", without("x-github-event")),
        ("no delivery", without("x-github-delivery")),
        ("no content type", without("content-type")),
        ("another content type", of_type("text/plain")),
        (
            "content type in capitals",
            of_type("Application/JSON;charset=UTF-8"),
        ),
        (
            "another event's body",
            signed("workflow_run", fixture!("github/push.json")).outcome(),
        ),
        ("a list", signed("push", b"[]").outcome()),
        (
            "a time that is none",
            signed(
                "deployment",
                br#"{"deployment":{"updated_at":"yesterday"}}"#,
            )
            .outcome(),
        ),
    ];
    insta::assert_snapshot!(table(rows), @r"
    no event: dead letter bad_header: the header `x-github-event` is missing or cannot be read
    no delivery: dead letter bad_header: the header `x-github-delivery` is missing or cannot be read
    no content type: push
    another content type: 415 unsupported_media_type
    content type in capitals: push
    another event's body: dead letter unknown_shape: `workflow_run` is missing or of another type
    a list: dead letter unknown_shape: `push` is missing or of another type
    a time that is none: dead letter bad_time: `deployment.updated_at` is no RFC 3339 time, or out of range
    ");
}

#[test]
fn a_dead_letter_is_replayed_from_what_is_kept_of_it() {
    let post = signed(
        "workflow_run",
        fixture!("github/workflow_run_completed.json"),
    );
    let kept = envelope_headers(&post.headers);
    assert!(!kept.contains_key("x-hub-signature-256"));
    let delivery = Delivery {
        headers: &kept,
        ..post.delivery()
    };
    assert_eq!(
        replay(&post.settings, &delivery),
        Accepted::Events(vec![post.event()])
    );
}
