//! Sources: when each last spoke, how much, and what was refused.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use gonogo_engine::doubt::Doubt;
use gonogo_model::source::Source;
use jiff::Timestamp;

use super::deliveries::{Forwarding, forwarding};
use super::health::{Health, clock_warning};
use super::letters::{Letter, OpenOf, letters_of, open_of};
use super::watching::{Watching, watching};
use crate::auth::Identity;
use crate::ingest::http::{Apart, Tally};
use crate::ingest::{RejectCode, setup};
use crate::shell::{Missing, may_act, shell};
use crate::shown;
use crate::site::Site;
use crate::view::{SourceView, View};
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::number::{Unit, grouped};
use crate::web::components::spark::sparkline;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Markup, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

/// Dead letters that the page of a source shows.
const LETTERS_SHOWN: u32 = 20;

/// A source in a list.
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What sends to it.
    pub kind: &'static str,
    /// How it is.
    pub state: Colour,
    /// In a word.
    pub word: String,
    /// In a sentence.
    pub sentence: &'static str,
    /// What is wrong with its clock; empty where nothing is.
    pub clock: &'static str,
    /// When it last spoke.
    pub last: Option<Timestamp>,
    /// What it said.
    pub said: String,
    /// Events over the last hour.
    pub hour: u32,
    /// Deliveries that were refused since the start.
    pub refused: u64,
    /// Events per minute.
    pub spark: Markup,
}

#[derive(Template)]
#[template(path = "signals/sources.html")]
struct SourcesPage {
    shell: Shell,
    rows: Vec<Row>,
    none: bool,
    query: TableQuery,
    window: Window,
}

#[derive(Template)]
#[template(path = "signals/source.html")]
struct SourcePage {
    shell: Shell,
    row: Row,
    url: String,
    steps: String,
    component: Option<(String, String)>,
    silent_after: String,
    keep_days: u16,
    secrets: Vec<String>,
    tally: Tally,
    apart: Option<Apart>,
    refusals: Vec<(String, u64, &'static str)>,
    refused_at: Option<Timestamp>,
    heard: Markup,
    watching: Vec<Watching>,
    letters: Vec<Letter>,
    letters_open: Option<OpenOf>,
    forwarding: Option<Forwarding>,
    undecided: u64,
    doubts: Vec<(String, Doubt)>,
    may_act: bool,
}

/// `GET /signals/sources`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let query = TableQuery::from_uri(&frame.uri);
    let mut rows = rows(&site, &view);
    rows.retain(|r| query.matches(&[&r.id, &r.name, r.kind, &r.word, &r.said]));
    match query.sort.as_str() {
        "name" => rows.sort_by_key(|r| r.name.to_lowercase()),
        "last" => rows.sort_by_key(|r| r.last),
        "hour" => rows.sort_by_key(|r| r.hour),
        _ => {}
    }
    if query.descending {
        rows.reverse();
    }
    let window = query.window(rows.len());
    let template = SourcesPage {
        none: view.sources.is_empty(),
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Sources", Nav::Signals),
    };
    page(&template)
}

/// Every source, those that need a look first.
pub fn rows(site: &Site, view: &View) -> Vec<Row> {
    let tallies = site.intake.tallies();
    let now = site.clock.now();
    let of = |s: &SourceView| {
        let declared = view.plan.package.sources.get(&s.id)?;
        Some(row(view, s, declared, tallies.get(&s.id), now))
    };
    let mut rows: Vec<Row> = view.sources.iter().filter_map(of).collect();
    rows.sort_by_key(|r| super::overview::rank(r.state));
    rows
}

fn row(
    view: &View,
    source: &SourceView,
    declared: &Source,
    tally: Option<&Tally>,
    now: Time,
) -> Row {
    let values: Vec<Option<f64>> = source
        .stretches
        .iter()
        .map(|(_, h)| Some(f64::from(h.events)))
        .collect();
    let health = Health::of(view, source, Some(declared), tally, now);
    let apart = tally.and_then(Tally::apart);
    Row {
        id: source.id.to_string(),
        name: declared.name.clone(),
        kind: declared.kind.word(),
        state: health.state(source),
        word: health.word(tally),
        sentence: health.sentence(),
        clock: apart.map(clock_warning).unwrap_or_default(),
        last: source.last_event_at.map(|t| t.timestamp()),
        said: source.last_event_type.clone().unwrap_or_default(),
        hour: source.hour,
        refused: tally.map_or(0, |t| t.refused.values().sum()),
        spark: sparkline(&values, &Unit::Count, None),
    }
}

