//! PagerDuty, after the answers of its Events API v2.

use gonogo_model::team::Channel;
use gonogo_server::notify::pagerduty::{CLOSES_MAX, SUMMARY_CHARS_MAX};
use gonogo_server::notify::settings::Settings;
use gonogo_server::notify::{Address, Channels, Outcome, Page, PageKind};
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::{
    ACK_URL, channels, channels_with, failed, json_of, page, page_of, receipt, retry,
    server_answering, the_request,
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn channels_at(server: &MockServer) -> Channels {
    channels_with(Settings {
        pagerduty_url: server.uri(),
        ..Settings::default()
    })
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(202).set_body_json(json!({
        "status": "success", "message": "Event processed", "dedup_key": "fx-4f2a",
    }))
}

async fn send(server: &MockServer, page: &Page) -> Outcome {
    let address = Address::new(Channel::Pagerduty, KEY);
    channels_at(server).send(&address, page).await
}

#[tokio::test]
async fn a_page_triggers_an_alert_keyed_by_its_effect() {
    let server = server_answering(accepted()).await;
    let receipt = receipt(send(&server, &page()).await);
    assert_eq!(receipt, "accepted by PagerDuty for processing");
    let request = the_request(&server).await;
    assert_eq!(request.url.path(), "/v2/enqueue");
    let json = json_of(&request);
    assert_eq!(json["routing_key"], KEY);
    assert_eq!(json["event_action"], "trigger");
    assert_eq!(json["dedup_key"], "fx-4f2a");
    assert_eq!(
        json["links"][0],
        json!({ "href": ACK_URL, "text": "Acknowledge" })
    );
    let payload = &json["payload"];
    assert_eq!(payload["summary"], "SEV1: Charges are not recorded");
    assert_eq!(
        (&payload["source"], &payload["severity"]),
        (&json!("gonogo"), &json!("critical"))
    );
    assert_eq!(
        payload["custom_details"]["Impact"],
        "Customers paid and have no plan."
    );
}

#[tokio::test]
async fn growth_is_an_alert_of_its_own_so_that_it_rings_again() {
    let server = server_answering(accepted()).await;
    let growth = Page {
        effect_id: "fx-77".to_owned(),
        ..page_of(PageKind::Growth)
    };
    receipt(send(&server, &growth).await);
    let json = json_of(&the_request(&server).await);
    assert_eq!(
        (&json["event_action"], &json["dedup_key"]),
        (&json!("trigger"), &json!("fx-77"))
    );
}

#[tokio::test]
async fn resolved_closes_every_alert_and_says_what_it_left() {
    let server = server_answering(accepted()).await;
    let resolved = Page {
        closes: (0..=CLOSES_MAX).map(|n| format!("fx-{n}")).collect(),
        ..page_of(PageKind::Resolved)
    };
    let receipt = receipt(send(&server, &resolved).await);
    assert_eq!(
        receipt,
        "50 alerts resolved at PagerDuty; 1 older ones were left open"
    );
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), CLOSES_MAX);
    let newest = json_of(&requests[0]);
    assert_eq!(
        newest,
        json!({
            "routing_key": KEY, "event_action": "resolve", "dedup_key": format!("fx-{CLOSES_MAX}"),
        })
    );
}

#[tokio::test]
async fn resolved_is_repeated_when_one_alert_could_not_be_closed() {
    let server = server_answering(ResponseTemplate::new(503)).await;
    let resolved = Page {
        closes: vec!["fx-1".to_owned(), "fx-2".to_owned()],
        ..page_of(PageKind::Resolved)
    };
    retry(send(&server, &resolved).await);
}

#[tokio::test]
async fn a_ticket_wakes_nobody() {
    let server = server_answering(accepted()).await;
    receipt(send(&server, &page_of(PageKind::Ticket)).await);
    let request = the_request(&server).await;
    assert_eq!(request.url.path(), "/v2/change/enqueue");
    let json = json_of(&request);
    assert!(json.get("event_action").is_none(), "{json}");
    assert_eq!(
        json["payload"]["summary"],
        "SEV1 ticket: Charges are not recorded"
    );
}

#[tokio::test]
async fn a_test_without_an_incident_rings_and_leaves_unknown_fields_out() {
    let server = server_answering(accepted()).await;
    let test = Page {
        incident: None,
        incident_url: None,
        ..page_of(PageKind::Test)
    };
    receipt(send(&server, &test).await);
    let request = the_request(&server).await;
    assert!(!String::from_utf8_lossy(&request.body).contains("null"));
    let json = json_of(&request);
    assert_eq!(json["payload"]["severity"], "critical");
    assert_eq!(json["payload"].get("component"), None);
}

#[tokio::test]
async fn only_202_is_success() {
    let server = server_answering(ResponseTemplate::new(200).set_body_string("hello")).await;
    let (_, error) = retry(send(&server, &page()).await);
    assert!(error.contains("unexpected answer with 200"), "{error}");
}

#[tokio::test]
async fn a_refused_event_is_final_and_a_busy_service_is_not() {
    let invalid = ResponseTemplate::new(400).set_body_json(json!({
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [format!("routing_key {KEY} is unknown")],
    }));
    let server = server_answering(invalid).await;
    let error = failed(send(&server, &page()).await);
    assert!(
        error.contains("Event object is invalid") && !error.contains(KEY),
        "{error}"
    );
    for status in [429, 500, 502] {
        let server = server_answering(ResponseTemplate::new(status)).await;
        retry(send(&server, &page()).await);
    }
}

#[tokio::test]
async fn a_long_summary_is_cut_by_characters() {
    let server = server_answering(accepted()).await;
    let page = Page {
        title: "ü".repeat(5_000),
        summary: "s".repeat(600_000),
        ..page()
    };
    receipt(send(&server, &page).await);
    let request = the_request(&server).await;
    assert!(request.body.len() < 512 * 1024, "{}", request.body.len());
    let json = json_of(&request);
    let summary = json["payload"]["summary"].as_str().unwrap();
    assert!(summary.chars().count() <= SUMMARY_CHARS_MAX && summary.contains("left out"));
}

#[tokio::test]
async fn a_key_of_the_wrong_length_is_told_without_a_request() {
    for key in [
        "",
        "short",
        &format!("{KEY}0"),
        "0123456789abcdef0123456789abcde\n",
    ] {
        let address = Address::new(Channel::Pagerduty, key);
        let error = failed(channels().send(&address, &page()).await);
        assert_eq!(error, "a PagerDuty routing key has 32 letters and digits");
    }
}
