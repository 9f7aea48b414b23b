//! The first page of signals: what needs a look, and a few of each kind.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{ROWS_FIRST, check, flow, measure, reconciliation, source};
use crate::api::MaintenanceWindow;
use crate::auth::Identity;
use crate::overview::slo::{Budget, budgets};
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::web::components::State as Colour;
use crate::web::{Frame, Nav, Shell, page};

#[derive(Template)]
#[template(path = "signals/overview.html")]
struct SignalsPage {
    shell: Shell,
    sources: Vec<source::Row>,
    sources_all: usize,
    flows: Vec<flow::Row>,
    flows_all: usize,
    checks: Vec<check::Row>,
    checks_all: usize,
    budgets: Vec<Budget>,
    gauges: Vec<measure::Row>,
    skews: Vec<measure::Row>,
    reconciliations: Vec<reconciliation::Row>,
    figures: Vec<Figure>,
    letters: u64,
    /// Maintenance windows that are on.
    on: usize,
}

impl SignalsPage {
    fn letters_state(&self) -> Colour {
        match self.letters {
            0 => Colour::Ok,
            _ => Colour::Warn,
        }
    }

    fn letters_note(&self) -> &'static str {
        match self.letters {
            0 => "everything genuine was understood",
            _ => "genuine, but not understood",
        }
    }
}

struct Figure {
    label: &'static str,
    value: usize,
    of: String,
    state: Colour,
    note: String,
    href: &'static str,
}

/// What needs a look comes first: trouble, then what cannot be told, then the rest.
pub fn rank(state: Colour) -> u8 {
    match state {
        Colour::Bad => 0,
        Colour::Warn => 1,
        Colour::Unknown => 2,
        Colour::Ok => 3,
    }
}

/// `GET /signals`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
) -> Result<Response, Missing> {
    let counts = site.store.blocking(|s| s.dead_letter_counts()).await;
    let counts = counts.map_err(Missing::store(&frame))?;
    let view = site.view();
    let mut sources = source::rows(&site, &view);
    let mut flows = flow::rows(&view);
    let mut checks = check::rows(&view, site.clock.now());
    let figures = vec![
        figure(
            "Sources heard",
            "/signals/sources",
            sources.iter().map(|r| r.state),
            "silent",
        ),
        figure(
            "Flows in time",
            "/signals/flows",
            flows.iter().map(|r| r.state),
            "with trouble",
        ),
        figure(
            "Checks that answer well",
            "/signals/checks",
            checks.iter().map(|r| r.state),
            "failing",
        ),
    ];
    let all = (sources.len(), flows.len(), checks.len());
    sources.truncate(ROWS_FIRST);
    flows.truncate(ROWS_FIRST);
    checks.truncate(ROWS_FIRST);
    let template = SignalsPage {
        sources,
        sources_all: all.0,
        flows,
        flows_all: all.1,
        checks,
        checks_all: all.2,
        budgets: budgets(&view),
        gauges: measure::gauges(&view, site.clock.now()),
        skews: measure::skews(&view, site.clock.now()),
        reconciliations: reconciliation::rows(&view, site.clock.now()),
        figures,
        letters: counts.iter().map(|c| c.open).sum(),
        on: MaintenanceWindow::all(&view, site.clock.now())
            .iter()
            .filter(|w| w.state == "on")
            .count(),
        shell: shell(&site, &view, &who, frame, "Signals", Nav::Signals),
    };
    Ok(page(&template))
}

fn figure(
    label: &'static str,
    href: &'static str,
    states: impl Iterator<Item = Colour>,
    trouble: &str,
) -> Figure {
    let states: Vec<Colour> = states.collect();
    let count = |wanted: &[Colour]| states.iter().filter(|s| wanted.contains(s)).count();
    let bad = count(&[Colour::Bad, Colour::Warn]);
    let unknown = count(&[Colour::Unknown]);
    let note = match (bad, unknown) {
        _ if states.is_empty() => "none is declared".to_owned(),
        (0, 0) => "all of them".to_owned(),
        (0, n) => format!("{n} cannot be told"),
        (n, 0) => format!("{n} {trouble}"),
        (n, m) => format!("{n} {trouble}, {m} cannot be told"),
    };
    Figure {
        label,
        value: count(&[Colour::Ok]),
        of: format!("of {}", states.len()),
        state: Colour::worst(states),
        note,
        href,
    }
}
