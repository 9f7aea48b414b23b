//! Reconciliations: what both sides hold, and every record about which they differ.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;
use gonogo_engine::input::Verb;
use gonogo_engine::reconciliation::{Finding, Money, ReconciliationState, SideSum, amounts, how};
use gonogo_model::Id;
use gonogo_model::reconciliation::{Difference, Reconciliation};
use jiff::Timestamp;
use serde::Deserialize;

use super::overview::rank;
use super::watching::{Watching, watching};
use crate::auth::{Identity, Require, need};
use crate::shell::{Missing, may_act, shell};
use crate::shown::plural;
use crate::site::Site;
use crate::view::View;
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::number::Unit;
use crate::web::components::{Markup, State as Colour};
use crate::web::csv::cell;
use crate::web::{Done, Frame, Nav, Shell, page};

/// Differences that one page shows; the CSV has all.
pub const DIFFERENCES_SHOWN: usize = 200;
/// The longest reason for writing something off, in characters.
const REASON_CHARS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "signals/reconciliations.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// A reconciliation in a list.
pub struct Row {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub state: Colour,
    /// In a word.
    pub word: &'static str,
    /// In a sentence.
    pub detail: String,
    /// How many differences are open.
    pub open: u64,
    /// How many records were alike.
    pub matched: Option<u64>,
    /// When both sides were last compared.
    pub told: Option<Timestamp>,
    /// When they are next.
    pub next: Timestamp,
}

#[derive(Template)]
#[template(path = "signals/reconciliation.html")]
struct ShowPage {
    shell: Shell,
    row: Row,
    sides: Vec<Side>,
    stretch: Option<(Timestamp, Timestamp)>,
    kinds: Vec<Kind>,
    differences: Vec<DifferenceRow>,
    more: u64,
    sums: Vec<String>,
    written_off: Vec<WrittenOffRow>,
    unknown: Option<(String, Timestamp)>,
    every: String,
    settle: String,
    catch_up: String,
    chart: Markup,
    watching: Vec<Watching>,
    may_act: bool,
}

struct Side {
    word: &'static str,
    what: &'static str,
    records: u64,
    sums: Vec<String>,
}

/// A kind of difference, as a filter.
struct Kind {
    word: String,
    href: String,
    count: usize,
    chosen: bool,
}

struct DifferenceRow {
    key: String,
    kind: &'static str,
    how: String,
    at: Timestamp,
    first: Timestamp,
    state: Colour,
    word: &'static str,
}

struct WrittenOffRow {
    key: String,
    by: String,
    reason: String,
    at: Timestamp,
}

/// What is shown of the differences.
#[derive(Deserialize)]
pub struct Filter {
    #[serde(default)]
    kind: Option<String>,
}

/// What is written off, and why.
#[derive(Deserialize)]
pub struct WriteOff {
    #[serde(default)]
    key: String,
    #[serde(default)]
    reason: String,
}

/// `GET /signals/reconciliations`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    page(&ListPage {
        rows: rows(&view, site.clock.now()),
        shell: shell(&site, &view, &who, frame, "Reconciliations", Nav::Signals),
    })
}

/// The reconciliations, those that need a look first.
pub fn rows(view: &View, now: Time) -> Vec<Row> {
    let declared = view.plan.package.reconciliations.values();
    let mut rows: Vec<Row> = declared
        .filter_map(|d| Some(row(d, view.reconciliations.get(&d.id.value)?, now)))
        .collect();
    rows.sort_by_key(|r| rank(r.state));
    rows
}

