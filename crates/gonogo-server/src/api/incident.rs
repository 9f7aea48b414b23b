//! An incident as programs see it.

use gonogo_engine::Time;
use gonogo_engine::incident::{self, How, Phase, Standing};
use gonogo_engine::paging::{self, SendState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::Named;
use crate::store::HistoryRow;
use crate::view::View;

/// How many lines of a timeline one answer has.
pub const TIMELINE_MAX: u32 = 500;

/// Incidents, the worst first while they are open, then the newest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    /// All that match.
    pub incidents: Vec<Incident>,
}

/// An incident in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number, from 1.
    pub number: u64,
    /// What people call it: `INC-7`.
    pub name: String,
    /// What happened, as a sentence.
    pub title: String,
    /// `SEV1` to `SEV4`.
    pub severity: String,
    /// `open`, `acknowledged` or `resolved`.
    pub phase: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Who leads.
    pub commander: Option<String>,
    /// The incident that it turned out to be part of.
    pub merged_into: Option<u64>,
    /// What is behind it, as far as it is known.
    pub cause: Option<Cause>,
    /// How many of its alerts fire.
    pub firing: usize,
    /// The journeys that fail.
    pub journeys: Vec<Named>,
    /// When the next update to customers is due.
    pub next_update_due: Option<Timestamp>,
    /// How often it came back.
    pub reopened: u32,
}

/// An incident with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub incident: Incident,
    /// Its alerts, the resolved ones too.
    pub alerts: Vec<AttachedAlert>,
    /// The teams that were called.
    pub engagements: Vec<Engagement>,
    /// What its cause hits; what its alerts are about, while no cause is known.
    pub blast_radius: BlastRadius,
    /// The runbooks of its alerts.
    pub runbooks: Vec<RunbookName>,
    /// Runbook steps that were done.
    pub steps: Vec<StepRecord>,
    /// What customers were told, oldest first.
    pub updates: Vec<Update>,
    /// The update that is promised next.
    pub promise: Option<Promise>,
    /// What happened, oldest first.
    pub timeline: Vec<Entry>,
    /// Where the timeline goes on: the value for `after` in the next request; none at its end.
    pub timeline_next: Option<i64>,
}

/// What is behind an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The component.
    pub component: Named,
    /// `suspected` or `confirmed`.
    pub standing: String,
    /// Since when it is thought so.
    pub since: Timestamp,
}

/// An alert in an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachedAlert {
    /// The alert.
    pub alert: Named,
    /// The component it is about.
    pub component: Option<Named>,
    /// The team that owns it.
    pub team: Named,
    /// Its severity.
    pub severity: String,
    /// Does it still fire?
    pub firing: bool,
    /// When it joined.
    pub joined_at: Timestamp,
    /// How it came to be here: `origin`, `downstream` or `symptom`.
    pub how: String,
    /// It waits until then for its suspected cause to be confirmed, and pages after.
    pub held_until: Option<Timestamp>,
    /// The numbers, in a sentence.
    pub detail: String,
}

/// A team that was called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engagement {
    /// The team.
    pub team: Named,
    /// Who answered.
    pub acknowledged_by: Option<String>,
    /// When they did.
    pub acknowledged_at: Option<Timestamp>,
    /// The walk through its policy, while it goes on.
    pub calling: Option<Calling>,
    /// The messages that were sent, oldest first.
    pub messages: Vec<Message>,
}

/// A walk through a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calling {
    /// The policy.
    pub policy: String,
    /// Why it was begun.
    pub why: String,
    /// The round, from 1.
    pub round: u32,
    /// The step, from 1.
    pub step: u32,
    /// When the next step is due.
    pub next_at: Timestamp,
}

/// A message to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub person: Named,
    /// On which channel.
    pub channel: String,
    /// When.
    pub at: Timestamp,
    /// In which round of the policy.
    pub round: u32,
    /// At which step of it.
    pub step: u32,
    /// `pending`, `handed_over`, `failed` or `cancelled`. Of mail, `handed_over` is not "read".
    pub state: String,
}

/// What is hit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlastRadius {
    /// The components.
    pub components: Vec<Named>,
    /// The journeys.
    pub journeys: Vec<Named>,
}

