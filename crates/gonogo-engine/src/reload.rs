//! A package is put in force: what stays, what is new, and what is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::alert::Condition;
use gonogo_model::check::Probe;
use gonogo_model::{Id, package};

use crate::alerting::{AlertState, Stage};
use crate::check::CheckState;
use crate::domains::FleetState;
use crate::doubt::IN_DOUBT_FOR;
use crate::engine::{Engine, HOUSEKEEPING_EVERY, State};
use crate::flow::FlowState;
use crate::freeze::FreezeState;
use crate::gauge::GaugeState;
use crate::heartbeat::BeatState;
use crate::history::EntryKind;
use crate::input::PackageInput;
use crate::plan::Plan;
use crate::reconciliation::ReconciliationState;
use crate::signals::Awaited;
use crate::skew::SkewState;
use crate::slo::SloState;
use crate::source::SourceState;
use crate::time::Time;

impl Engine {
    pub(crate) fn reload(&mut self, input: &PackageInput, now: Time) {
        let loaded = package::load_with(&input.text, &input.overlay).package;
        let digest = loaded.digest.clone();
        let first = self.state.package.is_none();
        self.plan = Arc::new(Plan::new(loaded, input.text.clone()));
        let plan = Arc::clone(&self.plan);
        let mut flows: BTreeMap<Id, FlowState> = std::mem::take(&mut self.state.flows)
            .into_iter()
            .filter_map(|f| Some((f.id.clone()?, f)))
            .collect();
        self.state.flows = plan
            .flows
            .iter()
            .map(|f| {
                flows
                    .remove(&f.id.value)
                    .unwrap_or_else(|| FlowState::new(f.id.value.clone()))
            })
            .collect();
        keep(&mut self.state.checks, plan.package.checks.keys(), |id| {
            CheckState::new(id, now)
        });
        let beats = plan.package.checks.values();
        let beats = beats.filter(|c| matches!(c.probe, Probe::Heartbeat(_)));
        keep(&mut self.state.beats, beats.map(|c| &c.id.value), |_| {
            BeatState::new(now)
        });
        keep(&mut self.state.sources, plan.package.sources.keys(), |id| {
            SourceState::new(id, now)
        });
        keep(&mut self.state.fleets, plan.package.fleets.keys(), |_| {
            FleetState::default()
        });
        let declared = plan.package.reconciliations.keys();
        keep(&mut self.state.reconciliations, declared, |_| {
            Arc::new(ReconciliationState::new(now))
        });
        self.state.keep_watching(&plan, now);
        self.keep_maintenance(now);
        keep(&mut self.state.gauges, plan.package.gauges.keys(), |id| {
            GaugeState::new(id, now)
        });
        keep(
            &mut self.state.skews,
            plan.package.skews.keys(),
            SkewState::new,
        );
        self.keep_places(now);
        self.find_silent_from();
        self.compare_anew(now);
        // Who asks what else is sure again when its last doubt is over.
        self.state
            .doubts
            .retain(|_, d| now < d.last_at + IN_DOUBT_FOR);
        let gone: Vec<Id> = self
            .state
            .alerts
            .iter()
            .filter(|(id, s)| {
                let firing = matches!(s.stage, Stage::Firing { .. });
                firing && !plan.alerts.contains_key(*id)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.alert_removed(&id, now);
        }
        keep(&mut self.state.alerts, plan.alerts.keys(), |_| {
            AlertState::default()
        });
        self.externals_under(&plan);
        self.apply_own_silences(now);
        // A bound that changed is judged anew at the next proof that we hear.
        for (source, state) in plan
            .package
            .sources
            .values()
            .zip(self.state.sources.values_mut())
        {
            let bound = source.silent_after;
            state.silent &= bound.is_some_and(|b| state.quiet_since() + b <= now);
        }
        self.state.package = Some(input.clone());
        self.state.listening_since.get_or_insert(now);
        self.state
            .housekeeping_at
            .get_or_insert(now + HOUSEKEEPING_EVERY);
        let what = if first {
            "is in force"
        } else {
            "is in force instead of the one before"
        };
        let text = format!(
            "package {} {what}",
            digest.as_ref().map_or("?", |d| d.short())
        );
        self.say(now, None, EntryKind::Package, "package", text);
        if !first {
            let digest = digest
                .as_ref()
                .map_or_else(String::new, |d| d.short().to_string());
            self.package_changed(&digest, now);
        }
        self.look_at_everything(now);
        self.all_firing_go_on(now);
        self.try_again_where_nobody_is_reached(now);
    }
}

impl State {
    /// The states of SLOs, of events that are waited for, and of policies, as a package declares
    /// them. A snapshot of an earlier release has none.
    pub(crate) fn keep_watching(&mut self, plan: &Plan, now: Time) {
        keep(&mut self.slos, plan.package.slos.keys(), |_| SloState {
            known_since: now,
            ..SloState::default()
        });
        let awaiting = plan.package.alerts.iter();
        let awaiting = awaiting.filter(|(_, a)| matches!(a.when, Condition::NoEvents(_)));
        keep(&mut self.awaited, awaiting.map(|(id, _)| id), |_| Awaited {
            known_since: now,
            last: None,
        });
        let policies = plan.package.error_budget_policies.keys();
        keep(&mut self.freezes, policies, |_| FreezeState {
            since: now,
            ..FreezeState::default()
        });
    }
}

/// Keeps the states of what is still declared, makes those of what is new, drops the rest.
fn keep<'a, T>(
    states: &mut BTreeMap<Id, T>,
    declared: impl Iterator<Item = &'a Id>,
    make: impl Fn(Id) -> T,
) {
    let mut before = std::mem::take(states);
    for id in declared {
        let state = before.remove(id).unwrap_or_else(|| make(id.clone()));
        states.insert(id.clone(), state);
    }
}
