//! `gonogo incident`: what is going on, and what is decided about it.

use gonogo_server::api::{
    Acted, Engagement, Incident, IncidentDetail, Incidents, Note, Publish, Reason, StepDone,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask;
use crate::args::{self, IncidentVerb, ListState, StepOutcome};
use crate::exit::Exit;
use crate::print::{self, columns, relative, time};

pub fn run(args: &args::Incident) -> anyhow::Result<Exit> {
    let format = args.server.format;
    let open = IncidentVerb::List {
        state: Some(ListState::Open),
    };
    let verb = args.verb.as_ref().unwrap_or(&open);
    ask(&args.server, async |client| {
        match verb {
            IncidentVerb::List { state } => {
                let answer = client.get(list_path(*state)).await?;
                print::answer(format, answer, |found| listed(&found, *state))?;
            }
            IncidentVerb::Show { incident } => {
                let answer = client.get(&format!("/incidents/{incident}")).await?;
                print::answer(format, answer, |found| shown(&found, Timestamp::now()))?;
            }
            verb => {
                let Some(deed) = deed(verb)? else {
                    return Ok(Exit::Clean);
                };
                let path = format!("/incidents/{}/{}", deed.incident, deed.action);
                let answer = client.post(&path, &deed.body).await?;
                print::answer(format, answer, |acted| done(deed.action, &acted))?;
            }
        }
        Ok(Exit::Clean)
    })
}

/// What is done to which incident, and what is sent for it.
struct Deed {
    incident: u64,
    action: &'static str,
    body: Value,
}

fn deed(verb: &IncidentVerb) -> anyhow::Result<Option<Deed>> {
    let (incident, action, body) = match verb {
        IncidentVerb::List { .. } | IncidentVerb::Show { .. } => return Ok(None),
        IncidentVerb::Lead { incident } => (incident, "command", json!({})),
        IncidentVerb::Note { incident, text } => {
            let text = text.clone();
            (incident, "note", serde_json::to_value(Note { text })?)
        }
        IncidentVerb::Resolve { incident, reason } => {
            let reason = reason.clone();
            (
                incident,
                "resolve",
                serde_json::to_value(Reason { reason })?,
            )
        }
        IncidentVerb::Publish {
            incident,
            state,
            text,
        } => {
            let (state, text) = (*state, text.clone());
            let body = serde_json::to_value(Publish { state, text })?;
            (incident, "publish", body)
        }
        IncidentVerb::Step {
            incident,
            runbook,
            step,
            outcome,
        } => {
            let body = StepDone {
                runbook: runbook.clone(),
                step: step.clone(),
                outcome: outcome_word(*outcome).to_owned(),
            };
            (incident, "steps", serde_json::to_value(body)?)
        }
    };
    let incident = *incident;
    Ok(Some(Deed {
        incident,
        action,
        body,
    }))
}

fn list_path(state: Option<ListState>) -> &'static str {
    match state {
        None => "/incidents",
        Some(ListState::Open) => "/incidents?state=open",
        Some(ListState::Resolved) => "/incidents?state=resolved",
    }
}

fn outcome_word(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Ok => "ok",
        StepOutcome::Failed => "failed",
        StepOutcome::Skipped => "skipped",
    }
}

fn listed(found: &Incidents, state: Option<ListState>) -> String {
    if found.incidents.is_empty() {
        return match state {
            None => "No incident yet.\n",
            Some(ListState::Open) => "No incident is open.\n",
            Some(ListState::Resolved) => "No incident is over yet.\n",
        }
        .to_owned();
    }
    let now = Timestamp::now();
    let row = |i: &Incident| {
        let lead = match &i.commander {
            Some(name) => format!("led by {name}"),
            None if i.phase == "resolved" => String::new(),
            None => "nobody leads".to_owned(),
        };
        let began = format!("began {}", relative(i.opened_at, now));
        let (severity, title) = (i.severity.clone(), i.title.clone());
        [i.name.clone(), severity, standing(i), began, lead, title]
    };
    let rows: Vec<_> = found.incidents.iter().map(row).collect();
    columns(&rows)
}

