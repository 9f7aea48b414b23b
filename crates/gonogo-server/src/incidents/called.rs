//! Who was called to an incident, by which way, and what became of it.

use std::collections::BTreeMap;

use gonogo_engine::incident::Incident;
use gonogo_engine::paging::{Engagement, SendState};
use gonogo_model::{Id, Package};
use jiff::Timestamp;

use crate::shown;
use crate::store::OutboxItem;
use crate::web::components::State;

/// Calls of one team that are shown; the timeline has the rest.
const CALLS_SHOWN: usize = 20;

/// A team that was called.
pub struct Called {
    /// The team.
    pub team: String,
    /// How far that is.
    pub state: State,
    /// In a sentence.
    pub standing: String,
    /// Why it was called.
    pub why: String,
    /// When the next step of the policy is due.
    pub next_at: Option<Timestamp>,
    /// Messages to people, newest first.
    pub calls: Vec<Call>,
    /// How many older ones are not shown.
    pub older: usize,
}

/// One message to somebody.
pub struct Call {
    /// What tells it from the others.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub person: String,
    /// On which channel.
    pub channel: &'static str,
    /// The step and the round of the policy.
    pub step: String,
    /// What became of it.
    pub state: State,
    /// In a word.
    pub word: &'static str,
    /// What the channel said, or how often it was tried.
    pub detail: String,
}

/// All teams that were called, those that have not answered first.
pub fn called(package: &Package, incident: &Incident, outbox: &[OutboxItem]) -> Vec<Called> {
    let sent: BTreeMap<&str, &OutboxItem> = outbox
        .iter()
        .map(|item| (item.effect_id.as_str(), item))
        .collect();
    let of = |(team, engagement): (&Id, &Engagement)| one(package, team, engagement, &sent);
    let mut teams: Vec<Called> = incident.engagements.iter().map(of).collect();
    teams.sort_by_key(|t| t.state == State::Ok);
    teams
}

fn one(
    package: &Package,
    team: &Id,
    engagement: &Engagement,
    sent: &BTreeMap<&str, &OutboxItem>,
) -> Called {
    let mut calls: Vec<Call> = engagement
        .sends
        .iter()
        .map(|(id, send)| {
            let item = sent.get(id.0.as_str()).copied();
            let (state, word) = outcome(send.state, item);
            Call {
                key: id.0.clone(),
                at: send.at.timestamp(),
                person: shown::person(package, &send.person),
                channel: send.channel.word(),
                step: format!("step {}, round {}", send.step, send.round),
                state,
                word,
                detail: item.map(detail).unwrap_or_default(),
            }
        })
        .collect();
    calls.sort_by(|a, b| (b.at, &b.key).cmp(&(a.at, &a.key)));
    let older = calls.len().saturating_sub(CALLS_SHOWN);
    calls.truncate(CALLS_SHOWN);
    let (state, standing) = standing(package, engagement);
    Called {
        team: shown::team(package, team),
        state,
        standing,
        why: engagement
            .escalation
            .as_ref()
            .map(|e| e.why.clone())
            .unwrap_or_default(),
        next_at: engagement
            .escalation
            .as_ref()
            .map(|e| e.next_at.timestamp()),
        calls,
        older,
    }
}

fn standing(package: &Package, engagement: &Engagement) -> (State, String) {
    if let Some((name, at)) = &engagement.acked {
        let at = at.timestamp().strftime("%H:%M UTC");
        return (State::Ok, format!("{name} answered at {at}"));
    }
    let Some(walk) = &engagement.escalation else {
        return (State::Unknown, "no longer called".into());
    };
    let policy = package.escalation_policies.get(&walk.policy);
    let text = match policy.map(|p| p.steps.len()) {
        Some(steps) if walk.step as usize > steps => {
            "every step is used up; the fallback is called until somebody answers".into()
        }
        Some(steps) => format!("step {} of {steps}, round {}", walk.step, walk.round),
        None => format!("step {}, round {}", walk.step, walk.round),
    };
    (State::Warn, text)
}

fn outcome(state: SendState, item: Option<&OutboxItem>) -> (State, &'static str) {
    let tried = item.is_some_and(|i| i.attempts > 0 && i.last_error.is_some());
    match state {
        SendState::HandedOver => (State::Ok, "handed over"),
        SendState::Failed => (State::Bad, "failed"),
        SendState::Cancelled => (State::Unknown, "no longer needed"),
        SendState::Pending if tried => (State::Warn, "being tried again"),
        SendState::Pending => (State::Unknown, "on its way"),
    }
}

fn detail(item: &OutboxItem) -> String {
    let tries = match item.attempts {
        0 | 1 => String::new(),
        n => format!("{n} tries. "),
    };
    let said = item.last_error.as_ref().or(item.receipt.as_ref());
    format!("{tries}{}", said.map_or("", String::as_str))
        .trim()
        .to_owned()
}
