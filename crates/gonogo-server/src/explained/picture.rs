//! What a condition looks at, over time, with the line at which it holds.
//!
//! The numbers are those that the engine keeps; where it keeps none there is no picture, rather
//! than one of something else.

use gonogo_engine::Time;
use gonogo_model::alert::{Condition, SloBurn};
use gonogo_model::decimal::Decimal;
use gonogo_model::gauge::GaugeBeyond;
use gonogo_model::text::Spanned;
use gonogo_model::{Duration, Id};
use jiff::Timestamp;

use crate::view::{FlowView, View};
use crate::web::components::Markup;
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::number::Unit;

/// How far back the line of a gauge goes.
const GAUGE_WINDOW: Duration = Duration::from_hours(24);

/// A line over time, and the one that should not be crossed.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it shows.
    pub title: &'static str,
    /// What the line is called.
    pub name: &'static str,
    /// What the numbers are.
    pub unit: Unit,
    /// In order of time; none where nothing was measured.
    pub points: Vec<(Timestamp, Option<f64>)>,
    /// Where the condition begins to hold, where that is a value of this line.
    pub bound: Option<(f64, String)>,
}

impl Picture {
    /// The picture, with moments that may explain a change.
    pub fn svg(&self, now: Timestamp, marks: Vec<(Timestamp, String)>) -> Markup {
        let from = self.points.first().map_or(now, |(at, _)| *at);
        LineChart {
            title: self.title.into(),
            unit: self.unit.clone(),
            from,
            to: now,
            series: vec![Series {
                name: self.name.into(),
                points: self.points.clone(),
                state: None,
            }],
            limit: self.bound.clone(),
            marks: marks.into_iter().filter(|(at, _)| *at >= from).collect(),
            scale: Scale::FromZero,
        }
        .svg()
    }
}

/// What a condition looks at.
pub(super) fn of(view: &View, when: &Condition) -> Option<Picture> {
    match when {
        Condition::FlowOverdue(c) => flow(
            view,
            &c.flow.id,
            "Starts without an end in time, per minute",
            |f| points(&f.stretches, |c| Some(f64::from(c.overdue))),
        ),
        Condition::FlowFailing(c) => flow(
            view,
            &c.flow.id,
            "Ends that were no success, per minute",
            |f| points(&f.stretches, |c| Some(f64::from(c.failures))),
        ),
        Condition::FlowMismatch(c) => {
            flow(view, &c.flow.id, "Ends that do not fit, per minute", |f| {
                points(&f.stretches, |c| Some(f64::from(c.mismatches)))
            })
        }
        Condition::FlowSlow(c) => {
            let quantile = c.quantile.ppm();
            let mut picture = flow(view, &c.flow.id, "Time from start to end", |f| {
                points(&f.stretches, |c| {
                    let took = c.latency.quantile(quantile)?;
                    Some(took.as_millis() as f64 / 1000.0)
                })
            })?;
            picture.unit = Unit::Seconds;
            let bound = c.above.as_millis() as f64 / 1000.0;
            picture.bound = Some((bound, format!("fires above {}", c.above)));
            Some(picture)
        }
        Condition::CheckFailing(c) => {
            let check = view.checks.iter().find(|k| k.id == c.check.id)?;
            Some(Picture {
                title: "Bad answers per minute",
                name: "bad",
                unit: Unit::Count,
                points: points(&check.stretches, |a| {
                    (a.good + a.bad > 0).then(|| f64::from(a.bad))
                }),
                bound: None,
            })
        }
        Condition::SourceSilent(c) => events(view, &c.source.id),
        Condition::NoEvents(c) => events(view, &c.source.id),
        Condition::ExternalAlert(c) => events(view, &c.source.id),
        Condition::DeliveryFailing(c) => {
            let source = view.sources.iter().find(|s| s.id == c.source.id)?;
            let forward = source.forward.as_ref()?;
            Some(Picture {
                title: "Deliveries that were not acknowledged in time, per minute",
                name: "failed",
                unit: Unit::Count,
                points: points(&forward.stretches, |p| Some(f64::from(p.failed))),
                bound: None,
            })
        }
        Condition::SloBurn(c) => burn(view, c),
        Condition::SloBudget(c) => bad_items(view, &c.slo.id),
        Condition::SloFailing(c) => bad_items(view, &c.slo.id),
        Condition::SloSilent(c) => {
            let slo = view.slos.iter().find(|s| s.id == c.slo.id)?;
            let points = points(&slo.stretches, |t| Some((t.good + t.bad) as f64));
            Some(Picture {
                title: "What was counted, per hour",
                name: "counted",
                unit: Unit::Count,
                points,
                bound: None,
            })
        }
        // A date, two lists or a table: a line over time would not show them.
        Condition::CertificateExpiring(_)
        | Condition::RegistrationExpiring(_)
        | Condition::Reconciliation(_)
        | Condition::ReconciliationStale(_)
        | Condition::Domains(_)
        | Condition::Skew(_) => None,
        Condition::Gauge(c) => gauge(view, c),
    }
}