/// `GET /signals/sources/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let found = view.sources.iter().find(|s| s.id.as_str() == id);
    let declared = found.and_then(|s| package.sources.get(&s.id));
    let (Some(source), Some(declared)) = (found, declared) else {
        return Err(Missing::thing(
            frame,
            "source of that name",
            ("All sources", "/signals/sources"),
        ));
    };
    let tally = site.intake.tallies().remove(&source.id).unwrap_or_default();
    let letters = letters_of(&site, Some(source.id.to_string()), LETTERS_SHOWN).await;
    let letters_open = open_of(&site, source.id.as_str()).await;
    let query = TableQuery::from_uri(&frame.uri);
    let forwarding = forwarding(&site, source, declared, &query)
        .await
        .map_err(Missing::store(&frame))?;
    let refusals = tally.refused.iter();
    let template = SourcePage {
        row: row(&view, source, declared, Some(&tally), site.clock.now()),
        apart: tally.apart(),
        steps: setup::steps(
            declared.kind,
            &format!("{}/in/{}", site.base_url, source.id),
        ),
        url: format!("{}/in/{}", site.base_url, source.id),
        component: declared.component.as_ref().map(|c| {
            (
                shown::component_name(package, &c.id),
                format!("/graph/{}", c.id),
            )
        }),
        silent_after: declared.silent_after.map(shown::length).unwrap_or_default(),
        keep_days: declared.keep_days,
        secrets: declared.secrets.iter().map(|s| s.0.to_string()).collect(),
        refusals: refusals
            .map(|(code, n)| {
                let advice = RejectCode::named(code).map_or("", RejectCode::advice);
                (shown::words(code), *n, advice)
            })
            .collect(),
        refused_at: tally
            .refused_at_ms
            .map(|ms| Time::from_millis(ms).timestamp()),
        heard: chart(source, site.clock.now().timestamp()),
        watching: watching(&view, view.plan.alerts_of_source(&source.id)),
        letters: letters.map_err(Missing::store(&frame))?,
        letters_open: letters_open.map_err(Missing::store(&frame))?,
        forwarding,
        undecided: source.undecided,
        doubts: source.doubts.clone(),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
        tally,
    };
    Ok(page(&template))
}

fn chart(source: &SourceView, now: Timestamp) -> Markup {
    let points = source
        .stretches
        .iter()
        .map(|(at, h)| (at.timestamp(), Some(f64::from(h.events))))
        .collect();
    LineChart {
        title: "Events per minute".into(),
        unit: Unit::Count,
        from: source
            .stretches
            .first()
            .map_or(now, |(at, _)| at.timestamp()),
        to: now,
        series: vec![Series {
            name: "events".into(),
            points,
            state: None,
        }],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
    .svg()
}

impl SourcePage {
    fn clock_state(&self) -> Colour {
        match self.row.clock {
            "" => Colour::Ok,
            _ => Colour::Warn,
        }
    }

    fn said_apart(&self, ms: &i64) -> String {
        super::event::apart(*ms)
    }

    fn refused_state(&self) -> Colour {
        match self.row.refused {
            0 => Colour::Ok,
            _ => Colour::Warn,
        }
    }

    fn refused_note(&self) -> &'static str {
        match self.row.refused {
            0 => "nothing came that was not genuine",
            _ => "counted, never stored",
        }
    }

    fn accepted(&self) -> String {
        grouped(i64::try_from(self.tally.accepted).unwrap_or(i64::MAX))
    }

    fn duplicates(&self) -> String {
        grouped(i64::try_from(self.tally.duplicates).unwrap_or(i64::MAX))
    }
}
