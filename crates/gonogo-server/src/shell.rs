//! What the shell around every page says: the state of the world, who is signed in, and what
//! everybody has to know.
//!
//! Invariant: the headline is green only while something vouches for it. No package, no proof
//! that we hear, or a check that cannot tell is unknown, and said.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;
use gonogo_engine::check::Health;
use jiff::Timestamp;

use crate::auth::{Identity, Role};
use crate::force::DiskState;
use crate::shown::{self, plural};
use crate::site::Site;
use crate::store::StoreError;
use crate::view::View;
use crate::web::components::{State, time};
use crate::web::plain::ErrorPage;
use crate::web::{Banner, Frame, Headline, Nav, NavCount, Shell, User};

/// Our own intake counts as deaf when it was not proven to hear for so long.
pub const DEAF_AFTER_SECS: i64 = 60;

/// The shell of a page.
pub fn shell(
    site: &Site,
    view: &View,
    who: &Identity,
    frame: Frame,
    title: &str,
    nav: Nav,
) -> Shell {
    let disk = site.disk.borrow();
    shell_of((view, &disk), site.clock.now(), who, frame, title, nav)
}

/// The same, of a view and of what is on disk.
pub fn shell_of(
    (view, disk): (&View, &DiskState),
    now: Time,
    who: &Identity,
    frame: Frame,
    title: &str,
    nav: Nav,
) -> Shell {
    let mut shell = Shell::new(title, nav, now.timestamp(), frame);
    shell.headline = headline(view, now);
    shell.user = Some(User {
        name: who.name.clone(),
        role: who.role.word().to_owned(),
        manages: who.may(Role::Admin),
    });
    who.csrf().clone_into(&mut shell.csrf);
    shell.banners = banners(disk, view);
    shell.counts = counts(view);
    view.plan.package.name().clone_into(&mut shell.package_name);
    shell.live_revision = u64::try_from(view.step_no).unwrap_or_default();
    shell
}

/// Whether somebody may act, so that a page shows what they can do and nothing else.
pub fn may_act(who: &Identity) -> bool {
    who.may(Role::Responder)
}

/// A page that is not there, or that could not be read.
#[derive(Debug)]
pub struct Missing(Box<ErrorPage>);

impl Missing {
    /// No such thing: what it is, and a word and a path that lead on.
    pub fn thing(frame: Frame, what: impl AsRef<str>, way_out: (&str, &str)) -> Self {
        let text = format!(
            "There is no {} in what is in force now. It may have been renamed or removed.",
            what.as_ref()
        );
        let mut page = ErrorPage::new(frame, StatusCode::NOT_FOUND, "Not found", &text);
        page.way_out = (way_out.0.to_owned(), way_out.1.to_owned());
        Self(Box::new(page))
    }

    /// For `map_err`: the journal could not be read or written.
    pub fn store(frame: &Frame) -> impl FnOnce(StoreError) -> Self {
        let frame = frame.clone();
        move |error| {
            tracing::error!(%error, "a page could not use the journal");
            let text = "The journal does not answer right now. What was asked for is not done. \
                        Paging goes on as long as it can; try again in a moment.";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Self(Box::new(ErrorPage::new(
                frame,
                status,
                "Not right now",
                text,
            )))
        }
    }
}

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        self.0.respond()
    }
}

/// Answers an address that leads nowhere.
pub async fn nowhere(frame: Frame) -> Response {
    let text = "This address leads nowhere. It may be mistyped, or what was here has gone.";
    ErrorPage::new(frame, StatusCode::NOT_FOUND, "Not found", text).respond()
}

/// Our own intake was proven to hear lately.
pub fn hears(view: &View, now: Time) -> bool {
    view.heard
        .is_some_and(|at| now.since(at).as_secs() < DEAF_AFTER_SECS)
}

/// The state of the world in one line.
pub fn headline(view: &View, now: Time) -> Headline {
    let said = |state, text: String, href: &str| Headline {
        state,
        text,
        href: href.to_owned(),
    };
    if !view.loaded {
        return said(
            State::Unknown,
            "No package is in force, so nothing is watched.".into(),
            "/package",
        );
    }
    let open = view.open_incidents();
    if let Some(worst) = open.first() {
        let mut text = format!(
            "{}. {}",
            worst.title.trim_end_matches('.'),
            shown::who_has(view, worst).sentence
        );
        if let Some(promise) = &worst.promise {
            let (due, now) = (promise.due.timestamp(), now.timestamp());
            text.push_str(&format!(" Next update {}.", promise_words(due, now)));
        }
        if open.len() > 1 {
            text.push_str(&format!(" And {} more.", open.len() - 1));
        }
        return said(
            shown::severity_state(worst.severity),
            text,
            &format!("/incidents/{}", worst.number),
        );
    }
    if let Some(trouble) = view.troubles.values().next() {
        return said(
            State::Warn,
            format!("gonogo itself has trouble: {trouble}"),
            "/",
        );
    }
    if !hears(view, now) {
        let text = "No open incident, but our own intake was not proven to hear for a minute.";
        return said(State::Unknown, text.into(), "/signals");
    }
    let blind = blind_spots(view);
    if blind > 0 {
        let text = format!(
            "No open incident; {} cannot tell.",
            plural(blind, "check or source", "checks or sources")
        );
        return said(State::Unknown, text, "/signals");
    }
    if let Some((alert, _)) = shown::for_working_hours(view).first() {
        let text = format!("No open incident. For working hours: {}.", alert.name);
        return said(State::Warn, text, "/#working-hours");
    }
    said(
        State::Ok,
        "No open incident; everything that is watched answers.".into(),
        "",
    )
}

/// Checks that cannot tell, and sources that are silent for too long.
pub fn blind_spots(view: &View) -> usize {
    let checks = view.checks.iter().filter(|c| c.health == Health::Unknown);
    checks.count() + view.sources.iter().filter(|s| s.silent).count()
}

fn promise_words(due: Timestamp, now: Timestamp) -> String {
    if due > now {
        format!("by {}", time::clock(due, now))
    } else {
        format!("was due {}", time::clock(due, now))
    }
}

fn banners(disk: &DiskState, view: &View) -> Vec<Banner> {
    let mut banners = Vec::new();
    if let Some(refused) = &disk.refused {
        banners.push(Banner {
            state: State::Warn,
            text: refused.summary.clone(),
            action: "See what is wrong".into(),
            href: "/package".into(),
        });
    }
    let stand_ins = view.overlay.set.len();
    if stand_ins > 0 {
        banners.push(Banner {
            state: State::Warn,
            text: format!(
                "{} written in the package, for trying things out.",
                match stand_ins {
                    1 => "1 value stands in for one".to_owned(),
                    n => format!("{n} values stand in for those"),
                }
            ),
            action: "Which ones".into(),
            href: "/package#overlay".into(),
        });
    }
    banners
}

fn counts(view: &View) -> Vec<NavCount> {
    let open = view.open_incidents();
    let worst = open
        .first()
        .map_or(State::Unknown, |i| shown::severity_state(i.severity));
    let failing = view
        .checks
        .iter()
        .filter(|c| c.health == Health::Failing)
        .count();
    let overdue = view.flows.iter().filter(|f| f.overdue > 0).count();
    let silent = view.sources.iter().filter(|s| s.silent).count();
    vec![
        NavCount {
            nav: Nav::Incidents,
            count: open.len() as u64,
            state: worst,
        },
        NavCount {
            nav: Nav::Signals,
            count: (failing + overdue + silent) as u64,
            state: State::Bad,
        },
    ]
}
