//! What pages see: an immutable picture of the engine after a step.
//!
//! Pages never touch the engine. They read the newest view and take longer histories from
//! the store. Invariant: a view shows committed decisions only, and says how old it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_engine::alerting::{AlertState, Reading, Stage};
use gonogo_engine::change::Happened;
use gonogo_engine::check::{Answers, Health};
use gonogo_engine::domains::FleetState;
use gonogo_engine::doubt::Doubt;
use gonogo_engine::external::Externals;
use gonogo_engine::flow::{AllNoted, Counts, Open};
use gonogo_engine::forward::Passed;
use gonogo_engine::freeze::FreezeState;
use gonogo_engine::gauge::GaugeState;
use gonogo_engine::heartbeat::BeatState;
use gonogo_engine::incident::{Incident, Standing};
use gonogo_engine::input::{Certificate, CheckResult, Forwarded, Phases, Silence};
use gonogo_engine::maintenance::Windows;
use gonogo_engine::places::{AgentState, PlaceState};
use gonogo_engine::plan::Plan;
use gonogo_engine::reconciliation::ReconciliationState;
use gonogo_engine::skew::SkewState;
use gonogo_engine::slo::{BadItem, Figures, Tally};
use gonogo_engine::source::Heard;
use gonogo_engine::{Engine, Time};
use gonogo_model::alert::AlertClass;
use gonogo_model::comms::PublicState;
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id};

/// How many open or overdue items of a flow a view names.
pub const ITEMS_NAMED: usize = 500;
/// The window that key figures are about.
pub const WINDOW: Duration = Duration::from_hours(1);
/// Charts show so many stretches of [`STRETCH`].
pub const STRETCHES: usize = 60;
/// The length of a stretch in a chart.
pub const STRETCH: Duration = Duration::from_mins(1);
/// The charts of SLOs show so many stretches of [`SLO_STRETCH`]: three days.
pub const SLO_STRETCHES: usize = 72;
/// The length of a stretch in the chart of an SLO.
pub const SLO_STRETCH: Duration = Duration::from_hours(1);

/// A picture of the engine after a step.
#[derive(Debug)]
pub struct View {
    /// When it was made, by the server's clock.
    pub at: Time,
    /// The step that it shows.
    pub step_no: i64,
    /// The package in force; empty before the first.
    pub plan: Arc<Plan>,
    /// What stands in for written values.
    pub overlay: Overlay,
    /// Is any package in force?
    pub loaded: bool,
    /// All incidents that are remembered, by number.
    pub incidents: BTreeMap<u64, Incident>,
    /// Drafts of updates for each state, by incident that customers may have to hear of.
    pub drafts: BTreeMap<u64, Vec<Draft>>,
    /// The alert that says most of each open incident.
    pub leads: BTreeMap<u64, Id>,
    /// The alerts.
    pub alerts: BTreeMap<Id, AlertState>,
    /// The flows.
    pub flows: Vec<FlowView>,
    /// The checks.
    pub checks: Vec<CheckView>,
    /// The fleets of domains. Their tables are shared with the engine until they change.
    pub fleets: BTreeMap<Id, FleetState>,
    /// The sources.
    pub sources: Vec<SourceView>,
    /// The SLOs; made anew when their figures are.
    pub slos: Arc<Vec<SloView>>,
    /// What is known of the agents, by place.
    pub agents: BTreeMap<Id, AgentState>,
    /// Where maintenance stands.
    pub maintenance: Windows,
    /// What changed lately, in order of time.
    pub changes: Vec<Happened>,
    /// Where the error budget policies stand.
    pub freezes: BTreeMap<Id, FreezeState>,
    /// The reconciliations.
    pub reconciliations: BTreeMap<Id, Arc<ReconciliationState>>,
    /// The gauges; shared with the view before while they are the same.
    pub gauges: BTreeMap<Id, Arc<GaugeState>>,
    /// The skews.
    pub skews: BTreeMap<Id, SkewState>,
    /// The alerts of other tools, by source.
    pub externals: BTreeMap<Id, Arc<Externals>>,
    /// The silences of gonogo's own alerts, by id.
    pub silences: BTreeMap<String, Silence>,
    /// The components.
    pub components: BTreeMap<Id, ComponentView>,
    /// Troubles of gonogo itself, by code.
    pub troubles: BTreeMap<String, String>,
    /// Until when our own intake was proven to hear.
    pub heard: Option<Time>,
    /// Who is on call: schedule, person, until when.
    pub on_call: Vec<OnCall>,
}

