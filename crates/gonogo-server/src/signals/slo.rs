//! SLOs: what is left of the budget, how fast it burns, and what was bad.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::reading::{budget_words, items, share, times};
use gonogo_engine::slo::{Measure, Tally, burn_ppm};
use gonogo_model::alert::BurnSpeed;
use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Duration, Package};
use jiff::Timestamp;

use super::watching::{Watching, watching};
use crate::api::Change;
use crate::auth::Identity;
use crate::overview::slo::{Budget, budgets, meter, state_of};
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::view::SloView;
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::number::Unit;
use crate::web::components::{Markup, State as Colour};
use crate::web::{Frame, Nav, Shell, page};

/// Changes that are shown on one page.
const CHANGES_SHOWN: usize = 200;
/// Changes that a chart marks.
const MARKS: usize = 12;

#[derive(Template)]
#[template(path = "signals/slos.html")]
struct SlosPage {
    shell: Shell,
    budgets: Vec<Budget>,
}

#[derive(Template)]
#[template(path = "signals/slo.html")]
struct SloPage {
    shell: Shell,
    id: String,
    name: String,
    state: Colour,
    word: &'static str,
    why: String,
    meter: Markup,
    counted: (String, String),
    goal: String,
    window: String,
    from: Timestamp,
    until: Option<Timestamp>,
    total: u64,
    bad: u64,
    allowed: String,
    left: String,
    burns: Vec<BurnRow>,
    chart: Markup,
    bad_items: Vec<(Timestamp, String)>,
    parts: Vec<(String, String, u32)>,
    trouble: String,
    watching: Vec<Watching>,
}

struct BurnRow {
    speed: &'static str,
    long: String,
    short: String,
    bound: String,
    state: Colour,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "signals/changes.html")]
struct ChangesPage {
    shell: Shell,
    rows: Vec<Change>,
    more: usize,
    none_declared: bool,
}

/// `GET /signals/slos`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let mut budgets = budgets(&view);
    budgets.sort_by_key(|b| super::overview::rank(b.meter.state));
    page(&SlosPage {
        budgets,
        shell: shell(&site, &view, &who, frame, "SLOs", Nav::Signals),
    })
}

/// `GET /signals/slos/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let found = view.slos.iter().find(|s| s.id.as_str() == id);
    let declared = found.and_then(|s| package.slos.get(&s.id));
    let (Some(slo), Some(declared)) = (found, declared) else {
        return Err(Missing::thing(
            frame,
            "SLO of that name",
            ("All SLOs", "/signals/slos"),
        ));
    };
    let figures = &slo.figures;
    let bad = slo.bad_items.iter().rev();
    let marks = view.changes.iter().rev().take(MARKS);
    let marks = marks.map(|c| (c.at.timestamp(), format!("{}: {}", c.name, c.label)));
    let template = SloPage {
        id: slo.id.to_string(),
        name: declared.name.clone(),
        state: state_of(figures),
        word: figures.standing.words(),
        why: figures.why.clone(),
        meter: meter(declared, figures).svg(),
        counted: counted(declared, package),
        goal: budget_words(declared),
        window: declared.window_words(),
        from: figures.from.timestamp(),
        until: figures.until.map(|t| t.timestamp()),
        total: figures.window.total,
        bad: figures.window.bad(),
        allowed: items(figures.allowed_millionths),
        left: figures.left_ppm().map_or("no budget yet".into(), share),
        burns: BurnSpeed::ALL
            .iter()
            .map(|s| burn_row(declared, slo, *s))
            .collect(),
        chart: chart(declared, slo, marks.collect(), site.clock.now().timestamp()),
        bad_items: bad.map(|b| (b.at.timestamp(), b.what.clone())).collect(),
        parts: declared
            .parts(package)
            .into_iter()
            .map(|(part, weight)| (part.id.to_string(), part.name.clone(), weight))
            .collect(),
        trouble: slo.trouble.clone().unwrap_or_default(),
        watching: watching(&view, view.plan.alerts_of_slo(&slo.id)),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
    };
    Ok(page(&template))
}

/// `GET /signals/changes`
pub async fn changes(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let mut rows = Change::timeline(&view);
    let more = rows.len().saturating_sub(CHANGES_SHOWN);
    rows.truncate(CHANGES_SHOWN);
    page(&ChangesPage {
        rows,
        more,
        none_declared: view.plan.package.changes.is_empty(),
        shell: shell(&site, &view, &who, frame, "Changes", Nav::Signals),
    })
}

