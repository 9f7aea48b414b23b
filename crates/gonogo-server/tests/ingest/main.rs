//! Deliveries as providers send them, through `ingest::accept`.

mod alerts;
mod cloudevents;
mod cloudevents_auth;
mod edges;
mod fivetran;
mod formats;
mod github;
mod google;
mod keys_away;
mod limits;
mod monitoring;
mod oidc;
mod random;
mod standard;
mod stripe;

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gonogo_model::Id;
use gonogo_model::source::Provider;
use gonogo_server::ingest::oidc::Keys;
use gonogo_server::ingest::{
    Accepted, Delivery, Reject, Secret, SourceSettings, VerifiedEvent, accept,
};
use jiff::Timestamp;

/// The content of a file under `tests/fixtures/ingest`.
macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../fixtures/ingest/", $path)).as_slice()
    };
}
use fixture;

/// When every delivery here is received, in seconds: 2026-03-02T03:00:00Z.
const RECEIVED_S: i64 = 1_772_420_400;

/// One delivery in the making.
struct Post {
    settings: SourceSettings,
    headers: HeaderMap,
    body: Vec<u8>,
    query: String,
    keys: Option<Keys>,
    received_at: Timestamp,
}

impl Post {
    fn to(kind: Provider, secrets: &[&str], body: &[u8]) -> Self {
        let secrets = secrets.iter().map(|text| secret(text)).collect();
        Self {
            settings: SourceSettings::new(Id::from_static(kind.word()), kind, secrets),
            headers: HeaderMap::new(),
            body: body.to_vec(),
            query: String::new(),
            keys: None,
            received_at: at(RECEIVED_S),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
        self
    }

    fn keeping(mut self, fields: &[&str]) -> Self {
        self.settings.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self
    }

    fn received(mut self, second: i64) -> Self {
        self.received_at = at(second);
        self
    }

    fn delivery(&self) -> Delivery<'_> {
        Delivery {
            headers: &self.headers,
            body: &self.body,
            query: &self.query,
            keys: self.keys.as_ref(),
            received_at: self.received_at,
        }
    }

    fn accept(&self) -> Result<Accepted, Reject> {
        accept(&self.settings, &self.delivery())
    }

    /// The outcome in one line: a code, or what was made of it.
    fn outcome(&self) -> String {
        match self.accept() {
            Err(reject) => format!("{} {}", reject.status, reject.code),
            Ok(Accepted::Events(events)) => {
                let kinds: Vec<_> = events.iter().map(|one| one.event.kind.as_str()).collect();
                kinds.join(", ")
            }
            Ok(Accepted::Partial { events, dead }) => {
                format!("{} events, dead letter {dead}", events.len())
            }
            Ok(Accepted::Alerts { external, dead }) => {
                let dead = dead.map_or(String::new(), |d| format!(", dead letter {d}"));
                format!("{} alerts{dead}", external.alerts.len())
            }
            Ok(Accepted::DeadLetter(dead)) => format!("dead letter {dead}"),
            Ok(Accepted::Nothing { why }) => format!("nothing: {why}"),
        }
    }

    /// The only event of the delivery.
    fn event(&self) -> VerifiedEvent {
        match self.accept() {
            Ok(Accepted::Events(mut events)) if events.len() == 1 => events.remove(0),
            other => panic!("{other:?}"),
        }
    }

    /// The event whole, for a snapshot.
    fn show(&self) -> String {
        let VerifiedEvent {
            event,
            dedup,
            second_key,
            notes,
        } = self.event();
        let mut text = serde_json::to_string_pretty(&event).unwrap();
        write!(text, "\ndedup {dedup}").unwrap();
        if let Some(key) = second_key {
            write!(text, "\nsecond {key}").unwrap();
        }
        for note in notes {
            write!(text, "\n{note:?}").unwrap();
        }
        text
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// One line for each case.
fn table<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    rows.into_iter()
        .map(|(case, outcome)| format!("{case}: {outcome}\n"))
        .collect()
}