/// A runbook to follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunbookName {
    /// Its id in the package.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// A runbook step that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The runbook.
    pub runbook: String,
    /// The step.
    pub step: String,
    /// `ok`, `failed` or `skipped`.
    pub outcome: String,
}

/// An update that customers saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// When.
    pub at: Timestamp,
    /// Where the incident stood: `investigating`, `identified`, `monitoring`, `resolved`.
    pub state: String,
    /// The headline.
    pub title: String,
    /// The words.
    pub text: String,
    /// Who approved it, or the rule that did.
    pub approved_by: String,
    /// When the next one is promised.
    pub next_by: Option<Timestamp>,
}

/// An update that customers were promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// By when.
    pub due: Timestamp,
    /// The state that the draft announces.
    pub state: String,
    /// The draft's headline.
    pub title: String,
    /// The draft's words; published when no others are given.
    pub text: String,
}

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The stable kind: `opened`, `paged`, `acknowledged` ...
    pub kind: String,
    /// Who or what it is about.
    pub subject: String,
    /// What happened, in a sentence.
    pub text: String,
}

impl Incident {
    pub(super) fn of(view: &View, incident: &incident::Incident) -> Self {
        Self {
            number: incident.number,
            name: incident.name(),
            title: incident.title.clone(),
            severity: incident.severity.word().to_owned(),
            phase: phase(incident.phase).to_owned(),
            opened_at: incident.opened_at.timestamp(),
            resolved_at: incident.resolved_at.map(Time::timestamp),
            commander: incident.commander.clone(),
            merged_into: incident.merged_into,
            cause: incident.cause.as_ref().map(|cause| Cause {
                component: Named::component(view, &cause.component),
                standing: standing(cause.standing).to_owned(),
                since: cause.since.timestamp(),
            }),
            firing: incident.firing().count(),
            journeys: incident
                .journeys
                .iter()
                .map(|id| Named::journey(view, id))
                .collect(),
            next_update_due: incident.promise.as_ref().map(|p| p.due.timestamp()),
            reopened: incident.reopened,
        }
    }
}

impl IncidentDetail {
    pub(super) fn of(
        view: &View,
        incident: &incident::Incident,
        timeline: Vec<(i64, HistoryRow)>,
    ) -> Self {
        let full = timeline.len() >= TIMELINE_MAX as usize;
        Self {
            incident: Incident::of(view, incident),
            alerts: alerts(view, incident),
            engagements: engagements(view, incident),
            blast_radius: blast_radius(view, incident),
            runbooks: runbooks(view, incident),
            steps: incident.steps.iter().map(StepRecord::of).collect(),
            updates: incident.updates.iter().map(Update::of).collect(),
            promise: incident.promise.as_ref().map(|promise| {
                let drafts = view.drafts.get(&incident.number);
                let draft = drafts.and_then(|all| all.iter().find(|d| d.state == promise.state));
                Promise {
                    due: promise.due.timestamp(),
                    state: promise.state.word().to_owned(),
                    title: draft.map(|d| d.title.clone()).unwrap_or_default(),
                    text: draft.map(|d| d.text.clone()).unwrap_or_default(),
                }
            }),
            timeline_next: full
                .then(|| timeline.last().map(|(rank, _)| *rank))
                .flatten(),
            timeline: timeline
                .into_iter()
                .map(|(_, row)| Entry::of(row))
                .collect(),
        }
    }
}

impl StepRecord {
    fn of(step: &incident::StepDone) -> Self {
        Self {
            at: step.at.timestamp(),
            by: step.by.clone(),
            runbook: step.runbook.to_string(),
            step: step.step.clone(),
            outcome: step.outcome.clone(),
        }
    }
}

impl Update {
    fn of(update: &incident::Update) -> Self {
        Self {
            at: update.at.timestamp(),
            state: update.state.word().to_owned(),
            title: update.title.clone(),
            text: update.text.clone(),
            approved_by: update.approved_by.clone(),
            next_by: update.next_by.map(Time::timestamp),
        }
    }
}