/// `GET /signals/reconciliations/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Missing> {
    let view = site.view();
    let now = site.clock.now();
    let Some((declared, state)) = find(&view, &id) else {
        return Err(none(frame));
    };
    let told = state.told.as_ref();
    let side = |word, what, sum: &SideSum| Side {
        word,
        what,
        records: sum.records,
        sums: shown_sums(sum.sums.iter().map(|(c, a)| (c.clone(), *a))),
    };
    let kind = filter.kind.as_deref().and_then(Difference::from_word);
    let all = sorted(state);
    let chosen = all
        .iter()
        .filter(|(_, f)| kind.is_none_or(|k| f.found.kind == k));
    let sums = amounts(all.iter().map(|(_, f)| &f.found));
    let sums = sums
        .into_iter()
        .map(|(c, a)| (c, i64::try_from(a).unwrap_or(i64::MAX)));
    let shown = chosen.clone().take(DIFFERENCES_SHOWN);
    let more = chosen.clone().count().saturating_sub(DIFFERENCES_SHOWN) as u64;
    let mut written_off: Vec<WrittenOffRow> = state
        .written_off
        .iter()
        .map(|(key, w)| WrittenOffRow {
            key: key.clone(),
            by: w.by.clone(),
            reason: w.reason.clone(),
            at: w.at.timestamp(),
        })
        .collect();
    written_off.sort_by_key(|w| std::cmp::Reverse(w.at));
    written_off.truncate(DIFFERENCES_SHOWN);
    Ok(page(&ShowPage {
        row: row(declared, state, now),
        sides: told.map_or_else(Vec::new, |t| {
            vec![
                side("Left", declared.left.word(), &t.left),
                side("Right", declared.right.word(), &t.right),
            ]
        }),
        stretch: told.map(|t| (t.stretch.from.timestamp(), t.stretch.until.timestamp())),
        kinds: kinds(&id, &all, kind),
        differences: shown.map(|(key, f)| difference(declared, key, f)).collect(),
        more: more + if kind.is_none() { state.more } else { 0 },
        sums: shown_sums(sums),
        written_off,
        unknown: state
            .unknown
            .as_ref()
            .map(|u| (u.why.detail.clone(), u.since.timestamp())),
        every: declared.every.to_string(),
        settle: declared.settle.to_string(),
        catch_up: declared.catch_up.to_string(),
        chart: chart(state, now),
        watching: watching(
            &view,
            view.plan.alerts_of_reconciliation(&declared.id.value),
        ),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
    }))
}

/// `GET /signals/reconciliations/{id}/differences.csv`
pub async fn csv(
    State(site): State<Site>,
    _: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let Some((declared, state)) = find(&view, &id) else {
        return Err(none(frame));
    };
    let mut out = String::from("key,difference,how,happened_at,first_found_at,counts\r\n");
    for (key, finding) in sorted(state) {
        let line = [
            cell(key),
            cell(finding.found.kind.word()),
            cell(&how(declared, &finding.found)),
            finding.found.at.timestamp().to_string(),
            finding.first_at.timestamp().to_string(),
            finding.counts.to_string(),
        ];
        out.push_str(&line.join(","));
        out.push_str("\r\n");
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"differences.csv\"",
        ),
    ];
    Ok((headers, out).into_response())
}

/// `POST /signals/reconciliations/{id}/write-off`
pub async fn write_off(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(id): Path<String>,
    Form(form): Form<WriteOff>,
) -> Result<Response, Missing> {
    let view = site.view();
    let back = format!("/signals/reconciliations/{id}");
    let Some((declared, state)) = find(&view, &id) else {
        return Err(none(frame));
    };
    let reason: String = form
        .reason
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(REASON_CHARS_MAX)
        .collect();
    if reason.is_empty() {
        let said = "Say why it no longer counts; the timeline keeps it. Nothing was changed.";
        return Ok(Done::new(said, back).respond(&frame));
    }
    if !state.findings.contains_key(&form.key) {
        let said = format!("{} is no open difference; nothing was changed.", form.key);
        return Ok(Done::new(said, back).respond(&frame));
    }
    let verb = Verb::WriteOffDifference {
        reconciliation: declared.id.value.clone(),
        key: form.key.clone(),
        reason,
    };
    site.decide(who.actor(), verb)
        .await
        .map_err(Missing::store(&frame))?;
    let said = format!(
        "{} is written off. It counts again by itself when the sides differ about it in another way.",
        form.key
    );
    Ok(Done::new(said, back).respond(&frame))
}

fn find<'v>(view: &'v View, id: &str) -> Option<(&'v Reconciliation, &'v ReconciliationState)> {
    let id = Id::from_static(id);
    let declared = view.plan.package.reconciliations.get(&id)?;
    Some((declared, view.reconciliations.get(&id)?))
}

