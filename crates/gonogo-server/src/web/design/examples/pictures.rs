//! Pictures with example data, at their best and at their limits.

use jiff::{Timestamp, ToSpan as _};

use super::{RTL, long_name, wave};
use crate::web::components::bars::{Bar, bars};
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::graph::{GraphEdge, GraphNode, GraphPicture};
use crate::web::components::heat::HeatStrip;
use crate::web::components::number::Unit;
use crate::web::components::{Markup, State, markdown};
use crate::web::design::Section;

pub fn pictures(now: Timestamp) -> Vec<Section> {
    let bar = |label: &str, value, state| Bar {
        label: label.into(),
        value,
        state,
        href: "/signals".into(),
    };
    let rows = [
        bar("stripe", Some(4120.0), None),
        bar("github", Some(311.0), None),
        bar("fivetran", None, None),
        bar(&long_name(), Some(40.0), Some(State::Bad)),
        bar(RTL, Some(0.0), None),
    ];
    let strip = HeatStrip {
        label: "Dashboards, last 90 days".into(),
        buckets: history(90),
        from: "90 d ago".into(),
        to: "today".into(),
    };
    vec![
        Section {
            id: "charts",
            title: "Charts",
            wide: true,
            pictures: vec![
                ("Line".into(), deploys(now).svg()),
                ("Ratio with gaps".into(), ratio(now).svg()),
            ],
        },
        Section {
            id: "odd",
            title: "Charts at their limits",
            wide: false,
            pictures: odd(now),
        },
        Section {
            id: "small",
            title: "Small pictures",
            wide: false,
            pictures: vec![
                (
                    "Events by source".into(),
                    bars("Events by source", &rows, &Unit::Count),
                ),
                ("History".into(), strip.svg()),
                (
                    "No history".into(),
                    HeatStrip {
                        label: "New".into(),
                        ..HeatStrip::default()
                    }
                    .svg(),
                ),
                (
                    "Nothing to count".into(),
                    bars("Events by source", &[], &Unit::Count),
                ),
            ],
        },
        Section {
            id: "graph",
            title: "Graph",
            wide: true,
            pictures: vec![
                ("What depends on what".into(), graph().svg()),
                ("No components".into(), GraphPicture::default().svg()),
            ],
        },
        Section {
            id: "text",
            title: "Text",
            wide: true,
            pictures: vec![("A runbook".into(), prose())],
        },
    ]
}

fn series(name: &str, seed: i64, now: Timestamp, state: Option<State>) -> Series {
    Series {
        name: name.into(),
        points: wave(seed, 96)
            .into_iter()
            .zip(0..)
            .map(|(value, i)| (now - (15 * (95 - i)).minutes(), value.map(|v| v * 420.0)))
            .collect(),
        state,
    }
}

fn deploys(now: Timestamp) -> LineChart {
    LineChart {
        title: "Time to finish a deployment".into(),
        unit: Unit::Seconds,
        from: now - 24.hours(),
        to: now,
        series: vec![series("p99", 3, now, None), series("median", 40, now, None)],
        limit: Some((600.0, "deadline 10 min".into())),
        marks: vec![
            (
                now - 5.hours(),
                "dataface-cloud revision 41 deployed".into(),
            ),
            (now - 40.minutes(), "package reloaded".into()),
        ],
        scale: Scale::FromZero,
    }
}

fn ratio(now: Timestamp) -> LineChart {
    let points = (0..28)
        .map(|day| {
            let known = !(9..13).contains(&day) && day != 20;
            let value = 1.0 - f64::from(day * 7919 % 13) / 4000.0;
            (
                now - (24 * (27 - i64::from(day))).hours(),
                known.then_some(value),
            )
        })
        .collect();
    LineChart {
        title: "Dashboards that loaded".into(),
        unit: Unit::Ratio,
        from: now - (24 * 28).hours(),
        to: now,
        series: vec![Series {
            name: "28 d".into(),
            points,
            state: None,
        }],
        limit: Some((0.9975, "objective 99.75 %".into())),
        marks: Vec::new(),
        scale: Scale::Fit,
    }
}

