//! The door: `POST /in/{source}`. A 2xx means verified, deduplicated and fsynced.
//!
//! Refusals are counted by reason and never stored as fact; a request that cannot be stored
//! is answered 503 with `Retry-After`, so that the sender repeats it. Invariant: nothing is
//! answered with 2xx before its commit.

mod onward;
mod replay;
pub mod tools;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_engine::Input;
use gonogo_engine::input::{External, SCHEMA};
use gonogo_model::forward::Forward;
use gonogo_model::overlay::Overlay;
use gonogo_model::setting::Setting;
use gonogo_model::source::{Provider, Source};
use gonogo_model::text::Digest;
use gonogo_model::value::fields_read;

use gonogo_model::{Id, Package};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::driver::new_input;
use crate::forward::Desk;
use crate::settings::Outside;
use crate::store::{
    AppendBatch, Appended, DEDUP_DAYS_MAX, Dedup, Lane, NewDeadLetter, NewInput, RawBody, Store,
    StoreError,
};
use crate::view::View;

use onward::Onward;
pub use replay::{CannotReplay, LettersReplayed, Replayed};

use super::body::{self, Unread};
use super::oidc::{Expected, GOOGLE_KEYS, KeyStore, Keys, Token};
use super::{
    Accepted, DeadLetter, Delivery, Note, Secret, SourceSettings, VerifiedEvent, envelope_headers,
};

/// The source of our own test events. It proves that the whole way in works.
pub const OWN_SOURCE: &str = "gonogo-intake";
/// The largest body that is read for any source; each source has its own limit below that.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Requests that are taken in at once. More would only wait for the same disk: they are told at
/// once to come back, so that those that are taken stay quick.
pub const IN_FLIGHT_MAX: usize = 512;
/// How long a sender is asked to wait when nothing can be stored.
const RETRY_AFTER_SECS: &str = "5";
/// So many refused signatures within [`SPIKE_WINDOW_MS`] are said aloud: a key that was
/// rotated on one side only looks like silence.
pub const SPIKE: u32 = 10;
/// The window of [`SPIKE`].
pub const SPIKE_WINDOW_MS: i64 = 5 * 60_000;
/// Of so many events it is remembered how long they were on their way.
const APART_KEPT: usize = 256;
/// Headers are kept for a dead letter up to this many bytes.
const HEADER_JSON_MAX: usize = 8 * 1024;

/// The intake; clones share it.
#[derive(Clone)]
pub struct Intake {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<Clock>,
    outside: Outside,
    view: watch::Receiver<Arc<View>>,
    base_url: String,
    keys: KeyStore,
    own: SourceSettings,
    desk: Desk,
    places: Semaphore,
    in_force: RwLock<InForce>,
    tally: Mutex<BTreeMap<Id, Tally>>,
}

#[derive(Default)]
struct InForce {
    key: Option<(Option<Digest>, Overlay)>,
    sources: BTreeMap<Id, Arc<Declared>>,
}

struct Declared {
    settings: SourceSettings,
    keep_days: u16,
    dedup_days: u16,
    forward: Option<Forward>,
}

/// What a source's requests came to since the start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests that were accepted.
    pub accepted: u64,
    /// Events that had come before.
    pub duplicates: u64,
    /// Refusals, by stable code.
    pub refused: BTreeMap<&'static str, u64>,
    /// The last refusal, in milliseconds since 1970.
    pub refused_at_ms: Option<i64>,
    /// Refusals since something was last accepted, ours apart: those blame nobody else.
    pub refused_in_row: u32,
    /// The stable code of the last of them.
    pub last_refusal: Option<&'static str>,
    /// By how many milliseconds each of the last events was heard after it was sent.
    apart: VecDeque<i64>,
    spike: Vec<i64>,
}

/// How far a sender's clock, or its deliveries, are from our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Half of the events were heard later than this after they were sent; negative where the
    /// sender's clock is ahead.
    pub median_ms: i64,
    /// The one that is furthest from nothing.
    pub max_ms: i64,
    /// About how many events this is.
    pub events: usize,
}

