//! Silences: `/api/v2/silences` and `/api/v2/silence/{id}`.
//!
//! As in Alertmanager, one whose matchers or past change gets another id, and the one before
//! ends. Invariant: a 200 means that the journal holds the decision.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gonogo_engine::Time;
use gonogo_engine::external::{MAX_SILENCES, Pattern};
use gonogo_engine::input::{Actor, Matcher, Silence, Verb};
use gonogo_model::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{annotations, moment, uuid};
use super::listed::written;
use super::matcher::{MATCHERS_MAX, mistake};
use super::{No, Pairs, Shown, filters, wanted};
use crate::site::Site;

/// The longest comment and the longest name of whoever asks, in bytes.
const TEXT_BYTES_MAX: usize = 2_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    id: String,
    status: Standing,
    updated_at: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    comment: String,
    created_by: String,
    ends_at: String,
    matchers: Vec<WireMatcher>,
    starts_at: String,
}

#[derive(Serialize)]
struct Standing {
    state: &'static str,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatcher {
    is_equal: Option<bool>,
    is_regex: bool,
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<WireMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// `GET …/api/v2/silences`
pub(super) async fn list(
    State(site): State<Site>,
    Shown(source): Shown,
    Query(pairs): Query<Pairs>,
) -> Result<Json<Vec<Listed>>, No> {
    let filters = filters(&pairs, "filter")?;
    let states = [
        ("active", wanted(&pairs, "active")?),
        ("pending", wanted(&pairs, "pending")?),
        ("expired", wanted(&pairs, "expired")?),
    ];
    let (view, now) = (site.view(), site.clock.now());
    let Some(known) = view.externals.get(&source) else {
        return Ok(Json(Vec::new()));
    };
    let asked = |s: &&Silence| {
        states.contains(&(state(s, now), true)) && filters.iter().all(|f| s.matchers.contains(f))
    };
    let mut found: Vec<&Silence> = known.silences.values().filter(asked).collect();
    found.sort_by_key(|s| order(s, now));
    Ok(Json(found.into_iter().map(|s| listed(s, now)).collect()))
}

/// `GET …/api/v2/silence/{id}`
pub(super) async fn show(
    State(site): State<Site>,
    Shown(source): Shown,
    Path(path): Path<BTreeMap<String, String>>,
) -> Result<Json<Listed>, No> {
    let found = find(&site, &source, id_of(&path)).ok_or_else(unknown)?;
    Ok(Json(listed(&found, site.clock.now())))
}

/// `DELETE …/api/v2/silence/{id}`
pub(super) async fn expire(
    State(site): State<Site>,
    Shown(source): Shown,
    Path(path): Path<BTreeMap<String, String>>,
) -> Result<StatusCode, No> {
    let found = find(&site, &source, id_of(&path)).ok_or_else(unknown)?;
    if found.ends_at > site.clock.now() {
        let verb = Verb::EndSilence {
            source: source.clone(),
            id: found.id,
        };
        decide(&site, &source, source.as_str(), verb).await?;
    }
    Ok(StatusCode::OK)
}

/// `POST …/api/v2/silences`
pub(super) async fn put(
    State(site): State<Site>,
    Shown(source): Shown,
    body: Bytes,
) -> Result<Json<Value>, No> {
    let posted: Posted =
        serde_json::from_slice(&body).map_err(|e| No::bad(format!("not a silence: {e}")))?;
    let now = site.clock.now();
    let view = site.view();
    let known = view.externals.get(&source);
    let id = posted.id.clone().filter(|id| !id.is_empty());
    let before = match &id {
        Some(id) => Some(
            known
                .and_then(|k| k.silences.get(id))
                .cloned()
                .ok_or_else(|| No::new(StatusCode::NOT_FOUND, "silence not found"))?,
        ),
        None => None,
    };
    let asked = Asked::read(posted).map_err(No::bad)?;
    if let Some(said) = silence_mistake(&asked, now) {
        return Err(No::bad(said));
    }
    let goes_on = before
        .as_ref()
        .is_some_and(|before| may_go_on(before, &asked, now));
    let silence = match before.as_ref().filter(|_| goes_on) {
        Some(before) => asked.silence(&before.id, &source, now),
        None => {
            let held = known.map_or(0, |k| {
                k.silences.values().filter(|s| s.ends_at > now).count()
            });
            if held >= MAX_SILENCES {
                let said =
                    format!("exceeded maximum number of silences: {held} (limit: {MAX_SILENCES})");
                return Err(No::bad(said));
            }
            let mut silence = asked.silence(&uuid(), &source, now);
            silence.starts_at = silence.starts_at.max(now);
            silence
        }
    };
    let (id, by) = (silence.id.clone(), silence.created_by.clone());
    // The new one is in force before the old one ends, so that nobody is called in between.
    decide(&site, &source, &by, Verb::Silence { silence }).await?;
    if let Some(before) = before.filter(|b| !goes_on && b.ends_at > now) {
        let verb = Verb::EndSilence {
            source: source.clone(),
            id: before.id,
        };
        decide(&site, &source, &by, verb).await?;
    }
    Ok(Json(json!({"silenceID": id})))
}

/// A silence that somebody asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of which alerts; all have to match.
    pub matchers: Vec<Matcher>,
    /// From when; at once where it is not said.
    pub starts_at: Option<Time>,
    /// Until when.
    pub ends_at: Time,
    /// Who asks.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What else is said.
    pub annotations: BTreeMap<String, String>,
}

