//! `/risks`: which failure mode is the most urgent, what would notice it and whether that was
//! ever seen to, what is done about it, and what no failure mode covers.
//!
//! Invariant: a detection that was never seen to fire is shown as unknown, whatever its rating.

mod register;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub use register::Risks;
use register::{Gap, MatrixRow, Risk};

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::web::components::items::Tab;
use crate::web::components::table::{TableQuery, Window};
use crate::web::{Frame, Nav, Shell, page};

/// The address of the register.
pub fn routes() -> Router<Site> {
    Router::new().route("/risks", get(show))
}

#[derive(Template)]
#[template(path = "risks/risks.html")]
struct RisksPage<'r> {
    shell: Shell,
    sub: String,
    none: bool,
    rows: Vec<&'r Risk>,
    levels: Vec<Tab>,
    query: TableQuery,
    window: Window,
    journeys: &'r [String],
    matrix: &'r [MatrixRow],
    left_out: &'r str,
    gaps: &'r [Gap],
    more_gaps: usize,
}

async fn show(State(site): State<Site>, who: Identity, frame: Frame) -> Result<Response, Missing> {
    let view = site.view();
    let board = site.readiness.board(&site).await;
    let board = board.map_err(Missing::store(&frame))?;
    let risks = &board.risks;
    let query = TableQuery::from_uri(&frame.uri);
    let level = query.get("level").unwrap_or_default().to_owned();
    let mut rows: Vec<&Risk> = risks.rows.iter().collect();
    rows.retain(|r| {
        let cells = [r.name.as_str(), &r.component, &r.owner, &r.treatment];
        (level.is_empty() || r.level == level) && query.matches(&cells)
    });
    let tab = |label: &str, name: &'static str| {
        let of = risks.rows.iter();
        let count = of.filter(|r| name.is_empty() || r.level == name).count();
        Tab {
            label: label.to_owned(),
            href: query.href_with("level", name),
            current: level == name,
            count: Some(count as u64),
        }
    };
    let window = query.window(rows.len());
    let high = risks.rows.iter().filter(|r| r.level == "high").count();
    let unproven = risks.rows.iter().filter(|r| !r.fired).count();
    let page_of = RisksPage {
        sub: format!(
            "{}, {high} high, {unproven} that nothing was ever seen to notice",
            shown::plural(risks.rows.len(), "failure mode", "failure modes")
        ),
        none: risks.rows.is_empty(),
        levels: vec![
            tab("All", ""),
            tab("High", "high"),
            tab("Medium", "medium"),
            tab("Low", "low"),
        ],
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        journeys: &risks.journeys,
        matrix: &risks.matrix,
        left_out: &risks.left_out,
        gaps: &risks.gaps,
        more_gaps: risks.more_gaps,
        shell: shell(&site, &view, &who, frame, "Risks", Nav::Risks),
    };
    Ok(page(&page_of))
}
