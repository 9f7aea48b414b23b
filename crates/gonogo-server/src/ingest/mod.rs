//! Intake: what a provider sent becomes verified, normalised events.
//!
//! Everything here is a function of bytes and headers, without a socket, a clock or a store,
//! so that all of it can be tested and fuzzed. The handler that reads the request, stores
//! the events and answers stands above it.
//!
//! Invariant: no event comes out of a delivery that did not verify. What did verify is not
//! lost either: what cannot be normalised is a [`DeadLetter`], which the caller keeps whole
//! with its [`envelope_headers`] and can [`replay`] later.

pub mod alerts;
mod body;
mod cloudevents;
mod dead_letter;
mod event;
mod fields;
mod fivetran;
mod github;
mod google;
pub mod http;
mod monitoring;
pub mod oidc;
mod percent;
mod reject;
mod secret;
pub mod setup;
mod standard;
mod stripe;
mod token;

use std::collections::BTreeSet;

use axum::http::{HeaderMap, HeaderName, header};
use gonogo_engine::input::External;
use gonogo_model::Id;
use gonogo_model::source::{Provider, Source};
use jiff::{SignedDuration, Timestamp};

pub use self::cloudevents::{CloudeventsAuth, MIN_TOKEN_BYTES, handshake};
pub use self::dead_letter::{DeadLetter, DeadReason};
pub use self::event::{DedupKey, MAX_AHEAD, MAX_SKEW, MAX_TEXT_BYTES, Note, VerifiedEvent};
pub use self::fields::MAX_FIELD_BYTES;
pub use self::reject::{Reject, RejectCode};
pub use self::secret::Secret;
pub(crate) use self::secret::any_token_matches;
pub use self::standard::Places;

/// Signing as the providers do it, for the demo, the self-event and tests.
pub mod sign {
    pub use super::alerts::grafana::sign as grafana;
    pub use super::cloudevents::sign as cloudevents;
    pub use super::fivetran::sign as fivetran;
    pub use super::github::sign as github;
    pub use super::stripe::sign as stripe;
}

/// The most headers a delivery may have.
pub const MAX_HEADERS: usize = 100;

/// The most bytes that the names and values of all headers may have together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The most signatures that are compared; providers send two while a secret is replaced.
pub const MAX_SIGNATURES: usize = 16;

/// The most events of one batch.
pub const MAX_BATCH: usize = 500;

/// How old a signature may be when nothing else is declared.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// How old a Fivetran event may be: it repeats for 24 hours and signs no time of sending.
pub const FIVETRAN_TOLERANCE: SignedDuration = SignedDuration::from_hours(25);

/// One request, as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// All its headers.
    pub headers: &'a HeaderMap,
    /// The raw body: signatures are over these bytes.
    pub body: &'a [u8],
    /// What follows the `?` of its URL, as it was sent: some senders have their token there.
    pub query: &'a str,
    /// The keys that tokens are verified with, for a source that takes tokens.
    pub keys: Option<&'a oidc::Keys>,
    /// When it was received, by our clock. Timestamps are compared with this one, never with
    /// the time at which a queue gets round to it.
    pub received_at: Timestamp,
}

/// What verifying and normalising a source's deliveries needs to know.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// The source's id in the package.
    pub id: Id,
    /// Whose format and signature it speaks.
    pub kind: Provider,
    /// The keys, several while one is being replaced. Without one everything is refused.
    pub secrets: Vec<Secret>,
    /// The largest body accepted, in bytes.
    pub max_body_bytes: usize,
    /// How old a delivery may be.
    pub tolerance: SignedDuration,
    /// Dotted paths of the body that are kept with each event.
    pub fields: BTreeSet<String>,
    /// How a sender of CloudEvents proves itself; other kinds do not look at it.
    pub cloudevents_auth: CloudeventsAuth,
    /// What a token of Google's has to say; without it `google-pubsub` refuses everything.
    pub oidc: Option<oidc::Expected>,
    /// Where the bodies of `standard-webhooks` have id, type and time.
    pub places: Places,
    /// How long an alert of another tool is believed that says no end.
    pub quiet_after: Option<SignedDuration>,
    /// The headers that Grafana signs with, where they are not the usual ones.
    pub signing: alerts::grafana::Signing,
}

