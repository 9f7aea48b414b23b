//! What is behind an incident, as far as the graph and the checks can tell.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;
use gonogo_model::alert::AlertClass;
use gonogo_model::check::{Check, Probe};

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Cause, Incident, Standing};
use crate::time::Time;

impl Engine {
    /// Does one cause explain both an incident and one more alert about `component`? If so,
    /// what the incident's cause is then; it may not be known where the alert is about what
    /// fails there already.
    pub(super) fn common_cause(
        &self,
        incident: &Incident,
        component: &Id,
        class: AlertClass,
        now: Time,
    ) -> Option<Option<Cause>> {
        let explains = |cause: &Id| self.plan.distance(component, cause).is_some();
        let failing = incident.failing_components();
        let cause = incident.cause.as_ref();
        let standing = cause.filter(|c| explains(&c.component) && self.stands(incident, c));
        if class != AlertClass::Availability {
            // What was lost or doubled is explained by what fails for certain, and no guess.
            let certain = standing.filter(|c| c.standing == Standing::Confirmed);
            return match certain {
                Some(cause) => Some(Some(cause.clone())),
                None => failing.iter().any(explains).then(|| cause.cloned()),
            };
        }
        if incident.quiet_since.is_some() {
            // A second wave, unless the cause of the first is known to work by now.
            let unclear = |c: &&Cause| {
                explains(&c.component) && !self.seen_to_work(&c.component, incident.opened_at)
            };
            return cause.filter(unclear).map(|c| Some(c.clone()));
        }
        let latest = incident.firing().map(|(_, a)| a.at).max();
        let near = latest.is_some_and(|at| now <= at + self.plan.grouping().window);
        if !near {
            let certain = standing.filter(|c| c.standing == Standing::Confirmed);
            return certain.map(|c| Some(c.clone()));
        }
        if failing.is_empty() {
            return self.origin_of_losses(incident, component, now).map(Some);
        }
        let mut all = failing;
        all.insert(component.clone());
        let best = self.best_cause(&all, incident.opened_at, now);
        best.or_else(|| standing.cloned()).map(Some)
    }

    /// An incident of lost or doubled things alone, and now what they depend on fails.
    fn origin_of_losses(&self, incident: &Incident, component: &Id, now: Time) -> Option<Cause> {
        let explained = |of: &Option<Id>| {
            let distance = of.as_ref().and_then(|c| self.plan.distance(c, component));
            distance.is_some()
        };
        let mut firing = incident.firing().map(|(_, a)| a).peekable();
        firing.peek()?;
        firing
            .all(|a| a.class == AlertClass::Integrity && explained(&a.component))
            .then(|| Cause {
                component: component.clone(),
                standing: Standing::Confirmed,
                since: now,
            })
    }

    /// Is a cause still one: does it fail, or could it at least?
    fn stands(&self, incident: &Incident, cause: &Cause) -> bool {
        match cause.standing {
            Standing::Confirmed => incident.failing_components().contains(&cause.component),
            Standing::Suspected => !self.seen_to_work(&cause.component, incident.opened_at),
        }
    }

    /// The nearest component upstream of all that fail that is not known to work.
    ///
    /// One with a firing alert of its own goes before one without; then the nearest to the
    /// farthest symptom, then the nearest on the whole, then the first by name.
    pub(super) fn best_cause(
        &self,
        failing: &BTreeSet<Id>,
        began: Time,
        now: Time,
    ) -> Option<Cause> {
        let mut common: Option<BTreeMap<Id, (u32, u32)>> = None;
        for component in failing {
            let causes = self.plan.causes(component);
            common = Some(match common {
                None => causes.into_iter().map(|(id, d)| (id, (d, d))).collect(),
                Some(so_far) => so_far
                    .into_iter()
                    .filter_map(|(id, (far, sum))| {
                        let d = *causes.get(&id)?;
                        Some((id, (far.max(d), sum.saturating_add(d))))
                    })
                    .collect(),
            });
        }
        common?
            .into_iter()
            .filter(|(id, _)| failing.contains(id) || !self.seen_to_work(id, began))
            .map(|(id, (far, sum))| (!failing.contains(&id), far, sum, id))
            .min()
            .map(|(unproven, _, _, component)| Cause {
                component,
                standing: if unproven {
                    Standing::Suspected
                } else {
                    Standing::Confirmed
                },
                since: now,
            })
    }

    /// Did a check of its own show, after the trouble began, that a component works?
    pub(super) fn seen_to_work(&self, component: &Id, began: Time) -> bool {
        // Checks and their states are kept in the same order.
        let checks = self.plan.package.checks.values();
        checks
            .zip(self.state.checks.values())
            .any(|(check, state)| {
                proves(check) && check.component.id == *component && state.works_since(began)
            })
    }

    /// A check of its own shows that a component works: it is no longer suspected.
    pub(crate) fn clear_of_suspicion(&mut self, component: &Id, now: Time) {
        let suspected = |i: &&Incident| {
            i.is_open()
                && i.cause.as_ref().is_some_and(|c| {
                    // An answer of the very moment may have been given before.
                    c.component == *component && c.standing == Standing::Suspected && c.since < now
                })
        };
        let incidents = self.state.incidents.values();
        let numbers: Vec<u64> = incidents.filter(suspected).map(|i| i.number).collect();
        for number in numbers {
            let Some(incident) = self.state.incidents.get_mut(&number) else {
                continue;
            };
            incident.cause = None;
            for attached in incident.alerts.values_mut() {
                if attached.held_until.is_some() {
                    attached.held_until = Some(now);
                }
            }
            let (failing, began) = (incident.failing_components(), incident.opened_at);
            let other = match failing.is_empty() {
                true => None,
                false => self.best_cause(&failing, began, now),
            };
            let name = self.component_name(component);
            let text = format!("{name} was suspected, but a check of its own shows that it works");
            self.say(
                now,
                Some(number),
                EntryKind::Cause,
                component.as_str(),
                text,
            );
            self.set_cause(number, other, now);
            self.retitle(number);
        }
    }

    pub(super) fn set_cause(&mut self, number: u64, cause: Option<Cause>, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(cause) = cause else { return };
        let before = incident.cause.as_ref();
        if before.is_some_and(|b| b.component == cause.component && b.standing == cause.standing) {
            return;
        }
        let (component, standing) = (cause.component.clone(), cause.standing);
        incident.cause = Some(cause);
        incident.recovered_at = None;
        if standing == Standing::Confirmed {
            for attached in incident.alerts.values_mut() {
                attached.held_until = None;
            }
        }
        let name = self.component_name(&component);
        let text = match standing {
            Standing::Suspected => format!("{name} is suspected: it would explain all that fails"),
            Standing::Confirmed => {
                format!("{name} is the cause: it fails by itself, and the rest depends on it")
            }
        };
        self.say(
            now,
            Some(number),
            EntryKind::Cause,
            component.as_str(),
            text,
        );
        self.retitle(number);
    }
}

/// Does a good answer of this check prove that its component works? A vendor's own word does
/// not: status pages are the last to know.
pub(crate) fn proves(check: &Check) -> bool {
    !matches!(check.probe, Probe::VendorStatus(_))
}
