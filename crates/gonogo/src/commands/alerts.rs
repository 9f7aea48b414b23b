//! `gonogo alerts`: what fires, and since when.

use gonogo_server::api::{Alert, Alerts};
use jiff::Timestamp;

use super::ask;
use crate::args;
use crate::exit::Exit;
use crate::print::{self, columns, relative};

pub fn run(args: &args::Alerts) -> anyhow::Result<Exit> {
    let path = match args.all {
        true => "/alerts",
        false => "/alerts?stage=firing",
    };
    ask(&args.server, async |client| {
        let answer = client.get(path).await?;
        print::answer(args.server.format, answer, listed)?;
        Ok(Exit::Clean)
    })
}

fn listed(found: Alerts) -> String {
    if found.alerts.is_empty() {
        return "No alert fires.\n".to_owned();
    }
    let now = Timestamp::now();
    let row = |alert: &Alert| {
        let since = alert.since.map(|at| relative(at, now));
        let incident = alert.incident.filter(|_| alert.stage == "firing");
        [
            alert.stage.clone(),
            alert.severity.clone(),
            alert.name.clone(),
            since.unwrap_or_default(),
            incident.map(|n| format!("INC-{n}")).unwrap_or_default(),
            alert.detail.clone(),
        ]
    };
    let rows: Vec<_> = found.alerts.iter().map(row).collect();
    columns(&rows)
}
