//! Flows: what was begun and not finished, how often it ends well, and how long it takes.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use gonogo_engine::flow::{Counts, Open};
use gonogo_engine::input::Verb;
use gonogo_model::Id;
use gonogo_model::flow::Flow;
use jiff::Timestamp;
use serde::Deserialize;

use super::watching::{Watching, watching};
use crate::auth::{Identity, Require, need};
use crate::shell::{Missing, may_act, shell};
use crate::shown::{self, plural};
use crate::site::Site;
use crate::view::{FlowView, View};
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::items::Tab;
use crate::web::components::number::{Unit, with_unit};
use crate::web::components::spark::sparkline;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Markup, State as Colour};
use crate::web::{Done, Frame, Nav, Shell, page};

/// Below this a share says nothing.
pub const FEW_EVENTS: u32 = 5;
/// Items that the page of a flow shows of each list; the list itself has more.
const ITEMS_SHOWN: usize = 50;
/// The longest reason for writing something off, in characters.
const REASON_CHARS_MAX: usize = 300;

/// A flow in a list.
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: Colour,
    /// In a few words.
    pub word: String,
    /// Starts without an end.
    pub open: usize,
    /// Those past their deadline.
    pub overdue: usize,
    /// The share that ended in time and well, over a day.
    pub ratio: String,
    /// Whether there is too little to tell a share.
    pub few: bool,
    /// What took 95 % of them at the most, over an hour.
    pub p95: String,
    /// When an end last came in.
    pub last_end: Option<Timestamp>,
    /// Starts per minute.
    pub spark: Markup,
}

/// A start without an end.
struct Item {
    key: String,
    event: String,
    started: Timestamp,
    deadline: Timestamp,
    fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "signals/flows.html")]
struct FlowsPage {
    shell: Shell,
    rows: Vec<Row>,
    none: bool,
    query: TableQuery,
    window: Window,
}

#[derive(Template)]
#[template(path = "signals/flow.html")]
struct FlowPage {
    shell: Shell,
    row: Row,
    begins: String,
    ends: String,
    deadline: String,
    component: (String, String),
    journey: String,
    asks: bool,
    hour: Numbers,
    day: Numbers,
    failures_in_row: u32,
    early: usize,
    last_start: Option<Timestamp>,
    last_success: Option<Timestamp>,
    overdue: Vec<Item>,
    overdue_more: usize,
    open: Vec<Item>,
    open_more: usize,
    mismatched: Vec<(String, String)>,
    lists: Vec<(String, String, usize)>,
    ranges: Vec<Tab>,
    traffic: Markup,
    shares: Markup,
    latency: Markup,
    watching: Vec<Watching>,
    may_act: bool,
}

impl FlowPage {
    fn open_note(&self) -> String {
        match self.row.overdue {
            0 => "none is overdue".into(),
            n => format!("{n} overdue"),
        }
    }

    fn open_state(&self) -> Colour {
        match self.row.overdue {
            0 => Colour::Ok,
            _ => Colour::Bad,
        }
    }

    fn hour_note(&self) -> String {
        format!("{} begun", self.hour.starts)
    }

    fn day_note(&self) -> String {
        format!("{} begun", self.day.starts)
    }

    /// A share that is none is not known.
    fn ratio_state(&self, ratio: &str) -> Colour {
        if ratio.ends_with('%') {
            Colour::Ok
        } else {
            Colour::Unknown
        }
    }

    fn latency_state(&self) -> Colour {
        match self.hour.quantiles[0].as_str() {
            "–" => Colour::Unknown,
            _ => Colour::Ok,
        }
    }

    fn deadline_note(&self) -> String {
        format!("deadline {}", self.deadline)
    }
}

/// Counts over a window, ready to be read.
struct Numbers {
    starts: u32,
    completed: u32,
    late: u32,
    overdue: u32,
    failures: u32,
    mismatches: u32,
    lost: u32,
    ratio: String,
    quantiles: [String; 3],
}

