//! `GET /freeze` and `GET /slos`: what is left of error budgets, and may this be deployed?

use axum::Json;
use axum::extract::State;
use gonogo_engine::alerting::Stage;
use gonogo_engine::change::Happened;
use gonogo_engine::freeze::Says;
use gonogo_engine::slo::burn_ppm;
use gonogo_model::Id;
use gonogo_model::alert::BurnSpeed;
use gonogo_model::launch::ChangeType;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Asked, Named};
use super::problem::Problem;
use crate::auth::Identity;
use crate::site::Site;
use crate::view::{SloView, View};

/// May a component be changed right now?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// The component that was asked about.
    pub component: Named,
    /// `yes`, `no` or `unknown`: nobody can tell whether a budget is used up.
    pub frozen: String,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// When it is over at the earliest, as far as that is known.
    pub until: Option<Timestamp>,
    /// The SLOs that freeze it, or of which nobody can tell.
    pub slos: Vec<String>,
    /// The error budget policies that have a say in it.
    pub policies: Vec<String>,
    /// The exception that lets this change pass although it is frozen.
    pub exception: Option<String>,
}

/// What is to be changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploy {
    component: String,
    change: Option<String>,
    exception: Option<String>,
}

pub(super) async fn freeze(
    State(site): State<Site>,
    _: Identity,
    Asked(deploy): Asked<Deploy>,
) -> Answer<Freeze> {
    let change = match &deploy.change {
        None => None,
        Some(word) => Some(ChangeType::from_word(word).ok_or_else(|| {
            Problem::malformed(format!("`{word}` is not a sort of change."))
                .help("It is one of code, config, data, policy, flag and infrastructure.")
        })?),
    };
    let view = site.view();
    let now = site.clock.now().timestamp();
    let known = Id::parse(&deploy.component)
        .ok()
        .filter(|id| view.plan.package.components.contains_key(id));
    let Some(component) = known else {
        let message = format!("There is no component `{}`.", deploy.component);
        return Err(Problem::unknown("component", message));
    };
    let exception = deploy.exception.as_deref();
    Ok(Json(Freeze::of(&view, &component, change, exception, now)))
}

impl Freeze {
    /// What is frozen of a component, by policies and by the launch.
    pub(crate) fn of(
        view: &View,
        component: &Id,
        change: Option<ChangeType>,
        exception: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let package = &view.plan.package;
        let mut out = Self {
            component: Named::component(view, component),
            frozen: "no".into(),
            reasons: Vec::new(),
            until: None,
            slos: Vec::new(),
            policies: Vec::new(),
            exception: None,
        };
        let (mut frozen, mut unknown) = (false, false);
        let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
        for freeze in launch.iter().flat_map(|l| &l.freezes) {
            let all = freeze.components.is_empty();
            let named = all || freeze.components.iter().any(|c| c.id == *component);
            let sort =
                freeze.changes.is_empty() || change.is_none_or(|c| freeze.changes.contains(&c));
            if named && sort && freeze.from.0 <= now && now < freeze.until.0 {
                frozen = true;
                out.until = out.until.max(Some(freeze.until.0));
                out.reasons
                    .push(format!("{}: frozen for the launch", freeze.reason));
            }
        }
        for (id, policy) in &package.error_budget_policies {
            let all = policy.components.is_empty();
            if !all && !policy.components.iter().any(|c| c.id == *component) {
                continue;
            }
            let state = view.freezes.get(id);
            let says = state.map_or(Says::Unknown, |s| s.says);
            if says == Says::Open {
                continue;
            }
            let passes = policy.exceptions.iter().find(|e| {
                let sort = e.changes.is_empty() || change.is_some_and(|c| e.changes.contains(&c));
                exception == Some(e.id.as_str()) && sort
            });
            if let Some(passes) = passes {
                out.exception = Some(passes.id.to_string());
                continue;
            }
            frozen |= says == Says::Frozen;
            unknown |= says == Says::Unknown;
            out.policies.push(id.to_string());
            if let Some(state) = state {
                out.reasons.extend(state.reasons.iter().cloned());
                out.slos.extend(state.slos.iter().map(ToString::to_string));
                out.until = out.until.max(state.until.map(|t| t.timestamp()));
            }
        }
        out.frozen = match (frozen, unknown || !view.loaded) {
            (true, _) => "yes",
            (false, true) => "unknown",
            (false, false) => "no",
        }
        .into();
        out
    }
}

/// The SLOs of the package, those that need a look first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slos {
    /// All of them.
    pub slos: Vec<Slo>,
}

