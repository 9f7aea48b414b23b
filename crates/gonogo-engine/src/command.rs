//! What people decide.
//!
//! A command names an incident by number. One that turned out to be part of another means
//! that other: whoever follows an old link acts on what is really going on.

use gonogo_model::Id;
use gonogo_model::comms::PublicState;

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Incident, StepDone};
use crate::input::{Actor, Command, Verb};
use crate::time::Time;

/// How many runbook steps an incident remembers; the journal's history keeps all of them.
pub const MAX_STEPS: usize = 1000;

impl Engine {
    pub(crate) fn take_command(&mut self, command: &Command, now: Time) {
        let by = command.by.name.as_str();
        match &command.verb {
            Verb::WriteOff { flow, key, reason } => self.write_off(flow, key, by, reason, now),
            Verb::TestPage { person } => self.test_page(person, by, now),
            Verb::WriteOffDifference {
                reconciliation,
                key,
                reason,
            } => self.write_off_finding(reconciliation, key, by, reason, now),
            Verb::Silence { silence } => self.take_silence(silence, by, now),
            Verb::EndSilence { source, id } => self.end_silence(source, id, by, now),
            Verb::BeginMaintenance { window } => self.begin_maintenance(window, by, now),
            Verb::EndMaintenance { id, reason } => self.end_maintenance(id, by, reason, now),
            verb @ Verb::ExternalOver { .. } => self.external_over(verb, by, now),
            Verb::Acknowledge { incident }
            | Verb::Resolve { incident, .. }
            | Verb::Note { incident, .. }
            | Verb::Publish { incident, .. }
            | Verb::TakeCommand { incident }
            | Verb::StepDone { incident, .. } => match self.meant(*incident) {
                Some(number) => self.act_on(number, &command.by, &command.verb, now),
                None => {
                    let text = format!("{by} meant INC-{incident}, which is not known here");
                    self.say(now, None, EntryKind::Note, by, text);
                }
            },
        }
    }

    /// The incident that a number means: the one that it was merged into, where it was.
    pub fn meant(&self, number: u64) -> Option<u64> {
        let mut incident = self.state.incidents.get(&number)?;
        // Incidents merge into lower numbers only, so this ends.
        while let Some(into) = incident
            .merged_into
            .and_then(|n| self.state.incidents.get(&n))
        {
            incident = into;
        }
        Some(incident.number)
    }

    fn act_on(&mut self, number: u64, actor: &Actor, verb: &Verb, now: Time) {
        let by = actor.name.as_str();
        match verb {
            Verb::Acknowledge { .. } => self.acknowledge(number, actor, now),
            Verb::Resolve { reason, .. } => self.resolve_by_hand(number, by, reason, now),
            Verb::Note { text, .. } => {
                self.touch(number, now);
                self.say(
                    now,
                    Some(number),
                    EntryKind::Note,
                    by,
                    format!("{by}: {text}"),
                );
            }
            Verb::Publish { state, text, .. } => {
                self.publish_by_hand(number, *state, text, by, now)
            }
            Verb::TakeCommand { .. } => {
                if let Some(found) = self.touch(number, now) {
                    found.commander = Some(by.to_string());
                }
                let text = format!("{by} leads from now on");
                self.say(now, Some(number), EntryKind::Command, by, text);
            }
            Verb::StepDone {
                runbook,
                step,
                outcome,
                ..
            } => {
                let done = StepDone {
                    at: now,
                    by: by.to_string(),
                    runbook: runbook.clone(),
                    step: step.clone(),
                    outcome: outcome.clone(),
                };
                if let Some(found) = self.touch(number, now)
                    && found.steps.len() < MAX_STEPS
                {
                    found.steps.push(done);
                }
                let text = format!("{by} did {step} of {runbook}: {outcome}");
                self.say(now, Some(number), EntryKind::StepDone, step.as_str(), text);
            }
            Verb::WriteOff { .. }
            | Verb::TestPage { .. }
            | Verb::WriteOffDifference { .. }
            | Verb::Silence { .. }
            | Verb::EndSilence { .. }
            | Verb::BeginMaintenance { .. }
            | Verb::EndMaintenance { .. }
            | Verb::ExternalOver { .. } => {}
        }
    }

    fn touch(&mut self, number: u64, now: Time) -> Option<&mut Incident> {
        let incident = self.state.incidents.get_mut(&number)?;
        incident.touched_at = now;
        Some(incident)
    }

    fn publish_by_hand(
        &mut self,
        number: u64,
        state: PublicState,
        text: &str,
        by: &str,
        now: Time,
    ) {
        let (title, drafted) = self.draft(number, state, self.next_update(number, state, now));
        let text = if text.trim().is_empty() {
            drafted
        } else {
            text.to_string()
        };
        self.publish(number, state, title, text, by, now);
    }

    fn resolve_by_hand(&mut self, number: u64, by: &str, reason: &str, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        if !incident.is_open() {
            return;
        }
        let firing = incident.firing().count();
        incident.closed_by_hand = firing > 0;
        let still = match firing {
            0 => String::new(),
            1 => "; 1 alert still fires, and calls again if it goes on".into(),
            n => format!("; {n} alerts still fire, and call again if they go on"),
        };
        let why = format!("{by} says it is over: {reason}{still}");
        self.close_incident(number, why, now);
    }

    fn write_off(&mut self, flow: &Id, key: &str, by: &str, reason: &str, now: Time) {
        let Some(index) = self.plan.flow(flow) else {
            return;
        };
        let state = self.state.flows.get_mut(index);
        if state.is_some_and(|s| s.write_off(key)) {
            let what = if key == "*" {
                "all that is overdue"
            } else {
                key
            };
            let text = format!("{by} wrote {what} off: {reason}");
            self.say(now, None, EntryKind::Note, flow.as_str(), text);
            self.judge_flow(index, now);
        }
    }
}
