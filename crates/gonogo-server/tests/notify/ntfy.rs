//! ntfy, after its publishing documentation and the errors of its server.

use std::time::Duration;

use gonogo_model::team::Channel;
use gonogo_server::notify::ntfy::{ACTIONS_MAX, MESSAGE_BYTES_MAX, TITLE_BYTES_MAX};
use gonogo_server::notify::{Address, Outcome, Page, PageKind};
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::{
    ACK_URL, channels, failed, json_of, page, page_of, receipt, retry, server_answering,
    the_request,
};

const TOPIC: &str = "oncall-8w3Hq";

fn published() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "xE73Iyuabi", "time": 1_673_542_291, "expires": 1_673_585_491,
        "event": "message", "topic": TOPIC, "message": "…",
    }))
}

fn refused(status: u16, code: u32, error: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({ "code": code, "http": status, "error": error }))
}

fn address(server: &MockServer) -> Address {
    Address::new(Channel::Ntfy, format!("{}/{TOPIC}", server.uri()))
}

async fn send(server: &MockServer, page: &Page) -> Outcome {
    channels().send(&address(server), page).await
}

#[tokio::test]
async fn a_page_rings_and_its_first_button_acknowledges() {
    let server = server_answering(published()).await;
    let receipt = receipt(send(&server, &page()).await);
    assert_eq!(receipt, "accepted by ntfy as message xE73Iyuabi");
    let request = the_request(&server).await;
    assert_eq!(request.url.path(), "/", "JSON is published at the root");
    assert!(!request.headers.contains_key("authorization"));
    let json = json_of(&request);
    assert_eq!(json["topic"], TOPIC);
    assert_eq!(json["title"], "SEV1: Charges are not recorded");
    assert_eq!(json["priority"], 5);
    assert_eq!(json["sequence_id"], "fx-4f2a");
    assert_eq!(json["click"], json["actions"][1]["url"]);
    let view = |label: &str, url: &str| json!({ "action": "view", "label": label, "url": url });
    assert_eq!(json["actions"][0], view("Acknowledge", ACK_URL));
    assert_eq!(json["actions"][1]["label"], "Incident");
    assert_eq!(json["actions"].as_array().unwrap().len(), ACTIONS_MAX);
    let message = json["message"].as_str().unwrap();
    assert!(
        message.contains("First step: Open the runbook"),
        "{message}"
    );
    assert!(
        message.contains("nobody acknowledged in 5 min"),
        "{message}"
    );
}

#[tokio::test]
async fn only_what_should_wake_rings() {
    let mut priorities = Vec::new();
    for kind in [
        PageKind::Page,
        PageKind::Growth,
        PageKind::Test,
        PageKind::UpdateDue,
        PageKind::UpdateOverdue,
        PageKind::Resolved,
        PageKind::Ticket,
    ] {
        let server = server_answering(published()).await;
        receipt(send(&server, &page_of(kind)).await);
        priorities.push(
            json_of(&the_request(&server).await)["priority"]
                .as_u64()
                .unwrap(),
        );
    }
    assert_eq!(priorities, [5, 5, 5, 4, 5, 3, 3]);
}

#[tokio::test]
async fn an_access_token_goes_into_the_header_only() {
    let server = server_answering(refused(403, 40301, "forbidden for tk_plugh")).await;
    let address = address(&server).with_credential("tk_plugh");
    let error = failed(channels().send(&address, &page()).await);
    let request = the_request(&server).await;
    assert_eq!(request.headers["authorization"], "Bearer tk_plugh");
    assert!(!error.contains("plugh") && error.contains("403"), "{error}");
}

#[tokio::test]
async fn a_user_in_the_address_signs_in() {
    let server = server_answering(published()).await;
    let url = format!("{}/{TOPIC}", server.uri()).replace("http://", "http://ada:xyzzy@");
    let address = Address::new(Channel::Ntfy, url);
    receipt(channels().send(&address, &page()).await);
    let request = the_request(&server).await;
    assert_eq!(request.headers["authorization"], "Basic YWRhOnh5enp5");
}

#[tokio::test]
async fn a_long_page_stays_a_message_and_says_what_is_missing() {
    let server = server_answering(published()).await;
    let page = Page {
        title: "ü".repeat(300),
        summary: "é".repeat(4_000),
        why_you: "x".repeat(9_000),
        ..page()
    };
    receipt(send(&server, &page).await);
    let json = json_of(&the_request(&server).await);
    let (title, message) = (
        json["title"].as_str().unwrap(),
        json["message"].as_str().unwrap(),
    );
    assert!(
        title.len() <= TITLE_BYTES_MAX && title.contains("left out"),
        "{title}"
    );
    assert!(message.len() <= MESSAGE_BYTES_MAX, "{}", message.len());
    assert!(
        message.contains("First step: Open the runbook"),
        "{message}"
    );
    assert!(message.contains("characters left out]"), "{message}");
}

#[tokio::test]
async fn the_servers_limits_pass_and_its_refusals_do_not() {
    for (status, code, text) in [
        (429, 42901, "limit reached: too many requests"),
        (429, 42908, "limit reached: daily message quota reached"),
        (500, 50001, "internal server error"),
        (
            507,
            50701,
            "cannot publish to UnifiedPush topic without previously active subscriber",
        ),
    ] {
        let server = server_answering(refused(status, code, text)).await;
        let (after, error) = retry(send(&server, &page()).await);
        assert!(after.is_none() && error.contains(text), "{error}");
    }
    for (status, code, text) in [
        (400, 40009, "invalid request: topic invalid"),
        (401, 40101, "unauthorized"),
        (403, 40301, "forbidden"),
        (413, 41303, "JSON body too large"),
    ] {
        let server = server_answering(refused(status, code, text)).await;
        let error = failed(send(&server, &page()).await);
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_handed_on() {
    let answer = refused(429, 42901, "slow down").insert_header("Retry-After", "7");
    let server = server_answering(answer).await;
    let (after, _) = retry(send(&server, &page()).await);
    assert_eq!(after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn only_200_with_a_message_id_is_a_delivery() {
    for answer in [
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string("<html>welcome</html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "id": 7 })),
    ] {
        let server = server_answering(answer).await;
        let (_, error) = retry(send(&server, &page()).await);
        assert!(error.contains("unexpected answer"), "{error}");
    }
}

#[tokio::test]
async fn the_topic_is_a_secret() {
    let answer = refused(403, 40301, &format!("no access to {TOPIC}"));
    let server = server_answering(answer).await;
    let error = failed(send(&server, &page()).await);
    assert!(!error.contains(TOPIC), "{error}");
    let nowhere = Address::new(Channel::Ntfy, "https://ntfy.example.com/");
    let error = failed(channels().send(&nowhere, &page()).await);
    assert_eq!(error, "an ntfy address is https://server/topic");
}