fn none(frame: Frame) -> Missing {
    let all = ("All reconciliations", "/signals/reconciliations");
    Missing::thing(frame, "reconciliation of that name", all)
}

/// Where a reconciliation stands.
pub fn standing(
    declared: &Reconciliation,
    state: &ReconciliationState,
    now: Time,
) -> (Colour, &'static str) {
    if state.counting().next().is_some() {
        (Colour::Bad, "differ")
    } else if !state.is_fresh(declared, now) {
        (Colour::Unknown, "unknown")
    } else if state.open() > 0 {
        (Colour::Warn, "looked at again")
    } else {
        (Colour::Ok, "agree")
    }
}

fn row(declared: &Reconciliation, state: &ReconciliationState, now: Time) -> Row {
    let (colour, word) = standing(declared, state, now);
    let counting = state.counting().count();
    let detail = match (&state.unknown, &state.told) {
        (Some(u), _) => u.why.detail.clone(),
        (None, None) => "not compared yet".into(),
        (None, Some(_)) if counting > 0 => {
            plural(counting, "difference counts", "differences count")
        }
        (None, Some(_)) if state.open() > 0 => "found once; counts when it is found again".into(),
        (None, Some(told)) => format!("{} alike", told.matched),
    };
    Row {
        id: declared.id.value.to_string(),
        name: declared.name.clone(),
        state: colour,
        word,
        detail,
        open: state.open(),
        matched: state.told.as_ref().map(|t| t.matched),
        told: state.told.as_ref().map(|t| t.at.timestamp()),
        next: state.next_run(declared, now).at.timestamp(),
    }
}

/// The differences, those that count first, then the oldest.
fn sorted(state: &ReconciliationState) -> Vec<(&String, &Finding)> {
    let mut all: Vec<(&String, &Finding)> = state.findings.iter().collect();
    all.sort_by_key(|(key, f)| (!f.counts, f.found.at, *key));
    all
}

fn kinds(id: &str, all: &[(&String, &Finding)], chosen: Option<Difference>) -> Vec<Kind> {
    let here = format!("/signals/reconciliations/{id}");
    let count = |kind| all.iter().filter(|(_, f)| f.found.kind == kind).count();
    let each = Difference::ALL.iter().map(|kind| Kind {
        word: kind_words(*kind).to_owned(),
        href: format!("{here}?kind={}", kind.word()),
        count: count(*kind),
        chosen: chosen == Some(*kind),
    });
    let first = Kind {
        word: "all".into(),
        href: here.clone(),
        count: all.len(),
        chosen: chosen.is_none(),
    };
    std::iter::once(first)
        .chain(each.filter(|k| k.count > 0))
        .collect()
}

fn kind_words(kind: Difference) -> &'static str {
    match kind {
        Difference::MissingLeft => "missing left",
        Difference::MissingRight => "missing right",
        Difference::Doubled => "doubled",
        Difference::Differs => "different",
    }
}

fn difference(declared: &Reconciliation, key: &str, finding: &Finding) -> DifferenceRow {
    let (state, word) = match finding.counts {
        true => (Colour::Bad, "counts"),
        false => (Colour::Warn, "looked at again"),
    };
    DifferenceRow {
        key: key.to_owned(),
        kind: kind_words(finding.found.kind),
        how: how(declared, &finding.found),
        at: finding.found.at.timestamp(),
        first: finding.first_at.timestamp(),
        state,
        word,
    }
}

fn shown_sums(sums: impl Iterator<Item = (String, i64)>) -> Vec<String> {
    sums.filter(|(currency, _)| !currency.is_empty())
        .map(|(currency, amount)| Money { amount, currency }.to_string())
        .collect()
}

fn chart(state: &ReconciliationState, now: Time) -> Markup {
    let points = state.runs.iter().map(|run| {
        let open = run.matched.map(|_| run.open as f64);
        (run.at.timestamp(), open)
    });
    let first = state.runs.front().map_or(now, |run| run.at);
    LineChart {
        title: "Differences after each comparison".into(),
        unit: Unit::Count,
        from: first.timestamp(),
        to: now.timestamp(),
        series: vec![Series {
            name: "open".into(),
            points: points.collect(),
            state: Some(Colour::Bad),
        }],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
    .svg()
}
