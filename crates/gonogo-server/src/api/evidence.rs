//! `GET /evidence`, `POST /evidence` and `GET /verdict`: what is known about readiness, one
//! record more, and what follows.
//!
//! Invariant: a 2xx means that the record is durable and counts at that moment; who gave it is
//! known, and nobody speaks in another's name but a program that was trusted to.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gonogo_model::evidence::{Evidence, Method, Outcome, StepOutcome};
use gonogo_model::text::{Span, Spanned};
use gonogo_model::when::Instant;
use gonogo_model::{Duration, Subject};
use gonogo_readiness::report::evidence::value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::act::words;
use super::answer::{Answer, Body};
use super::problem::Problem;
use crate::auth::{Identity, Role, Via};
use crate::readiness::{Given, NotKept, OWN_ACTOR, file};
use crate::site::Site;
use crate::store::StoreError;

/// The most entries of a list in a record.
pub const LISTED_MAX: usize = 200;

/// A record to be kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedEvidence {
    /// The criterion: `RBK-03`.
    pub criterion: String,
    /// What it is about: `component/billing`.
    pub subject: String,
    /// `pass` or `fail`.
    pub result: Outcome,
    /// `probe`, `drill`, `artifact` or `attest`.
    pub method: Method,
    /// When it was found out; now, where that is not written.
    #[serde(default)]
    pub observed_at: Option<Timestamp>,
    /// How long it holds at most.
    #[serde(default)]
    pub ttl: Option<String>,
    /// What it covers besides what the criterion asks for.
    #[serde(default)]
    pub covers: Vec<String>,
    /// The package that it was found out about, where it must be that one.
    #[serde(default)]
    pub package_digest: Option<String>,
    /// Who found it out; whoever asks, where that is not written.
    #[serde(default)]
    pub actor: Option<String>,
    /// The second person, who looked at it.
    #[serde(default)]
    pub reviewer: Option<String>,
    /// What it does not show.
    #[serde(default)]
    pub limitations: Option<String>,
    /// What came of it: a number, a time, a link.
    #[serde(default)]
    pub note: Option<String>,
    /// What came of each step of a runbook.
    #[serde(default)]
    pub steps: BTreeMap<String, StepOutcome>,
    /// What in particular was tried.
    #[serde(default)]
    pub tried: Vec<String>,
    /// How long it took.
    #[serde(default)]
    pub took: Option<String>,
    /// How much was lost, as time.
    #[serde(default)]
    pub lost: Option<String>,
    /// The number that came of it.
    #[serde(default)]
    pub measured: Option<u64>,
}

/// A record that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvidence {
    /// Its number.
    pub id: i64,
    /// The record as it is kept, bound to what it covers.
    pub record: Value,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Value> {
    let (readiness, view, now) = (site.readiness.clone(), site.view(), site.clock.now());
    let known = tokio::task::spawn_blocking(move || file(&readiness.known(&view, now)));
    known.await.map(Json).map_err(|error| {
        let why = format!("evidence could not be gathered: {error}");
        Problem::from(StoreError::Unavailable(why))
    })
}

pub(super) async fn verdict(State(site): State<Site>, _: Identity) -> Answer<Value> {
    let board = site.readiness.board(&site).await?;
    Ok(Json(board.value.clone()))
}

pub(super) async fn add(
    State(site): State<Site>,
    who: Identity,
    Body(wanted): Body<WantedEvidence>,
) -> Answer<KeptEvidence> {
    if who.via != Via::Recorder && !who.may(Role::Responder) {
        let message = "Recording evidence takes the role responder, or a token for it.";
        return Err(Problem::forbidden(message)
            .help("Make one with `gonogo token create --scope evidence`."));
    }
    let inside = site.view().plan.text.digest().0;
    if wanted.package_digest.as_ref().is_some_and(|d| *d != inside) {
        let message = "Another package is in force than the one this was found out about.";
        return Err(Problem::conflict("another_package", message)
            .help("Put that one in force first, or find it out again."));
    }
    let now = site.clock.now().timestamp();
    let actor = actor(&who, wanted.actor.as_deref())?;
    let given = Given {
        by: who.user_id.clone(),
        covers: listed("covers", wanted.covers.clone())?
            .iter()
            .map(|s| subject(s))
            .collect::<Result<_, _>>()?,
        record: record(wanted, actor, now)?,
    };
    let (id, record) = site.readiness.keep(&site, given).await?;
    let record = value(&record);
    Ok(Json(KeptEvidence { id, record }))
}