fn odd(now: Timestamp) -> Vec<(String, Markup)> {
    let chart = |title: &str, values: &[Option<f64>]| LineChart {
        title: title.into(),
        unit: Unit::Count,
        from: now - 60.minutes(),
        to: now,
        series: vec![Series {
            name: "events".into(),
            points: values
                .iter()
                .zip(0..)
                .map(|(value, i)| (now - (10 * (6 - i)).minutes(), *value))
                .collect(),
            state: None,
        }],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    };
    vec![
        ("Nothing".into(), chart("No points", &[]).svg()),
        ("Only gaps".into(), chart("Only gaps", &[None; 6]).svg()),
        (
            "One point".into(),
            chart("One point", &[None, None, Some(7.0)]).svg(),
        ),
        ("All zero".into(), chart("All zero", &[Some(0.0); 7]).svg()),
        (
            "Huge".into(),
            chart(
                "Huge",
                &[Some(1.0), Some(3e15), Some(-4e12), None, Some(9e15)],
            )
            .svg(),
        ),
        (
            "Long name".into(),
            chart(&long_name(), &[Some(1.0), Some(2.0)]).svg(),
        ),
    ]
}

fn graph() -> GraphPicture {
    let node = |id: &str, label: &str, kind: &str, state, group: &str, hit| GraphNode {
        id: id.into(),
        label: label.into(),
        kind: kind.into(),
        state,
        href: format!("/graph/{id}"),
        group: group.into(),
        hit,
        here: id == "cloud",
    };
    let edge = |from: &str, to: &str, soft, hit| GraphEdge {
        from: from.into(),
        to: to.into(),
        soft,
        hit,
    };
    GraphPicture {
        title: "What depends on what".into(),
        nodes: vec![
            node(
                "publish",
                "Publish a board",
                "journey",
                State::Bad,
                "",
                true,
            ),
            node("view", "View a dashboard", "journey", State::Ok, "", false),
            node("pay", "Pay for a plan", "journey", State::Ok, "", false),
            node(
                "own-domain",
                "Use an own domain",
                "journey",
                State::Warn,
                "",
                true,
            ),
            node(
                "playground",
                "dataface-playground",
                "service",
                State::Ok,
                "Cloud Run",
                false,
            ),
            node(
                "cloud",
                "dataface-cloud",
                "service",
                State::Bad,
                "Cloud Run",
                false,
            ),
            node(
                "alie",
                "dataface-alie",
                "service",
                State::Ok,
                "Cloud Run",
                false,
            ),
            node("sql", "Cloud SQL", "datastore", State::Ok, "", false),
            node(
                "registry",
                "Artifact Registry",
                "vendor",
                State::Unknown,
                "",
                false,
            ),
            node("stripe", "Stripe", "vendor", State::Ok, "", false),
            node("fivetran", "Fivetran", "vendor", State::Unknown, "", false),
            node(
                "domains",
                "Customer domains",
                "domain fleet",
                State::Warn,
                "",
                false,
            ),
            node("rtl", RTL, "service", State::Ok, "", false),
            node("long", &long_name(), "service", State::Ok, "", false),
        ],
        edges: vec![
            edge("publish", "cloud", false, true),
            edge("view", "playground", false, false),
            edge("view", "cloud", true, false),
            edge("pay", "cloud", false, false),
            edge("pay", "stripe", false, false),
            edge("own-domain", "domains", false, true),
            edge("domains", "cloud", false, false),
            edge("cloud", "sql", false, false),
            edge("cloud", "registry", false, false),
            edge("cloud", "fivetran", true, false),
            edge("alie", "sql", false, false),
            edge("playground", "sql", true, false),
            edge("cloud", "alie", true, false),
            edge("rtl", "long", false, false),
        ],
    }
}

fn prose() -> Markup {
    let text = "# Roll back a deployment\n\nMove traffic to the *last good* revision. This does **not** undo a database migration; see [the migration runbook](/runbooks/migration).\n\n\
        1. [x] Say in `#ops` that you have it\n2. [ ] Find the last good revision\n\n\
        ```sh\ngcloud run revisions list --service=dataface-cloud --region=us-west1 --format='table(metadata.name,status.conditions[0].status,metadata.creationTimestamp)' --limit=10 --sort-by=~metadata.creationTimestamp\n```\n\n\
        > Wait for the health check before you tell customers.\n\n## What can go wrong\n\n| sign | meaning |\n|---|---:|\n| `Ready=False` | the revision never started |\n| 5xx after the switch | the migration is not compatible |\n\n<script>alert('dropped')</script>\n\n[not followed](javascript:alert(1)) ![a picture becomes a link](https://example.com/a.png)";
    markdown::render(text)
}

pub fn history(days: usize) -> Vec<(State, String)> {
    (0..days)
        .map(|day| match day {
            17 => (State::Bad, "17 Oct: failing for 52 min".to_owned()),
            40..=43 => (State::Unknown, "No data".to_owned()),
            61 | 62 => (State::Warn, "Slow for 3 h".to_owned()),
            _ => (State::Ok, format!("Day {day}: fine")),
        })
        .collect()
}