impl Tally {
    /// How far sending and hearing are apart; none before the first event that said when it
    /// was sent.
    pub fn apart(&self) -> Option<Apart> {
        let mut sorted: Vec<i64> = self.apart.iter().copied().collect();
        sorted.sort_unstable();
        Some(Apart {
            median_ms: *sorted.get(sorted.len().saturating_sub(1) / 2)?,
            max_ms: sorted.iter().copied().max_by_key(|ms| ms.unsigned_abs())?,
            events: sorted.len(),
        })
    }

    fn heard(&mut self, apart: &[i64]) {
        self.apart.extend(apart);
        let excess = self.apart.len().saturating_sub(APART_KEPT);
        self.apart.drain(..excess);
    }
}

/// By how many milliseconds events were heard after they were sent, where they say.
fn apart_of(events: &[VerifiedEvent]) -> Vec<i64> {
    let of = |verified: &VerifiedEvent| {
        let mut sent = verified.event.time;
        for note in &verified.notes {
            match note {
                Note::TimeMissing => return None,
                Note::TimeNotBelieved(said) => sent = *said,
                _ => {}
            }
        }
        let heard = verified.event.received_at.as_millisecond();
        Some(heard.saturating_sub(sent.as_millisecond()))
    };
    events.iter().filter_map(of).collect()
}