/// An update to customers as it would be published now.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where it says the incident stands.
    pub state: PublicState,
    /// The headline.
    pub title: String,
    /// The words.
    pub text: String,
}

/// A flow in a view.
#[derive(Clone, Debug)]
pub struct FlowView {
    /// The flow.
    pub id: Id,
    /// How many starts have no end yet.
    pub open: usize,
    /// How many of these are overdue.
    pub overdue: usize,
    /// The overdue ones, the first few.
    pub overdue_items: Vec<(String, Open)>,
    /// The open ones, the first few.
    pub open_items: Vec<(String, Open)>,
    /// Contradictions: the key and what is wrong.
    pub mismatched: Vec<(String, String)>,
    /// Ends that came late, twice, without a start or badly; shared with the engine.
    pub noted: AllNoted,
    /// How many ends wait for their start.
    pub early: usize,
    /// Failures in a row.
    pub failures_in_row: u32,
    /// Counts over [`WINDOW`].
    pub hour: Counts,
    /// Counts over a day.
    pub day: Counts,
    /// Counts per [`STRETCH`], oldest first.
    pub stretches: Vec<(Time, Counts)>,
    /// Counts per half an hour of a day, oldest first.
    pub halves: Vec<(Time, Counts)>,
    /// When a start last came in.
    pub last_start: Option<Time>,
    /// When an end last came in.
    pub last_end: Option<Time>,
    /// When an end that was a success last came in.
    pub last_success: Option<Time>,
}

/// A check in a view.
#[derive(Clone, Debug)]
pub struct CheckView {
    /// The check.
    pub id: Id,
    /// What its answers add up to.
    pub health: Health,
    /// Since when.
    pub since: Time,
    /// The last answer.
    pub last: Option<CheckResult>,
    /// The certificate seen last.
    pub certificate: Option<Certificate>,
    /// Where the time of answers went, minute by minute.
    pub phases: Vec<(Time, Phases)>,
    /// What is known of the job, where it reports by itself.
    pub beat: Option<BeatState>,
    /// What each place says, where it is asked from several.
    pub places: BTreeMap<Id, PlaceState>,
    /// Answers per [`STRETCH`], oldest first.
    pub stretches: Vec<(Time, Answers)>,
}

/// A source in a view.
#[derive(Clone, Debug)]
pub struct SourceView {
    /// The source.
    pub id: Id,
    /// When it last spoke.
    pub last_event_at: Option<Time>,
    /// What it said last.
    pub last_event_type: Option<String>,
    /// Is it silent for longer than is normal?
    pub silent: bool,
    /// Events over [`WINDOW`].
    pub hour: u32,
    /// Events over a day.
    pub day: u32,
    /// Events per [`STRETCH`], oldest first.
    pub stretches: Vec<(Time, Heard)>,
    /// How what it sends gets through to the product, where it is forwarded.
    pub forward: Option<ForwardView>,
    /// How often it could not be decided whether an event of it matches.
    pub undecided: u64,
    /// Who could not decide (`flow/charge-recorded`), and why not.
    pub doubts: Vec<(String, Doubt)>,
}

/// The forwarding of a source in a view.
#[derive(Clone, Debug)]
pub struct ForwardView {
    /// The last report, unless it is too old to say anything.
    pub last: Option<Forwarded>,
    /// Deliveries over [`WINDOW`].
    pub hour: Passed,
    /// Deliveries over a day.
    pub day: Passed,
    /// Deliveries per [`STRETCH`], oldest first.
    pub stretches: Vec<(Time, Passed)>,
}