/// `GET /signals/flows`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let query = TableQuery::from_uri(&frame.uri);
    let mut rows = rows(&view);
    rows.retain(|r| query.matches(&[&r.id, &r.name, &r.word]));
    match query.sort.as_str() {
        "name" => rows.sort_by_key(|r| r.name.to_lowercase()),
        "open" => rows.sort_by_key(|r| r.open),
        "overdue" => rows.sort_by_key(|r| r.overdue),
        "last" => rows.sort_by_key(|r| r.last_end),
        _ => {}
    }
    if query.descending {
        rows.reverse();
    }
    let window = query.window(rows.len());
    let template = FlowsPage {
        none: view.flows.is_empty(),
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Flows", Nav::Signals),
    };
    page(&template)
}

/// Every flow, those that need a look first.
pub fn rows(view: &View) -> Vec<Row> {
    let of = |f: &FlowView| Some(row(f, view.plan.package.flows.get(&f.id)?));
    let mut rows: Vec<Row> = view.flows.iter().filter_map(of).collect();
    rows.sort_by_key(|r| super::overview::rank(r.state));
    rows
}

fn row(flow: &FlowView, declared: &Flow) -> Row {
    let starts: Vec<Option<f64>> = flow
        .stretches
        .iter()
        .map(|(_, c)| Some(f64::from(c.starts)))
        .collect();
    let (state, word) = standing(flow);
    let ratio = share(&flow.day);
    Row {
        id: flow.id.to_string(),
        name: declared.name.clone(),
        state,
        word,
        open: flow.open,
        overdue: flow.overdue,
        few: ratio.is_none(),
        ratio: said(ratio, &flow.day),
        p95: quantile(&flow.hour, 950_000),
        last_end: flow.last_end.map(|t| t.timestamp()),
        spark: sparkline(&starts, &Unit::Count, None),
    }
}

/// How a flow is, in a few words.
fn standing(flow: &FlowView) -> (Colour, String) {
    if flow.overdue > 0 {
        return (Colour::Bad, format!("{} overdue", flow.overdue));
    }
    if !flow.mismatched.is_empty() {
        let count = flow.mismatched.len();
        return (
            Colour::Bad,
            plural(count, "contradiction", "contradictions"),
        );
    }
    match flow.failures_in_row {
        0 => {}
        1 => return (Colour::Warn, "the last one failed".into()),
        n => return (Colour::Bad, format!("the last {n} failed")),
    }
    if flow.day.starts == 0 && flow.open == 0 {
        return (Colour::Unknown, "no events in a day".into());
    }
    match flow.last_success {
        None => (Colour::Unknown, "none has ended well yet".into()),
        Some(_) => (Colour::Ok, "ends in time".into()),
    }
}

/// What ended in time and well, of what ended or should have; `None` for too few to tell.
fn share(counts: &Counts) -> Option<f64> {
    let all = judged(counts);
    let good = counts.completed.saturating_sub(counts.failures);
    (all >= FEW_EVENTS).then(|| f64::from(good.min(all)) / f64::from(all))
}

/// Ends in time and starts whose deadline passed; what came late was overdue before.
fn judged(counts: &Counts) -> u32 {
    counts.completed.saturating_add(counts.overdue)
}

fn said(share: Option<f64>, counts: &Counts) -> String {
    match (share, judged(counts)) {
        (Some(share), _) => with_unit(share, &Unit::Ratio),
        (None, 0) => "no events".into(),
        (None, n) => format!("too few events ({n})"),
    }
}

fn quantile(counts: &Counts, ppm: u32) -> String {
    let found = counts.latency.quantile(ppm);
    found.map_or_else(
        || "–".into(),
        |d| with_unit(d.as_millis() as f64 / 1000.0, &Unit::Seconds),
    )
}

fn numbers(counts: &Counts) -> Numbers {
    Numbers {
        starts: counts.starts,
        completed: counts.completed,
        late: counts.late,
        overdue: counts.overdue,
        failures: counts.failures,
        mismatches: counts.mismatches,
        lost: counts.lost_events,
        ratio: said(share(counts), counts),
        quantiles: [500_000, 950_000, 990_000].map(|ppm| quantile(counts, ppm)),
    }
}

