//! Example data of the design page.
//!
//! It is meant to be unkind: what survives here survives a real package.

use super::*;
use crate::web::plain::{AckPage, ErrorPage, LoginPage, MessagePage, Standing};
use crate::web::status::{
    PastDay, PastIncident, PublicIncident, PublicUpdate, StatusComponent, StatusGroup, StatusPage,
};

/// Right-to-left text of a length that wraps.
pub const RTL: &str = "خدمة الفوترة لا تستجيب منذ أربع دقائق ويجري العمل على إصلاحها";
const MARKUP: &str = "<script>alert('x')</script><b>bold</b> & \"quoted\"";

/// 200 characters without a space.
pub fn long_name() -> String {
    "integration-platform-custom-domain-certificate-renewal-"
        .chars()
        .cycle()
        .take(200)
        .collect()
}

pub fn shell(frame: Frame, now: Timestamp) -> Shell {
    let mut shell = Shell::new("Design", Nav::Overview, now, frame);
    shell.headline = Headline {
        state: State::Bad,
        text: "Deployments fail: 3 of the last 4. Ada Example has it, next update in 12 min."
            .into(),
        href: "/incidents/7".into(),
    };
    shell.user = Some(User {
        name: "Ada Example".into(),
        role: "responder".into(),
    });
    shell.csrf = "example".into();
    shell.package_name = "integrations-platform".into();
    shell.banners = vec![Banner {
        state: State::Warn,
        text: "The package on disk has 2 errors; the running one stays in force.".into(),
        action: "Show them".into(),
        href: "/settings".into(),
    }];
    shell.counts = vec![
        NavCount {
            nav: Nav::Incidents,
            count: 1,
            state: State::Bad,
        },
        NavCount {
            nav: Nav::Domains,
            count: 12,
            state: State::Warn,
        },
    ];
    shell
}

pub fn rows(now: Timestamp) -> Vec<Row> {
    let row = |name: &str, state, owner: &str, p99: &str, seed: i64, seen: i64| Row {
        name: name.into(),
        state,
        owner: owner.into(),
        p99: p99.into(),
        spark: sparkline(&wave(seed, 40), &Unit::Seconds, None),
        seen: now - seen.seconds(),
    };
    vec![
        row(
            "deploy-finished",
            State::Bad,
            "Senior engineer architect",
            "18.2 s",
            3,
            41,
        ),
        row(
            "charge-recorded",
            State::Ok,
            "Head of engineering",
            "420 ms",
            7,
            12,
        ),
        row(
            "fivetran-sync",
            State::Unknown,
            "Data AI engineer",
            "–",
            0,
            7300,
        ),
        row(
            "dashboards.customer-with-a-name.example",
            State::Warn,
            "UI design and frontend",
            "1.4 s",
            11,
            95,
        ),
        row(RTL, State::Ok, "بيانات", "88 ms", 13, 20),
        row(MARKUP, State::Ok, MARKUP, "88 ms", 17, 20),
        row(
            &long_name(),
            State::Warn,
            &long_name(),
            "7,204,113 d",
            19,
            86_400 * 40,
        ),
    ]
}

/// A number that goes up and down, with a gap; the same for the same seed.
pub fn wave(seed: i64, count: i64) -> Vec<Option<f64>> {
    (0..count)
        .map(|i| {
            let noise = ((i + seed) * 7919 % 101) as f64 / 101.0;
            let hill = 1.0 - ((i - count / 2) as f64 / count as f64).abs();
            (seed > 0 && !(12..17).contains(&i)).then_some(0.2 + hill * 0.6 + noise * 0.3)
        })
        .collect()
}