/// An SLO in a view.
#[derive(Clone, Debug)]
pub struct SloView {
    /// The SLO.
    pub id: Id,
    /// What it comes to.
    pub figures: Figures,
    /// Counts per [`SLO_STRETCH`], oldest first.
    pub stretches: Vec<(Time, Tally)>,
    /// The bad items that came last, latest last.
    pub bad_items: Vec<BadItem>,
    /// Until when counters were read.
    pub sampled_until: Option<Time>,
    /// Why they could not be read lately.
    pub trouble: Option<String>,
}

impl SloView {
    /// When something was last counted.
    pub fn last_item(&self) -> Option<Time> {
        self.figures.last_item
    }
}

/// A component in a view.
#[derive(Clone, Debug)]
pub struct ComponentView {
    /// What is known about it.
    pub state: ComponentState,
    /// Why, in a few words.
    pub why: String,
    /// The open incident that it is part of.
    pub incident: Option<u64>,
}

/// What is known about a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentState {
    /// Something that watches it says so, lately.
    Ok,
    /// Nothing watches it, or nothing could tell.
    Unknown,
    /// It depends on something that fails, or something about it runs out.
    AtRisk,
    /// It fails.
    Failing,
}

/// Somebody on call.
#[derive(Clone, Debug)]
pub struct OnCall {
    /// The schedule.
    pub schedule: Id,
    /// The role whose turn it is; none where nobody has it.
    pub role: Option<Id>,
    /// Who holds the role.
    pub person: Option<Id>,
    /// Until when.
    pub until: Option<Time>,
}

impl View {
    /// The picture of an engine.
    pub fn of(engine: &Engine, now: Time, step_no: i64) -> Self {
        Self::after(None, engine, now, step_no)
    }

    /// The picture of an engine, with what did not change since the one before.
    pub fn after(before: Option<&Self>, engine: &Engine, now: Time, step_no: i64) -> Self {
        let state = engine.state();
        let plan = Arc::clone(engine.plan());
        let open = || state.incidents.values().filter(|i| i.is_open());
        let drafts = open().map(|i| (i.number, drafts(engine, i, now))).collect();
        let leads = open()
            .filter_map(|i| Some((i.number, engine.lead_alert(i)?.id.value.clone())))
            .collect();
        let slos = before
            .filter(|b| Arc::ptr_eq(&b.plan, &plan) && looked_at(&b.slos) == looked_at_now(engine))
            .map_or_else(|| Arc::new(slos(engine, now)), |b| Arc::clone(&b.slos));
        Self {
            at: now,
            step_no,
            overlay: state
                .package
                .as_ref()
                .map(|p| p.overlay.clone())
                .unwrap_or_default(),
            loaded: state.package.is_some(),
            incidents: state.incidents.clone(),
            drafts,
            leads,
            alerts: state.alerts.clone(),
            flows: flows(engine, now),
            checks: checks(engine, now),
            fleets: state.fleets.clone(),
            sources: sources(engine, now),
            externals: state.externals.clone(),
            silences: state.silences.clone(),
            slos,
            agents: state.agents.clone(),
            maintenance: state.maintenance.clone(),
            changes: state.changes.clone(),
            freezes: state.freezes.clone(),
            reconciliations: state.reconciliations.clone(),
            gauges: gauges(before, engine),
            skews: state.skews.clone(),
            components: components(engine),
            troubles: state.troubles.clone(),
            heard: state.heard,
            on_call: on_call(engine, now),
            plan,
        }
    }

    /// Open incidents, the worst and then the oldest first.
    pub fn open_incidents(&self) -> Vec<&Incident> {
        let mut open: Vec<&Incident> = self
            .incidents
            .values()
            .filter(|i| i.is_open() && i.merged_into.is_none())
            .collect();
        open.sort_by_key(|i| (i.severity, i.opened_at, i.number));
        open
    }

    /// What an alert says right now.
    pub fn reading(&self, alert: &Id) -> Option<&Reading> {
        self.alerts.get(alert).map(|a| &a.reading)
    }
}