/// The share of bad ones, and the share from which on the budget burns too fast.
fn burn(view: &View, c: &SloBurn) -> Option<Picture> {
    let slo = view.slos.iter().find(|s| s.id == c.slo.id)?;
    let declared = view.plan.package.slos.get(&c.slo.id)?;
    if declared.budget_events.is_some() {
        return bad_items(view, &c.slo.id);
    }
    let allowed = f64::from(1_000_000 - declared.target.ppm()) / 1e6;
    let rate = c.speed.rate_ppm(declared.period()) as f64 / 1e6;
    let bound = allowed * rate;
    Some(Picture {
        title: "Share of bad items per hour, three days",
        name: "bad",
        unit: Unit::Ratio,
        points: points(&slo.stretches, |t| {
            let all = t.good + t.bad;
            (all > 0).then(|| t.bad as f64 / all as f64)
        }),
        bound: (bound <= 1.0).then(|| (bound, "too fast from here".into())),
    })
}

/// A gauge's last day, with the bound that is written.
fn gauge(view: &View, c: &GaugeBeyond) -> Option<Picture> {
    let declared = view.plan.package.gauges.get(&c.gauge.id)?;
    let state = view.gauges.get(&c.gauge.id)?;
    let points = state.trend.window(view.at, GAUGE_WINDOW);
    let bound = |(written, word): (&Option<Spanned<Decimal>>, &str)| {
        let bound = written.as_ref()?.value;
        Some((
            bound.approximate(),
            format!("{word} {}", declared.shown(bound)),
        ))
    };
    Some(Picture {
        title: "The number, 24 hours",
        name: "number",
        unit: match declared.unit.as_deref() {
            None | Some("") => Unit::Count,
            Some("s") => Unit::Seconds,
            Some("B" | "bytes") => Unit::Bytes,
            Some(word) => Unit::Other(word.to_owned()),
        },
        points: points
            .map(|p| (p.at.timestamp(), Some(p.last.approximate())))
            .collect(),
        bound: [(&c.above, "fires above"), (&c.below, "fires below")]
            .into_iter()
            .find_map(bound),
    })
}

fn bad_items(view: &View, slo: &Id) -> Option<Picture> {
    let slo = view.slos.iter().find(|s| s.id == *slo)?;
    Some(Picture {
        title: "Bad items per hour, three days",
        name: "bad",
        unit: Unit::Count,
        points: points(&slo.stretches, |t| Some(t.bad as f64)),
        bound: None,
    })
}

fn events(view: &View, source: &Id) -> Option<Picture> {
    let source = view.sources.iter().find(|s| s.id == *source)?;
    Some(Picture {
        title: "Events per minute",
        name: "events",
        unit: Unit::Count,
        points: points(&source.stretches, |h| Some(f64::from(h.events))),
        bound: None,
    })
}

fn flow(
    view: &View,
    flow: &Id,
    title: &'static str,
    points: impl Fn(&FlowView) -> Vec<(Timestamp, Option<f64>)>,
) -> Option<Picture> {
    let flow = view.flows.iter().find(|f| f.id == *flow)?;
    Some(Picture {
        title,
        name: "each minute",
        unit: Unit::Count,
        points: points(flow),
        bound: None,
    })
}

fn points<T>(
    stretches: &[(Time, T)],
    of: impl Fn(&T) -> Option<f64>,
) -> Vec<(Timestamp, Option<f64>)> {
    let each = stretches.iter();
    each.map(|(at, one)| (at.timestamp(), of(one))).collect()
}
