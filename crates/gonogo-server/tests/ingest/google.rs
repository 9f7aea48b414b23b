//! What Google pushes: wrapped, unwrapped, by Eventarc, and what is inside.

use gonogo_server::ingest::{Accepted, Delivery, Note, envelope_headers, replay};
use serde_json::{Value, json};

use crate::oidc::good;
use crate::{Post, fixture, table};

const BUILD: &[u8] = fixture!("google/cloudbuild_success.json");

fn changed(fixture: &[u8], change: impl FnOnce(&mut Value)) -> Post {
    let mut body: Value = serde_json::from_slice(fixture).unwrap();
    change(&mut body);
    good(body.to_string().as_bytes())
}

#[test]
fn a_build_that_succeeded() {
    let post = good(BUILD).keeping(&[
        "attributes.status",
        "data.substitutions.BRANCH_NAME",
        "data.substitutions.TRIGGER_NAME",
        "data.steps.0.status",
        "subscription",
        "data.no.such",
    ]);
    insta::assert_snapshot!(post.show());
}

#[test]
fn one_message_has_one_key_however_it_is_pushed() {
    let wrapped = good(BUILD).event();
    let unwrapped = good(fixture!("google/cloudbuild_data.json"))
        .with("x-goog-pubsub-message-id", "9876543210123456")
        .with("x-goog-pubsub-publish-time", "2026-03-02T02:56:32.101Z")
        .with(
            "x-goog-pubsub-subscription-name",
            "projects/example-project/subscriptions/builds",
        )
        .with("x-goog-pubsub-delivery-attempt", "5")
        .with("buildId", "7f0a2b1c-3d4e-4f50-8a6b-0c1d2e3f4a5b")
        .with("status", "SUCCESS")
        .with("user-agent", "APIs-Google");
    let fields = [
        "attributes.buildId",
        "attributes.user-agent",
        "deliveryAttempt",
        "data.status",
    ];
    assert_eq!(unwrapped.event().dedup, wrapped.dedup);
    assert_eq!(unwrapped.event().event, wrapped.event);
    assert_eq!(unwrapped.event().second_key, wrapped.second_key);
    insta::assert_snapshot!(unwrapped.keeping(&fields).show());
    // Without metadata only the content is left, which says what it is but not which message.
    let bare = good(fixture!("google/cloudbuild_data.json")).event();
    assert_eq!(bare.event.kind, "cloudbuild.success");
    assert_eq!(bare.second_key, wrapped.second_key);
    assert!(bare.event.id.starts_with("sha256:"));
}

#[test]
fn a_rollout_and_its_approval_share_a_subject() {
    let operation = good(fixture!("google/clouddeploy_operation.json")).keeping(&[
        "attributes.ResourceType",
        "attributes.TargetId",
        "data",
        "deliveryAttempt",
    ]);
    insta::assert_snapshot!(operation.show());
    let approval = good(fixture!("google/clouddeploy_approval.json"));
    assert_eq!(approval.event().event.kind, "clouddeploy.approval.Required");
    assert_eq!(
        approval.event().event.subject,
        operation.event().event.subject
    );
}

#[test]
fn a_deployment_that_failed_on_cloud_run() {
    let post = good(fixture!("google/cloudrun_revision_failed.json")).keeping(&[
        "data.protoPayload.status.message",
        "data.resource.labels.revision_name",
    ]);
    insta::assert_snapshot!(post.show());
}

fn eventarc(kind: &str, body: &[u8]) -> Post {
    good(body)
        .with("Content-Type", "application/json; charset=utf-8")
        .with("ce-specversion", "1.0")
        .with(
            "ce-id",
            "projects/example-project/logs/cloudaudit.googleapis.com%2Factivity1x2y3z1772420040",
        )
        .with(
            "ce-source",
            "//cloudaudit.googleapis.com/projects/example-project/logs/activity",
        )
        .with("ce-type", kind)
        .with("ce-time", "2026-03-02T02:54:02.9Z")
        .with(
            "ce-subject",
            "run.googleapis.com/projects/example-project/locations/europe-west1/services/api",
        )
        .with(
            "ce-methodname",
            "google.cloud.run.v2.Services.UpdateService",
        )
        .with("ce-servicename", "run.googleapis.com")
}

