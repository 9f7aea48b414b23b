//! `gonogo maintenance`: nobody is called for what is being worked on.

use gonogo_server::api::{MaintenanceWindow, MaintenanceWindows, WantedMaintenance, WhyEnded};
use jiff::Timestamp;

use super::ask;
use crate::args::{self, MaintenanceVerb};
use crate::client::path;
use crate::exit::Exit;
use crate::print::{self, columns, relative};

pub fn run(args: &args::Maintenance) -> anyhow::Result<Exit> {
    ask(&args.server, async |client| {
        let answer = match args.verb.as_ref().unwrap_or(&MaintenanceVerb::List) {
            MaintenanceVerb::List => client.get("/maintenance").await?,
            MaintenanceVerb::Start {
                component,
                check,
                alert,
                dependents,
                lasts,
                reason,
                excluded,
            } => {
                let wanted = WantedMaintenance {
                    components: component.clone(),
                    checks: check.clone(),
                    alerts: alert.clone(),
                    dependents: *dependents,
                    lasts: lasts.clone(),
                    reason: reason.clone(),
                    excluded: *excluded,
                };
                client.post("/maintenance", &wanted).await?
            }
            MaintenanceVerb::End { id, reason } => {
                let why = WhyEnded {
                    reason: reason.clone(),
                };
                client
                    .post(&path(&["maintenance", id, "end"]), &why)
                    .await?
            }
        };
        print::answer(args.server.format, answer, listed)?;
        Ok(Exit::Clean)
    })
}

fn listed(found: MaintenanceWindows) -> String {
    if found.windows.is_empty() {
        return "No maintenance is on or planned.\n".to_owned();
    }
    let now = Timestamp::now();
    let row = |window: &MaintenanceWindow| {
        let when = match window.state.as_str() {
            "planned" => format!("begins {}", relative(window.from, now)),
            _ => format!("until {}", window.until),
        };
        [
            window.state.clone(),
            window.id.clone(),
            when,
            window.covers.join(", "),
            window.reason.clone(),
        ]
    };
    let rows: Vec<_> = found.windows.iter().map(row).collect();
    columns(&rows)
}
