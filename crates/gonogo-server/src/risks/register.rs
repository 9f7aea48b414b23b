//! The register in the words of the page, made when the board is judged.

use gonogo_model::risk::FailureMode;
use gonogo_model::when::Zone;
use gonogo_readiness::criteria::Case;
use gonogo_readiness::graph::coverage::Cell;
use gonogo_readiness::register::{Acceptance, Level, Register, Row, Treatment};

use crate::shown;
use crate::web::components::{State, time};

/// Journeys that stand beside each other in the matrix.
const JOURNEYS_MAX: usize = 12;
/// Components below each other.
const COMPONENTS_MAX: usize = 60;
/// Gaps that are named.
const GAPS_MAX: usize = 40;

/// The register, for a page.
pub struct Risks {
    pub(super) rows: Vec<Risk>,
    pub(super) journeys: Vec<String>,
    pub(super) matrix: Vec<MatrixRow>,
    /// What of the matrix does not fit, in a sentence.
    pub(super) left_out: String,
    pub(super) gaps: Vec<Gap>,
    pub(super) more_gaps: usize,
}

/// A failure mode.
pub(super) struct Risk {
    pub id: String,
    pub name: String,
    pub component: String,
    pub component_href: String,
    pub level: &'static str,
    pub level_state: Option<State>,
    /// Severity, occurrence and the detection that counts.
    pub ratings: String,
    /// What the detection is rated as, where that does not count.
    pub rated: String,
    pub fired: bool,
    /// What would notice it: name, address, whether it has ever fired.
    pub alerts: Vec<(String, String, State, &'static str)>,
    pub treatment: String,
    pub treatment_state: State,
    pub details: Vec<String>,
    pub owner: String,
    pub runbook: String,
}

/// A component against every journey.
pub(super) struct MatrixRow {
    pub name: String,
    pub href: String,
    pub cells: Vec<Pair>,
}

/// A component and a journey.
pub(super) struct Pair {
    /// Does the journey need it?
    pub needed: bool,
    /// How bad it is that no failure mode speaks of it; written down is not proven, so a number
    /// has no state.
    pub state: Option<State>,
    pub word: String,
}

/// A pair that no failure mode covers.
pub(super) struct Gap {
    pub journey: String,
    pub component: String,
    pub href: String,
    pub alone: bool,
}

impl Risks {
    /// Of what is known in a case.
    pub fn of(case: &Case<'_>) -> Self {
        let register = Register::of(case);
        let matrix = &register.matrix;
        let journeys = matrix.journeys.iter().take(JOURNEYS_MAX);
        let rows = matrix.components.iter().take(COMPONENTS_MAX);
        let rows = rows.map(|component| MatrixRow {
            name: component.name.clone(),
            href: format!("/graph/{}", component.id.value),
            cells: journeys
                .clone()
                .map(|j| pair(matrix.cell(&j.id.value, component)))
                .collect(),
        });
        let mut gaps: Vec<&Cell<'_>> = matrix.gaps().collect();
        gaps.sort_by_key(|g| (!g.alone, !g.journey.critical, g.component.tier));
        let (all_j, all_c) = (matrix.journeys.len(), matrix.components.len());
        Self {
            rows: register.rows.iter().map(|r| risk(case, r)).collect(),
            matrix: rows.collect(),
            journeys: journeys.clone().map(|j| j.name.clone()).collect(),
            left_out: match (all_j > JOURNEYS_MAX, all_c > COMPONENTS_MAX) {
                (false, false) => String::new(),
                _ => format!(
                    "The first {} of {all_j} journeys and {} of {all_c} components.",
                    all_j.min(JOURNEYS_MAX),
                    all_c.min(COMPONENTS_MAX)
                ),
            },
            more_gaps: gaps.len().saturating_sub(GAPS_MAX),
            gaps: gaps.into_iter().take(GAPS_MAX).map(gap).collect(),
        }
    }
}

fn pair(cell: Option<&Cell<'_>>) -> Pair {
    let (state, word) = match cell {
        None => (None, "–".to_string()),
        Some(cell) if !cell.modes.is_empty() => (None, cell.modes.len().to_string()),
        Some(cell) if cell.alone => (Some(State::Bad), "none".into()),
        Some(_) => (Some(State::Warn), "none".into()),
    };
    Pair {
        needed: cell.is_some(),
        state,
        word,
    }
}

fn gap(cell: &Cell<'_>) -> Gap {
    Gap {
        journey: cell.journey.name.clone(),
        component: cell.component.name.clone(),
        href: format!("/graph/{}", cell.component.id.value),
        alone: cell.alone,
    }
}

fn risk(case: &Case<'_>, row: &Row<'_>) -> Risk {
    let (package, mode) = (case.package, row.mode);
    let alert = |(alert, fired): &(&gonogo_model::alert::Alert, bool)| {
        let href = crate::signals::href_of(alert).unwrap_or_default();
        let (state, word) = match fired {
            true => (State::Ok, "has fired"),
            false => (State::Unknown, "never seen to fire"),
        };
        (alert.name.clone(), href, state, word)
    };
    let unproven = row.credited_detection != mode.detection;
    Risk {
        id: mode.id.value.to_string(),
        name: mode.name.clone(),
        component: shown::component_name(package, &mode.component.id),
        component_href: format!("/graph/{}", mode.component.id),
        level: row.level.word(),
        level_state: match row.level {
            Level::High => Some(State::Bad),
            Level::Medium => Some(State::Warn),
            Level::Low => None,
        },
        ratings: format!(
            "{} / {} / {}",
            mode.severity, mode.occurrence, row.credited_detection
        ),
        rated: match unproven {
            true if row.level != row.level_as_rated => {
                format!(
                    "rated {}; {} once seen",
                    mode.detection,
                    row.level_as_rated.word()
                )
            }
            true => format!("rated {}", mode.detection),
            false => String::new(),
        },
        fired: row.detection_fired,
        alerts: row.detections.iter().map(alert).collect(),
        treatment: row.treatment.word().to_owned(),
        treatment_state: match row.treatment {
            Treatment::Done => State::Ok,
            Treatment::Accepted | Treatment::Planned => State::Warn,
            Treatment::Overdue | Treatment::Unowned => State::Bad,
            Treatment::Nothing if row.level == Level::Low => State::Unknown,
            Treatment::Nothing => State::Bad,
        },
        details: details(case, mode, row.acceptance),
        owner: mode
            .owner
            .as_ref()
            .map_or_else(|| "nobody".into(), |r| shown::role(package, &r.id)),
        runbook: mode
            .runbook
            .as_ref()
            .map(|r| format!("/runbooks/{}", r.id))
            .unwrap_or_default(),
    }
}

/// Who accepted it until when, and what is still to be done by whom.
fn details(case: &Case<'_>, mode: &FailureMode, acceptance: Acceptance) -> Vec<String> {
    let day = |local: gonogo_model::when::Local| time::day(Zone::utc().instant(local.0));
    let role = |id| shown::role(case.package, id);
    let mut found = Vec::new();
    if let Some(accepted) = &mode.accepted {
        let by = role(&accepted.by.id);
        let until = day(accepted.until);
        found.push(match acceptance {
            Acceptance::Expired => format!("Accepted by {by}; that expired on {until}"),
            Acceptance::Unowned => format!("Accepted by {by}, which nobody holds, until {until}"),
            Acceptance::InForce | Acceptance::None => {
                format!("Accepted by {by} until {until}: {}", accepted.reason)
            }
        });
    }
    let open = mode.actions.iter().filter(|a| !a.done);
    found.extend(open.map(|a| format!("{} ({}, by {})", a.what, role(&a.owner.id), day(a.due))));
    found
}