#[test]
fn eventarc_in_binary_mode() {
    let audit = eventarc(
        "google.cloud.audit.log.v1.written",
        fixture!("google/eventarc_audit.json"),
    )
    .keeping(&[
        "methodname",
        "type",
        "data.protoPayload.authenticationInfo.principalEmail",
    ]);
    insta::assert_snapshot!(audit.show());

    let kind = "google.cloud.certificatemanager.certificate.v1.updated";
    let certificate = eventarc(kind, fixture!("google/eventarc_certificate.json"))
        .keeping(&["data.payload.managed.state"]);
    assert_eq!(certificate.event().event.kind, kind);
    assert_eq!(certificate.event().event.fields.len(), 1);

    // A message of Pub/Sub, by way of Eventarc.
    let message = eventarc("google.cloud.pubsub.topic.v1.messagePublished", BUILD);
    assert_eq!(message.event().event, good(BUILD).event().event);
    assert_eq!(message.event().dedup, good(BUILD).event().dedup);
}

#[test]
fn what_it_is_called() {
    let deploy = fixture!("google/clouddeploy_operation.json");
    let action = |action: &str| {
        changed(deploy, |body| {
            body["message"]["attributes"]["Action"] = action.into()
        })
        .outcome()
    };
    let status = |status: &str| {
        changed(BUILD, |body| {
            body["message"]["attributes"]["status"] = status.into()
        })
        .outcome()
    };
    let audit = |change: &dyn Fn(&mut Value)| {
        let mut entry: Value =
            serde_json::from_slice(fixture!("google/eventarc_audit.json")).unwrap();
        change(&mut entry);
        good(entry.to_string().as_bytes()).outcome()
    };
    let data = |data: Value, attributes: Value| {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(data.to_string());
        let message = json!({"data": data, "attributes": attributes, "messageId": "1"});
        good(
            json!({"message": message, "subscription": "s"})
                .to_string()
                .as_bytes(),
        )
        .outcome()
    };
    let system = |text: &str| {
        audit(&|e| {
            e["logName"] = "projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event".into();
            e["protoPayload"]["status"] = json!({"message": text});
        })
    };
    let rows = [
        ("build queued", status("QUEUED")),
        ("build out of time", status("TIMEOUT")),
        ("build of tomorrow", status("PAUSED_BY_POLICY")),
        ("rollout starts", action("Start")),
        ("rollout fails", action("Failure")),
        ("release created", action("Create")),
        ("approved", action("Approved")),
        ("to be advanced", action("Required")),
        ("advanced", action("Advanced")),
        ("action of tomorrow", action("Paused")),
        ("service updated", audit(&|_| {})),
        (
            "update refused",
            audit(&|e| e["protoPayload"]["status"] = json!({"code": 7})),
        ),
        (
            "update met another",
            audit(&|e| e["protoPayload"]["status"] = json!({"code": 10})),
        ),
        (
            "another method",
            audit(&|e| e["protoPayload"]["methodName"] = "Services.DeleteService".into()),
        ),
        (
            "another product",
            audit(&|e| e["protoPayload"]["serviceName"] = "cloudsql.googleapis.com".into()),
        ),
        (
            "revision is ready",
            system(
                "Ready condition status changed to True for Revision api-1 with message: Deploying revision succeeded in 7.69s.",
            ),
        ),
        (
            "service is not",
            system("Ready condition status changed to False for Service api."),
        ),
        (
            "not known yet",
            system("Ready condition status changed to Unknown for Job x."),
        ),
        ("said otherwise", system("Something else.")),
        (
            "a log that is no audit",
            audit(&|e| e["logName"] = "projects/p/logs/stdout".into()),
        ),
        (
            "an incident",
            data(
                serde_json::from_slice(fixture!("monitoring/open.json")).unwrap(),
                json!({}),
            ),
        ),
        (
            "a test incident",
            data(
                serde_json::from_slice(fixture!("monitoring/test.json")).unwrap(),
                json!({}),
            ),
        ),
        (
            "a CloudEvent",
            data(
                json!({"specversion": "1.0", "type": "com.example.done", "source": "/x", "id": "1"}),
                json!({}),
            ),
        ),
        (
            "a CloudEvent in attributes",
            data(
                json!({}),
                json!({"ce-type": "com.example.done", "ce-id": "1", "ce-source": "/x"}),
            ),
        ),
        (
            "a storage object",
            data(
                json!({"kind": "storage#object"}),
                json!({"eventType": "OBJECT_FINALIZE"}),
            ),
        ),
        ("one's own", good(fixture!("google/plain.json")).outcome()),
        ("anything", data(json!([1, 2]), json!({}))),
    ];
    insta::assert_snapshot!(table(rows));
    let unknown = changed(BUILD, |body| {
        body["message"]["attributes"]["status"] = "NEW".into()
    });
    assert_eq!(unknown.event().notes, [Note::UnknownValue("status")]);
}