fn drafts(engine: &Engine, incident: &Incident, now: Time) -> Vec<Draft> {
    let next = engine.rule(incident).map(|r| now + r.cadence);
    let draft = |state: &PublicState| {
        let next = next.filter(|_| *state != PublicState::Resolved);
        let (title, text) = engine.draft(incident.number, *state, next);
        Draft {
            state: *state,
            title,
            text,
        }
    };
    PublicState::ALL.iter().map(draft).collect()
}

fn gauges(before: Option<&View>, engine: &Engine) -> BTreeMap<Id, Arc<GaugeState>> {
    let seen = |g: &GaugeState| (g.since, g.told_at, g.without, g.late, g.stale);
    let shared = |(id, state): (&Id, &GaugeState)| {
        let same = before.and_then(|b| b.gauges.get(id));
        let same = same.filter(|g| seen(g) == seen(state));
        let state = same.map_or_else(|| Arc::new(state.clone()), Arc::clone);
        (id.clone(), state)
    };
    engine.state().gauges.iter().map(shared).collect()
}

fn looked_at(slos: &[SloView]) -> Option<Time> {
    slos.iter().map(|s| s.figures.at).max()
}

fn looked_at_now(engine: &Engine) -> Option<Time> {
    engine.state().slos.values().map(|s| s.figures.at).max()
}

fn slos(engine: &Engine, now: Time) -> Vec<SloView> {
    let declared = engine.plan().package.slos.iter();
    let views = declared.filter_map(|(id, slo)| {
        let state = engine.state().slos.get(id)?;
        Some(SloView {
            id: id.clone(),
            figures: state.figures.clone(),
            stretches: engine.slo_stretches(slo, now, SLO_STRETCH, SLO_STRETCHES),
            bad_items: state.bad_items.clone(),
            sampled_until: state.sampled_until,
            trouble: state.trouble.clone(),
        })
    });
    views.collect()
}

fn flows(engine: &Engine, now: Time) -> Vec<FlowView> {
    let views = engine.state().flows.iter().filter_map(|f| {
        let item = |key: &String| Some((key.clone(), f.open.get(key)?.clone()));
        let fresh = |key: &&String| !f.overdue.contains(*key);
        Some(FlowView {
            id: f.id.clone()?,
            open: f.open.len(),
            overdue: f.overdue.len(),
            overdue_items: f
                .overdue
                .iter()
                .take(ITEMS_NAMED)
                .filter_map(item)
                .collect(),
            open_items: f
                .open
                .keys()
                .filter(fresh)
                .take(ITEMS_NAMED)
                .filter_map(item)
                .collect(),
            mismatched: f
                .mismatched
                .iter()
                .take(ITEMS_NAMED)
                .map(|(k, w)| (k.clone(), w.clone()))
                .collect(),
            noted: f.noted.clone(),
            early: f.early_len(),
            failures_in_row: f.failures_in_row,
            hour: f.series.sum(now, WINDOW),
            day: f.series.sum(now, Duration::from_hours(24)),
            stretches: f.series.stretches(now, STRETCH, STRETCHES),
            halves: f.series.stretches(now, Duration::from_mins(30), 48),
            last_start: f.last_start,
            last_end: f.last_end,
            last_success: f.last_success,
        })
    });
    views.collect()
}

fn checks(engine: &Engine, now: Time) -> Vec<CheckView> {
    let views = engine.state().checks.iter().map(|(id, c)| CheckView {
        id: id.clone(),
        health: c.health,
        since: c.since,
        last: c.last.clone(),
        certificate: c.certificate.clone(),
        phases: c.phases.iter().copied().collect(),
        beat: engine.state().beats.get(id).cloned(),
        places: c.places.clone(),
        stretches: c.series.stretches(now, STRETCH, STRETCHES),
    });
    views.collect()
}

