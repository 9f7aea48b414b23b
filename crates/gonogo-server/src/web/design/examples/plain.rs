//! The pages that stand alone, with example data.

use axum::http::StatusCode;
use jiff::{Timestamp, ToSpan as _};

use super::pictures::history;
use super::{MARKUP, RTL, long_name};
use crate::web::Frame;
use crate::web::components::heat::HeatStrip;
use crate::web::components::{Severity, State};
use crate::web::plain::{AckPage, ErrorPage, LoginPage, MessagePage, Standing};
use crate::web::status::{
    PastDay, PastIncident, PublicIncident, PublicUpdate, StatusComponent, StatusGroup, StatusPage,
};

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
        planned: Vec::new(),
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