#[test]
fn what_is_wrong_with_a_message() {
    let with =
        |change: &dyn Fn(&mut Value)| changed(BUILD, |body| change(&mut body["message"])).outcome();
    let rows = [
        (
            "one spelling",
            with(&|m| {
                m.as_object_mut().unwrap().remove("message_id");
            }),
        ),
        (
            "the other",
            with(&|m| {
                m.as_object_mut().unwrap().remove("messageId");
            }),
        ),
        ("two ids", with(&|m| m["message_id"] = "1".into())),
        (
            "no id",
            with(&|m| {
                m["message_id"] = Value::Null;
                m["messageId"] = "".into();
            }),
        ),
        (
            "a number for an id",
            with(&|m| {
                m["message_id"] = Value::Null;
                m["messageId"] = 7.into();
            }),
        ),
        (
            "two times",
            with(&|m| m["publish_time"] = "2026-03-02T02:56:33Z".into()),
        ),
        (
            "no time",
            with(&|m| {
                m["publish_time"] = Value::Null;
                m["publishTime"] = Value::Null;
            }),
        ),
        (
            "a bad time",
            with(&|m| {
                m["publish_time"] = "x".into();
                m["publishTime"] = "x".into();
            }),
        ),
        ("no base64", with(&|m| m["data"] = "!".into())),
        ("data that is no text", with(&|m| m["data"] = json!({}))),
        (
            "an attribute that is no text",
            with(&|m| m["attributes"]["n"] = 1.into()),
        ),
        (
            "attributes as a list",
            with(&|m| m["attributes"] = json!([])),
        ),
        (
            "a long status",
            with(&|m| m["attributes"]["status"] = "x".repeat(2000).into()),
        ),
        ("text for data", with(&|m| m["data"] = "aGVsbG8=".into())),
        ("bytes for data", with(&|m| m["data"] = "//79".into())),
        ("nothing at all", good(b"").outcome()),
        ("no JSON", good(b"{").outcome()),
        ("deep", good("[".repeat(100_000).as_bytes()).outcome()),
        (
            "a batch",
            good(b"[]")
                .with("content-type", "application/cloudevents-batch+json")
                .outcome(),
        ),
        (
            "avro",
            good(b"x")
                .with("content-type", "application/cloudevents+avro")
                .outcome(),
        ),
        (
            "an unfinished event",
            good(b"{}").with("ce-specversion", "1.0").outcome(),
        ),
    ];
    insta::assert_snapshot!(table(rows));
}

#[test]
fn a_dead_letter_keeps_what_names_it_and_no_token() {
    let post = good(fixture!("google/cloudbuild_data.json"))
        .with("x-goog-pubsub-message-id", "1")
        .with("buildId", "b-1")
        .with("status", "WORKING");
    let kept = envelope_headers(&post.headers);
    assert!(!kept.contains_key("authorization"));
    let delivery = Delivery {
        headers: &kept,
        ..post.delivery()
    };
    assert_eq!(
        replay(&post.settings, &delivery),
        Accepted::Events(vec![post.event()])
    );
}