/// `GET /signals/flows/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let found = view.flows.iter().find(|f| f.id.as_str() == id);
    let declared = found.and_then(|f| package.flows.get(&f.id));
    let (Some(flow), Some(declared)) = (found, declared) else {
        return Err(Missing::thing(
            frame,
            "flow of that name",
            ("All flows", "/signals/flows"),
        ));
    };
    let now = site.clock.now().timestamp();
    let component = &declared.component.id;
    let query = TableQuery::from_uri(&frame.uri);
    let long = query.get("range") == Some("24h");
    let points = match long {
        true => &flow.halves,
        false => &flow.stretches,
    };
    let template = FlowPage {
        row: row(flow, declared),
        begins: format!(
            "{} from {}",
            declared.start.event.join(" or "),
            declared.start.source.id
        ),
        ends: format!(
            "{} from {}",
            declared.end.event.join(" or "),
            declared.end.source.id
        ),
        deadline: shown::length(declared.deadline),
        component: (
            shown::component_name(package, component),
            format!("/graph/{component}"),
        ),
        journey: declared
            .journey
            .as_ref()
            .map(|j| shown::journey_name(package, &j.id))
            .unwrap_or_default(),
        asks: declared.confirm.is_some(),
        hour: numbers(&flow.hour),
        day: numbers(&flow.day),
        failures_in_row: flow.failures_in_row,
        early: flow.early,
        last_start: flow.last_start.map(|t| t.timestamp()),
        last_success: flow.last_success.map(|t| t.timestamp()),
        overdue_more: flow.overdue.saturating_sub(ITEMS_SHOWN),
        overdue: items(&flow.overdue_items, declared.start.source.id.as_str()),
        open_more: flow
            .open
            .saturating_sub(flow.overdue)
            .saturating_sub(ITEMS_SHOWN),
        open: items(&flow.open_items, declared.start.source.id.as_str()),
        mismatched: flow.mismatched.iter().take(ITEMS_SHOWN).cloned().collect(),
        lists: super::items::summary(flow),
        ranges: [("1 h", ""), ("24 h", "24h")]
            .map(|(label, value)| Tab {
                label: label.into(),
                href: query.href_with("range", value),
                current: long == (value == "24h"),
                count: None,
            })
            .into(),
        traffic: traffic(points, long, now),
        shares: shares(points, now),
        latency: latency(points, declared, now),
        watching: watching(&view, alerts_of(&view, flow)),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
    };
    Ok(page(&template))
}

fn alerts_of<'v>(view: &'v View, flow: &FlowView) -> &'v [Id] {
    let place = view.plan.flows.iter().position(|f| f.id.value == flow.id);
    place.map_or(&[], |place| view.plan.alerts_of_flow(place))
}

fn items(open: &[(String, Open)], source: &str) -> Vec<Item> {
    let of = |(key, open): &(String, Open)| Item {
        key: key.clone(),
        event: super::event::href(source, &open.event, Some(open.received_at)),
        started: open.started_at.timestamp(),
        deadline: open.deadline.timestamp(),
        fields: open
            .fields
            .iter()
            .map(|(k, v)| (k.clone(), v.to_string()))
            .collect(),
    };
    let mut items: Vec<Item> = open.iter().map(of).collect();
    items.sort_by_key(|i| i.deadline);
    items.truncate(ITEMS_SHOWN);
    items
}

fn line(
    points: &[(Time, Counts)],
    name: &str,
    state: Option<Colour>,
    value: impl Fn(&Counts) -> Option<f64>,
) -> Series {
    Series {
        name: name.to_owned(),
        points: points
            .iter()
            .map(|(at, c)| (at.timestamp(), value(c)))
            .collect(),
        state,
    }
}

fn begin(points: &[(Time, Counts)], now: Timestamp) -> Timestamp {
    points.first().map_or(now, |(at, _)| at.timestamp())
}

