//! Sources, flows, checks and SLOs on one page, and the evidence behind each flow and check.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use gonogo_engine::Time;
use gonogo_engine::flow::Counts;
use gonogo_model::percent::Percent;
use jiff::Timestamp;

use crate::auth::{Identity, Require, need};
use crate::shell::{Missing, may_act, shell};
use crate::shown;
use crate::site::Site;
use crate::store::DeadLetterFilter;
use crate::view::{CheckView, FlowView, SourceView, View};
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::heat::HeatStrip;
use crate::web::components::number::Unit;
use crate::web::components::spark::sparkline;
use crate::web::components::{Markup, State as Seen};
use crate::web::{Done, Frame, Nav, Shell, page};

/// How many dead letters are listed.
const LETTERS: u32 = 50;

/// The pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/signals", get(all))
        .route("/signals/flows/{id}", get(flow))
        .route("/signals/checks/{id}", get(check))
        .route("/signals/sources/{id}", get(source))
        .route("/signals/dead-letters/{id}/replay", post(replay))
}

#[derive(Template)]
#[template(path = "signals.html")]
struct SignalsPage {
    shell: Shell,
    sources: Vec<SourceRow>,
    flows: Vec<FlowRow>,
    checks: Vec<CheckRow>,
    slos: Vec<SloRow>,
    letters: Vec<Letter>,
    may_act: bool,
}

struct SourceRow {
    name: String,
    id: String,
    kind: String,
    state: Seen,
    word: String,
    last: Option<Timestamp>,
    last_type: String,
    hour: u32,
    rate: Markup,
    refused: String,
}

struct FlowRow {
    name: String,
    href: String,
    state: Seen,
    word: String,
    open: usize,
    overdue: usize,
    success: String,
    p95: String,
    rate: Markup,
}

struct CheckRow {
    name: String,
    href: String,
    state: Seen,
    since: Timestamp,
    said: String,
    days: Option<i64>,
    strip: Markup,
}

struct SloRow {
    name: String,
    target: String,
    window: String,
    got: String,
    state: Seen,
    note: String,
}

struct Letter {
    id: i64,
    source: String,
    at: Timestamp,
    reason: String,
    detail: String,
    replayed: bool,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    shell: Shell,
    row: FlowRow,
    about: Vec<(String, String)>,
    figures: Vec<(String, String, Seen, String)>,
    charts: Vec<Markup>,
    overdue: Vec<Item>,
    more_overdue: usize,
    open: Vec<Item>,
    mismatched: Vec<(String, String)>,
}

struct Item {
    key: String,
    since: Timestamp,
    deadline: Timestamp,
    event: String,
    fields: String,
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    shell: Shell,
    row: CheckRow,
    about: Vec<(String, String)>,
    chart: Markup,
}

async fn all(who: Identity, State(site): State<Site>, frame: Frame) -> Response {
    let view = site.view();
    let now = site.clock.now();
    let filter = DeadLetterFilter {
        limit: LETTERS,
        ..DeadLetterFilter::default()
    };
    let letters = site
        .store
        .blocking(move |s| s.dead_letters(&filter))
        .await
        .unwrap_or_default();
    let tallies = site.intake.tallies();
    let sources = view.sources.iter().map(|s| {
        let refused = tallies.get(&s.id).map(|t| {
            let each: Vec<String> = t
                .refused
                .iter()
                .map(|(code, n)| format!("{n} {}", shown::words(code)))
                .collect();
            each.join(", ")
        });
        source_row(&view, s, refused.unwrap_or_default())
    });
    page(&SignalsPage {
        sources: sources.collect(),
        flows: view.flows.iter().map(|f| flow_row(&view, f)).collect(),
        checks: checks(&view, now),
        slos: slos(&view),
        letters: letters
            .into_iter()
            .map(|l| Letter {
                id: l.id,
                source: l.source,
                at: Time::from_millis(l.received_at_ms).timestamp(),
                reason: shown::words(&l.reason),
                detail: l.detail,
                replayed: l.replayed_at_ms.is_some(),
            })
            .collect(),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, "Signals", Nav::Signals),
    })
}

