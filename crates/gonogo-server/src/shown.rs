//! What the engine knows, in the words and states that pages show.
//!
//! One place decides which state is which colour and what a person is called, so that two
//! pages never say two things. Invariant: what nobody vouches for is unknown, never green.

use gonogo_engine::Time;
use gonogo_engine::alerting::{AlertState, Stage};
use gonogo_engine::check::Health;
use gonogo_engine::history::EntryKind;
use gonogo_engine::incident::{Incident, Phase};
use gonogo_model::alert::{Alert, Severity, Urgency};
use gonogo_model::runbook::Runbook;
use gonogo_model::{Duration, Id, Package};
use jiff::{SignedDuration, Timestamp};

use crate::store::HistoryRow;
use crate::view::{ComponentState, View};
use crate::web::components::items::Moment;
use crate::web::components::number::grouped;
use crate::web::components::{Severity as Shown, State, time};

/// The state of a check's health.
pub fn health(health: Health) -> State {
    match health {
        Health::Ok => State::Ok,
        Health::Unknown => State::Unknown,
        Health::Failing => State::Bad,
    }
}

/// The state of a component and its word.
pub fn component(state: ComponentState) -> (State, &'static str) {
    match state {
        ComponentState::Ok => (State::Ok, "OK"),
        ComponentState::Unknown => (State::Unknown, "Unknown"),
        ComponentState::AtRisk => (State::Warn, "At risk"),
        ComponentState::Failing => (State::Bad, "Failing"),
    }
}

/// A severity as its badge.
pub fn severity(severity: Severity) -> Shown {
    Shown::new(severity as u8 + 1, severity.word())
}

/// How an open incident of a severity colours what speaks of it.
pub fn severity_state(severity: Severity) -> State {
    match severity {
        Severity::Sev1 | Severity::Sev2 => State::Bad,
        Severity::Sev3 | Severity::Sev4 => State::Warn,
    }
}

/// Where an incident stands: its state and word.
pub fn phase(incident: &Incident) -> (State, &'static str) {
    match incident.phase {
        Phase::Resolved => (State::Ok, "Resolved"),
        Phase::Open if incident.engagements.values().any(|e| e.acked.is_some()) => {
            (severity_state(incident.severity), "Partly acknowledged")
        }
        Phase::Open => (severity_state(incident.severity), "Not acknowledged"),
        Phase::Acknowledged => (State::Warn, "Acknowledged"),
    }
}

/// Who has an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoHas {
    /// "Ada Example has it."
    pub sentence: String,
    /// "Ada Example", or "nobody yet".
    pub name: String,
    /// Somebody does.
    pub taken: bool,
}

/// Who has an incident: whoever leads, else whoever acknowledged, else whoever is called.
pub fn who_has(view: &View, incident: &Incident) -> WhoHas {
    let taken = |name: &str| WhoHas {
        sentence: format!("{name} has it."),
        name: name.to_owned(),
        taken: true,
    };
    if let Some(commander) = &incident.commander {
        return taken(commander);
    }
    let acks = incident
        .engagements
        .values()
        .filter_map(|e| e.acked.as_ref());
    if let Some((name, _)) = acks.min_by_key(|(_, at)| *at) {
        return taken(name);
    }
    let sends = incident.engagements.values().flat_map(|e| e.sends.values());
    let called = sends
        .max_by_key(|s| s.at)
        .map(|s| person(&view.plan.package, &s.person));
    let sentence = match called {
        Some(name) => format!("Nobody has it yet; {name} is being called."),
        None => "Nobody has it yet.".to_owned(),
    };
    WhoHas {
        sentence,
        name: "nobody yet".to_owned(),
        taken: false,
    }
}

/// What to call a person; the id where the package no longer has them.
pub fn person(package: &Package, id: &Id) -> String {
    package
        .people
        .get(id)
        .map_or_else(|| id.to_string(), |p| p.name.clone())
}

/// What to call a role.
pub fn role(package: &Package, id: &Id) -> String {
    package
        .roles
        .get(id)
        .map_or_else(|| id.to_string(), |r| r.name.clone())
}

/// What to call a team.
pub fn team(package: &Package, id: &Id) -> String {
    package
        .teams
        .get(id)
        .map_or_else(|| words(id.as_str()), |t| t.name.clone())
}

/// What to call a component.
pub fn component_name(package: &Package, id: &Id) -> String {
    package
        .components
        .get(id)
        .map_or_else(|| id.to_string(), |c| c.name.clone())
}

/// What to call a journey.
pub fn journey_name(package: &Package, id: &Id) -> String {
    package
        .journeys
        .get(id)
        .map_or_else(|| id.to_string(), |j| j.name.clone())
}