pub fn moments(now: Timestamp) -> Vec<Moment> {
    vec![
        Moment {
            who: "Ada Example".into(),
            detail: "New deployments fail; what is running keeps running.\nThe next update follows by 14:30 UTC.".into(),
            boxed: true,
            ..Moment::new(now - 2.minutes(), "Update to customers")
        },
        Moment { who: "Ada Example".into(), ..Moment::new(now - 3.minutes(), "Took command") },
        Moment {
            state: Some(State::Bad),
            who: "gonogo".into(),
            href: "/incidents/7".into(),
            ..Moment::new(now - 4.minutes(), "Deployments fail: 3 of the last 4")
        },
        Moment {
            state: Some(State::Unknown),
            who: "fivetran".into(),
            ..Moment::new(now - 40.minutes(), "Nothing heard; its webhooks may be switched off")
        },
        Moment { state: Some(State::Warn), detail: MARKUP.into(), ..Moment::new(now - 26.hours(), long_name()) },
        Moment { state: Some(State::Ok), who: RTL.into(), ..Moment::new(now - 27.hours(), RTL) },
    ]
}

pub fn steps(now: Timestamp) -> Vec<Step> {
    let step = |number, title: &str, body: &str, progress| Step {
        number,
        title: title.into(),
        body: Markup::trusted(format!("<p>{}</p>", super::super::components::escape(body))),
        owner: "Responder".into(),
        proof: Some((State::Ok, "proven 12 d ago".into())),
        progress,
        action: "/design/act".into(),
    };
    vec![
        step(
            1,
            "Say that you have it",
            "Acknowledge the page.",
            Progress::Done {
                by: "Ada Example".into(),
                at: now - 3.minutes(),
            },
        ),
        step(
            2,
            "Freeze deployments",
            "Nobody deploys until this is over.",
            Progress::Skipped {
                by: "Ada Example".into(),
                at: now - 2.minutes(),
                why: "already frozen for the launch".into(),
            },
        ),
        Step {
            proof: Some((
                State::Warn,
                "proven 93 d ago, before the last change".into(),
            )),
            ..step(
                3,
                "Move traffic to the last good revision",
                "gcloud run services update-traffic dataface-cloud --to-revisions=dataface-cloud-00041=100",
                Progress::Next,
            )
        },
        Step {
            proof: Some((State::Unknown, "never tried".into())),
            ..step(4, &long_name(), "", Progress::Open)
        },
    ]
}

pub fn meters() -> Vec<Meter> {
    let meter = |label: &str, used, state, value: &str, note: &str| Meter {
        label: label.into(),
        used,
        pace: Some(0.5),
        state,
        value: value.into(),
        note: note.into(),
    };
    vec![
        meter("Dashboards load", Some(0.21), State::Ok, "79 % left", ""),
        meter(
            "Deployments",
            Some(0.86),
            State::Warn,
            "14 % left",
            "At this pace gone on 14 Nov.",
        ),
        meter(
            "Billing in time",
            Some(1.7),
            State::Bad,
            "overdrawn by 70 %",
            "",
        ),
        meter(
            "Fivetran syncs",
            None,
            State::Unknown,
            "too few events",
            "4 of the 20 that a share needs.",
        ),
    ]
}

pub fn pictures(_now: Timestamp) -> Vec<Section> {
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
    vec![Section {
        id: "charts",
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
    }]
}

fn history(days: usize) -> Vec<(State, String)> {
    (0..days)
        .map(|day| match day {
            17 => (State::Bad, "17 Oct: failing for 52 min".to_owned()),
            40..=43 => (State::Unknown, "No data".to_owned()),
            61 | 62 => (State::Warn, "Slow for 3 h".to_owned()),
            _ => (State::Ok, format!("Day {day}: fine")),
        })
        .collect()
}

