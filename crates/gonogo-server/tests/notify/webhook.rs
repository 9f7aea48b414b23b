//! The signed webhook, verified as a receiver would.

use std::time::Duration;

use gonogo_model::team::Channel;
use gonogo_server::notify::webhook::{signature, signing_keys};
use gonogo_server::notify::{Address, Outcome, Page};
use jiff::Timestamp;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::{
    ACK_URL, channels, failed, json_of, page, receipt, retry, server_answering, the_request,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn address(server: &MockServer) -> Address {
    Address::new(
        Channel::Webhook,
        format!("{}/hooks/abcd1234?key=efgh5678", server.uri()),
    )
    .with_credential(SECRET)
}

async fn send(server: &MockServer, page: &Page) -> Outcome {
    channels().send(&address(server), page).await
}

#[tokio::test]
async fn a_receiver_can_verify_what_it_got() {
    let server = server_answering(ResponseTemplate::new(204)).await;
    let before = Timestamp::now().as_second();
    assert_eq!(receipt(send(&server, &page()).await), "accepted with 204");
    let request = the_request(&server).await;
    let header = |name: &str| request.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), "fx-4f2a");
    let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
    assert!((before..=Timestamp::now().as_second()).contains(&timestamp));
    let keys = signing_keys(&SECRET.into()).unwrap();
    let expected = signature(&keys, "fx-4f2a", timestamp, &request.body);
    assert_eq!(header("webhook-signature"), expected);
}

#[tokio::test]
async fn the_body_keeps_its_documented_form() {
    let server = server_answering(ResponseTemplate::new(200)).await;
    receipt(send(&server, &page()).await);
    let mut json = json_of(&the_request(&server).await);
    let sent_at = json["timestamp"].take();
    assert!(sent_at.as_str().unwrap().parse::<Timestamp>().is_ok());
    assert_eq!(
        json,
        json!({
            "type": "gonogo.notification.v1",
            "id": "fx-4f2a",
            "timestamp": null,
            "kind": "page",
            "exercise": false,
            "incident": "inc-2026-0007",
            "severity": "SEV1",
            "subject": "SEV1: Charges are not recorded",
            "title": "Charges are not recorded",
            "summary": page().summary,
            "impact": "Customers paid and have no plan.",
            "first_step": "Open the runbook, step 1: stop the recorder.",
            "incident_url": page().incident_url,
            "runbook_url": "https://gonogo.example.com/runbooks/charges",
            "ack_url": ACK_URL,
            "to": "Ada Example",
            "why_you": "step 2 of policy platform, round 1: nobody acknowledged in 5 min",
        })
    );
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_refuses_is_final() {
    for status in [400, 401, 404, 410] {
        let server = server_answering(ResponseTemplate::new(status)).await;
        let error = failed(send(&server, &page()).await);
        assert_eq!(error, format!("{} refused with {status}", server.uri()));
    }
}

#[tokio::test]
async fn a_receiver_that_is_busy_is_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let answer = ResponseTemplate::new(status).insert_header("Retry-After", "12");
        let server = server_answering(answer).await;
        let (after, _) = retry(send(&server, &page()).await);
        assert_eq!(after, Some(Duration::from_secs(12)));
    }
}

#[tokio::test]
async fn a_wait_may_be_given_as_a_date() {
    let at = Timestamp::now() + Duration::from_secs(600);
    let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let answer = ResponseTemplate::new(503).insert_header("Retry-After", &*date);
    let server = server_answering(answer).await;
    let (after, _) = retry(send(&server, &page()).await);
    let after = after.expect("the date is understood").as_secs();
    assert!((580..=600).contains(&after), "{after}");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let answer = ResponseTemplate::new(400).set_body_string("x".repeat(5_000_000));
    let server = server_answering(answer).await;
    let error = failed(send(&server, &page()).await);
    assert!(
        error.chars().count() < 300 && error.contains("left out"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_quotes_the_request_gives_nothing_away() {
    let echo = format!("no route /hooks/abcd1234?key=efgh5678 for {SECRET}\r\nsee log");
    let server = server_answering(ResponseTemplate::new(404).set_body_string(echo)).await;
    let error = failed(send(&server, &page()).await);
    for secret in ["abcd1234", "efgh5678", "whsec", "\n"] {
        assert!(!error.contains(secret), "{error}");
    }
    assert!(error.ends_with("see log"), "{error}");
}

#[tokio::test]
async fn without_a_signing_secret_nothing_is_sent() {
    let server = server_answering(ResponseTemplate::new(200)).await;
    let unsigned = Address {
        credential: None,
        ..address(&server)
    };
    failed(channels().send(&unsigned, &page()).await);
    let weak = address(&server).with_credential("whsec_c2hvcnQ=");
    let error = failed(channels().send(&weak, &page()).await);
    assert!(!error.contains("c2hvcnQ"), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}
