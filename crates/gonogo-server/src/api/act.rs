//! What people and their programs decide about an incident.
//!
//! Each command is checked against what is shown at that moment, written to the journal, and
//! answered with the incident as it then is. Sending one twice does no harm. Invariant: an
//! answer of 2xx means that the decision is durable, whether the engine has acted on it yet
//! or not.

use axum::Json;
use axum::extract::State;
use gonogo_engine::incident;
use gonogo_engine::input::Verb;
use gonogo_model::Id;
use gonogo_model::comms::PublicState;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Body, IncidentNumber, Nothing};
use super::incident::Incident;
use super::incidents::unknown;
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::site::Site;

/// The longest text of a note, a reason or an update, in characters.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// What can come of a runbook step.
const OUTCOMES: [&str; 3] = ["ok", "failed", "skipped"];

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    /// The place of the command in the journal.
    pub position: i64,
    /// The incident as it is shown now.
    pub incident: Incident,
}

/// Words on the timeline, for the team only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The words.
    pub text: String,
}

/// "It is over."
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, for the timeline.
    pub reason: String,
}

/// An update that customers see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// `investigating`, `identified`, `monitoring` or `resolved`.
    pub state: PublicState,
    /// The words; the draft's, where none are given.
    #[serde(default)]
    pub text: String,
}

/// A runbook step that was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDone {
    /// The runbook.
    pub runbook: String,
    /// The step in it.
    pub step: String,
    /// `ok`, `failed` or `skipped`.
    pub outcome: String,
}

pub(super) async fn acknowledge(
    State(site): State<Site>,
    who: Require<need::Responder>,
    IncidentNumber(incident): IncidentNumber,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<Acted> {
    open(&site, incident)?;
    decide(&site, &who, incident, Verb::Acknowledge { incident }).await
}

pub(super) async fn note(
    State(site): State<Site>,
    who: Require<need::Responder>,
    IncidentNumber(incident): IncidentNumber,
    Body(note): Body<Note>,
) -> Answer<Acted> {
    known(&site, incident)?;
    let text = words("text", note.text)?;
    decide(&site, &who, incident, Verb::Note { incident, text }).await
}

pub(super) async fn resolve(
    State(site): State<Site>,
    who: Require<need::Responder>,
    IncidentNumber(incident): IncidentNumber,
    Body(why): Body<Reason>,
) -> Answer<Acted> {
    open(&site, incident)?;
    let reason = words("reason", why.reason)?;
    decide(&site, &who, incident, Verb::Resolve { incident, reason }).await
}

pub(super) async fn take_command(
    State(site): State<Site>,
    who: Require<need::Responder>,
    IncidentNumber(incident): IncidentNumber,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<Acted> {
    open(&site, incident)?;
    decide(&site, &who, incident, Verb::TakeCommand { incident }).await
}

pub(super) async fn publish(
    State(site): State<Site>,
    who: Require<need::Director>,
    IncidentNumber(incident): IncidentNumber,
    Body(update): Body<Publish>,
) -> Answer<Acted> {
    // After the end something may still have to be said, so it need not be open.
    unmerged(&site, incident)?;
    let text = match update.text.trim() {
        "" => String::new(),
        _ => words("text", update.text)?,
    };
    let state = update.state;
    let verb = Verb::Publish {
        incident,
        state,
        text,
    };
    decide(&site, &who, incident, verb).await
}

pub(super) async fn step_done(
    State(site): State<Site>,
    who: Require<need::Responder>,
    IncidentNumber(incident): IncidentNumber,
    Body(done): Body<StepDone>,
) -> Answer<Acted> {
    known(&site, incident)?;
    if !OUTCOMES.contains(&done.outcome.as_str()) {
        let message = format!("`{}` is not what can come of a step.", done.outcome);
        return Err(Problem::invalid("unknown_outcome", message)
            .help(format!("It is one of {}.", OUTCOMES.join(", "))));
    }
    let runbook = step_of(&site, &done)?;
    let verb = Verb::StepDone {
        incident,
        runbook,
        step: done.step,
        outcome: done.outcome,
    };
    decide(&site, &who, incident, verb).await
}

async fn decide(site: &Site, who: &Identity, number: u64, verb: Verb) -> Answer<Acted> {
    let position = site.decide(who.actor(), verb).await?;
    let view = site.view();
    let incident = view.incidents.get(&number).ok_or_else(|| unknown(number))?;
    let incident = Incident::of(&view, incident);
    Ok(Json(Acted { position, incident }))
}

/// Any incident that is remembered.
fn known(site: &Site, number: u64) -> Result<incident::Incident, Problem> {
    let view = site.view();
    view.incidents
        .get(&number)
        .cloned()
        .ok_or_else(|| unknown(number))
}

/// One that is not part of another. Deciding about the other instead would be to decide about
/// something that whoever asked has not seen.
fn unmerged(site: &Site, number: u64) -> Result<incident::Incident, Problem> {
    let incident = known(site, number)?;
    match incident.merged_into {
        None => Ok(incident),
        Some(other) => {
            let message = format!("{} turned out to be part of INC-{other}.", incident.name());
            Err(Problem::conflict("merged", message)
                .help(format!("Look at INC-{other}, and say it there.")))
        }
    }
}

/// One that goes on.
fn open(site: &Site, number: u64) -> Result<(), Problem> {
    let incident = unmerged(site, number)?;
    if incident.is_open() {
        return Ok(());
    }
    let message = match incident.resolved_at {
        Some(at) => format!("{} has been over since {at}.", incident.name()),
        None => format!("{} is over.", incident.name()),
    };
    Err(Problem::conflict("resolved", message))
}

/// Text that somebody wrote, within its limits.
pub(super) fn words(field: &str, text: String) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::invalid("empty", format!("`{field}` is empty.")));
    }
    let chars = text.chars().count();
    if chars > TEXT_CHARS_MAX {
        let message = format!("`{field}` has {chars} characters; {TEXT_CHARS_MAX} are taken.");
        return Err(Problem::invalid("too_long", message));
    }
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(control) {
        let message = format!("`{field}` has control characters.");
        return Err(Problem::invalid("control_characters", message));
    }
    Ok(text.to_owned())
}

fn step_of(site: &Site, done: &StepDone) -> Result<Id, Problem> {
    let view = site.view();
    let found = Id::parse(&done.runbook)
        .ok()
        .and_then(|id| Some((view.plan.package.runbooks.get(&id)?.clone(), id)));
    let Some((runbook, id)) = found else {
        let message = format!("The package has no runbook `{}`.", done.runbook);
        return Err(Problem::invalid("unknown_runbook", message));
    };
    let steps: Vec<&str> = runbook
        .sections
        .iter()
        .flat_map(|section| &section.steps)
        .map(|step| step.id.as_str())
        .collect();
    if steps.contains(&done.step.as_str()) {
        return Ok(id);
    }
    let message = format!("The runbook `{id}` has no step `{}`.", done.step);
    Err(Problem::invalid("unknown_step", message).help(format!("It has {}.", steps.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_up_to_their_limit() {
        let longest = "ä".repeat(TEXT_CHARS_MAX);
        assert_eq!(words("text", format!(" {longest}\n")).unwrap(), longest);
        assert!(words("text", format!("{longest}x")).is_err());
        assert!(words("text", " \n".into()).is_err());
        assert!(words("text", "a\u{1b}[2J".into()).is_err());
        assert_eq!(words("text", "a\n\tb".into()).unwrap(), "a\n\tb");
    }
}