pub fn status(now: Timestamp) -> StatusPage {
    let part = |name: &str, state| StatusComponent {
        name: name.into(),
        about: String::new(),
        state,
        history: Some(HeatStrip {
            label: name.into(),
            buckets: history(90),
            from: "90 d ago".into(),
            to: "today".into(),
        }),
    };
    StatusPage {
        site: "Dataface".into(),
        state: State::Bad,
        sentence: "Dashboards load. New deployments fail.".into(),
        detail: "We know the cause and are rolling back. Nothing that you published is lost.".into(),
        groups: vec![
            StatusGroup {
                name: "Product".into(),
                components: vec![
                    part("Dashboards", State::Ok),
                    part("Deployments", State::Bad),
                    StatusComponent { about: "Certificates and DNS of your own domain".into(), ..part("Custom domains", State::Warn) },
                ],
            },
            StatusGroup {
                name: "Account".into(),
                components: vec![
                    StatusComponent { history: None, ..part("Billing", State::Ok) },
                    StatusComponent { history: None, ..part("Data connections", State::Unknown) },
                ],
            },
        ],
        active: vec![PublicIncident {
            title: "New deployments fail".into(),
            href: "/status/incidents/7".into(),
            state: State::Bad,
            began_at: now - 24.minutes(),
            affected: vec!["Deployments".into(), "Custom domains".into()],
            next_update_at: Some(now + 12.minutes()),
            updates: vec![
                PublicUpdate {
                    at: now - 3.minutes(),
                    stage: "Identified".into(),
                    text: "A change to our build image stops new deployments. We are going back to the one before.\nWhat you have published keeps working.".into(),
                },
                PublicUpdate {
                    at: now - 20.minutes(),
                    stage: "Investigating".into(),
                    text: "New deployments fail since 13:58 UTC. Dashboards that are already published load as usual.".into(),
                },
            ],
        }],
        past: vec![
            PastDay { day: now - 24.hours(), incidents: vec![] },
            PastDay {
                day: now - 48.hours(),
                incidents: vec![PastIncident {
                    title: "Dashboards loaded slowly".into(),
                    href: "/status/incidents/6".into(),
                    lasted: jiff::SignedDuration::from_mins(52),
                    summary: "A database query took too long after an upgrade; we undid the upgrade.".into(),
                }],
            },
        ],
        links: vec![
            ("Subscribe".into(), "/status/subscribe".into()),
            ("Atom feed".into(), "/status/feed.atom".into()),
            ("History".into(), "/status/history".into()),
        ],
        generated_at: now,
        data_at: now - 20.seconds(),
    }
}

pub fn status_old(now: Timestamp) -> StatusPage {
    let mut page = status(now);
    page.data_at = now - 47.minutes();
    page.active[0].next_update_at = Some(now - 12.minutes());
    page.active[0].title = long_name();
    page.groups[0].components[0].name = long_name();
    page.groups[0].components[1].name = RTL.into();
    page.sentence = MARKUP.into();
    page
}

pub fn login(frame: Frame) -> LoginPage {
    LoginPage {
        frame,
        csrf: "example".into(),
        package_name: "integrations-platform".into(),
        login: "ada@example.com".into(),
        error: "Name and password do not belong together. After five tries there is a pause of a minute.".into(),
        next: "/".into(),
        provider: Some(("Google".into(), "/login/oidc".into())),
        password: true,
    }
}

pub fn ack(frame: Frame, now: Timestamp, taken: bool) -> AckPage {
    AckPage {
        frame,
        action: "/ack/example".into(),
        person: "Ada".into(),
        title: "Deployments fail: 3 of the last 4".into(),
        severity: Severity::new(2, "SEV2"),
        impact: "Customers cannot publish. What is published keeps working.".into(),
        began_at: now - 4.minutes(),
        incident_href: "/incidents/7".into(),
        runbook: Some(("Roll back a deployment".into(), "/runbooks/rollback".into())),
        next: Some(("Grace Sample".into(), now + 312.seconds())),
        standing: if taken {
            Standing::Taken {
                by: "Grace Sample".into(),
                at: now - 2.minutes(),
            }
        } else {
            Standing::Open
        },
        now,
    }
}

pub fn error(frame: Frame) -> ErrorPage {
    ErrorPage {
        code: "incident-unknown".into(),
        ..ErrorPage::new(
            frame,
            StatusCode::NOT_FOUND,
            "There is no incident 4711",
            "The newest is 7. If a link brought you here, the incident may belong to another package.",
        )
    }
}

pub fn message(frame: Frame) -> MessagePage {
    MessagePage {
        frame,
        title: "You are subscribed".into(),
        text: "You get a mail when an incident begins, when something new is known, and when it is over. Every mail has a link that ends this.".into(),
        links: vec![("Back to the status page".into(), "/status".into())],
    }
}
