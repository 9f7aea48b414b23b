//! Dead letters: genuine deliveries that were not understood, and trying them again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use jiff::Timestamp;
use serde_json::json;

use crate::auth::{Identity, Require, need};
use crate::ingest::http::CannotReplay;
use crate::shell::{Missing, may_act, shell};
use crate::shown;
use crate::site::Site;
use crate::store::{DeadLetter, DeadLetterCount, DeadLetterFilter, StoreError};
use crate::web::components::table::TableQuery;
use crate::web::{Done, Frame, Nav, Shell, page};

/// Dead letters on one page.
const LETTERS_SHOWN: u32 = 100;

/// A dead letter in a list.
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// The source.
    pub source: String,
    /// When it came.
    pub at: Timestamp,
    /// Why it is here, in words.
    pub reason: String,
    /// Where exactly.
    pub detail: String,
    /// When it was tried again with success.
    pub replayed: Option<Timestamp>,
}

/// Those of a source that were never replayed, and the button that tries them all.
pub struct OpenOf {
    /// The source.
    pub source: String,
    /// How many.
    pub count: u64,
    /// Where the button posts.
    pub href: String,
    /// What it says.
    pub label: String,
    /// What it asks first.
    pub question: String,
}

impl OpenOf {
    fn new(count: &DeadLetterCount) -> Self {
        let DeadLetterCount { source, open, .. } = count;
        Self {
            source: source.clone(),
            count: *open,
            href: format!("/signals/sources/{source}/replay-dead-letters"),
            label: format!("Try all {open} again"),
            question: format!(
                "Look at all {open} dead letters of {source} again, oldest first? What is \
                 understood now is stored, and counts as of when it came."
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "signals/letters.html")]
struct LettersPage {
    shell: Shell,
    letters: Vec<Letter>,
    older: Option<String>,
    dropped: u64,
    open: Vec<OpenOf>,
    may_act: bool,
}

/// Dead letters, newest first.
pub async fn letters_of(
    site: &Site,
    source: Option<String>,
    limit: u32,
) -> Result<Vec<Letter>, StoreError> {
    let filter = DeadLetterFilter {
        source,
        limit,
        ..DeadLetterFilter::default()
    };
    let found = site
        .store
        .blocking(move |s| s.dead_letters(&filter))
        .await?;
    Ok(found.into_iter().map(letter).collect())
}

fn letter(dead: DeadLetter) -> Letter {
    let at = |ms| Time::from_millis(ms).timestamp();
    Letter {
        id: dead.id,
        source: dead.source,
        at: at(dead.received_at_ms),
        reason: shown::capital(&shown::words(&dead.reason)),
        detail: dead.detail,
        replayed: dead.replayed_at_ms.map(at),
    }
}

/// `GET /signals/dead-letters`
pub async fn list(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
) -> Result<Response, Missing> {
    let query = TableQuery::from_uri(&frame.uri);
    let filter = DeadLetterFilter {
        source: query.get("source").map(str::to_owned),
        before_id: query.get("before").and_then(|b| b.parse().ok()),
        limit: LETTERS_SHOWN,
        ..DeadLetterFilter::default()
    };
    let read = site
        .store
        .blocking(move |s| Ok((s.dead_letters(&filter)?, s.dead_letter_counts()?)));
    let (found, counts) = read.await.map_err(Missing::store(&frame))?;
    let older = (found.len() == LETTERS_SHOWN as usize)
        .then(|| {
            found
                .last()
                .map(|l| query.href_with("before", &l.id.to_string()))
        })
        .flatten();
    let view = site.view();
    let only = query.get("source");
    let open = counts.iter().filter(|c| c.open > 0);
    let open = open.filter(|c| only.is_none_or(|only| only == c.source));
    let template = LettersPage {
        open: open.map(OpenOf::new).collect(),
        letters: found.into_iter().map(letter).collect(),
        older,
        dropped: counts.iter().map(|c| c.dropped).sum(),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, "Dead letters", Nav::Signals),
    };
    Ok(page(&template))
}

/// `POST /signals/dead-letters/{id}/replay`
pub async fn replay(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(id): Path<i64>,
) -> Result<Response, Missing> {
    site.audit(&who, "dead_letter.replay", &id.to_string(), json!({}))
        .await
        .map_err(Missing::store(&frame))?;
    let said = match site.intake.replay(id).await {
        Ok(replayed) => replayed.to_string(),
        Err(CannotReplay::Unknown) => {
            return Err(Missing::thing(
                frame,
                "dead letter of that number",
                ("Dead letters", "/signals/dead-letters"),
            ));
        }
        Err(CannotReplay::Store(error)) => return Err(Missing::store(&frame)(error)),
        Err(stays) => stays.to_string(),
    };
    Ok(Done::new(said, "/signals/dead-letters").respond(&frame))
}

/// `POST /signals/sources/{id}/replay-dead-letters`: all of a source, oldest first.
pub async fn replay_all(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(source): Path<String>,
) -> Result<Response, Missing> {
    let name = source.clone();
    let ids = site
        .store
        .blocking(move |s| s.open_dead_letters(&name, &(i64::MIN..i64::MAX), 0, u32::MAX))
        .await
        .map_err(Missing::store(&frame))?;
    let back = "/signals/dead-letters";
    if ids.is_empty() {
        let said = "No dead letter of this source waits; nothing was looked at.";
        return Ok(Done::new(said, back).respond(&frame));
    }
    let more = json!({"dead_letters": ids.len()});
    site.audit(&who, "dead_letters.replay", &source, more)
        .await
        .map_err(Missing::store(&frame))?;
    let said = match site.intake.replay_letters(&ids).await {
        Ok(done) => done.to_string(),
        Err(CannotReplay::Store(error)) => return Err(Missing::store(&frame)(error)),
        Err(stays) => stays.to_string(),
    };
    Ok(Done::new(said, back).respond(&frame))
}

/// Those of one source that were never replayed, if there are any.
pub async fn open_of(site: &Site, source: &str) -> Result<Option<OpenOf>, StoreError> {
    let counts = site.store.blocking(|s| s.dead_letter_counts()).await?;
    let of = counts.iter().find(|c| c.source == source && c.open > 0);
    Ok(of.map(OpenOf::new))
}
