//! `gonogo ack`: "I have it."

use gonogo_server::api::Acted;
use serde_json::json;

use super::ask;
use crate::args::Ack;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &Ack) -> anyhow::Result<Exit> {
    let path = format!("/incidents/{}/ack", args.incident);
    ask(&args.server, async |client| {
        let answer = client.post(&path, &json!({})).await?;
        print::answer(args.server.format, answer, said)?;
        Ok(Exit::Clean)
    })
}

fn said(acted: Acted) -> String {
    let incident = acted.incident;
    let mut out = format!(
        "{} acknowledged: {} {}\n",
        incident.name, incident.severity, incident.title
    );
    if incident.phase == "open" {
        out += "Other teams that were called have not answered yet.\n";
    }
    if let Some(lead) = incident.commander {
        out += &format!("{lead} leads.\n");
    }
    if let Some(due) = incident.next_update_due {
        out += &format!(
            "The next update to customers is due by {}.\n",
            print::time(due)
        );
    }
    out
}
