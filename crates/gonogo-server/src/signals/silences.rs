//! `/silences`: what nobody is called for, by whom and until when; asking for one, ending one.
//!
//! Invariant: what is over stays listed for days, so that a silence can be read afterwards.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;
use gonogo_engine::alerting::Holds;
use gonogo_engine::external::{MAX_SILENCES, OWN, Word};
use gonogo_engine::input::{Silence, Verb};
use gonogo_model::{Duration, Id};
use jiff::Timestamp;
use serde::Deserialize;

use crate::auth::{Identity, Require, need};
use crate::ingest::alerts::uuid;
use crate::ingest::alerts::v2::{Asked, order, parse_list, silence_mistake, state};
use crate::shell::{Missing, may_act, shell};
use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Colour;
use crate::web::components::items::Choice;
use crate::web::{Done, Frame, Nav, Shell, page};

/// The longest reason, in characters.
const COMMENT_CHARS_MAX: usize = 300;
/// The longest list of conditions, in bytes.
const MATCHERS_BYTES_MAX: usize = 16 * 1024;
/// For how long one may be asked for: the value, the words, the hours.
const LENGTHS: [(&str, &str, i64); 6] = [
    ("1h", "1 hour", 1),
    ("2h", "2 hours", 2),
    ("4h", "4 hours", 4),
    ("8h", "8 hours", 8),
    ("24h", "1 day", 24),
    ("168h", "7 days", 168),
];

#[derive(Template)]
#[template(path = "signals/silences.html")]
struct SilencesPage {
    shell: Shell,
    rows: Vec<Row>,
    choices: Vec<Choice>,
    lengths: Vec<Choice>,
    typed: Typed,
    wrong: Wrong,
    may_act: bool,
}

struct Row {
    id: String,
    source: String,
    whose: String,
    about: String,
    colour: Colour,
    word: &'static str,
    starts: Option<Timestamp>,
    ends: Timestamp,
    comment: String,
    by: String,
    now: usize,
    open: bool,
}

/// What was typed into the form.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    source: String,
    #[serde(default)]
    matchers: String,
    #[serde(default)]
    length: String,
    #[serde(default)]
    comment: String,
}

#[derive(Default)]
struct Wrong {
    matchers: String,
    comment: String,
}

/// `GET /silences`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    render(&site, &who, frame, Typed::default(), Wrong::default())
}

/// `POST /silences`
pub async fn create(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Form(typed): Form<Typed>,
) -> Result<Response, Missing> {
    let (view, now) = (site.view(), site.clock.now());
    let comment = typed.comment.trim();
    let source = choices(&view).into_iter().find(|c| c.is(&typed.source));
    let source = source.and_then(|c| Id::parse(&c.value).ok());
    let hours = LENGTHS.iter().find(|(value, ..)| *value == typed.length);
    let asked = match typed.matchers.len() > MATCHERS_BYTES_MAX {
        true => Err("That is too long.".to_owned()),
        false => parse_list(&typed.matchers).map_err(|e| format!("{e}.")),
    };
    let mut wrong = Wrong::default();
    if comment.is_empty() || comment.chars().count() > COMMENT_CHARS_MAX {
        wrong.comment = format!("Say why, in up to {COMMENT_CHARS_MAX} characters.");
    }
    let asked = asked.and_then(|matchers| {
        let asked = Asked {
            matchers,
            starts_at: None,
            ends_at: now + Duration::from_hours(hours.map_or(1, |(.., hours)| *hours)),
            created_by: who.0.name.clone(),
            comment: comment.to_owned(),
            annotations: BTreeMap::new(),
        };
        match silence_mistake(&asked, now) {
            Some(said) => Err(format!("{said}.")),
            None => Ok(asked),
        }
    });
    let asked = match (asked, source) {
        (Ok(asked), Some(source)) if wrong.comment.is_empty() => {
            let held = silences_of(&view, &source);
            if held.filter(|s| s.ends_at > now).count() >= MAX_SILENCES {
                wrong.matchers = format!("{MAX_SILENCES} are in force already. End one first.");
            }
            Some((asked, source))
        }
        (Err(said), _) => {
            wrong.matchers = said;
            None
        }
        (Ok(_), _) => None,
    };
    let Some((asked, source)) = asked.filter(|_| wrong.matchers.is_empty()) else {
        let again = render(&site, &who.0, frame, typed, wrong);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    };
    let silence = asked.silence(&uuid(), &source, now);
    let said = format!("Nobody is called for {} until then.", silence.about());
    let written = site.decide(who.0.actor(), Verb::Silence { silence }).await;
    written.map_err(Missing::store(&frame))?;
    Ok(Done::new(said, "/silences").respond(&frame))
}

