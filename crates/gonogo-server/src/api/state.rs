//! `GET /state`: how things stand, in one answer.

use axum::Json;
use axum::extract;
use gonogo_engine::Time;
use gonogo_engine::alerting::Stage;
use gonogo_engine::check::Health;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use crate::auth::Identity;
use crate::driver::LAG_PAGED_MS;
use crate::site::Site;
use crate::store::Lane;
use crate::view::{ComponentState, View};

/// How old the proof that we hear may be.
const HEARD_WITHIN_SECS: i64 = 60;

/// How things stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// All of it in one sentence.
    pub headline: Headline,
    /// The package in force; none before the first.
    pub package: Option<PackageInForce>,
    /// Why the package on disk is not in force, when it is not.
    pub refused: Option<Refused>,
    /// What there is how many of.
    pub counts: Counts,
    /// Until when our own intake was proven to hear.
    pub heard_at: Option<Timestamp>,
    /// How far the engine is behind.
    pub lag: Lag,
    /// What is wrong with gonogo itself.
    pub troubles: Vec<Trouble>,
    /// The server's version.
    pub version: String,
}

/// All of it in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// In a word.
    pub state: HeadlineState,
    /// In a sentence.
    pub text: String,
}

/// How things stand, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadlineState {
    /// An incident is open.
    Incident,
    /// No incident is known, but gonogo itself is in trouble and might not see one.
    Trouble,
    /// No incident is open, but not everything can be told.
    Unknown,
    /// No incident is open, and everything that is watched works.
    Ok,
}

/// The package in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageInForce {
    /// What people call it.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// What stands in for written values, such as a demonstration's shorter deadlines.
    pub overlay: Vec<String>,
}

/// Why the package on disk is not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// In a sentence.
    pub summary: String,
    /// Each mistake as `file:line:column: sentence`.
    pub mistakes: Vec<String>,
}

/// What there is how many of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Open incidents.
    pub incidents_open: usize,
    /// Alerts that fire.
    pub alerts_firing: usize,
    /// Checks that fail.
    pub checks_failing: usize,
    /// Checks that cannot tell.
    pub checks_unknown: usize,
    /// Components that fail or are at risk.
    pub components_hit: usize,
    /// Components that nothing watches, or that nothing can tell about.
    pub components_unknown: usize,
}

/// How far the engine is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// Commands and deliveries that wait for it.
    pub waiting_human: u64,
    /// Events and answers that wait for it.
    pub waiting_world: u64,
    /// The last step that is shown.
    pub step: i64,
    /// When what is shown was made.
    pub shown_at: Timestamp,
    /// Whether it is so far behind that somebody is paged.
    pub behind: bool,
}

/// Something that is wrong with gonogo itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The stable code.
    pub code: String,
    /// What it is, in a sentence.
    pub detail: String,
}

pub(super) async fn get(extract::State(site): extract::State<Site>, _: Identity) -> Answer<State> {
    Ok(Json(State::of(&site)))
}

impl State {
    /// How things stand right now.
    pub fn of(site: &Site) -> Self {
        let (view, now) = (site.view(), site.clock.now());
        let counts = Counts::of(&view);
        let lag = Lag::of(site, &view, now);
        let refused = site.disk.borrow().refused.as_ref().map(|r| Refused {
            summary: r.summary.clone(),
            mistakes: r.mistakes.clone(),
        });
        Self {
            headline: headline(&view, counts, &lag, now),
            package: PackageInForce::of(&view),
            refused,
            counts,
            heard_at: view.heard.map(Time::timestamp),
            lag,
            troubles: troubles(&view),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl PackageInForce {
    pub(super) fn of(view: &View) -> Option<Self> {
        let package = &view.plan.package;
        view.loaded.then(|| Self {
            name: package.name().to_string(),
            digest: package
                .digest
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            overlay: view.overlay.set.iter().map(ToString::to_string).collect(),
        })
    }
}

impl Counts {
    fn of(view: &View) -> Self {
        let checks = |health| view.checks.iter().filter(|c| c.health == health).count();
        let components = |hit: fn(ComponentState) -> bool| {
            view.components.values().filter(|c| hit(c.state)).count()
        };
        let firing =
            |a: &&gonogo_engine::alerting::AlertState| matches!(a.stage, Stage::Firing { .. });
        Self {
            incidents_open: view.open_incidents().len(),
            alerts_firing: view.alerts.values().filter(firing).count(),
            checks_failing: checks(Health::Failing),
            checks_unknown: checks(Health::Unknown),
            components_hit: components(|c| c >= ComponentState::AtRisk),
            components_unknown: components(|c| c == ComponentState::Unknown),
        }
    }
}

impl Lag {
    fn of(site: &Site, view: &View, now: Time) -> Self {
        let [human, world] = Lane::ALL.map(|lane| site.store.waiting(lane).inputs);
        let late = now.since(view.at).as_millis() > LAG_PAGED_MS;
        Self {
            waiting_human: human,
            waiting_world: world,
            step: view.step_no,
            shown_at: view.at.timestamp(),
            behind: late && human + world > 0,
        }
    }
}

fn troubles(view: &View) -> Vec<Trouble> {
    let of = |(code, detail): (&String, &String)| Trouble {
        code: code.clone(),
        detail: detail.clone(),
    };
    view.troubles.iter().map(of).collect()
}

fn headline(view: &View, counts: Counts, lag: &Lag, now: Time) -> Headline {
    let say = |state, text| Headline { state, text };
    let open = view.open_incidents();
    if let Some(worst) = open.first() {
        let text = format!("{} {}: {}", worst.severity, worst.name(), worst.title);
        let text = match open.len() {
            1 => text,
            n => format!("{text}; and {} more", n - 1),
        };
        return say(HeadlineState::Incident, text);
    }
    if !view.loaded {
        return say(HeadlineState::Trouble, "No package is in force".into());
    }
    if let Some(detail) = view.troubles.values().next() {
        return say(
            HeadlineState::Trouble,
            format!("gonogo itself is in trouble: {detail}"),
        );
    }
    if lag.behind {
        let text = "gonogo is behind with what came in".into();
        return say(HeadlineState::Trouble, text);
    }
    let hears = |at: Time| now.since(at).as_secs() < HEARD_WITHIN_SECS;
    if !view.heard.is_some_and(hears) {
        let text = "gonogo has not lately proven that it can hear".into();
        return say(HeadlineState::Trouble, text);
    }
    if counts.checks_unknown > 0 {
        let text = format!(
            "No incident is open; {} of {} checks cannot tell",
            counts.checks_unknown,
            view.checks.len()
        );
        return say(HeadlineState::Unknown, text);
    }
    say(HeadlineState::Ok, "No incident is open".into())
}