impl Intake {
    /// An intake for the package in force, whose sources are at `base_url`. `own_secret` signs
    /// our own test events.
    pub fn new(
        store: Store,
        clock: Arc<Clock>,
        outside: Outside,
        view: watch::Receiver<Arc<View>>,
        base_url: &str,
        own_secret: &str,
    ) -> Self {
        let keys = KeyStore::new(Arc::clone(&clock));
        let own = SourceSettings::new(
            Id::from_static(OWN_SOURCE),
            Provider::Cloudevents,
            Secret::new(own_secret).into_iter().collect(),
        );
        let (in_force, tally) = (RwLock::default(), Mutex::default());
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                outside,
                view,
                base_url: base_url.to_owned(),
                keys,
                own,
                desk: Desk::default(),
                places: Semaphore::new(IN_FLIGHT_MAX),
                in_force,
                tally,
            }),
        }
    }

    /// Where secrets are read from.
    pub fn outside(&self) -> &Outside {
        &self.inner.outside
    }

    /// What the intake and forwarding tell one another.
    pub fn desk(&self) -> Desk {
        self.inner.desk.clone()
    }

    /// What each source's requests came to since the start.
    pub fn tallies(&self) -> BTreeMap<Id, Tally> {
        self.inner
            .tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sources with a spike of refused signatures right now, and how many.
    pub fn spikes(&self) -> Vec<(Id, usize)> {
        let since = self.inner.clock.now().as_millis() - SPIKE_WINDOW_MS;
        let mut tally = self
            .inner
            .tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut spikes = Vec::new();
        for (id, tally) in tally.iter_mut() {
            tally.spike.retain(|at| *at >= since);
            if tally.spike.len() >= SPIKE as usize {
                spikes.push((id.clone(), tally.spike.len()));
            }
        }
        spikes
    }

    /// What is wrong with how the sources are set up, a sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let sources = self.sources();
        sources
            .values()
            .filter_map(|d| d.settings.mistake())
            .collect()
    }

    fn sources(&self) -> BTreeMap<Id, Arc<Declared>> {
        let view = self.inner.view.borrow().clone();
        let key = Some((view.plan.package.digest.clone(), view.overlay.clone()));
        {
            let in_force = self
                .inner
                .in_force
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if in_force.key == key {
                return in_force.sources.clone();
            }
        }
        let sources = declared(
            &view.plan.package,
            &self.inner.outside,
            &self.inner.base_url,
        );
        let mut in_force = self
            .inner
            .in_force
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *in_force = InForce {
            key,
            sources: sources.clone(),
        };
        sources
    }

    fn source(&self, id: &str) -> Option<Arc<Declared>> {
        let view = self.inner.view.borrow().clone();
        {
            let in_force = self
                .inner
                .in_force
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let current = in_force.key.as_ref();
            if current.is_some_and(|(d, o)| *d == view.plan.package.digest && *o == view.overlay) {
                return in_force.sources.get(id).cloned();
            }
        }
        self.sources().get(id).cloned()
    }

    fn count(&self, id: &Id, count: impl FnOnce(&mut Tally)) {
        let mut tally = self
            .inner
            .tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        count(tally.entry(id.clone()).or_default());
    }

    async fn take(
        &self,
        source: &str,
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Taken, Refused> {
        let mut delivery = Delivery {
            headers,
            body,
            query,
            keys: None,
            received_at: self.inner.clock.now().timestamp(),
        };
        if source == OWN_SOURCE {
            return self.take_own(&delivery).await;
        }
        let declared = self.source(source).ok_or(Refused::UnknownSource)?;
        let settings = &declared.settings;
        let keys = self.keys_for(settings, headers).await;
        delivery.keys = keys.as_deref();
        let accepted = super::accept(settings, &delivery)
            .map_err(|reject| self.count_refusal(&settings.id, reject))?;
        let onward = self.onward(&declared)?;
        let taken = match accepted {
            Accepted::Nothing { .. } => {
                self.send_on(&declared, &delivery, onward, "a test of the provider's")
                    .await?;
                Taken::default()
            }
            Accepted::Events(events) => self.store(&declared, &delivery, events, onward).await?,
            Accepted::Alerts { external, dead } => {
                let taken = self
                    .take_alerts(&declared, &delivery, *external, dead)
                    .await?;
                self.send_on(&declared, &delivery, onward, "alerts of another tool")
                    .await?;
                taken
            }
            Accepted::DeadLetter(dead) => {
                self.put_aside(&declared, &delivery, &dead).await?;
                self.send_on(&declared, &delivery, onward, "not readable here")
                    .await?;
                Taken {
                    dead_letters: 1,
                    wrong: Some(dead.detail),
                    ..Taken::default()
                }
            }
            Accepted::Partial { events, dead } => {
                self.put_aside(&declared, &delivery, &dead).await?;
                let taken = self.store(&declared, &delivery, events, onward).await?;
                Taken {
                    dead_letters: 1,
                    ..taken
                }
            }
        };
        self.count(&settings.id, |t| {
            t.accepted += 1;
            t.refused_in_row = 0;
            t.duplicates += taken.duplicates as u64;
        });
        Ok(taken)
    }

    /// Counts what was refused to a source, by reason.
    fn count_refusal(&self, source: &Id, reject: super::Reject) -> Refused {
        let code = reject.code.as_str();
        let now = self.inner.clock.now().as_millis();
        self.count(source, |t| {
            *t.refused.entry(code).or_default() += 1;
            t.refused_at_ms = Some(now);
            t.refused_in_row = t.refused_in_row.saturating_add(1);
            t.last_refusal = Some(code);
            if reject.code.is_of_proof() {
                t.spike.push(now);
                if t.spike.len() > 10_000 {
                    t.spike.drain(..5_000);
                }
            }
        });
        Refused::Rejected {
            status: reject.status,
            code,
            public: reject.public,
        }
    }

    /// The keys for the token of a request, where its source takes tokens and they are there.
    async fn keys_for(&self, settings: &SourceSettings, headers: &HeaderMap) -> Option<Arc<Keys>> {
        let expected = settings.oidc.as_ref()?;
        // What is no token is refused without asking anybody.
        let token = Token::read(headers).ok()?;
        let got = self.inner.keys.get(&expected.jwks_url, token.kid()).await;
        got.ok()
    }

    async fn store(
        &self,
        declared: &Declared,
        delivery: &Delivery<'_>,
        events: Vec<VerifiedEvent>,
        onward: Onward,
    ) -> Result<Taken, Refused> {
        let now = self.inner.clock.now();
        let apart = apart_of(&events);
        let forward = onward.delivery(declared, delivery, &events, now);
        let inputs = events
            .into_iter()
            .enumerate()
            .map(|(place, verified)| {
                let key = *verified.dedup.as_bytes();
                let input = Input::Event(verified.event);
                NewInput {
                    kind: input.kind().into(),
                    received_at_ms: now.as_millis(),
                    schema: SCHEMA,
                    body: serde_json::to_vec(&input).unwrap_or_default(),
                    dedup: Some(Dedup {
                        source: declared.settings.id.to_string(),
                        key,
                        keep_days: declared.dedup_days,
                    }),
                    // A batch is one body: it is kept once.
                    raw: (place == 0 && forward.is_none())
                        .then(|| declared.raw(delivery))
                        .flatten(),
                }
            })
            .collect();
        let lane = Lane::World;
        let batch = AppendBatch { lane, inputs };
        let appended = match forward {
            None => self.inner.store.append(batch).await?,
            Some(forward) => {
                let appended = self.inner.store.append_forwarded(batch, forward).await?;
                self.inner.desk.queued(&declared.settings.id);
                appended
            }
        };
        let duplicates = appended
            .iter()
            .filter(|a| matches!(a, Appended::Duplicate { .. }))
            .count();
        // A repeat is late because it is one.
        if duplicates == 0 {
            self.count(&declared.settings.id, |t| t.heard(&apart));
        }
        Ok(Taken {
            accepted: appended.len() - duplicates,
            duplicates,
            ..Taken::default()
        })
    }

    async fn take_alerts(
        &self,
        declared: &Declared,
        delivery: &Delivery<'_>,
        external: External,
        dead: Option<DeadLetter>,
    ) -> Result<Taken, Refused> {
        if let Some(dead) = &dead {
            self.put_aside(declared, delivery, dead).await?;
        }
        if dead.is_some() && external.alerts.is_empty() && external.changes.is_empty() {
            return Ok(Taken {
                dead_letters: 1,
                wrong: dead.map(|d| d.detail),
                ..Taken::default()
            });
        }
        let accepted = external.alerts.len() + external.changes.len();
        let now = self.inner.clock.now();
        let raw = declared.raw(delivery);
        let input = NewInput {
            raw,
            ..new_input(&Input::External(Box::new(external)), now)
        };
        self.inner
            .store
            .append(AppendBatch {
                lane: Lane::World,
                inputs: vec![input],
            })
            .await?;
        Ok(Taken {
            accepted,
            duplicates: 0,
            dead_letters: usize::from(dead.is_some()),
            wrong: dead.map(|d| d.detail),
        })
    }

    async fn put_aside(
        &self,
        declared: &Declared,
        delivery: &Delivery<'_>,
        dead: &DeadLetter,
    ) -> Result<(), Refused> {
        let raw = RawBody {
            source: declared.settings.id.to_string(),
            headers_json: headers_json(&envelope_headers(delivery.headers)),
            body: delivery.body.to_vec(),
            keep_days: declared.keep_days.max(1),
        };
        let letter = NewDeadLetter {
            source: declared.settings.id.to_string(),
            received_at_ms: self.inner.clock.now().as_millis(),
            reason: dead.reason.as_str().into(),
            detail: dead.detail.clone(),
            raw,
        };
        self.inner.store.add_dead_letter(letter).await?;
        Ok(())
    }

    async fn take_own(&self, delivery: &Delivery<'_>) -> Result<Taken, Refused> {
        let rejected = |reject: super::Reject| Refused::Rejected {
            status: reject.status,
            code: reject.code.as_str(),
            public: reject.public,
        };
        super::accept(&self.inner.own, delivery).map_err(rejected)?;
        let now = self.inner.clock.now();
        let inputs = vec![new_input(&Input::IntakeProven { at: now }, now)];
        self.inner
            .store
            .append(AppendBatch {
                lane: Lane::World,
                inputs,
            })
            .await?;
        Ok(Taken {
            accepted: 1,
            ..Taken::default()
        })
    }
}