impl Entry {
    fn of(row: HistoryRow) -> Self {
        Self {
            at: Time::from_millis(row.at_ms).timestamp(),
            kind: row.kind,
            subject: row.actor,
            text: row.text,
        }
    }
}

fn alerts(view: &View, incident: &incident::Incident) -> Vec<AttachedAlert> {
    let of = |(id, attached): (&gonogo_model::Id, &incident::Attached)| AttachedAlert {
        alert: Named::new(id, view.plan.alerts.get(id).map(|a| &a.name)),
        component: attached
            .component
            .as_ref()
            .map(|c| Named::component(view, c)),
        team: Named::team(view, &attached.team),
        severity: attached.severity.word().to_owned(),
        firing: attached.firing,
        joined_at: attached.at.timestamp(),
        how: how(attached.how).to_owned(),
        held_until: attached.held_until.map(Time::timestamp),
        detail: view
            .reading(id)
            .map(|r| r.detail.clone())
            .unwrap_or_default(),
    };
    incident.alerts.iter().map(of).collect()
}

fn engagements(view: &View, incident: &incident::Incident) -> Vec<Engagement> {
    let of = |(team, engagement): (&gonogo_model::Id, &paging::Engagement)| {
        let mut sends: Vec<&paging::Send> = engagement.sends.values().collect();
        sends.sort_by_key(|s| (s.at, s.round, s.step, &s.person, s.contact));
        Engagement {
            team: Named::team(view, team),
            acknowledged_by: engagement.acked.as_ref().map(|(who, _)| who.clone()),
            acknowledged_at: engagement.acked.as_ref().map(|(_, at)| at.timestamp()),
            calling: engagement.escalation.as_ref().map(|walk| Calling {
                policy: walk.policy.to_string(),
                why: walk.why.clone(),
                round: walk.round,
                step: walk.step,
                next_at: walk.next_at.timestamp(),
            }),
            messages: sends
                .into_iter()
                .map(|send| Message {
                    person: Named::person(view, &send.person),
                    channel: send.channel.word().to_owned(),
                    at: send.at.timestamp(),
                    round: send.round,
                    step: send.step,
                    state: send_state(send.state).to_owned(),
                })
                .collect(),
        }
    };
    incident.engagements.iter().map(of).collect()
}

fn blast_radius(view: &View, incident: &incident::Incident) -> BlastRadius {
    let roots: Vec<&gonogo_model::Id> = match &incident.cause {
        Some(cause) => vec![&cause.component],
        None => incident
            .alerts
            .values()
            .filter_map(|a| a.component.as_ref())
            .collect(),
    };
    let plan = &view.plan;
    let components: std::collections::BTreeSet<_> =
        roots.iter().flat_map(|root| plan.blast(root)).collect();
    let mut journeys = incident.journeys.clone();
    journeys.extend(roots.iter().flat_map(|root| plan.journeys_hit(root)));
    BlastRadius {
        components: components
            .iter()
            .map(|id| Named::component(view, id))
            .collect(),
        journeys: journeys.iter().map(|id| Named::journey(view, id)).collect(),
    }
}

fn runbooks(view: &View, incident: &incident::Incident) -> Vec<RunbookName> {
    let package = &view.plan.package;
    let named = incident.alerts.keys().filter_map(|id| {
        let runbook = view.plan.alerts.get(id)?.runbook.as_ref()?;
        let found = package.runbooks.get(&runbook.id)?;
        Some(RunbookName {
            id: runbook.id.to_string(),
            title: found.head.title.clone(),
        })
    });
    let once: std::collections::BTreeSet<_> = named.collect();
    once.into_iter().collect()
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Acknowledged => "acknowledged",
        Phase::Resolved => "resolved",
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Suspected => "suspected",
        Standing::Confirmed => "confirmed",
    }
}

fn how(how: How) -> &'static str {
    match how {
        How::Origin => "origin",
        How::Downstream => "downstream",
        How::Symptom => "symptom",
    }
}

fn send_state(state: SendState) -> &'static str {
    match state {
        SendState::Pending => "pending",
        SendState::HandedOver => "handed_over",
        SendState::Failed => "failed",
        SendState::Cancelled => "cancelled",
    }
}