/// What came of a delivery that verified.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepted {
    /// Facts to be stored.
    Events(Vec<VerifiedEvent>),
    /// A batch of which some events cannot be normalised: the events are stored, and the whole
    /// delivery is kept as a dead letter too. A replay finds the former by their keys.
    Partial {
        /// Facts to be stored.
        events: Vec<VerifiedEvent>,
        /// What is wrong with the others.
        dead: DeadLetter,
    },
    /// Alerts of another tool, or changes that it tells of. What of it cannot be read is kept
    /// as a dead letter too.
    Alerts {
        /// What is to be stored.
        external: Box<External>,
        /// What is wrong with the rest.
        dead: Option<DeadLetter>,
    },
    /// It cannot be normalised: the caller keeps it whole.
    DeadLetter(DeadLetter),
    /// Nothing happened, such as a provider's test of the connection. Answered like an event.
    Nothing {
        /// Why nothing is stored.
        why: &'static str,
    },
}

/// Verifies a delivery and turns it into events.
pub fn accept(settings: &SourceSettings, delivery: &Delivery) -> Result<Accepted, Reject> {
    within_limits(settings, delivery)?;
    let note = match settings.kind {
        Provider::Stripe => stripe::verify(settings, delivery)?,
        Provider::Fivetran => fivetran::verify(settings, delivery)?,
        Provider::Github => github::verify(settings, delivery)?,
        Provider::Cloudevents | Provider::StandardWebhooks => {
            cloudevents::verify(settings, delivery)?
        }
        Provider::GooglePubsub => google::verify(settings, delivery).map(|()| None)?,
        Provider::CloudMonitoring => token::verify(settings, delivery).map(|()| None)?,
        Provider::Alertmanager => alerts::token::verify(settings, delivery)?,
        Provider::Grafana => alerts::grafana::verify(settings, delivery)?,
        Provider::Pagerduty => alerts::pagerduty::verify(settings, delivery)?,
    };
    let mut accepted = normalise(settings, delivery)?;
    if let Some(note) = note
        && let Accepted::Events(events) | Accepted::Partial { events, .. } = &mut accepted
    {
        for event in events {
            event.notes.push(note.clone());
        }
    }
    Ok(accepted)
}

/// Normalises a delivery that was verified when it was kept as a dead letter.
///
/// It takes the original time of receipt, so that a letter does not go stale in the drawer.
pub fn replay(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    normalise(settings, delivery).unwrap_or_else(|reject| {
        Accepted::DeadLetter(DeadLetter::new(DeadReason::Refused, reject.code.as_str()))
    })
}

