//! Example data of the design page.
//!
//! It is meant to be unkind: what survives here survives a real package.

use jiff::{Timestamp, ToSpan as _};

use super::Row;
use crate::web::components::items::{Moment, Progress, Step};
use crate::web::components::meter::Meter;
use crate::web::components::number::Unit;
use crate::web::components::spark::sparkline;
use crate::web::components::{Markup, State, escape};
use crate::web::{Banner, Frame, Headline, Nav, NavCount, Shell, User};

mod pictures;
mod plain;

pub use pictures::pictures;
pub use plain::{ack, error, login, message, status, status_old};

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
        manages: false,
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
        body: Markup::trusted(format!("<p>{}</p>", escape(body))),
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