fn source_row(view: &View, source: &SourceView, refused: String) -> SourceRow {
    let declared = view.plan.package.sources.get(&source.id);
    let (state, word) = match (source.silent, source.last_event_at) {
        (true, _) => (Seen::Bad, "silent"),
        (false, None) => (Seen::Unknown, "never heard"),
        (false, Some(_)) => (Seen::Ok, "speaks"),
    };
    let rate: Vec<Option<f64>> = source
        .stretches
        .iter()
        .map(|(_, h)| Some(f64::from(h.events)))
        .collect();
    SourceRow {
        name: declared.map_or_else(|| source.id.to_string(), |s| s.name.clone()),
        id: source.id.to_string(),
        kind: declared.map_or("", |s| s.kind.word()).into(),
        state,
        word: word.into(),
        last: source.last_event_at.map(Time::timestamp),
        last_type: source.last_event_type.clone().unwrap_or_default(),
        hour: source.hour,
        rate: sparkline(&rate, &Unit::Count, None),
        refused,
    }
}

fn flow_row(view: &View, flow: &FlowView) -> FlowRow {
    let declared = view.plan.package.flows.get(&flow.id);
    let ended = flow.hour.successes + flow.hour.failures;
    let share = Percent::of(u64::from(flow.hour.successes), u64::from(ended));
    let (state, word) = if flow.overdue > 0 || !flow.mismatched.is_empty() {
        (Seen::Bad, "overdue or contradicting")
    } else if flow.failures_in_row > 0 {
        (Seen::Warn, "the last one failed")
    } else if share.is_some() {
        (Seen::Ok, "ends as it should")
    } else {
        (Seen::Unknown, "no traffic")
    };
    let rate: Vec<Option<f64>> = flow
        .stretches
        .iter()
        .map(|(_, c)| Some(f64::from(c.starts)))
        .collect();
    FlowRow {
        name: declared.map_or_else(|| flow.id.to_string(), |f| f.name.clone()),
        href: format!("/signals/flows/{}", flow.id),
        state,
        word: word.into(),
        open: flow.open,
        overdue: flow.overdue,
        success: share.map_or_else(|| "too few events".into(), |s| format!("{s} of {ended}")),
        p95: quantile(&flow.hour, 950_000),
        rate: sparkline(&rate, &Unit::Count, None),
    }
}

fn quantile(counts: &Counts, ppm: u32) -> String {
    counts
        .latency
        .quantile(ppm)
        .map_or_else(|| "–".into(), shown::length)
}

fn checks(view: &View, now: Time) -> Vec<CheckRow> {
    let mut rows: Vec<CheckRow> = view
        .checks
        .iter()
        .map(|c| check_row(view, c, now))
        .collect();
    rows.sort_by_key(|r| match r.state {
        Seen::Bad => 0,
        Seen::Unknown => 1,
        Seen::Warn => 2,
        Seen::Ok => 3,
    });
    rows
}

fn check_row(view: &View, check: &CheckView, now: Time) -> CheckRow {
    let declared = view.plan.package.checks.get(&check.id);
    let buckets = check.stretches.iter().map(|(at, a)| {
        let state = match (a.bad, a.good, a.unknown) {
            (0, 0, _) => Seen::Unknown,
            (0, _, _) => Seen::Ok,
            _ => Seen::Bad,
        };
        (
            state,
            format!(
                "{}: {} good, {} bad, {} unknown",
                at.timestamp().strftime("%H:%M"),
                a.good,
                a.bad,
                a.unknown
            ),
        )
    });
    let name = declared.map_or_else(|| check.id.to_string(), |c| c.name.clone());
    let strip = HeatStrip {
        label: format!("{name}, last hour"),
        buckets: buckets.collect(),
        from: String::new(),
        to: String::new(),
    };
    CheckRow {
        href: format!("/signals/checks/{}", check.id),
        state: shown::health(check.health),
        since: check.since.timestamp(),
        said: check
            .last
            .as_ref()
            .map_or_else(|| "not asked yet".into(), |l| l.detail.clone()),
        days: check
            .certificate
            .as_ref()
            .map(|c| c.not_after.since(now).as_secs() / 86_400),
        strip: strip.svg(),
        name,
    }
}