impl Declared {
    fn raw(&self, delivery: &Delivery<'_>) -> Option<RawBody> {
        (self.keep_days > 0).then(|| RawBody {
            source: self.settings.id.to_string(),
            headers_json: headers_json(&envelope_headers(delivery.headers)),
            body: delivery.body.to_vec(),
            keep_days: self.keep_days,
        })
    }
}

/// What a request came to.
#[derive(Clone, Debug, Default, Serialize)]
struct Taken {
    accepted: usize,
    duplicates: usize,
    dead_letters: usize,
    /// What was wrong with what was put aside, for senders that are told.
    #[serde(skip)]
    wrong: Option<String>,
}

enum Refused {
    UnknownSource,
    Rejected {
        status: u16,
        code: &'static str,
        public: &'static str,
    },
    NotStored(StoreError),
    /// More than can be taken now: the sender repeats it.
    Busy {
        code: &'static str,
    },
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::NotStored(error)
    }
}

impl Intake {
    /// Reads a request to a source and takes it in. `prepare` may add to its headers, or refuse
    /// its body.
    async fn deliver(
        &self,
        source: &str,
        request: Request,
        prepare: impl FnOnce(&mut HeaderMap, &[u8]) -> Result<(), Refused>,
    ) -> (Bytes, Result<Taken, Refused>) {
        let (mut head, body) = request.into_parts();
        // What proves that we hear is never turned away.
        let place = match self.inner.places.try_acquire() {
            Ok(place) => Some(place),
            Err(_) if source == OWN_SOURCE => None,
            Err(_) => {
                self.count_code(source, "overloaded");
                return (Bytes::new(), Err(Refused::Busy { code: "overloaded" }));
            }
        };
        let limit = self
            .source(source)
            .map_or(64 * 1024, |d| d.settings.max_body_bytes)
            .min(BODY_BYTES_MAX);
        let body: Bytes = match body::read(body, limit).await {
            Ok(body) => body,
            Err(unread) => {
                let (status, code, public) = match unread {
                    Unread::TooLarge => (413, "body_too_large", "The body is too large."),
                    Unread::Broken => (400, "body_broken", "The body did not come to its end."),
                    Unread::TooSlow => (408, "body_too_slow", "The body took too long."),
                };
                self.count_code(source, code);
                let refused = Refused::Rejected {
                    status,
                    code,
                    public,
                };
                return (Bytes::new(), Err(refused));
            }
        };
        if let Err(refused) = prepare(&mut head.headers, &body) {
            return (body, Err(refused));
        }
        let query = head.uri.query().unwrap_or_default();
        let taken = self.take(source, query, &head.headers, &body).await;
        drop(place);
        match &taken {
            Err(Refused::Rejected { code, .. }) => {
                tracing::info!(source, code, "a delivery is refused");
            }
            Err(Refused::Busy { code }) => {
                tracing::warn!(source, code, "a delivery is asked to come back");
            }
            Err(Refused::NotStored(error)) => {
                tracing::error!(source, %error, "a delivery cannot be stored");
            }
            Err(Refused::UnknownSource) | Ok(_) => {}
        }
        (body, taken)
    }

