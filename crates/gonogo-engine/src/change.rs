//! What changed: deployments, settings, flags, incidents of vendors, on one timeline.
//!
//! It explains and never decides: no alert fires or rests because of a change.

use gonogo_model::change::{ChangeKind, ChangeSignal};
use gonogo_model::event::Event;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::check::Health;
use crate::engine::Engine;
use crate::expression::{Match, asks};
use crate::flow::matches;
use crate::input::ChangeTold;
use crate::plan::End;
use crate::time::Time;

/// How many changes are remembered; the oldest go first.
pub const MAX_CHANGES: usize = 1000;
/// How long before an alert a change is still worth a look.
pub const CHANGED_BEFORE: Duration = Duration::from_hours(6);
/// How many an alert names, the latest first.
pub const MAX_BEFORE: usize = 10;
/// The longest label that is kept, in characters.
const MAX_LABEL: usize = 120;
/// How far back a repeat of the same change is looked for.
const REPEATS_LOOKED_FOR: usize = 20;

/// A change that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// When, by the sender's clock.
    pub at: Time,
    /// The change of the package; none for the package itself.
    pub change: Option<Id>,
    /// What sort it is.
    pub kind: ChangeKind,
    /// What happened, in a few words.
    pub name: String,
    /// What changed, as the sender says it.
    pub label: String,
    /// The component that changed.
    pub component: Option<Id>,
}

impl Engine {
    /// An event that tells of a change.
    pub(crate) fn change_by_event(&mut self, id: &Id, event: &Event, now: Time) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(change) = plan.package.changes.get(id) else {
            return;
        };
        let ChangeSignal::Events(told_by) = &change.told_by else {
            return;
        };
        match asks(&told_by.only, told_by.r#where.as_deref(), event) {
            Match::Yes => {}
            Match::No => return,
            Match::Undecided(asked, why) => {
                return self.in_doubt("change", id, asked, why, event, now);
            }
        }
        let label = told_by.label.as_ref().and_then(|f| event.fields.get(f));
        let label = label.map_or_else(|| event.kind.clone(), ToString::to_string);
        self.changed(id, Time::from(event.time).min(now), &label);
    }

    /// A flow that tells of changes began or ended.
    pub(crate) fn change_by_flow(&mut self, flow: usize, end: End, event: &Event, now: Time) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(declared) = plan.flows.get(flow) else {
            return;
        };
        for id in plan.changes_of_flow(flow) {
            let (matcher, word) = match end {
                End::Start => (&declared.start, "began"),
                End::Finish => {
                    let success = declared.success_where.as_deref();
                    let word = match asks(&declared.success, success, event) {
                        Match::Yes => "succeeded",
                        Match::No => "failed",
                        Match::Undecided(..) => "ended",
                    };
                    (&declared.end, word)
                }
            };
            if !matches(&matcher.only, event) {
                continue;
            }
            let key = event.fields.get(&matcher.key).map(ToString::to_string);
            let key = key.or_else(|| event.subject.clone());
            let label = format!("{} {word}", key.as_deref().unwrap_or(&event.id));
            self.changed(id, Time::from(event.time).min(now), &label);
        }
    }

    /// A check that tells of changes turned.
    pub(crate) fn change_by_check(&mut self, check: &Id, before: Health, after: Health, now: Time) {
        let word = match (before, after) {
            (_, Health::Failing) if before != Health::Failing => "trouble began",
            (Health::Failing, Health::Ok) => "trouble ended",
            _ => return,
        };
        let plan = std::sync::Arc::clone(&self.plan);
        for id in plan.changes_of_check(check) {
            self.changed(id, now, word);
        }
    }

    fn changed(&mut self, id: &Id, at: Time, label: &str) {
        let Some(change) = self.plan.package.changes.get(id) else {
            return;
        };
        let happened = Happened {
            at,
            change: Some(id.clone()),
            kind: change.kind,
            name: change.name.clone(),
            label: label.chars().take(MAX_LABEL).collect(),
            component: change.component.as_ref().map(|c| c.id.clone()).or_else(|| {
                let ChangeSignal::Flow(flow) = &change.told_by else {
                    return None;
                };
                let flow = self.plan.package.flows.get(&flow.id)?;
                Some(flow.component.id.clone())
            }),
        };
        self.keep_change(happened);
    }

    /// Another package was put in force.
    pub(crate) fn package_changed(&mut self, digest: &str, now: Time) {
        self.keep_change(Happened {
            at: now,
            change: None,
            kind: ChangeKind::Config,
            name: "The ops package".into(),
            label: digest.to_owned(),
            component: None,
        });
    }

    /// Another tool told of a change; what it sends again it tells once.
    pub(crate) fn change_told(&mut self, source: &Id, told: &ChangeTold, now: Time) {
        let source = self.plan.package.sources.get(source);
        let happened = Happened {
            at: told.at.min(now),
            change: None,
            kind: ChangeKind::Other,
            name: source.map_or_else(String::new, |s| s.name.clone()),
            label: told.summary.chars().take(MAX_LABEL).collect(),
            component: source.and_then(|s| Some(s.component.as_ref()?.id.clone())),
        };
        let lately = self.state.changes.iter().rev().take(REPEATS_LOOKED_FOR);
        if !{ lately }.any(|seen| *seen == happened) {
            self.keep_change(happened);
        }
    }

    fn keep_change(&mut self, happened: Happened) {
        let changes = &mut self.state.changes;
        let same = |seen: &Happened| seen.change == happened.change && seen.label == happened.label;
        // Senders repeat themselves under other ids: a deployment that begins twice began once.
        if happened.change.is_some() && changes.iter().rev().take(REPEATS_LOOKED_FOR).any(same) {
            return;
        }
        let place = changes.partition_point(|seen| seen.at <= happened.at);
        changes.insert(place, happened);
        if changes.len() > MAX_CHANGES {
            changes.remove(0);
        }
    }

    /// What changed just before a time, the latest first; what is upstream of a component before
    /// what is not.
    pub fn changed_before(&self, component: Option<&Id>, at: Time) -> Vec<Happened> {
        let from = at - CHANGED_BEFORE;
        let recent = self.state.changes.iter().rev();
        let recent = recent
            .skip_while(|c| c.at > at)
            .take_while(|c| c.at >= from);
        let near = |c: &&Happened| match (component, &c.component) {
            (Some(of), Some(changed)) => self.plan.distance(of, changed).is_some(),
            _ => false,
        };
        let (mut first, rest): (Vec<&Happened>, Vec<&Happened>) = recent.partition(near);
        first.extend(rest);
        first.into_iter().take(MAX_BEFORE).cloned().collect()
    }
}