/// The alert that says most of an incident: what leads it now, else the worst it ever had.
pub fn lead<'v>(view: &'v View, incident: &Incident) -> Option<&'v Alert> {
    let alerts = &view.plan.alerts;
    let now = view
        .leads
        .get(&incident.number)
        .and_then(|id| alerts.get(id));
    now.or_else(|| {
        let cause = incident.cause.as_ref().map(|c| &c.component);
        let had = incident.alerts.iter();
        let first =
            had.min_by_key(|(_, a)| (cause.is_none() || a.component.as_ref() != cause, a.severity));
        alerts.get(first?.0)
    })
}

/// Alerts that fire and wait for working hours: nobody is called, so no incident tells of them.
pub fn for_working_hours(view: &View) -> Vec<(&Alert, &AlertState)> {
    let fires = view
        .alerts
        .iter()
        .filter(|(_, s)| matches!(s.stage, Stage::Firing { .. }));
    fires
        .filter_map(|(id, state)| Some((view.plan.alerts.get(id)?, state)))
        .filter(|(alert, _)| alert.urgency == Urgency::Ticket)
        .collect()
}

/// The runbook of an incident: title and address.
pub fn runbook_of(view: &View, incident: &Incident) -> Option<(String, String)> {
    let id = &lead(view, incident)?.runbook.as_ref()?.id;
    let runbook = view.plan.package.runbooks.get(id)?;
    Some(runbook_link(runbook))
}

/// Title and address of a runbook.
pub fn runbook_link(runbook: &Runbook) -> (String, String) {
    (
        runbook.head.title.clone(),
        format!("/runbooks/{}", runbook.id.value),
    )
}

/// A length of time in words: "4 min".
pub fn length(length: Duration) -> String {
    time::duration(SignedDuration::from_millis(length.as_millis()))
}

/// How long ago, from one moment to another, in words.
pub fn since(at: Time, now: Timestamp) -> String {
    time::duration(now.duration_since(at.timestamp()))
}

/// "1 check", "3 checks", "10,000 checks".
pub fn plural(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        n => format!("{} {many}", grouped(n as i64)),
    }
}

/// "a", "a and b", "a, b and c"; empty for nothing.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A stable word as people read it: `body_too_large` → "body too large".
pub fn words(code: &str) -> String {
    code.replace(['_', '-'], " ")
}

/// Text with its first letter large.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// A line of history as a timeline shows it.
pub fn moment(row: &HistoryRow) -> Moment {
    let at = Time::from_millis(row.at_ms).timestamp();
    Moment {
        state: kind_state(&row.kind),
        boxed: row.kind == EntryKind::Published.word(),
        who: kind_word(&row.kind).to_owned(),
        ..Moment::new(at, capital(&row.text))
    }
}

fn kind_state(kind: &str) -> Option<State> {
    Some(match kind {
        "opened" | "reopened" | "alert_firing" | "severity" | "journey" | "growth" => State::Bad,
        "nobody_found" | "delivery_failed" | "fallback" | "trouble" => State::Bad,
        "escalated" | "update_due" | "update_overdue" | "straggler" => State::Warn,
        "acknowledged" | "alert_resolved" | "resolved" | "command" | "delivered" => State::Ok,
        "blind" | "clock" => State::Unknown,
        _ => return None,
    })
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "opened" | "reopened" | "merged" | "attached" => "incident",
        "alert_firing" => "detected",
        "alert_resolved" => "recovered",
        "cause" => "cause",
        "severity" | "journey" | "growth" | "straggler" => "grew",
        "paged" => "called",
        "delivered" => "arrived",
        "delivery_failed" | "nobody_found" => "not reached",
        "escalated" | "fallback" => "escalated",
        "acknowledged" | "command" => "answered",
        "promise" | "update_due" | "update_overdue" => "promise",
        "published" => "customers",
        "step_done" => "runbook",
        "note" => "note",
        "confirm" => "asked",
        "quiet" | "resolved" => "over",
        "package" => "package",
        "trouble" | "blind" | "clock" => "gonogo",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_speech() {
        let of = |names: &[&str]| list(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["a"]), "a");
        assert_eq!(of(&["a", "b", "c"]), "a, b and c");
        assert_eq!(plural(1, "check", "checks"), "1 check");
        assert_eq!(plural(0, "check", "checks"), "0 checks");
        assert_eq!(capital("éa"), "Éa");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn only_what_somebody_vouches_for_is_green() {
        assert_eq!(health(Health::default()), State::Unknown);
        assert_eq!(component(ComponentState::Unknown).0, State::Unknown);
        let green = [Health::Ok, Health::Unknown, Health::Failing]
            .into_iter()
            .filter(|h| health(*h) == State::Ok);
        assert_eq!(green.count(), 1);
    }
}