    fn count_code(&self, source: &str, code: &'static str) {
        if let Some(declared) = self.source(source) {
            self.count(&declared.settings.id, |t| {
                *t.refused.entry(code).or_default() += 1
            });
        }
    }
}

/// `POST /in/{source}`
pub async fn post(
    State(intake): State<Intake>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    let kind = intake.source(&source).map(|d| d.settings.kind);
    if kind == Some(Provider::Pagerduty) {
        return tools::pagerduty(&intake, &source, request).await;
    }
    let (_, taken) = intake.deliver(&source, request, |_, _| Ok(())).await;
    match taken {
        Ok(taken) => Json(taken).into_response(),
        Err(Refused::UnknownSource) => {
            refusal(404, "unknown_source", "There is no such source here.")
        }
        Err(Refused::Rejected {
            status,
            code,
            public,
        }) => match status {
            503 => repeat(refusal(status, code, public)),
            _ => refusal(status, code, public),
        },
        Err(Refused::Busy { code }) => busy(code),
        Err(Refused::NotStored(error)) => busy(if error.is_temporary() {
            "not_stored"
        } else {
            "not_storable"
        }),
    }
}

/// `OPTIONS /in/{source}`: the handshake of the CloudEvents webhook specification.
pub async fn options(headers: HeaderMap) -> Response {
    match super::handshake(&headers, None) {
        Some(allowed) => (StatusCode::OK, allowed).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn busy(code: &str) -> Response {
    repeat(refusal(
        503,
        code,
        "It cannot be stored right now. Please send it again.",
    ))
}

/// Asks the sender to try again.
fn repeat(mut response: Response) -> Response {
    let wait = HeaderValue::from_static(RETRY_AFTER_SECS);
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

fn refusal(status: u16, code: &str, text: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (
        status,
        Json(json!({"error": {"code": code, "message": text}})),
    )
        .into_response()
}

fn headers_json(headers: &HeaderMap) -> String {
    let map: BTreeMap<&str, String> = headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let text = serde_json::to_string(&map).unwrap_or_default();
    if text.len() > HEADER_JSON_MAX {
        "{}".into()
    } else {
        text
    }
}

/// What a token for a source has to say; `None` when the package does not say whose it is.
fn expected(source: &Source, outside: &Outside, base_url: &str) -> Option<Expected> {
    let resolve = |setting: &Setting| outside.resolve(setting).ok();
    let service_account = resolve(source.service_account.as_ref()?)?;
    let said = |setting: &Option<Setting>, instead: String| match setting {
        Some(setting) => resolve(setting),
        None => Some(instead),
    };
    let push_url = format!("{base_url}/in/{}", source.id.value);
    Some(Expected {
        service_account: service_account.trim().to_owned(),
        audience: said(&source.audience, push_url)?,
        jwks_url: said(&source.jwks_url, GOOGLE_KEYS.to_owned())?,
    })
}

fn declared(package: &Package, outside: &Outside, base_url: &str) -> BTreeMap<Id, Arc<Declared>> {
    let of = |id: &Id, source: &Source| {
        let secrets = source
            .secrets
            .iter()
            .filter_map(|s| Secret::new(&outside.resolve(&s.0).ok()?))
            .collect();
        let fields = package.flows.values().flat_map(|flow| {
            let types = flow.start.event.iter().chain(&flow.end.event);
            types
                .flat_map(|t| flow.fields_of(id, t))
                .map(str::to_string)
                .collect::<Vec<_>>()
        });
        let compared = package.reconciliations.values();
        let compared = compared.flat_map(|r| r.fields_of(id)).map(str::to_string);
        let watched = package.fields_watched(id).into_iter().map(str::to_owned);
        let fields = fields.chain(watched);
        let read = fields_read(package, id).into_iter().map(str::to_string);
        let fields = fields.chain(read);
        let mut settings = SourceSettings::of(source, secrets, fields.chain(compared));
        settings.oidc = expected(source, outside, base_url);
        Declared {
            settings,
            keep_days: source.keep_days,
            dedup_days: u16::try_from(source.retry_window.as_secs() / 86_400 + 1)
                .unwrap_or(u16::MAX)
                .min(DEDUP_DAYS_MAX),
            forward: source.forward.clone(),
        }
    };
    package
        .sources
        .iter()
        .map(|(id, source)| (id.clone(), Arc::new(of(id, source))))
        .collect()
}
