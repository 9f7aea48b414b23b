//! `/package`: what is in force, whether what is on disk is the same, and if not why.
//!
//! A package with mistakes never replaces a sound one, so the page names each mistake with
//! its place. Invariant: the button only asks for a look; what may be put in force is decided
//! in one place, by the keeper.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use crate::auth::http::settings_tabs;
use crate::auth::{Identity, Require, need};
use crate::shell::{may_act, shell};
use crate::shown::plural;
use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Colour;
use crate::web::components::items::Tab;
use crate::web::{Done, Frame, Nav, Shell, page};

/// Replaced values that are listed.
const OVERLAY_SHOWN: usize = 500;

/// The addresses of the package.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/package", get(show))
        .route("/reload", post(reload))
}

#[derive(Template)]
#[template(path = "package.html")]
struct PackagePage {
    shell: Shell,
    tabs: Vec<Tab>,
    name: String,
    digest: String,
    state: Colour,
    standing: String,
    mistakes: Vec<String>,
    overlay: Vec<Replaced>,
    overlay_more: usize,
    holds: Vec<(&'static str, usize)>,
    files: Vec<String>,
    may_act: bool,
}

struct Replaced {
    of: String,
    field: String,
    to: String,
}

async fn show(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let package = &view.plan.package;
    let refused = site.disk.borrow().refused.clone();
    let (state, standing) = match &refused {
        _ if !view.loaded => (Colour::Unknown, "No package is in force.".to_owned()),
        None => (Colour::Ok, "What is on disk is in force.".to_owned()),
        Some(refused) => (Colour::Warn, refused.summary.clone()),
    };
    let overlay = view
        .overlay
        .set
        .iter()
        .take(OVERLAY_SHOWN)
        .map(|r| Replaced {
            of: format!("{}/{}", r.list, r.id),
            field: r.field.clone(),
            to: if is_telling(&r.field) {
                "not shown".to_owned()
            } else {
                r.to.clone()
            },
        });
    let template = PackagePage {
        tabs: settings_tabs(&who, "Package"),
        name: package.name().to_owned(),
        digest: package
            .digest
            .as_ref()
            .map(|d| d.0.clone())
            .unwrap_or_default(),
        state,
        standing,
        mistakes: refused.map(|r| r.mistakes).unwrap_or_default(),
        overlay: overlay.collect(),
        overlay_more: view.overlay.set.len().saturating_sub(OVERLAY_SHOWN),
        holds: holds(&view),
        files: package.paths.clone(),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, "Package", Nav::Settings),
    };
    page(&template)
}

/// A field that may hold a secret.
fn is_telling(field: &str) -> bool {
    ["secret", "token", "password", "headers"]
        .iter()
        .any(|word| field.contains(word))
}

fn holds(view: &View) -> Vec<(&'static str, usize)> {
    let p = &view.plan.package;
    vec![
        ("Components", p.components.len()),
        ("Journeys", p.journeys.len()),
        ("Teams", p.teams.len()),
        ("People", p.people.len()),
        ("Sources", p.sources.len()),
        ("Flows", p.flows.len()),
        ("Checks", p.checks.len()),
        ("SLOs", p.slos.len()),
        ("Alerts", p.alerts.len()),
        ("Runbooks", p.runbooks.len()),
        ("Failure modes", p.failure_modes.len()),
        ("Rehearsals", p.scenarios.len()),
    ]
}

async fn reload(
    State(site): State<Site>,
    _who: Require<need::Responder>,
    frame: Frame,
) -> Response {
    let mut seen = site.disk.clone();
    seen.mark_unchanged();
    let before = site.view().plan.package.digest.clone();
    site.reload.send_modify(|n| *n += 1);
    // A look takes a moment; what it comes to is on the page either way.
    let look = async {
        let mut view = site.view.clone();
        tokio::select! {
            _ = seen.changed() => {}
            _ = view.wait_for(|v| v.plan.package.digest != before) => {}
        }
    };
    let changed = tokio::time::timeout(LOOKED_WITHIN, look).await.is_ok();
    let mistakes = site
        .disk
        .borrow()
        .refused
        .as_ref()
        .map(|r| r.mistakes.len());
    let said = match mistakes {
        Some(0) => "The package on disk cannot be read; the running one stays in force.".to_owned(),
        Some(n) => format!(
            "The package on disk has {}; the running one stays in force.",
            plural(n, "mistake", "mistakes")
        ),
        None if changed => "Looked at the package on disk; it is in force.".to_owned(),
        None => "Looked at the package on disk; nothing has changed.".to_owned(),
    };
    Done::new(said, "/package").respond(&frame)
}

/// How long the button waits for the look that it asked for.
const LOOKED_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);
