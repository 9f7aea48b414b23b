//! Dead letters: genuine deliveries that were not understood, and trying them again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use jiff::Timestamp;

use crate::auth::{Identity, Require, need};
use crate::ingest::http::CannotReplay;
use crate::shell::{Missing, may_act, shell};
use crate::shown;
use crate::site::Site;
use crate::store::{DeadLetter, DeadLetterFilter, StoreError};
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

#[derive(Template)]
#[template(path = "signals/letters.html")]
struct LettersPage {
    shell: Shell,
    letters: Vec<Letter>,
    older: Option<String>,
    dropped: u64,
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
    let template = LettersPage {
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
    _who: Require<need::Responder>,
    frame: Frame,
    Path(id): Path<i64>,
) -> Result<Response, Missing> {
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
