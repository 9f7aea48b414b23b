//! Gauges and skews: numbers that are watched, and values that have to agree.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use gonogo_engine::alerting::Holds;
use gonogo_engine::gauge::GaugeState;
use gonogo_engine::skew::{SideState, SkewState};
use gonogo_model::alert::{Alert, Condition};
use gonogo_model::gauge::{Gauge, GaugeFrom};
use gonogo_model::skew::{Skew, SkewSide};
use gonogo_model::{Duration, Id};
use jiff::Timestamp;

use super::overview::rank;
use super::watching::{Watching, watching};
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::view::View;
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::number::Unit;
use crate::web::components::{Markup, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

/// How far back the chart of a gauge goes.
const CHART_WINDOW: Duration = Duration::from_hours(24);

#[derive(Template)]
#[template(path = "signals/measures.html")]
struct MeasuresPage {
    shell: Shell,
    gauges: Vec<Row>,
    skews: Vec<Row>,
}

/// A gauge or a skew in a list.
pub struct Row {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub state: Colour,
    /// In a word.
    pub word: &'static str,
    /// The number, or the values.
    pub value: String,
    /// What is said of it.
    pub detail: String,
    /// When it was read.
    pub told: Option<Timestamp>,
    /// The name of its component.
    pub component: String,
}

#[derive(Template)]
#[template(path = "signals/gauge.html")]
struct GaugePage {
    shell: Shell,
    id: String,
    name: String,
    state: Colour,
    word: &'static str,
    value: String,
    unknown: String,
    told: Option<Timestamp>,
    every: String,
    stale_after: String,
    ends: Vec<(&'static str, String)>,
    place: (&'static str, String),
    source: Option<String>,
    component: String,
    without: u64,
    late: u64,
    chart: Markup,
    watching: Vec<Watching>,
}

#[derive(Template)]
#[template(path = "signals/skew.html")]
struct SkewPage {
    shell: Shell,
    id: String,
    name: String,
    state: Colour,
    word: &'static str,
    detail: String,
    sides: Vec<SideRow>,
    compare: &'static str,
    agree_within: String,
    differs_since: Option<Timestamp>,
    agree_by: Option<Timestamp>,
    agreed_at: Option<Timestamp>,
    component: String,
    watching: Vec<Watching>,
}

struct SideRow {
    word: &'static str,
    value: Option<String>,
    place: (&'static str, String),
    since: Option<Timestamp>,
    told: Option<Timestamp>,
    trouble: String,
}

/// `GET /signals/gauges`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let now = site.clock.now();
    page(&MeasuresPage {
        gauges: gauges(&view, now),
        skews: skews(&view, now),
        shell: shell(&site, &view, &who, frame, "Gauges and skews", Nav::Signals),
    })
}

/// The gauges, those that need a look first.
pub fn gauges(view: &View, now: Time) -> Vec<Row> {
    let declared = view.plan.package.gauges.values();
    let mut rows: Vec<Row> = declared
        .filter_map(|gauge| {
            let state = view.gauges.get(&gauge.id.value)?;
            let (colour, word) = gauge_standing(view, gauge, state, now);
            Some(Row {
                id: gauge.id.value.to_string(),
                name: gauge.name.clone(),
                state: colour,
                word,
                value: state
                    .current(gauge, now)
                    .map_or_else(|| "unknown".into(), |n| gauge.shown(n)),
                detail: said(view, view.plan.alerts_of_gauge(&gauge.id.value)),
                told: state.told_at.map(|t| t.timestamp()),
                component: component(view, &gauge.component.id),
            })
        })
        .collect();
    rows.sort_by_key(|r| rank(r.state));
    rows
}

/// The skews, those that need a look first.
pub fn skews(view: &View, now: Time) -> Vec<Row> {
    let declared = view.plan.package.skews.values();
    let mut rows: Vec<Row> = declared
        .filter_map(|skew| {
            let state = view.skews.get(&skew.id.value)?;
            let (colour, word) = skew_standing(skew, state, now);
            let reading = state.read(skew, now);
            Some(Row {
                id: skew.id.value.to_string(),
                name: skew.name.clone(),
                state: colour,
                word,
                value: match state.both(skew, now) {
                    Some((expected, actual)) if state.differs_since.is_some() => {
                        format!("{actual} instead of {expected}")
                    }
                    Some((_, actual)) => actual.to_owned(),
                    None => "unknown".into(),
                },
                detail: reading.detail,
                told: state.actual.told_at.map(|t| t.timestamp()),
                component: component(view, &skew.component.id),
            })
        })
        .collect();
    rows.sort_by_key(|r| rank(r.state));
    rows
}

/// `GET /signals/gauges/{id}`
pub async fn gauge(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let now = site.clock.now();
    let id = Id::from_static(&id);
    let found = view.plan.package.gauges.get(&id).zip(view.gauges.get(&id));
    let Some((gauge, state)) = found else {
        let all = ("All gauges", "/signals/gauges");
        return Err(Missing::thing(frame, "gauge of that name", all));
    };
    let alerts = view.plan.alerts_of_gauge(&id);
    let (colour, word) = gauge_standing(&view, gauge, state, now);
    let current = state.current(gauge, now);
    let ends = [
        ("Must not reach", gauge.limit),
        ("Must stay above", gauge.floor),
    ];
    let ends = ends
        .into_iter()
        .filter_map(|(word, end)| Some((word, gauge.shown(end?))));
    Ok(page(&GaugePage {
        id: id.to_string(),
        name: gauge.name.clone(),
        state: colour,
        word,
        value: current.map_or_else(|| "unknown".into(), |n| gauge.shown(n)),
        unknown: match current {
            Some(_) => String::new(),
            None => state.unknown(now),
        },
        told: state.told_at.map(|t| t.timestamp()),
        every: gauge.every.value.to_string(),
        stale_after: gauge.stale_after().to_string(),
        ends: ends.collect(),
        place: match &gauge.from {
            GaugeFrom::Event(e) => (
                "Field of events",
                format!("{} of {}", e.field, e.event.join(", ")),
            ),
            GaugeFrom::HttpJson(h) => ("Field in JSON", h.path.clone()),
            GaugeFrom::Promql(p) => ("Query to Prometheus", p.query.clone()),
        },
        source: match &gauge.from {
            GaugeFrom::Event(e) => Some(e.source.id.to_string()),
            GaugeFrom::HttpJson(_) | GaugeFrom::Promql(_) => None,
        },
        component: component(&view, &gauge.component.id),
        without: state.without,
        late: state.late,
        chart: chart(&view, gauge, state, alerts, now),
        watching: watching(&view, alerts),
        shell: shell(&site, &view, &who, frame, &gauge.name, Nav::Signals),
    }))
}

/// `GET /signals/skews/{id}`
pub async fn skew(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let now = site.clock.now();
    let id = Id::from_static(&id);
    let found = view.plan.package.skews.get(&id).zip(view.skews.get(&id));
    let Some((skew, state)) = found else {
        let all = ("All skews", "/signals/gauges");
        return Err(Missing::thing(frame, "skew of that name", all));
    };
    let (colour, word) = skew_standing(skew, state, now);
    let side = |word, declared: &SkewSide, side: &SideState| SideRow {
        word,
        value: side.current(skew, declared, now).map(str::to_owned),
        place: match declared {
            SkewSide::Event(e) => (
                "field of events",
                format!("{} of {}", e.field, e.event.join(", ")),
            ),
            SkewSide::HttpJson(h) => ("field in JSON", h.path.clone()),
            SkewSide::HttpText(h) => match &h.header {
                Some(header) => ("header of an answer", header.clone()),
                None => ("text of an answer", String::new()),
            },
            SkewSide::Fixed(_) => ("written in the package", String::new()),
        },
        since: side.since.map(|t| t.timestamp()),
        told: side.told_at.map(|t| t.timestamp()),
        trouble: side.trouble.clone().unwrap_or_default(),
    };
    Ok(page(&SkewPage {
        id: id.to_string(),
        name: skew.name.clone(),
        state: colour,
        word,
        detail: state.read(skew, now).detail,
        sides: vec![
            side("Expected", &skew.expected, &state.expected),
            side("Actual", &skew.actual, &state.actual),
        ],
        compare: skew.compare.word(),
        agree_within: skew.agree_within.to_string(),
        differs_since: state.differs_since.map(|t| t.timestamp()),
        agree_by: state
            .differs_since
            .map(|t| (t + skew.agree_within).timestamp()),
        agreed_at: state.agreed_at.map(|t| t.timestamp()),
        component: component(&view, &skew.component.id),
        watching: watching(&view, view.plan.alerts_of_skew(&id)),
        shell: shell(&site, &view, &who, frame, &skew.name, Nav::Signals),
    }))
}

/// Where a gauge stands: what its alerts say of it, and whether it is known at all.
pub fn gauge_standing(
    view: &View,
    gauge: &Gauge,
    state: &GaugeState,
    now: Time,
) -> (Colour, &'static str) {
    let alerts = view.plan.alerts_of_gauge(&gauge.id.value);
    let holds = |wanted| {
        let readings = alerts.iter().filter_map(|id| view.reading(id));
        readings.into_iter().any(|r| r.holds == wanted)
    };
    match state.current(gauge, now) {
        _ if holds(Holds::Yes) => (Colour::Bad, "out of bounds"),
        None => (Colour::Unknown, "unknown"),
        Some(_) if holds(Holds::CannotTell) => (Colour::Unknown, "cannot tell yet"),
        Some(_) if alerts.is_empty() => (Colour::Ok, "known"),
        Some(_) => (Colour::Ok, "within bounds"),
    }
}

/// Where a skew stands.
pub fn skew_standing(skew: &Skew, state: &SkewState, now: Time) -> (Colour, &'static str) {
    match (state.both(skew, now), state.differs_since) {
        (None, _) => (Colour::Unknown, "unknown"),
        (Some(_), None) => (Colour::Ok, "agree"),
        (Some(_), Some(since)) if now >= since + skew.agree_within => (Colour::Bad, "differ"),
        (Some(_), Some(_)) => (Colour::Warn, "differ for now"),
    }
}

/// What the alerts on a signal say, the first that says something.
fn said(view: &View, alerts: &[Id]) -> String {
    let mut readings = alerts.iter().filter_map(|id| view.reading(id));
    let worst = readings.clone().find(|r| r.holds == Holds::Yes);
    let any = worst.or_else(|| readings.find(|r| !r.detail.is_empty()));
    any.map(|r| r.detail.clone()).unwrap_or_default()
}

fn component(view: &View, id: &Id) -> String {
    let found = view.plan.package.components.get(id);
    found.map_or_else(|| id.to_string(), |c| c.name.clone())
}

fn chart(view: &View, gauge: &Gauge, state: &GaugeState, alerts: &[Id], now: Time) -> Markup {
    let points: Vec<(Timestamp, Option<f64>)> = state
        .trend
        .window(now, CHART_WINDOW)
        .flat_map(|p| {
            // What lies under a point is shown too, so that a peak is not lost in the picture.
            let extremes = (p.count > 1).then_some([p.low, p.high]);
            let all = extremes.into_iter().flatten().chain([p.last]);
            all.map(|n| (p.at.timestamp(), Some(n.approximate())))
        })
        .collect();
    let from = points
        .first()
        .map_or((now - Duration::from_hours(1)).timestamp(), |p| p.0);
    LineChart {
        title: match gauge.unit.as_deref() {
            Some(unit) if !unit.is_empty() => format!("{}, in {unit}, 24 hours", gauge.name),
            _ => format!("{}, 24 hours", gauge.name),
        },
        unit: match gauge.unit.as_deref() {
            None | Some("") => Unit::Count,
            Some("s") => Unit::Seconds,
            Some("B" | "bytes") => Unit::Bytes,
            Some(word) => Unit::Other(word.to_owned()),
        },
        from,
        to: now.timestamp(),
        series: vec![Series {
            name: gauge.name.clone(),
            points,
            state: None,
        }],
        limit: bound(view, gauge, alerts),
        marks: Vec::new(),
        scale: Scale::Fit,
    }
    .svg()
}

/// The bound that an alert draws, or the end of the gauge itself.
fn bound(view: &View, gauge: &Gauge, alerts: &[Id]) -> Option<(f64, String)> {
    let of = |alert: &Alert| match &alert.when {
        Condition::Gauge(c) => {
            let above = c.above.as_ref().map(|b| (b.value, "above"));
            let (value, word) = above.or(c.below.as_ref().map(|b| (b.value, "below")))?;
            let said = format!("alert {word} {}", gauge.shown(value));
            Some((value.approximate(), said))
        }
        _ => None,
    };
    let declared = alerts.iter().filter_map(|id| view.plan.alerts.get(id));
    let ends = [("limit", gauge.limit), ("floor", gauge.floor)];
    let mut ends = ends.into_iter().filter_map(|(word, end)| {
        let end = end?;
        Some((end.approximate(), format!("{word} {}", gauge.shown(end))))
    });
    declared.into_iter().find_map(of).or_else(|| ends.next())
}