/// In whose name it is kept.
fn actor(who: &Identity, named: Option<&str>) -> Result<String, Problem> {
    let own = match &who.person {
        Some(person) => person.to_string(),
        None => who.user_id.clone(),
    };
    let Some(named) = named else {
        return Ok(own);
    };
    let named = words("actor", named.to_owned())?;
    if named.eq_ignore_ascii_case(OWN_ACTOR) {
        let message = format!("`{OWN_ACTOR}` is what the server itself records as.");
        return Err(Problem::invalid("reserved_actor", message)
            .help("Name the person, or the pipeline that ran it."));
    }
    if named != own && who.via != Via::Recorder {
        let message = format!("You record as `{own}`, and not as `{named}`.");
        return Err(Problem::forbidden(message)
            .help("A token with the scope `evidence` may name who found it out."));
    }
    Ok(named)
}

fn record(wanted: WantedEvidence, actor: String, now: Timestamp) -> Result<Evidence, Problem> {
    let text = |name: &str, text: Option<String>| text.map(|t| words(name, t)).transpose();
    if wanted.steps.len() > LISTED_MAX {
        return Err(too_many("steps", wanted.steps.len()));
    }
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    Ok(Evidence {
        subject: unplaced(subject(&wanted.subject)?),
        criterion: unplaced(words("criterion", wanted.criterion)?),
        result: wanted.result,
        method: wanted.method,
        observed_at: Instant(wanted.observed_at.unwrap_or(now)),
        ttl: duration("ttl", wanted.ttl)?,
        covers: BTreeMap::new(),
        package_digest: None,
        actor,
        reviewer: text("reviewer", wanted.reviewer)?,
        limitations: text("limitations", wanted.limitations)?,
        note: text("note", wanted.note)?,
        steps: wanted.steps,
        tried: listed("tried", wanted.tried)?,
        took: duration("took", wanted.took)?,
        lost: duration("lost", wanted.lost)?,
        measured: wanted.measured,
    })
}

fn subject(text: &str) -> Result<Subject, Problem> {
    Subject::parse(text).map_err(|why| Problem::invalid("bad_subject", sentence(&why)))
}

fn duration(name: &str, text: Option<String>) -> Result<Option<Duration>, Problem> {
    let read = |text: String| {
        Duration::parse(&text)
            .map_err(|why| Problem::invalid("bad_duration", sentence(&format!("`{name}`: {why}"))))
    };
    text.map(read).transpose()
}

fn listed(name: &str, entries: Vec<String>) -> Result<Vec<String>, Problem> {
    if entries.len() > LISTED_MAX {
        return Err(too_many(name, entries.len()));
    }
    entries.into_iter().map(|e| words(name, e)).collect()
}

fn too_many(name: &str, len: usize) -> Problem {
    let message = format!("`{name}` has {len} entries; {LISTED_MAX} are taken.");
    Problem::invalid("too_many", message)
}

/// With a capital and a full stop, as an answer of the API reads.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

impl From<NotKept> for Problem {
    fn from(why: NotKept) -> Self {
        match why {
            NotKept::Refused(refusal) => {
                Self::invalid(refusal.code, sentence(&refusal.why)).help(sentence(&refusal.help))
            }
            NotKept::Store(error) => error.into(),
        }
    }
}

fn unplaced<T>(value: T) -> Spanned<T> {
    let span = Span::default();
    Spanned { value, span }
}
