//! Slack, after the answers that it documents for incoming webhooks.

use std::time::Duration;

use gonogo_model::team::Channel;
use gonogo_server::notify::slack::{HEADER_CHARS_MAX, SECTION_CHARS_MAX, TOTAL_CHARS_MAX};
use gonogo_server::notify::{Address, Outcome, Page};
use serde_json::Value;
use wiremock::{MockServer, ResponseTemplate};

use crate::{
    ACK_URL, channels, failed, impatient_channels, json_of, page, receipt, retry, server_answering,
    the_request,
};

const PATH: &str = "/services/T0AB/B0CD/s3cr3tt0ken";

async fn send(server: &MockServer, page: &Page) -> Outcome {
    let address = Address::new(Channel::Slack, format!("{}{PATH}", server.uri()));
    channels().send(&address, page).await
}

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string("ok")
}

/// Every text that a section or context of the message shows.
fn texts(json: &Value) -> Vec<String> {
    let blocks = json["blocks"].as_array().expect("blocks are a list");
    blocks
        .iter()
        .filter(|block| block["type"] != "header")
        .map(|block| {
            let text = match block["type"].as_str() {
                Some("context") => &block["elements"][0]["text"],
                _ => &block["text"]["text"],
            };
            text.as_str().expect("a text").to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_page_has_a_text_for_the_notification_and_blocks_for_the_rest() {
    let server = server_answering(ok()).await;
    assert_eq!(receipt(send(&server, &page()).await), "accepted by Slack");
    let request = the_request(&server).await;
    assert_eq!(request.url.path(), PATH);
    let json = json_of(&request);
    assert_eq!(json["text"], "SEV1: Charges are not recorded");
    assert_eq!(
        json["blocks"][0]["text"]["text"],
        "SEV1: Charges are not recorded"
    );
    let texts = texts(&json);
    assert_eq!(texts[1], "*Impact*\nCustomers paid and have no plan.");
    assert!(
        texts[3].starts_with(&format!("*<{ACK_URL}|Acknowledge>*")),
        "{texts:?}"
    );
    assert!(texts[4].contains("step 2 of policy platform"), "{texts:?}");
    let kinds: Vec<&Value> = json["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["type"])
        .collect();
    assert!(
        !kinds.iter().any(|kind| *kind == "actions"),
        "buttons show a warning when clicked"
    );
}

#[tokio::test]
async fn text_cannot_call_a_whole_channel_or_forge_a_link() {
    let server = server_answering(ok()).await;
    let page = Page {
        title: "<!channel> & co".to_owned(),
        summary: "<https://evil.example.com|Acknowledge>".to_owned(),
        ..page()
    };
    receipt(send(&server, &page).await);
    let json = json_of(&the_request(&server).await);
    assert_eq!(json["text"], "SEV1: &lt;!channel&gt; &amp; co");
    assert!(texts(&json)[0].contains("&lt;https://evil.example.com|Acknowledge&gt;"));
}

#[tokio::test]
async fn a_long_text_is_cut_at_the_limit_and_says_so() {
    let server = server_answering(ok()).await;
    let page = Page {
        title: "t".repeat(400),
        summary: "&".repeat(5_000),
        ..page()
    };
    receipt(send(&server, &page).await);
    let json = json_of(&the_request(&server).await);
    let header = json["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(
        header.chars().count() <= HEADER_CHARS_MAX && header.ends_with("left out]"),
        "{header}"
    );
    let summary = &texts(&json)[0];
    assert!(
        summary.chars().count() <= SECTION_CHARS_MAX,
        "{}",
        summary.len()
    );
    assert!(
        summary.ends_with("of 5000 characters left out]"),
        "{summary}"
    );
    assert!(!summary.contains("&am "), "an escape was cut in two");
}

#[tokio::test]
async fn the_whole_message_stays_under_the_undocumented_limit() {
    let server = server_answering(ok()).await;
    let long = "\"x\" ".repeat(20_000);
    let page = Page {
        title: long.clone(),
        severity: long.clone(),
        summary: long.clone(),
        impact: Some(long.clone()),
        first_step: Some(long.clone()),
        to_name: long.clone(),
        why_you: long.clone(),
        incident: Some(long.clone()),
        effect_id: long,
        incident_url: Some(format!("https://gonogo.example.com/{}", "i".repeat(1_900))),
        ack_url: Some(format!("https://gonogo.example.com/{}", "a".repeat(860)).into()),
        exercise: true,
        ..page()
    };
    receipt(send(&server, &page).await);
    let request = the_request(&server).await;
    let text = String::from_utf8(request.body.clone()).unwrap();
    assert!(text.chars().count() <= TOTAL_CHARS_MAX, "{}", text.len());
    assert!(
        text.contains("|Acknowledge>"),
        "the acknowledgement is never cut"
    );
    assert!(text.contains("Incident (this link is too long for Slack)"));
}

#[tokio::test]
async fn documented_refusals_are_final() {
    for (status, code) in [
        (400, "invalid_payload"),
        (400, "user_not_found"),
        (403, "action_prohibited"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (410, "channel_is_archived"),
    ] {
        let answer = ResponseTemplate::new(status).set_body_string(code);
        let server = server_answering(answer).await;
        let error = failed(send(&server, &page()).await);
        assert_eq!(
            error,
            format!("{} refused with {status}: {code}", server.uri())
        );
    }
}

#[tokio::test]
async fn too_many_requests_waits_as_long_as_asked() {
    let answer = ResponseTemplate::new(429).insert_header("Retry-After", "30");
    let server = server_answering(answer).await;
    let (after, error) = retry(send(&server, &page()).await);
    assert_eq!(after, Some(Duration::from_secs(30)));
    assert_eq!(error, format!("{} refused with 429", server.uri()));
}

#[tokio::test]
async fn trouble_at_slack_is_tried_again() {
    let answer = ResponseTemplate::new(500).set_body_string("rollup_error");
    let server = server_answering(answer).await;
    let (after, error) = retry(send(&server, &page()).await);
    assert_eq!((after, error.contains("rollup_error")), (None, true));
}

#[tokio::test]
async fn a_sign_in_page_with_200_is_not_a_delivery() {
    let answer = ResponseTemplate::new(200).set_body_string("<html>Please sign in</html>");
    let server = server_answering(answer).await;
    let (_, error) = retry(send(&server, &page()).await);
    assert!(error.contains("unexpected answer with 200"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = server_answering(ok()).await;
    let answer = ResponseTemplate::new(307).insert_header("Location", elsewhere.uri());
    let server = server_answering(answer).await;
    let error = failed(send(&server, &page()).await);
    assert!(error.ends_with("redirects are not followed"), "{error}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn silence_is_given_up_in_time() {
    let server = server_answering(ok().set_delay(Duration::from_secs(60))).await;
    let address = Address::new(Channel::Slack, format!("{}{PATH}", server.uri()));
    let (_, error) = retry(impatient_channels().send(&address, &page()).await);
    assert_eq!(error, format!("{} did not answer in time", server.uri()));
}

#[tokio::test]
async fn no_error_shows_more_of_the_address_than_its_host() {
    let answer = ResponseTemplate::new(404).set_body_string(format!("Cannot POST {PATH}"));
    let server = server_answering(answer).await;
    let quoted = failed(send(&server, &page()).await);
    let away = format!("http://127.0.0.1:{}{PATH}", crate::mail_server::free_port());
    let refuse = |url: String| async move {
        channels()
            .send(&Address::new(Channel::Slack, url), &page())
            .await
    };
    let (_, unreachable) = retry(refuse(away).await);
    let unprotected = failed(refuse(format!("http://hooks.example.com{PATH}")).await);
    let malformed = failed(refuse(format!("hooks.example.com{PATH}")).await);
    for error in [&quoted, &unreachable, &unprotected, &malformed] {
        assert!(
            !error.contains("s3cr3t") && !error.contains("B0CD"),
            "{error}"
        );
    }
    assert!(quoted.contains("Cannot POST [redacted]"), "{quoted}");
    assert!(
        unprotected.starts_with("http://hooks.example.com is not protected"),
        "{unprotected}"
    );
}