/// An SLO and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slo {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `within`, `too_few`, `cannot_tell` or `used_up`.
    pub state: String,
    /// Why, where the numbers do not say it.
    pub why: String,
    /// The target, as the package writes it.
    pub target: String,
    /// The window, in words.
    pub window: String,
    /// When the window began.
    pub from: Timestamp,
    /// When a window of the calendar ends.
    pub until: Option<Timestamp>,
    /// Items counted in the window.
    pub total: u64,
    /// Bad ones among them.
    pub bad: u64,
    /// Bad ones that are allowed, in thousandths.
    pub allowed_thousandths: u64,
    /// The share of the budget that is left, in parts per million; below zero when more was used.
    pub left_ppm: Option<i64>,
    /// How fast it burns.
    pub burns: Vec<Burn>,
    /// When something was last counted.
    pub last_item: Option<Timestamp>,
}

/// How fast a budget burns in a pair of windows, in millionths: 14400000 is 14.4 times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burn {
    /// `fast`, `medium`, `daily` or `slow`.
    pub speed: String,
    /// In the long window.
    pub long_ppm: Option<u64>,
    /// In the short window.
    pub short_ppm: Option<u64>,
    /// From here on it is too fast.
    pub bound_ppm: u64,
}

pub(super) async fn slos(State(site): State<Site>, _: Identity) -> Answer<Slos> {
    let view = site.view();
    let mut found: Vec<&SloView> = view.slos.iter().collect();
    found.sort_by_key(|s| (std::cmp::Reverse(s.figures.standing), s.id.clone()));
    let slos = found
        .into_iter()
        .filter_map(|s| Slo::of(&view, s))
        .collect();
    Ok(Json(Slos { slos }))
}

impl Slo {
    fn of(view: &View, slo: &SloView) -> Option<Self> {
        let declared = view.plan.package.slos.get(&slo.id)?;
        let figures = &slo.figures;
        let burn = |speed: &BurnSpeed| {
            let (long, short, _) = speed.windows();
            let (of_long, of_short) = figures.burn(*speed);
            Burn {
                speed: speed.word().to_owned(),
                long_ppm: burn_ppm(declared, of_long, long),
                short_ppm: burn_ppm(declared, of_short, short),
                bound_ppm: speed.rate_ppm(declared.period()),
            }
        };
        Some(Self {
            id: slo.id.to_string(),
            name: declared.name.clone(),
            state: figures.standing.word().to_owned(),
            why: figures.why.clone(),
            target: declared.target.to_string(),
            window: declared.window_words(),
            from: figures.from.timestamp(),
            until: figures.until.map(|t| t.timestamp()),
            total: figures.window.total,
            bad: figures.window.bad(),
            allowed_thousandths: u64::try_from(figures.allowed_millionths / 1000)
                .unwrap_or(u64::MAX),
            left_ppm: figures.left_ppm(),
            burns: BurnSpeed::ALL.iter().map(burn).collect(),
            last_item: figures.last_item.map(|t| t.timestamp()),
        })
    }
}

/// What changed lately, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// All that are remembered.
    pub changes: Vec<Change>,
}

/// A change that happened, or an alert that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// `deploy`, `config`, `flag`, `data`, `vendor`, `other`, or `alert`.
    pub kind: String,
    /// What happened, in a few words.
    pub name: String,
    /// What changed, as the sender says it.
    pub label: String,
    /// The component.
    pub component: Option<String>,
}

pub(super) async fn changes(State(site): State<Site>, _: Identity) -> Answer<Changes> {
    Ok(Json(Changes {
        changes: Change::timeline(&site.view()),
    }))
}

impl Change {
    /// A change as the engine remembers it.
    pub(super) fn of(c: &Happened) -> Self {
        Self {
            at: c.at.timestamp(),
            kind: c.kind.word().to_owned(),
            name: c.name.clone(),
            label: c.label.clone(),
            component: c.component.as_ref().map(ToString::to_string),
        }
    }

    /// Changes and the alerts that fired last, on one timeline, the latest first.
    pub(crate) fn timeline(view: &View) -> Vec<Self> {
        let fired = view.alerts.iter().filter_map(|(id, state)| {
            let declared = view.plan.package.alerts.get(id)?;
            let still = matches!(state.stage, Stage::Firing { .. });
            Some(Self {
                at: state.fired_at?.timestamp(),
                kind: "alert".to_owned(),
                name: declared.name.clone(),
                label: if still { "fires" } else { "fired" }.to_owned(),
                component: view.plan.component_of(id).map(ToString::to_string),
            })
        });
        let mut all: Vec<Self> = view.changes.iter().map(Self::of).chain(fired).collect();
        all.sort_by_key(|c| std::cmp::Reverse(c.at));
        all
    }
}