fn sources(engine: &Engine, now: Time) -> Vec<SourceView> {
    let doubts = &engine.state().doubts;
    let views = engine.state().sources.iter().map(|(id, s)| SourceView {
        undecided: s.undecided,
        doubts: doubts
            .iter()
            .filter(|(_, doubt)| doubt.source.as_ref() == Some(id))
            .map(|(who, doubt)| (who.clone(), doubt.clone()))
            .collect(),
        id: id.clone(),
        last_event_at: s.last_event_at,
        last_event_type: s.last_event_type.clone(),
        silent: s.silent,
        hour: s.series.sum(now, WINDOW).events,
        day: s.series.sum(now, Duration::from_hours(24)).events,
        stretches: s.series.stretches(now, STRETCH, STRETCHES),
        forward: s.forward.as_ref().map(|f| ForwardView {
            last: f.fresh(now).cloned(),
            hour: f.series.sum(now, WINDOW),
            day: f.series.sum(now, Duration::from_hours(24)),
            stretches: f.series.stretches(now, STRETCH, STRETCHES),
        }),
    });
    views.collect()
}

fn components(engine: &Engine) -> BTreeMap<Id, ComponentView> {
    let (plan, state) = (engine.plan(), engine.state());
    let mut views: BTreeMap<Id, ComponentView> = BTreeMap::new();
    for id in plan.package.components.keys() {
        let mut of: Vec<(&Id, Health)> = state
            .checks
            .iter()
            .filter(|(check, _)| {
                plan.package
                    .checks
                    .get(*check)
                    .is_some_and(|c| c.component.id == *id)
            })
            .map(|(check, c)| (check, c.health))
            .collect();
        of.sort_by_key(|(_, health)| std::cmp::Reverse(*health));
        let (known, why) = match of.first() {
            None => (ComponentState::Unknown, "no check watches it".to_string()),
            Some((check, Health::Failing)) => (ComponentState::Failing, format!("{check} fails")),
            Some((check, Health::Unknown)) => {
                (ComponentState::Unknown, format!("{check} cannot tell"))
            }
            Some((check, Health::Ok)) => (ComponentState::Ok, format!("{check} answers well")),
        };
        views.insert(
            id.clone(),
            ComponentView {
                state: known,
                why,
                incident: None,
            },
        );
    }
    for (id, alert) in &state.alerts {
        let Stage::Firing { .. } = alert.stage else {
            continue;
        };
        let (Some(declared), Some(component)) = (plan.alerts.get(id), plan.component_of(id)) else {
            continue;
        };
        let Some(view) = views.get_mut(component) else {
            continue;
        };
        let worse = match declared.class() {
            AlertClass::Availability => ComponentState::Failing,
            AlertClass::Expiry | AlertClass::Integrity => ComponentState::AtRisk,
        };
        if worse >= view.state {
            view.state = worse;
            view.why.clone_from(&declared.name);
        }
        view.incident = view.incident.or(alert.incident);
    }
    for incident in state.incidents.values().filter(|i| i.is_open()) {
        let Some(cause) = &incident.cause else {
            continue;
        };
        let name = |id: &Id| {
            plan.package
                .components
                .get(id)
                .map_or(id.to_string(), |c| c.name.clone())
        };
        for hit in plan.blast(&cause.component) {
            let Some(view) = views.get_mut(&hit) else {
                continue;
            };
            view.incident = view.incident.or(Some(incident.number));
            if view.state < ComponentState::AtRisk {
                view.state = ComponentState::AtRisk;
                view.why = if hit == cause.component && cause.standing == Standing::Suspected {
                    "suspected: it would explain what fails".to_string()
                } else {
                    format!("it needs {}", name(&cause.component))
                };
            }
        }
    }
    views
}

fn on_call(engine: &Engine, now: Time) -> Vec<OnCall> {
    let plan = engine.plan();
    let of = |schedule: &gonogo_model::schedule::Schedule| {
        let shift = schedule.on_call_at(now.timestamp());
        OnCall {
            schedule: schedule.id.value.clone(),
            role: shift.as_ref().map(|s| s.role.id.clone()),
            person: shift.as_ref().and_then(|s| engine.holder(&s.role.id, now)),
            until: shift.map(|s| Time::from(s.ends)),
        }
    };
    plan.package.schedules.values().map(of).collect()
}
