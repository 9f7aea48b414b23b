//! Is anybody called for what fires? Judged from what went out and what became of it, next to
//! what the engine believes.

use std::collections::BTreeMap;

use gonogo_engine::alerting::Stage;
use gonogo_engine::effect::{Effect, EffectId};
use gonogo_engine::incident::Incident;
use gonogo_engine::input::{DeliveryOutcome, Input};
use gonogo_engine::paging::{Engagement, Send, SendState};
use gonogo_engine::{Engine, Outcome};
use gonogo_model::alert::Urgency;
use gonogo_model::team::Person;
use gonogo_model::{Duration, Id};

/// The longest time in which a policy of these packages tries again.
const TRIES_AGAIN_WITHIN: Duration = Duration::from_mins(10);

/// What somebody outside saw of the messages.
#[derive(Default)]
pub struct Witness {
    fates: BTreeMap<EffectId, SendState>,
}

impl Witness {
    pub fn sees(&mut self, input: &Input, outcome: &Outcome) {
        if let Input::Delivery(delivery) = input
            && let Some(fate) = self.fates.get_mut(&delivery.effect)
        {
            match delivery.outcome {
                DeliveryOutcome::HandedOver => *fate = SendState::HandedOver,
                DeliveryOutcome::Failed => *fate = SendState::Failed,
                DeliveryOutcome::Retrying => {}
            }
        }
        for effect in &outcome.effects {
            match effect {
                Effect::Notify(n) => {
                    self.fates.insert(n.id.clone(), SendState::Pending);
                }
                Effect::Cancel(id) => {
                    self.fates.insert(id.clone(), SendState::Cancelled);
                }
                Effect::Publish(_) | Effect::Confirm(_) => {}
            }
        }
    }

    /// Every alert that pages and fires has a message that is on its way or arrived, or an
    /// answer, for the team that owns it.
    pub fn nobody_is_forgotten(&self, engine: &Engine) -> Result<(), String> {
        let state = engine.state();
        for incident in state.incidents.values() {
            for (id, send) in incident.engagements.values().flat_map(|e| &e.sends) {
                if self.fates.get(id) != Some(&send.state) {
                    return Err(format!("{id} is {:?}, not {send:?}", self.fates.get(id)));
                }
            }
        }
        for incident in state.incidents.values().filter(|i| i.is_open()) {
            for (id, _) in incident.firing() {
                let fires = match state.alerts.get(id) {
                    Some(alert) => {
                        let firing = matches!(alert.stage, Stage::Firing { .. });
                        firing && alert.incident == Some(incident.number)
                    }
                    // A trouble of gonogo itself is no declared alert.
                    None => state.troubles.keys().any(|code| *id == trouble(code)),
                };
                if !fires {
                    return Err(format!("{id} does not fire in {incident:#?}"));
                }
            }
        }
        for (id, alert) in &state.alerts {
            let declared = &engine.plan().package.alerts[id];
            if declared.urgency == Urgency::Page && matches!(alert.stage, Stage::Firing { .. }) {
                let number = alert.incident.and_then(|n| engine.meant(n));
                let incident = number.and_then(|n| state.incidents.get(&n));
                let incident = incident.ok_or_else(|| format!("{id} fires in no incident"))?;
                self.is_told(engine, id, incident)?;
            }
        }
        Ok(())
    }

    fn is_told(&self, engine: &Engine, id: &Id, incident: &Incident) -> Result<(), String> {
        if incident.closed_by_hand {
            return Ok(());
        }
        if !incident.is_open() {
            return Err(format!("{id} fires, and {} is over", incident.name()));
        }
        let Some(attached) = incident.alerts.get(id).filter(|a| a.firing) else {
            return Err(format!("{id} fires unknown to {incident:#?}"));
        };
        let engagement = incident.engagements.get(&attached.team);
        let engagement =
            engagement.ok_or_else(|| format!("{id} fires and calls nobody: {incident:#?}"))?;
        let now = engine.state().now;
        match &engagement.escalation {
            None if engagement.acked.is_some() => Ok(()),
            None => Err(format!("nobody has {id} or is called: {incident:#?}")),
            Some(escalation) if escalation.next_at > now + TRIES_AGAIN_WITHIN => {
                Err(format!("nobody is called again for {id}: {incident:#?}"))
            }
            Some(_) if self.reaches_somebody(incident, engagement) => Ok(()),
            Some(_) if everybody_was_tried(engine, engagement) => Ok(()),
            Some(_) => Err(format!("no message about {id} counts: {incident:#?}")),
        }
    }

    fn reaches_somebody(&self, incident: &Incident, engagement: &Engagement) -> bool {
        let counts = |id: &EffectId| self.fates.get(id).is_some_and(|fate| fate.counts());
        let known = |id: &EffectId| {
            let mut engagements = incident.engagements.values();
            engagements.any(|e| e.sends.contains_key(id))
        };
        let covered = engagement
            .covered
            .values()
            .any(|id| known(id) && counts(id));
        covered || of_now(engagement).any(|(id, _)| counts(id))
    }
}

/// Nobody can be reached right now: whoever has a contact was tried, and will be again.
fn everybody_was_tried(engine: &Engine, engagement: &Engagement) -> bool {
    let people = engine.plan().package.people.values();
    let mut reachable = people.filter(|p| !p.contacts.is_empty());
    let failed = |person: &Person| {
        let mut sends = of_now(engagement);
        sends.any(|(_, s)| s.person == person.id.value && s.state == SendState::Failed)
    };
    reachable.all(failed)
}

/// What a trouble of gonogo itself is called among the alerts of its incident.
fn trouble(code: &str) -> Id {
    Id::from_static(&format!("gonogo.{code}"))
}

fn of_now(engagement: &Engagement) -> impl Iterator<Item = (&EffectId, &Send)> {
    let generation = engagement.generation;
    let sends = engagement.sends.iter();
    sends.filter(move |(_, s)| s.generation == generation)
}
