//! Two incidents that turn out to have one cause become one.
//!
//! Nobody who was called for either is forgotten: what was still ringing goes on ringing.

use gonogo_model::Id;
use gonogo_model::alert::AlertClass;

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Attached, Cause, Incident, Phase, Standing};
use crate::paging::Engagement;
use crate::time::Time;

impl Engine {
    /// Other incidents that the confirmed cause of this one explains become part of it, or it
    /// of the oldest of them.
    pub(super) fn absorb_explained(&mut self, number: u64, now: Time) {
        let window = self.plan.grouping().window;
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(Cause {
            component: cause,
            standing: Standing::Confirmed,
            ..
        }) = &incident.cause
        else {
            return;
        };
        if !incident.failing_components().contains(cause) {
            return;
        }
        let explained = |a: &Attached| {
            let of = a.component.as_ref();
            let distance = of.and_then(|c| self.plan.distance(c, cause));
            a.class != AlertClass::Expiry && distance.is_some()
        };
        let belongs = |i: &&Incident| {
            let mut firing = i.firing().map(|(_, a)| a).peekable();
            i.is_open()
                && now <= i.opened_at + window
                && firing.peek().is_some()
                && firing.all(explained)
        };
        let incidents = self.state.incidents.values();
        let mut all: Vec<u64> = incidents.filter(belongs).map(|i| i.number).collect();
        all.push(number);
        all.sort_unstable();
        all.dedup();
        let Some((into, rest)) = all.split_first() else {
            return;
        };
        for from in rest {
            self.merge(*from, *into, now);
        }
    }

    fn merge(&mut self, from: u64, into: u64, now: Time) {
        let Some(mut source) = self.state.incidents.remove(&from) else {
            return;
        };
        let Some(target) = self.state.incidents.get_mut(&into) else {
            self.state.incidents.insert(from, source);
            return;
        };
        for (id, attached) in &source.alerts {
            target.alerts.insert(id.clone(), attached.clone());
            if let Some(state) = self.state.alerts.get_mut(id) {
                state.incident = Some(into);
            }
        }
        for (team, engagement) in std::mem::take(&mut source.engagements) {
            join_engagement(target, team, engagement);
        }
        let unsure = |c: &Cause| c.standing == Standing::Suspected;
        if target.cause.as_ref().is_none_or(unsure) && source.cause.is_some() {
            target.cause.clone_from(&source.cause);
        }
        target.journeys.extend(source.journeys.iter().cloned());
        target.updates.append(&mut source.updates);
        target.updates.sort_by_key(|u| u.at);
        target.steps.append(&mut source.steps);
        target.commander = target.commander.take().or(source.commander.clone());
        // Customers were promised a word by then, whichever incident it was about.
        let promises = [target.promise.take(), source.promise.take()];
        target.promises = target.promises.saturating_add(1);
        let number = target.promises;
        target.promise = promises.into_iter().flatten().min_by_key(|p| p.due);
        if let Some(promise) = &mut target.promise {
            promise.number = number;
        }
        if let (Some(seen), Some(more)) = (&mut target.seen, &source.seen) {
            seen.counts.extend(more.counts.clone());
            seen.journeys.extend(more.journeys.iter().cloned());
            seen.severity = seen.severity.min(more.severity);
        }
        target.quiet_since = None;
        target.settle_phase();
        source.phase = Phase::Resolved;
        source.resolved_at = Some(now);
        source.merged_into = Some(into);
        let (from_name, into_name) = (source.name(), target.name());
        let severity = source.severity;
        self.state.incidents.insert(from, source);
        let text = format!("{from_name} has the same cause and is part of this");
        self.say(now, Some(into), EntryKind::Merged, from_name, text);
        let text = format!("it has the same cause as {into_name} and goes on there");
        self.say(now, Some(from), EntryKind::Merged, into_name, text);
        self.retitle(into);
        self.reassess(into, now);
        if let Some(target) = self.state.incidents.get_mut(&into) {
            target.severity = target.severity.min(severity);
        }
    }
}

/// Takes over a team's calls. Where both incidents called it, what is not answered goes on.
fn join_engagement(target: &mut Incident, team: Id, mut engagement: Engagement) {
    let Some(here) = target.engagements.get_mut(&team) else {
        target.engagements.insert(team, engagement);
        return;
    };
    // Ids of messages follow from the generation: none may come twice.
    let generation = here.generation.max(engagement.generation) + 1;
    let goes_on = here.escalation.is_none() && engagement.escalation.is_some();
    if goes_on {
        here.generation = generation;
        here.acked = None;
        here.escalation = engagement.escalation.take();
        for send in engagement.sends.values_mut() {
            send.generation = generation;
        }
    }
    if here.escalation.is_none() && here.acked.is_none() {
        here.acked = engagement.acked.take();
    }
    here.sends.append(&mut engagement.sends);
    here.covered.append(&mut engagement.covered);
}