fn slos(view: &View) -> Vec<SloRow> {
    let of = |s: &crate::view::SloView| {
        let declared = view.plan.package.slos.get(&s.id)?;
        let total = s.good + s.bad;
        let share = Percent::of(s.good, total).filter(|_| total >= u64::from(declared.min_events));
        let (state, got) = match share {
            None => (Seen::Unknown, "too few events".to_string()),
            Some(share) if share >= declared.target => (Seen::Ok, share.to_string()),
            Some(share) => (Seen::Bad, share.to_string()),
        };
        let allowed = u128::from(total) * u128::from(1_000_000 - declared.target.ppm()) / 1_000_000;
        Some(SloRow {
            name: declared.name.clone(),
            target: declared.target.to_string(),
            window: declared.window.to_string(),
            got,
            state,
            note: format!("{} bad of {total}; the budget allows {allowed}", s.bad),
        })
    };
    view.slos.iter().filter_map(of).collect()
}

async fn flow(
    who: Identity,
    State(site): State<Site>,
    Path(id): Path<String>,
    frame: Frame,
) -> Response {
    let view = site.view();
    let found = view.flows.iter().find(|f| f.id == *id.as_str());
    let (Some(flow), Some(declared)) = (found, view.plan.package.flows.get(id.as_str())) else {
        return Missing::thing(frame, format!("flow {id}"), ("See all signals", "/signals"))
            .into_response();
    };
    let row = flow_row(&view, flow);
    let item = |(key, open): &(String, gonogo_engine::flow::Open)| Item {
        key: key.clone(),
        since: open.started_at.timestamp(),
        deadline: open.deadline.timestamp(),
        event: open.event.clone(),
        fields: open
            .fields
            .iter()
            .map(|(path, v)| format!("{} {v}", path.rsplit('.').next().unwrap_or(path)))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let day = &flow.day;
    let ended = day.successes + day.failures;
    let ratio = |part: u32, whole: u32| {
        Percent::of(u64::from(part), u64::from(whole)).map_or_else(|| "–".into(), |p| p.to_string())
    };
    let due = day.completed + day.overdue;
    let known = |whole: u32, good: bool| {
        if whole == 0 {
            Seen::Unknown
        } else if good {
            Seen::Ok
        } else {
            Seen::Bad
        }
    };
    let figures = vec![
        (
            "Ended in time".into(),
            ratio(day.completed, due),
            known(due, day.overdue == 0),
            format!("{} of {due} in a day", day.completed),
        ),
        (
            "Ended well".into(),
            ratio(day.successes, ended),
            known(ended, day.failures == 0),
            format!("{} of {ended} in a day", day.successes),
        ),
        (
            "p50".into(),
            quantile(day, 500_000),
            known(ended, true),
            "of a day".into(),
        ),
        (
            "p95".into(),
            quantile(day, 950_000),
            known(ended, true),
            format!("deadline {}", declared.deadline),
        ),
        (
            "p99".into(),
            quantile(day, 990_000),
            known(ended, true),
            "of a day".into(),
        ),
        (
            "Only the event was lost".into(),
            day.lost_events.to_string(),
            if day.lost_events > 0 {
                Seen::Warn
            } else {
                Seen::Ok
            },
            "found by asking".into(),
        ),
    ];
    let about = vec![
        (
            "Starts".to_string(),
            format!(
                "{} from {}",
                declared.start.event.join(", "),
                declared.start.source.id
            ),
        ),
        (
            "Ends".to_string(),
            format!(
                "{} from {}",
                declared.end.event.join(", "),
                declared.end.source.id
            ),
        ),
        ("Deadline".to_string(), declared.deadline.to_string()),
        (
            "Component".to_string(),
            shown::component_name(&view.plan.package, &declared.component.id),
        ),
        (
            "Asked before paging".to_string(),
            declared
                .confirm
                .as_ref()
                .map_or("nobody", |c| c.key())
                .to_string(),
        ),
    ];
    page(&FlowPage {
        about,
        figures,
        charts: charts(flow, declared.deadline.as_secs()),
        overdue: flow.overdue_items.iter().map(item).collect(),
        more_overdue: flow.overdue.saturating_sub(flow.overdue_items.len()),
        open: flow.open_items.iter().map(item).collect(),
        mismatched: flow.mismatched.clone(),
        shell: shell(&site, &view, &who, frame, &row.name, Nav::Signals),
        row,
    })
}

fn charts(flow: &FlowView, deadline_secs: i64) -> Vec<Markup> {
    let (Some(first), Some(last)) = (flow.stretches.first(), flow.stretches.last()) else {
        return Vec::new();
    };
    let (from, to) = (first.0.timestamp(), last.0.timestamp());
    let line = |name: &str, state, value: &dyn Fn(&Counts) -> Option<f64>| Series {
        name: name.into(),
        points: flow
            .stretches
            .iter()
            .map(|(at, c)| (at.timestamp(), value(c)))
            .collect(),
        state,
    };
    let seconds = |ppm: u32| {
        move |c: &Counts| {
            c.latency
                .quantile(ppm)
                .map(|d| d.as_millis() as f64 / 1000.0)
        }
    };
    let chart = |title: &str, unit, series, limit| {
        LineChart {
            title: title.into(),
            unit,
            from,
            to,
            series,
            limit,
            marks: Vec::new(),
            scale: Scale::FromZero,
        }
        .svg()
    };
    vec![
        chart(
            "Time from start to end",
            Unit::Seconds,
            vec![
                line("p95", None, &seconds(950_000)),
                line("p50", None, &seconds(500_000)),
            ],
            Some((deadline_secs as f64, "deadline".to_string())),
        ),
        chart(
            "Each minute",
            Unit::Count,
            vec![
                line("starts", None, &|c| Some(f64::from(c.starts))),
                line("ended well", Some(Seen::Ok), &|c| {
                    Some(f64::from(c.successes))
                }),
                line("failed or overdue", Some(Seen::Bad), &|c| {
                    Some(f64::from(c.failures + c.overdue))
                }),
            ],
            None,
        ),
    ]
}

async fn check(
    who: Identity,
    State(site): State<Site>,
    Path(id): Path<String>,
    frame: Frame,
) -> Response {
    let view = site.view();
    let now = site.clock.now();
    let found = view.checks.iter().find(|c| c.id == *id.as_str());
    let (Some(check), Some(declared)) = (found, view.plan.package.checks.get(id.as_str())) else {
        return Missing::thing(
            frame,
            format!("check {id}"),
            ("See all signals", "/signals"),
        )
        .into_response();
    };
    let row = check_row(&view, check, now);
    let mut about = vec![
        ("Asks".to_string(), declared.probe.key().to_string()),
        (
            "Every".to_string(),
            format!("{}, at most {}", declared.every, declared.timeout),
        ),
        (
            "Fails after".to_string(),
            format!("{} bad answers in a row", declared.fails_after),
        ),
        (
            "Component".to_string(),
            shown::component_name(&view.plan.package, &declared.component.id),
        ),
    ];
    if let Some(last) = &check.last {
        about.push((
            "Last answer".to_string(),
            format!(
                "{} ({}), {}",
                last.detail,
                last.code,
                shown::since(last.at, now.timestamp())
            ),
        ));
    }
    if let Some(c) = &check.certificate {
        about.push((
            "Certificate".to_string(),
            format!(
                "until {}, issued by {}, serial {}",
                c.not_after, c.issuer, c.serial
            ),
        ));
    }
    let points = check.stretches.iter().map(|(at, a)| {
        let mean = (a.good > 0).then(|| a.took_millis as f64 / f64::from(a.good) / 1000.0);
        (at.timestamp(), mean)
    });
    let points: Vec<_> = points.collect();
    let chart = match (points.first(), points.last()) {
        (Some((from, _)), Some((to, _))) => LineChart {
            title: "How long good answers took".into(),
            unit: Unit::Seconds,
            from: *from,
            to: *to,
            series: vec![Series {
                name: "mean".into(),
                points: points.clone(),
                state: None,
            }],
            limit: None,
            marks: Vec::new(),
            scale: Scale::FromZero,
        }
        .svg(),
        _ => Markup::default(),
    };
    page(&CheckPage {
        about,
        chart,
        shell: shell(&site, &view, &who, frame, &row.name, Nav::Signals),
        row,
    })
}

/// A source has its place on the page of all signals.
async fn source(_who: Identity, Path(id): Path<String>) -> Redirect {
    let id = gonogo_model::Id::from_static(&id);
    Redirect::to(&format!("/signals#source-{id}"))
}

async fn replay(
    who: Require<need::Responder>,
    State(site): State<Site>,
    Path(id): Path<i64>,
    frame: Frame,
) -> Response {
    let said = match site.intake.replay(id).await {
        Ok(said) => said,
        Err(why) => why,
    };
    tracing::info!(by = who.user_id, letter = id, %said, "a dead letter was replayed");
    Done::new(said, "/signals#dead-letters").respond(&frame)
}
