//! `/signals/maintenance`: what nobody is called for, and beginning and ending that.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::input::Verb;
use serde::Deserialize;

use crate::api::{MaintenanceWindow, WantedMaintenance, WhyEnded};
use crate::auth::{Identity, Require, need};
use crate::shell::{Missing, may_act, shell};
use crate::site::Site;
use crate::web::components::State as Colour;
use crate::web::{Done, Frame, Nav, Shell, page};

const HERE: &str = "/signals/maintenance";

#[derive(Template)]
#[template(path = "signals/maintenance.html")]
struct MaintenancePage {
    shell: Shell,
    rows: Vec<MaintenanceWindow>,
    components: Vec<(String, String)>,
    may_act: bool,
}

impl MaintenancePage {
    /// A window that is on is a thing to know, not a thing to mend.
    fn state(&self, row: &MaintenanceWindow) -> Colour {
        match row.state.as_str() {
            "on" => Colour::Warn,
            "planned" => Colour::Ok,
            _ => Colour::Unknown,
        }
    }
}

/// What the form says.
#[derive(Clone, Debug, Deserialize)]
pub struct Begin {
    component: String,
    #[serde(default)]
    dependents: Option<String>,
    lasts: String,
    reason: String,
}

/// `GET /signals/maintenance`
pub async fn list(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
) -> Result<Response, Missing> {
    let view = site.view();
    let components = view.plan.package.components.iter();
    let template = MaintenancePage {
        rows: MaintenanceWindow::all(&view, site.clock.now()),
        components: components
            .map(|(id, c)| (id.to_string(), c.name.clone()))
            .collect(),
        may_act: may_act(&who),
        shell: shell(&site, &view, &who, frame, "Maintenance", Nav::Signals),
    };
    Ok(page(&template))
}

/// `POST /signals/maintenance`
pub async fn begin(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Form(form): Form<Begin>,
) -> Result<Response, Missing> {
    let wanted = WantedMaintenance {
        components: vec![form.component],
        dependents: form.dependents.is_some(),
        lasts: form.lasts,
        reason: form.reason,
        ..WantedMaintenance::default()
    };
    let window = match wanted.read(&site) {
        Ok(window) => window,
        Err(problem) => {
            let said = format!("{} Nothing was changed.", problem.message());
            return Ok(Done::new(said, HERE).respond(&frame));
        }
    };
    let said = format!("Nobody is called for it until {}.", window.until);
    site.decide(who.actor(), Verb::BeginMaintenance { window })
        .await
        .map_err(Missing::store(&frame))?;
    Ok(Done::new(said, HERE).respond(&frame))
}

/// `POST /signals/maintenance/{id}/end`
pub async fn end(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let verb = match WhyEnded::default().read(&site, id) {
        Ok(verb) => verb,
        Err(problem) => {
            return Ok(Done::new(problem.message().to_owned(), HERE).respond(&frame));
        }
    };
    site.decide(who.actor(), verb)
        .await
        .map_err(Missing::store(&frame))?;
    let said = "It is over. What is still bad calls from now on.";
    Ok(Done::new(said, HERE).respond(&frame))
}