/// What is counted, and where that is shown.
fn counted(slo: &Slo, package: &Package) -> (String, String) {
    let flow = |id: &gonogo_model::Id, what: &str| {
        let name = package
            .flows
            .get(id)
            .map_or(id.as_str(), |f| f.name.as_str());
        (format!("{what}: {name}"), format!("/signals/flows/{id}"))
    };
    match &slo.sli {
        Sli::Completion(f) => flow(&f.id, "ends in time"),
        Sli::Success(f) => flow(&f.id, "ends that are a success"),
        Sli::Latency(l) => flow(&l.flow.id, &format!("ends within {}", l.under)),
        Sli::Check(c) => {
            let name = package
                .checks
                .get(&c.id)
                .map_or(c.id.as_str(), |c| c.name.as_str());
            (
                format!("good answers: {name}"),
                format!("/signals/checks/{}", c.id),
            )
        }
        Sli::Events(e) => (
            format!("good events of {}: {}", e.source.id, e.event.join(", ")),
            format!("/signals/sources/{}", e.source.id),
        ),
        Sli::Delivery(d) => (
            format!("what {} delivers to the team's own endpoint", d.source.id),
            format!("/signals/sources/{}", d.source.id),
        ),
        Sli::Promql(p) => {
            let good = p.good.as_ref().map(|q| format!("good: {q}"));
            let bad = p.bad.as_ref().map(|q| format!("bad: {q}"));
            let minute = p.good_minute.as_ref().map(|q| format!("good minutes: {q}"));
            let query = good.or(bad).or(minute).unwrap_or_default();
            (query, "/signals/slos".into())
        }
        Sli::Composite(_) => ("other SLOs, weighed".into(), "/signals/slos".into()),
        Sli::Journey(j) => (
            format!("every critical SLO of {}", j.id),
            "/signals/slos".into(),
        ),
    }
}

fn burn_row(slo: &Slo, view: &SloView, speed: BurnSpeed) -> BurnRow {
    let (long, short, _) = speed.windows();
    let (of_long, of_short) = view.figures.burn(speed);
    let bound = speed.rate_ppm(slo.period());
    let burn = |m: Measure, window: Duration| burn_ppm(slo, m, window);
    let said = |m: Measure, window: Duration| match burn(m, window) {
        Some(ppm) => format!(
            "{} ({} bad of {} in {window})",
            times(ppm),
            m.bad(),
            m.total
        ),
        None => format!("nothing counted in {window}"),
    };
    let over =
        |m, window| burn(m, window).is_some_and(|ppm| m != Measure::default() && ppm >= bound);
    let few = slo.budget_events.is_none() && of_long.total < u64::from(slo.min_events);
    let (state, word) = if few {
        (Colour::Unknown, "too few events")
    } else if over(of_long, long) && over(of_short, short) {
        (Colour::Bad, "too fast")
    } else {
        (Colour::Ok, "slow enough")
    };
    BurnRow {
        speed: speed.word(),
        long: said(of_long, long),
        short: said(of_short, short),
        bound: times(bound),
        state,
        word,
    }
}

fn chart(slo: &Slo, view: &SloView, marks: Vec<(Timestamp, String)>, now: Timestamp) -> Markup {
    let good = |t: &Tally| {
        let all = t.good + t.bad;
        (all > 0).then(|| t.good as f64 / all as f64)
    };
    let from = view.stretches.first().map_or(now, |(at, _)| at.timestamp());
    LineChart {
        title: "Share of good items per hour, three days".into(),
        unit: Unit::Ratio,
        from,
        to: now,
        series: vec![Series {
            name: "good".into(),
            points: view
                .stretches
                .iter()
                .map(|(at, t)| (at.timestamp(), good(t)))
                .collect(),
            state: None,
        }],
        limit: slo.budget_events.is_none().then(|| {
            (
                f64::from(slo.target.ppm()) / 1e6,
                format!("target {}", slo.target),
            )
        }),
        marks: marks.into_iter().filter(|(at, _)| *at >= from).collect(),
        scale: Scale::Fit,
    }
    .svg()
}