/// `POST /silences/{source}/{id}/end`
pub async fn end(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path((source, id)): Path<(String, String)>,
) -> Result<Response, Missing> {
    let view = site.view();
    let source = Id::parse(&source).ok();
    let found = source.and_then(|source| {
        let mut all = silences_of(&view, &source);
        all.find(|s| s.id == id).cloned()
    });
    let Some(silence) = found else {
        let back = ("Silences", "/silences");
        return Err(Missing::thing(frame, "silence of that id", back));
    };
    let verb = Verb::EndSilence {
        source: silence.source.clone(),
        id,
    };
    let written = site.decide(who.0.actor(), verb).await;
    written.map_err(Missing::store(&frame))?;
    let said = format!("The silence of {} is over.", silence.about());
    Ok(Done::new(said, "/silences").respond(&frame))
}

fn render(site: &Site, who: &Identity, frame: Frame, typed: Typed, wrong: Wrong) -> Response {
    let (view, now) = (site.view(), site.clock.now());
    let others = view.externals.values().flat_map(|k| k.silences.values());
    let mut all: Vec<&Silence> = view.silences.values().chain(others).collect();
    all.sort_by_key(|s| order(s, now));
    let length = |(value, words, _): &(&str, &str, i64)| Choice::new(*value, *words);
    page(&SilencesPage {
        rows: all.into_iter().map(|s| row(&view, s, now)).collect(),
        choices: choices(&view),
        lengths: LENGTHS.iter().map(length).collect(),
        typed,
        wrong,
        may_act: may_act(who),
        shell: shell(site, &view, who, frame, "Silences", Nav::Signals),
    })
}

/// Whose alerts may be silenced: gonogo's own, and those of each source that raises some.
fn choices(view: &View) -> Vec<Choice> {
    let sources = view.plan.package.sources.values();
    let raise = sources.filter(|s| s.kind.raises_alerts());
    let mut all = vec![Choice::new(OWN, "gonogo's own")];
    all.extend(raise.map(|s| Choice::new(s.id.as_str(), s.name.as_str())));
    all
}

fn silences_of<'v>(view: &'v View, source: &Id) -> Box<dyn Iterator<Item = &'v Silence> + 'v> {
    match view.externals.get(source) {
        _ if source.as_str() == OWN => Box::new(view.silences.values()),
        Some(known) => Box::new(known.silences.values()),
        None => Box::new(std::iter::empty()),
    }
}

fn row(view: &View, silence: &Silence, now: Time) -> Row {
    let (colour, word) = match state(silence, now) {
        "active" => (Colour::Warn, "In force"),
        "pending" => (Colour::Unknown, "To come"),
        _ => (Colour::Unknown, "Over"),
    };
    let source = &silence.source;
    let declared = view.plan.package.sources.get(source);
    Row {
        id: silence.id.clone(),
        source: source.to_string(),
        whose: match source.as_str() {
            OWN => "gonogo's own".into(),
            _ => declared.map_or(source.to_string(), |s| s.name.clone()),
        },
        about: silence.about(),
        colour,
        word,
        starts: (silence.starts_at > now).then(|| silence.starts_at.timestamp()),
        ends: silence.ends_at.timestamp(),
        comment: silence.comment.clone(),
        by: silence.created_by.clone(),
        now: match view.externals.get(source) {
            _ if source.as_str() == OWN => {
                let holds = view
                    .alerts
                    .values()
                    .filter(|a| a.reading.holds == Holds::Yes);
                holds
                    .filter(|a| a.silenced_by.contains(&silence.id))
                    .count()
            }
            Some(known) => {
                let fires = known.alerts.values().filter(|h| h.standing == Word::Firing);
                fires
                    .filter(|h| h.silenced_by.contains(&silence.id))
                    .count()
            }
            None => 0,
        },
        open: silence.ends_at > now,
    }
}
