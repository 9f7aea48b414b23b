//! What people decide.

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::StepDone;
use crate::input::{Command, Verb};
use crate::time::Time;

impl Engine {
    pub(crate) fn take_command(&mut self, command: &Command, now: Time) {
        let by = command.by.name.as_str();
        match &command.verb {
            Verb::Acknowledge { incident } => {
                self.acknowledge(
                    *incident,
                    by,
                    command.by.person.as_ref(),
                    &command.by.via,
                    now,
                );
            }
            Verb::Resolve { incident, reason } => self.resolve_by_hand(*incident, by, reason, now),
            Verb::Note { incident, text } => {
                self.touch(*incident, now);
                self.say(
                    now,
                    Some(*incident),
                    EntryKind::Note,
                    by,
                    format!("{by}: {text}"),
                );
            }
            Verb::Publish {
                incident,
                state,
                text,
            } => {
                let (title, drafted) = self.draft(*incident, *state, None);
                let text = if text.trim().is_empty() {
                    drafted
                } else {
                    text.clone()
                };
                self.publish(*incident, *state, title, text, by, now);
            }
            Verb::TakeCommand { incident } => {
                if let Some(found) = self.state.incidents.get_mut(incident) {
                    found.commander = Some(by.to_string());
                    found.touched_at = now;
                    self.say(
                        now,
                        Some(*incident),
                        EntryKind::Command,
                        by,
                        format!("{by} leads from now on"),
                    );
                }
            }
            Verb::StepDone {
                incident,
                runbook,
                step,
                outcome,
            } => {
                if let Some(found) = self.state.incidents.get_mut(incident) {
                    found.touched_at = now;
                    found.steps.push(StepDone {
                        at: now,
                        by: by.to_string(),
                        runbook: runbook.clone(),
                        step: step.clone(),
                        outcome: outcome.clone(),
                    });
                    let text = format!("{by} did {step} of {runbook}: {outcome}");
                    self.say(
                        now,
                        Some(*incident),
                        EntryKind::StepDone,
                        step.as_str(),
                        text,
                    );
                }
            }
            Verb::WriteOff { flow, key, reason } => {
                let index = self
                    .plan
                    .flows
                    .binary_search_by(|f| f.id.value.cmp(flow))
                    .ok();
                let state = index.and_then(|i| self.state.flows.get_mut(i));
                if state.is_some_and(|s| s.write_off(key, now)) {
                    let text = format!("{by} wrote {key} off: {reason}");
                    self.say(now, None, EntryKind::Note, flow.as_str(), text);
                    let alerts = std::sync::Arc::clone(&self.plan);
                    self.judge_all(alerts.alerts_of_flow(flow), now);
                }
            }
            Verb::TestPage { person } => self.test_page(person, by, now),
        }
    }

    fn touch(&mut self, number: u64, now: Time) {
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.touched_at = now;
        }
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
        self.close_incident(
            number,
            format!("{by} says it is over: {reason}{still}"),
            now,
        );
    }
}