fn standing(incident: &Incident) -> String {
    match incident.merged_into {
        Some(other) => format!("part of INC-{other}"),
        None => incident.phase.clone(),
    }
}

fn shown(found: &IncidentDetail, now: Timestamp) -> String {
    let i = &found.incident;
    let mut out = format!("{} {}  {}\n", i.name, i.severity, i.title);
    let began = format!(
        "began {}, {}",
        time(i.opened_at),
        relative(i.opened_at, now)
    );
    out += &format!("{}, {began}\n", standing(i));
    if let Some(at) = i.resolved_at {
        out += &format!("over since {}\n", time(at));
    }
    if let Some(lead) = &i.commander {
        out += &format!("{lead} leads\n");
    }
    if let Some(cause) = &i.cause {
        out += &format!("{} cause: {}\n", cause.standing, cause.component.name);
    }
    let names = |of: &[gonogo_server::api::Named]| {
        let names: Vec<&str> = of.iter().map(|n| n.name.as_str()).collect();
        names.join(", ")
    };
    if !found.blast_radius.journeys.is_empty() {
        out += &format!(
            "customers cannot: {}\n",
            names(&found.blast_radius.journeys)
        );
    }
    if !found.blast_radius.components.is_empty() {
        out += &format!("hits: {}\n", names(&found.blast_radius.components));
    }
    for runbook in &found.runbooks {
        out += &format!("runbook: {} ({})\n", runbook.title, runbook.id);
    }
    if let Some(promise) = &found.promise {
        let due = relative(promise.due, now);
        out += &format!(
            "customers wait for an update: due {due}, {}\n",
            time(promise.due)
        );
    }
    out += &section("Alerts", alerts(found));
    out += &section(
        "Called",
        found.engagements.iter().map(|e| called(e, now)).collect(),
    );
    out += &section("Timeline", timeline(found));
    if found.timeline_next.is_some() {
        out += "... and more: --format json has `timeline_next`\n";
    }
    out
}

fn section<const N: usize>(title: &str, rows: Vec<[String; N]>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let lines = columns(&rows);
    let indented: String = lines.lines().map(|l| format!("  {l}\n")).collect();
    format!("\n{title}\n{indented}")
}

fn alerts(found: &IncidentDetail) -> Vec<[String; 3]> {
    let of = |a: &gonogo_server::api::AttachedAlert| {
        let state = if a.firing { "fires" } else { "resolved" };
        [state.to_owned(), a.alert.name.clone(), a.detail.clone()]
    };
    found.alerts.iter().map(of).collect()
}

fn called(engagement: &Engagement, now: Timestamp) -> [String; 2] {
    let said = match (&engagement.acknowledged_by, &engagement.calling) {
        (Some(who), _) => format!("{who} has it"),
        (None, Some(walk)) => {
            let people = engagement.messages.iter().map(|m| &m.person.name);
            let people: std::collections::BTreeSet<_> = people.collect();
            let people: Vec<&str> = people.into_iter().map(String::as_str).collect();
            let next = relative(walk.next_at, now);
            format!(
                "no answer yet from {}; the next step comes {next}",
                people.join(", ")
            )
        }
        (None, None) => "not called any more".to_owned(),
    };
    [engagement.team.name.clone(), said]
}

fn timeline(found: &IncidentDetail) -> Vec<[String; 2]> {
    let line = |e: &gonogo_server::api::Entry| [time(e.at), e.text.clone()];
    found.timeline.iter().map(line).collect()
}

fn done(action: &str, acted: &Acted) -> String {
    let incident = &acted.incident;
    let said = match action {
        "note" => "noted".to_owned(),
        "command" => match &incident.commander {
            Some(name) => format!("{name} leads"),
            None => "the lead is taken".to_owned(),
        },
        "resolve" => "over".to_owned(),
        "steps" => "the step is written down".to_owned(),
        _ => match incident.next_update_due {
            Some(due) => format!(
                "customers were told; the next update is due by {}",
                time(due)
            ),
            None => "customers were told".to_owned(),
        },
    };
    format!("{}: {said}\n", incident.name)
}
