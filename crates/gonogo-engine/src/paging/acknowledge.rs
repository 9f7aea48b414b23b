//! Somebody has it; and what makes that answer too old.

use std::collections::BTreeMap;

use gonogo_model::Id;

use super::Engagement;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Incident, Seen};
use crate::input::Actor;
use crate::time::Time;

impl Engine {
    /// Somebody has it: the teams that they were called for need not be called further.
    pub(crate) fn acknowledge(&mut self, number: u64, by: &Actor, now: Time) {
        let (name, via) = (by.name.as_str(), by.via.as_str());
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if !incident.is_open() {
            let text = format!("{name} acknowledged it ({via}) after it was over");
            self.say(now, Some(number), EntryKind::Acknowledged, name, text);
            return;
        }
        let seen = self.seen(incident);
        let mut newly = Vec::new();
        for team in teams_of(incident, by.person.as_ref()) {
            self.stop_escalation(number, &team);
            if let Some(engagement) = self.engagement_mut(number, &team)
                && engagement.acked.is_none()
            {
                engagement.acked = Some((name.to_string(), now));
                newly.push(team.to_string());
            }
        }
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.touched_at = now;
        incident.seen = Some(seen);
        let leads = incident.commander.is_none();
        incident.commander.get_or_insert_with(|| name.to_string());
        incident.settle_phase();
        let what = if newly.is_empty() {
            "had been acknowledged already".to_string()
        } else {
            format!("acknowledged for {}", newly.join(", "))
        };
        let lead = if leads { ", and leads" } else { "" };
        let text = format!("{what} by {name} ({via}){lead}");
        self.say(now, Some(number), EntryKind::Acknowledged, name, text);
        self.call_whom_nothing_covers(number, now);
    }

    /// What there is to see of an incident right now.
    fn seen(&self, incident: &Incident) -> Seen {
        let count = |id: &Id| self.state.alerts.get(id).map_or(0, |s| s.reading.count);
        let counts = incident.firing().map(|(id, _)| (id.clone(), count(id)));
        Seen {
            counts: counts.collect(),
            severity: incident.severity,
            journeys: incident.journeys.clone(),
        }
    }

    /// An acknowledgement covers what it saw. What grew past that calls again: a count calls
    /// the alert's own team, a severity or another journey whoever leads.
    pub(crate) fn page_if_grown(&mut self, number: u64, now: Time) {
        let percent = u64::from(self.plan.grouping().growth_percent);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(seen) = &incident.seen else {
            return;
        };
        let mut again: BTreeMap<Id, String> = BTreeMap::new();
        let Seen {
            mut counts,
            severity,
            journeys,
        } = self.seen(incident);
        for (id, before) in &seen.counts {
            let (Some(attached), Some(count)) = (incident.alerts.get(id), counts.get_mut(id))
            else {
                counts.insert(id.clone(), *before);
                continue;
            };
            if has_grown(*before, *count, percent) {
                let why = format!("{id} went from {before} to {count}");
                again.insert(attached.team.clone(), why);
            } else {
                *count = *before;
            }
        }
        let worse = if severity < seen.severity {
            Some(format!(
                "the severity rose from {} to {severity}",
                seen.severity
            ))
        } else {
            let journey = journeys.iter().find(|j| !seen.journeys.contains(*j));
            journey.map(|j| format!("another journey fails: {}", self.journey_name(j)))
        };
        if let (Some(why), Some(team)) = (worse, lead_team(incident)) {
            again.entry(team).or_insert(why);
        }
        let answered = |team: &Id| {
            let engagement = incident.engagements.get(team);
            engagement.is_some_and(|e| e.acked.is_some() && e.escalation.is_none())
        };
        again.retain(|team, _| answered(team));
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.seen = Some(Seen {
                counts,
                severity,
                journeys,
            });
        }
        for (team, why) in again {
            self.call_again(number, &team, &why, now);
        }
    }
}

/// By so many percent, and by one at least.
fn has_grown(before: u64, now: u64, percent: u64) -> bool {
    let by = now.saturating_sub(before);
    by > 0 && by.saturating_mul(100) >= before.saturating_mul(percent)
}

/// The teams that a person was called for; all of them for somebody whom no page reached.
fn teams_of(incident: &Incident, person: Option<&Id>) -> Vec<Id> {
    let called = |e: &Engagement| person.is_none_or(|p| e.called(p));
    let all = || incident.engagements.iter();
    let own = all()
        .filter(|(_, e)| called(e))
        .map(|(team, _)| team.clone());
    let own: Vec<Id> = own.collect();
    if own.is_empty() {
        all().map(|(team, _)| team.clone()).collect()
    } else {
        own
    }
}

/// The team for which whoever leads answered; any that answered, where that is not known.
fn lead_team(incident: &Incident) -> Option<Id> {
    let answered = || {
        let engagements = incident.engagements.iter();
        engagements.filter_map(|(team, e)| Some((team, &e.acked.as_ref()?.0)))
    };
    let leads = answered().find(|(_, name)| Some(*name) == incident.commander.as_ref());
    leads
        .or_else(|| answered().next())
        .map(|(team, _)| team.clone())
}
