//! `GET /reconciliations` and `POST /reconciliations/{reconciliation}/write-off`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_engine::input::Verb;
use gonogo_engine::reconciliation::{Finding, Money, ReconciliationState, SideSum, how};
use gonogo_model::Id;
use gonogo_model::reconciliation::Reconciliation as Declared;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::words;
use super::answer::{Answer, Body, Name, Named, Written};
use super::flows::WriteOff;
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::signals::reconciliation::standing;
use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Colour;

/// The most differences that an answer names of one reconciliation.
const NAMED_MAX: usize = 1_000;

/// The reconciliations of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliations {
    /// All of them.
    pub reconciliations: Vec<Reconciliation>,
}

/// Two sides, and about what they differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The component whose work it is that both sides agree.
    pub component: Named,
    /// `ok`, `warn` (found once, looked at again), `bad` or `unknown`.
    pub state: String,
    /// When both sides were last read in full.
    pub compared_at: Option<Timestamp>,
    /// When they are next.
    pub next_at: Timestamp,
    /// Why nobody can say, where the last run could not.
    pub unknown: Option<String>,
    /// The left side.
    pub left: Option<Sum>,
    /// The right side.
    pub right: Option<Sum>,
    /// How many records were alike.
    pub matched: Option<u64>,
    /// How many differences are open.
    pub open: u64,
    /// The first of them, those that count first.
    pub differences: Vec<Difference>,
}

/// What a side holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many records.
    pub records: u64,
    /// How much they come to, in the smallest unit of each currency.
    pub amounts: BTreeMap<String, i64>,
}

/// A record about which both sides differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// `missing_left`, `missing_right`, `doubled` or `differs`.
    pub kind: String,
    /// In words.
    pub how: String,
    /// What the left side says.
    pub left: Option<Money>,
    /// What the right side says.
    pub right: Option<Money>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was found first.
    pub found_at: Timestamp,
    /// It was found again, and counts.
    pub counts: bool,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Reconciliations> {
    let (view, now) = (site.view(), site.clock.now());
    let declared = view.plan.package.reconciliations.values();
    let one = |d: &Declared| {
        let state = view.reconciliations.get(&d.id.value)?;
        Some(Reconciliation::of(&view, d, state, now))
    };
    Ok(Json(Reconciliations {
        reconciliations: declared.filter_map(one).collect(),
    }))
}

pub(super) async fn write_off(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Name(reconciliation): Name,
    Body(what): Body<WriteOff>,
) -> Answer<Written> {
    let reason = words("reason", what.reason)?;
    let view = site.view();
    let id = Id::parse(&reconciliation).ok();
    let found = id.and_then(|id| Some((view.reconciliations.get(&id)?, id)));
    let Some((state, id)) = found else {
        let message = format!("The package has no reconciliation `{reconciliation}`.");
        return Err(Problem::unknown("unknown_reconciliation", message));
    };
    if !state.findings.contains_key(&what.key) {
        let message = "Both sides do not differ about this key.";
        return Err(Problem::unknown("unknown_key", message));
    }
    let verb = Verb::WriteOffDifference {
        reconciliation: id,
        key: what.key,
        reason,
    };
    let position = site.decide(who.actor(), verb).await?;
    Ok(Json(Written { position }))
}

impl Reconciliation {
    fn of(view: &View, declared: &Declared, state: &ReconciliationState, now: Time) -> Self {
        let told = state.told.as_ref();
        let mut open: Vec<(&String, &Finding)> = state.findings.iter().collect();
        open.sort_by_key(|(key, f)| (!f.counts, f.found.at, *key));
        let named = open.into_iter().take(NAMED_MAX);
        Self {
            id: declared.id.value.to_string(),
            name: declared.name.clone(),
            component: Named::component(view, &declared.component.id),
            state: match standing(declared, state, now).0 {
                Colour::Ok => "ok",
                Colour::Warn => "warn",
                Colour::Bad => "bad",
                Colour::Unknown => "unknown",
            }
            .to_owned(),
            compared_at: told.map(|t| t.at.timestamp()),
            next_at: state.next_run(declared, now).at.timestamp(),
            unknown: state.unknown.as_ref().map(|u| u.why.detail.clone()),
            left: told.map(|t| Sum::of(&t.left)),
            right: told.map(|t| Sum::of(&t.right)),
            matched: told.map(|t| t.matched),
            open: state.open(),
            differences: named
                .map(|(key, f)| Difference::of(declared, key, f))
                .collect(),
        }
    }
}

impl Sum {
    fn of(sum: &SideSum) -> Self {
        Self {
            records: sum.records,
            amounts: sum.sums.clone(),
        }
    }
}

impl Difference {
    fn of(declared: &Declared, key: &str, finding: &Finding) -> Self {
        Self {
            key: key.to_owned(),
            kind: finding.found.kind.word().to_owned(),
            how: how(declared, &finding.found),
            left: finding.found.left.clone(),
            right: finding.found.right.clone(),
            happened_at: finding.found.at.timestamp(),
            found_at: finding.first_at.timestamp(),
            counts: finding.counts,
        }
    }
}