/// The headers that belong to the content of a delivery, to be kept with a dead letter.
///
/// Signatures and tokens are never among them.
pub fn envelope_headers(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| {
            *name == header::CONTENT_TYPE
                || name.as_str().starts_with(cloudevents::HEADER_PREFIX)
                || *name == github::EVENT
                || *name == github::DELIVERY
                || *name == standard::ID
                || *name == standard::STAMP
                || name.as_str().starts_with(google::HEADER_PREFIX)
                || google::ATTRIBUTES
                    .iter()
                    .any(|attribute| attribute.eq_ignore_ascii_case(name.as_str()))
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl SourceSettings {
    /// Settings with the defaults of the provider.
    pub fn new(id: Id, kind: Provider, secrets: Vec<Secret>) -> Self {
        Self {
            id,
            kind,
            max_body_bytes: alerts::body_floor(kind).max(256 * 1024),
            tolerance: match kind {
                Provider::Fivetran => FIVETRAN_TOLERANCE,
                _ => TOLERANCE,
            },
            fields: BTreeSet::new(),
            cloudevents_auth: match kind {
                // The specification knows no tokens.
                Provider::StandardWebhooks => CloudeventsAuth::Signature,
                _ => CloudeventsAuth::of(&secrets),
            },
            oidc: None,
            places: Places::default(),
            quiet_after: None,
            signing: alerts::grafana::Signing::default(),
            secrets,
        }
    }

    /// The settings of a package's source, whose secrets the caller has read.
    ///
    /// `fields` are those that the flows and SLOs name; the source's own are added.
    pub fn of(
        source: &Source,
        secrets: Vec<Secret>,
        fields: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut settings = Self::new(source.id.value.clone(), source.kind, secrets);
        let declared = usize::try_from(source.max_body_bytes).unwrap_or(usize::MAX);
        settings.max_body_bytes = declared.max(alerts::body_floor(source.kind));
        settings.quiet_after = source
            .quiet_after
            .map(|d| SignedDuration::from_millis(d.as_millis()));
        settings.signing = alerts::grafana::Signing::of(source);
        settings.fields = fields
            .into_iter()
            .chain(source.fields.iter().cloned())
            .collect();
        settings.places = Places {
            id: source.id_field.clone(),
            kind: source.type_field.clone(),
            time: source.time_field.clone(),
            subject: source.subject_field.clone(),
        };
        settings
    }

    /// Why this source can verify nothing, in one sentence without a secret in it; for the
    /// start-up log and the doctor.
    pub fn mistake(&self) -> Option<String> {
        if !self.can_verify() {
            let lacks = match self.kind {
                Provider::GooglePubsub => "service account whose tokens it takes",
                _ => "secret",
            };
            return Some(format!("source `{}` has no {lacks}", self.id));
        }
        let what = match self.kind {
            Provider::Cloudevents | Provider::StandardWebhooks => cloudevents::mistake(self),
            Provider::CloudMonitoring => token::mistake(self),
            _ => None,
        };
        what.map(|what| format!("source `{}`: {what}", self.id))
    }

    /// Whether there is anything that a sender could prove itself by.
    fn can_verify(&self) -> bool {
        match self.kind {
            Provider::GooglePubsub => self.oidc.is_some(),
            _ => !self.secrets.is_empty(),
        }
    }
}

fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Result<Accepted, Reject> {
    match settings.kind {
        Provider::Stripe => Ok(stripe::normalise(settings, delivery)),
        Provider::Fivetran => fivetran::normalise(settings, delivery),
        Provider::Github => github::normalise(settings, delivery),
        Provider::Cloudevents => cloudevents::normalise(settings, delivery),
        Provider::GooglePubsub => google::normalise(settings, delivery),
        Provider::CloudMonitoring => Ok(monitoring::normalise(settings, delivery)),
        Provider::StandardWebhooks => Ok(standard::normalise(settings, delivery)),
        Provider::Alertmanager => Ok(alerts::webhook::normalise(settings, delivery)),
        Provider::Grafana => Ok(alerts::grafana::normalise(settings, delivery)),
        Provider::Pagerduty => Ok(alerts::pagerduty::normalise(settings, delivery)),
    }
}

fn within_limits(settings: &SourceSettings, delivery: &Delivery) -> Result<(), Reject> {
    if delivery.body.len() > settings.max_body_bytes {
        return Err(RejectCode::BodyTooLarge.into());
    }
    let bytes: usize = delivery
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if delivery.headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(RejectCode::HeadersTooLarge.into());
    }
    if !settings.can_verify() {
        return Err(RejectCode::SecretNotConfigured.into());
    }
    Ok(())
}

/// The one value of a header that carries a proof. Several values are refused: which of them
/// counts would be a matter of opinion between us and whatever stands in front of us.
fn proof<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Reject> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(RejectCode::SignatureMissing)?;
    if values.next().is_some() {
        return Err(RejectCode::SignatureMalformed.into());
    }
    match value.to_str() {
        Ok("") => Err(RejectCode::SignatureMissing.into()),
        Ok(text) => Ok(text),
        Err(_) => Err(RejectCode::SignatureMalformed.into()),
    }
}

/// How long before the receipt the sender stamped it, negative when its clock is ahead.
///
/// Stamps are any number that fits, so the difference saturates.
fn age(delivery: &Delivery, stamp_s: i64) -> SignedDuration {
    let received = delivery.received_at.as_duration();
    let stamp = SignedDuration::from_secs(stamp_s);
    received.checked_sub(stamp).unwrap_or(if stamp_s < 0 {
        SignedDuration::MAX
    } else {
        SignedDuration::MIN
    })
}

/// The media type of the body without its parameters, in lower case.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim().to_ascii_lowercase();
    (!essence.is_empty()).then_some(essence)
}
