//! Notification channels, seen from the other end of the wire.

mod https;
mod message;
mod ntfy;
mod pagerduty;
mod slack;
mod smtp;
mod webhook;

#[path = "../support/smtp.rs"]
mod mail_server;

use gonogo_model::team::Channel;
use gonogo_server::notify::link::AckLinks;
use gonogo_server::notify::settings::{HttpSettings, Settings, SmtpSettings};
use gonogo_server::notify::{Address, Channels, Outcome, Page, PageKind};
use serde_json::Value;
use std::time::Duration;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The acknowledgement link of [`page`], which no error may repeat.
const ACK_URL: &str = "https://gonogo.example.com/ack/eyJwIjoiYWNrIn0.c2lnbmF0dXJl";

fn page() -> Page {
    Page {
        effect_id: "fx-4f2a".to_owned(),
        kind: PageKind::Page,
        incident: Some("inc-2026-0007".to_owned()),
        severity: "SEV1".to_owned(),
        title: "Charges are not recorded".to_owned(),
        summary:
            "14 charges succeeded at Stripe in the last 10 minutes and none reached the ledger."
                .to_owned(),
        impact: Some("Customers paid and have no plan.".to_owned()),
        first_step: Some("Open the runbook, step 1: stop the recorder.".to_owned()),
        runbook_url: Some("https://gonogo.example.com/runbooks/charges".to_owned()),
        incident_url: Some("https://gonogo.example.com/incidents/inc-2026-0007".to_owned()),
        ack_url: Some(ACK_URL.into()),
        to_name: "Ada Example".to_owned(),
        why_you: "step 2 of policy platform, round 1: nobody acknowledged in 5 min".to_owned(),
        exercise: false,
        closes: Vec::new(),
    }
}

fn page_of(kind: PageKind) -> Page {
    Page { kind, ..page() }
}

fn channels() -> Channels {
    channels_with(Settings::default())
}

fn channels_with(settings: Settings) -> Channels {
    let links = AckLinks::new(&[[7u8; 32]]).expect("the key is long enough");
    Channels::new(settings, links).expect("the settings work")
}

fn channels_for_mail(smtp: SmtpSettings) -> Channels {
    channels_with(Settings {
        smtp: Some(smtp),
        ..Settings::default()
    })
}

/// Channels that wait a moment only, for tests of what happens then.
fn impatient_channels() -> Channels {
    channels_with(Settings {
        http: HttpSettings {
            timeout: Duration::from_millis(200),
            ..HttpSettings::default()
        },
        ..Settings::default()
    })
}

/// A server that gives every request the same answer.
async fn server_answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

/// The one request that a server received.
async fn the_request(server: &MockServer) -> Request {
    let requests = server
        .received_requests()
        .await
        .expect("requests are recorded");
    assert_eq!(requests.len(), 1, "one send is one request");
    requests.into_iter().next().expect("there is one")
}

fn json_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("the body is JSON")
}

fn receipt(outcome: Outcome) -> String {
    match outcome {
        Outcome::Delivered { receipt } => receipt,
        other => panic!("not delivered: {other:?}"),
    }
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { error } => error,
        other => panic!("not failed for good: {other:?}"),
    }
}

fn retry(outcome: Outcome) -> (Option<Duration>, String) {
    match outcome {
        Outcome::Retry { after, error } => (after, error),
        other => panic!("not to be repeated: {other:?}"),
    }
}

#[test]
fn a_mistake_in_an_address_shows_without_sending() {
    let channels = channels_for_mail(SmtpSettings::new("mail.example.com", "pager@example.com"));
    let webhook = Address::new(Channel::Webhook, "https://example.com/in/abcd")
        .with_credential("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let good = [
        Address::new(Channel::Email, "ada@example.com"),
        Address::new(Channel::Slack, "https://hooks.example.com/services/T0/B0/x"),
        Address::new(Channel::Ntfy, "https://ntfy.example.com/on-call"),
        Address::new(Channel::Pagerduty, "0123456789abcdef0123456789abcdef"),
        webhook.clone(),
    ];
    for address in good {
        assert_eq!(channels.check(&address), Ok(()), "{}", address.channel);
    }
    let unsigned = Address {
        credential: None,
        ..webhook
    };
    assert_eq!(
        channels.check(&unsigned).unwrap_err(),
        "this webhook has no signing secret"
    );
    for channel in Channel::ALL.iter().copied() {
        let problem = channels.check(&Address::new(channel, "xyzzy")).unwrap_err();
        assert!(!problem.contains("xyzzy"), "{problem}");
    }
}

#[test]
fn sends_can_run_side_by_side() {
    fn can_be_spawned<T: Send + 'static>(_: impl FnOnce() -> T) {}
    can_be_spawned(|| async {
        let address = Address::new(Channel::Slack, "https://hooks.example.com/x");
        channels().send(&address, &page()).await
    });
}