fn traffic(points: &[(Time, Counts)], long: bool, now: Timestamp) -> Markup {
    let count = |n: u32| Some(f64::from(n));
    LineChart {
        title: if long { "Per half hour" } else { "Per minute" }.into(),
        unit: Unit::Count,
        from: begin(points, now),
        to: now,
        series: vec![
            line(points, "begun", None, |c| count(c.starts)),
            line(points, "ended well", Some(Colour::Ok), |c| {
                count(c.successes)
            }),
            line(points, "failed, late or missing", Some(Colour::Bad), |c| {
                count(c.failures.saturating_add(c.overdue))
            }),
        ],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
    .svg()
}

/// The shares over time. Where nothing was judged there is no share, and so no line.
fn shares(points: &[(Time, Counts)], now: Timestamp) -> Markup {
    let share = |good: u32, all: u32| (all > 0).then(|| f64::from(good.min(all)) / f64::from(all));
    LineChart {
        title: "Share of what was due".into(),
        unit: Unit::Ratio,
        from: begin(points, now),
        to: now,
        series: vec![
            line(points, "ended in time", None, |c| {
                share(c.completed, judged(c))
            }),
            line(points, "ended well", Some(Colour::Ok), |c| {
                share(c.successes, c.successes.saturating_add(c.failures))
            }),
        ],
        limit: None,
        marks: Vec::new(),
        scale: Scale::Fit,
    }
    .svg()
}

fn latency(points: &[(Time, Counts)], declared: &Flow, now: Timestamp) -> Markup {
    let at = |c: &Counts, ppm| {
        c.latency
            .quantile(ppm)
            .map(|d| d.as_millis() as f64 / 1000.0)
    };
    let deadline = declared.deadline.as_millis() as f64 / 1000.0;
    let slowest = points
        .iter()
        .filter_map(|(_, c)| at(c, 1_000_000))
        .fold(0.0, f64::max);
    // A deadline far above everything would press the lines onto the axis.
    let near = slowest * 4.0 >= deadline;
    LineChart {
        title: "From start to end".into(),
        unit: Unit::Seconds,
        from: begin(points, now),
        to: now,
        series: vec![
            line(points, "half within (p50)", None, |c| at(c, 500_000)),
            line(points, "95 % within", Some(Colour::Warn), |c| {
                at(c, 950_000)
            }),
            line(points, "99 % within", Some(Colour::Bad), |c| at(c, 990_000)),
        ],
        limit: near.then(|| {
            (
                deadline,
                format!("deadline {}", shown::length(declared.deadline)),
            )
        }),
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
    .svg()
}

/// What is written off, and why.
#[derive(Deserialize)]
pub struct WriteOff {
    #[serde(default)]
    key: String,
    #[serde(default)]
    reason: String,
}

/// `POST /signals/flows/{id}/write-off`
pub async fn write_off(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(id): Path<String>,
    Form(form): Form<WriteOff>,
) -> Result<Response, Missing> {
    let view = site.view();
    let back = format!("/signals/flows/{id}");
    let Some(flow) = view.flows.iter().find(|f| f.id.as_str() == id) else {
        return Err(Missing::thing(
            frame,
            "flow of that name",
            ("All flows", "/signals/flows"),
        ));
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
    let verb = Verb::WriteOff {
        flow: flow.id.clone(),
        key: form.key.clone(),
        reason,
    };
    site.decide(who.actor(), verb)
        .await
        .map_err(Missing::store(&frame))?;
    let said = format!(
        "{} is written off. It cannot be taken back; an end that still comes is counted.",
        form.key
    );
    Ok(Done::new(said, back).respond(&frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_events_are_said_and_no_share_is_made_of_them() {
        let counts = |completed, overdue| Counts {
            completed,
            overdue,
            ..Counts::default()
        };
        assert_eq!(said(share(&counts(0, 0)), &counts(0, 0)), "no events");
        assert_eq!(
            said(share(&counts(4, 0)), &counts(4, 0)),
            "too few events (4)"
        );
        assert_eq!(said(share(&counts(4, 1)), &counts(4, 1)), "80 %");
        assert_eq!(said(share(&counts(9_999, 1)), &counts(9_999, 1)), "99.99 %");
    }
}