impl Asked {
    fn read(posted: Posted) -> Result<Self, String> {
        let time = |text: &str| Ok::<_, String>(moment(Some(text))?.map(Time::from));
        let ends_at = time(&posted.ends_at)?.ok_or("invalid zero end timestamp")?;
        let each = |m: WireMatcher| Matcher {
            name: m.name,
            value: m.value,
            regex: m.is_regex,
            equal: m.is_equal.unwrap_or(true),
        };
        Ok(Self {
            matchers: posted.matchers.into_iter().map(each).collect(),
            starts_at: time(&posted.starts_at)?,
            ends_at,
            created_by: posted.created_by,
            comment: posted.comment,
            annotations: annotations(posted.annotations.unwrap_or_default()),
        })
    }

    /// The silence under an id.
    pub fn silence(&self, id: &str, source: &Id, now: Time) -> Silence {
        Silence {
            id: id.to_owned(),
            source: source.clone(),
            matchers: self.matchers.clone(),
            starts_at: self.starts_at.unwrap_or(now),
            ends_at: self.ends_at,
            updated_at: now,
            created_by: self.created_by.clone(),
            comment: self.comment.clone(),
            annotations: self.annotations.clone(),
        }
    }
}

/// What is wrong with a silence, as Alertmanager says it.
pub fn silence_mistake(asked: &Asked, now: Time) -> Option<String> {
    let starts_at = asked.starts_at.unwrap_or(now);
    if starts_at >= asked.ends_at {
        return Some("Failed to create silence: start time must be before end time".into());
    }
    if asked.ends_at <= now {
        return Some("Failed to create silence: end time can't be in the past".into());
    }
    if asked.matchers.is_empty() {
        return Some("invalid silence: at least one matcher required".into());
    }
    if asked.matchers.len() > MATCHERS_MAX {
        return Some(format!(
            "invalid silence: more than {MATCHERS_MAX} matchers"
        ));
    }
    if asked.created_by.len().max(asked.comment.len()) > TEXT_BYTES_MAX {
        return Some(format!(
            "invalid silence: a text of more than {TEXT_BYTES_MAX} bytes"
        ));
    }
    for (place, matcher) in asked.matchers.iter().enumerate() {
        if let Some(said) = mistake(matcher) {
            return Some(format!(
                "invalid silence: invalid label matcher {place}: {said}"
            ));
        }
    }
    // Such a silence would be of everything.
    let nothing = BTreeMap::new();
    let of_nothing = |m: &Matcher| m.equal && Pattern::from(m).matches(&nothing);
    asked
        .matchers
        .iter()
        .all(of_nothing)
        .then(|| "invalid silence: at least one matcher must not match the empty string".into())
}

/// May a silence keep its id, or would that rewrite what was?
fn may_go_on(before: &Silence, asked: &Asked, now: Time) -> bool {
    let starts_at = asked.starts_at.unwrap_or(now);
    let seconds = |at: Time| at.as_millis().div_euclid(1_000);
    before.matchers == asked.matchers
        && match state(before, now) {
            "active" => seconds(before.starts_at) == seconds(starts_at),
            "pending" => starts_at >= now,
            _ => false,
        }
}

async fn decide(site: &Site, source: &Id, by: &str, verb: Verb) -> Result<(), No> {
    let name = match by.trim() {
        "" => source.to_string(),
        by => by.to_owned(),
    };
    let actor = Actor {
        name,
        person: None,
        via: "alertmanager".into(),
    };
    let decided = site.decide(actor, verb).await;
    decided.map(|_| ()).map_err(|_| {
        No::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "it cannot be stored right now, please send it again",
        )
    })
}

fn id_of(path: &BTreeMap<String, String>) -> &str {
    path.get("silence").map_or("", String::as_str)
}

fn find(site: &Site, source: &Id, id: &str) -> Option<Silence> {
    site.view().externals.get(source)?.silences.get(id).cloned()
}

fn unknown() -> No {
    No::new(StatusCode::NOT_FOUND, "silence not found")
}

/// Where a silence stands, in Alertmanager's words.
pub(crate) fn state(silence: &Silence, now: Time) -> &'static str {
    if silence.ends_at <= now {
        "expired"
    } else if silence.starts_at > now {
        "pending"
    } else {
        "active"
    }
}

/// What is in force first, the next to end before the others; then what is to come; then what
/// is over, the latest first.
pub(crate) fn order(silence: &Silence, now: Time) -> (u8, i64) {
    match state(silence, now) {
        "active" => (0, silence.ends_at.as_millis()),
        "pending" => (1, silence.starts_at.as_millis()),
        _ => (2, -silence.ends_at.as_millis()),
    }
}

fn listed(silence: &Silence, now: Time) -> Listed {
    let each = |m: &Matcher| WireMatcher {
        is_equal: Some(m.equal),
        is_regex: m.regex,
        name: m.name.clone(),
        value: m.value.clone(),
    };
    Listed {
        id: silence.id.clone(),
        status: Standing {
            state: state(silence, now),
        },
        updated_at: written(silence.updated_at),
        annotations: silence.annotations.clone(),
        comment: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        ends_at: written(silence.ends_at),
        matchers: silence.matchers.iter().map(each).collect(),
        starts_at: written(silence.starts_at),
    }
}
