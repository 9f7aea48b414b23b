//! What a running server knows by itself, as records.
//!
//! Each is bound to what the criterion wants covered, and dated when it was last seen to be so:
//! whether that is too long ago is for the criterion to say. Invariant: no record says more than
//! was seen, and what was seen before a covered part changed gives none.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_engine::check::Health;
use gonogo_engine::input::CheckVerdict;
use gonogo_model::alert::Condition;
use gonogo_model::check::Probe;
use gonogo_model::evidence::{Evidence, Method, Outcome};
use gonogo_model::slo::Sli;
use gonogo_model::text::{Span, Spanned};
use gonogo_model::when::Instant;
use gonogo_model::{Id, Kind, Subject};
use gonogo_readiness::criteria::{Answers, Case, find};
use gonogo_readiness::graph::Graph;
use jiff::Timestamp;

use super::since::Since;
use crate::view::{CheckView, FlowView, View};

/// Who says what a server knows by itself.
pub const ACTOR: &str = "gonogo";

/// The criteria that are answered so, and how.
const ANSWERED: &[(&str, Look)] = &[
    ("MON-02", indicator),
    ("MON-07", journey_looked_at),
    ("MON-08", job_ran),
    ("MON-09", money_counted),
    ("MON-10", outside_hears),
    ("CRT-03", certificate_seen),
];

type Look = fn(&Sight<'_>, &Subject, &[Subject]) -> Option<Seen>;

/// What was seen.
struct Seen {
    at: Time,
    result: Outcome,
    note: String,
    /// What it was seen at, besides what the criterion wants covered.
    on: Vec<Subject>,
}

impl Seen {
    fn well(at: Time, note: impl Into<String>) -> Self {
        Self {
            at,
            result: Outcome::Pass,
            note: note.into(),
            on: Vec::new(),
        }
    }

    fn badly(at: Time, note: impl Into<String>) -> Self {
        Self {
            at,
            result: Outcome::Fail,
            note: note.into(),
            on: Vec::new(),
        }
    }

    fn on(self, kind: Kind, ids: impl IntoIterator<Item = Id>) -> Self {
        let on = ids
            .into_iter()
            .map(|id| Subject::Entity(kind, id))
            .collect();
        Self { on, ..self }
    }
}

/// What there is to see.
struct Sight<'v> {
    view: &'v View,
    checks: BTreeMap<&'v Id, &'v CheckView>,
    flows: BTreeMap<&'v Id, &'v FlowView>,
    beat: Option<Time>,
}

/// Everything that is known at a moment.
pub(super) fn records(view: &View, since: &Since, beat: Option<Time>, now: Time) -> Vec<Evidence> {
    let plan = &view.plan;
    let graph = Graph::new(&plan.package);
    let case = Case::new(&plan.package, &plan.text, &graph, &[], now.timestamp());
    let sight = Sight {
        view,
        checks: view.checks.iter().map(|c| (&c.id, c)).collect(),
        flows: view.flows.iter().map(|f| (&f.id, f)).collect(),
        beat,
    };
    let mut found = Vec::new();
    for (id, look) in ANSWERED {
        let Some(criterion) = find(id).filter(|c| c.takes(Method::Probe)) else {
            continue;
        };
        let mut answers = Answers::new(criterion, case.profile());
        (criterion.assess)(&case, &mut answers);
        for answer in answers.into_vec() {
            let Some(covers) = answer.covers else {
                continue;
            };
            let Some(seen) = look(&sight, &answer.subject, &covers) else {
                continue;
            };
            let covered = || {
                std::iter::once(&answer.subject)
                    .chain(&covers)
                    .chain(&seen.on)
            };
            if seen.at > now || !covered().all(|s| since.unchanged(s, seen.at)) {
                continue;
            }
            let digests = &plan.package.digests;
            let bound = covered().filter_map(|s| Some((s.to_string(), digests.get(s)?.clone())));
            let bound: BTreeMap<String, String> = bound.collect();
            found.push(record(criterion.id, &answer.subject, seen, bound, view));
        }
    }
    found
}

fn record(
    criterion: &str,
    subject: &Subject,
    seen: Seen,
    covers: BTreeMap<String, String>,
    view: &View,
) -> Evidence {
    let at = seen.at.timestamp();
    Evidence {
        criterion: unplaced(criterion.to_string()),
        subject: unplaced(subject.clone()),
        result: seen.result,
        method: Method::Probe,
        observed_at: Instant(Timestamp::from_second(at.as_second()).unwrap_or(at)),
        ttl: None,
        covers,
        package_digest: Some(view.plan.text.digest().0),
        actor: ACTOR.into(),
        reviewer: None,
        limitations: None,
        note: Some(seen.note),
        steps: BTreeMap::new(),
        tried: Vec::new(),
        took: None,
        lost: None,
        measured: None,
    }
}

/// MON-02: the last data of an SLO's indicator.
fn indicator(sight: &Sight<'_>, subject: &Subject, _: &[Subject]) -> Option<Seen> {
    let slo = sight
        .view
        .plan
        .package
        .slos
        .get(id_of(subject, Kind::Slo)?)?;
    let (flow, at) = match &slo.sli {
        Sli::Check(check) => {
            let at = told_at(sight.checks.get(&check.id)?)?;
            let seen = Seen::well(at, "its indicator had data");
            return Some(seen.on(Kind::Check, [check.id.clone()]));
        }
        Sli::Delivery(delivery) => {
            let id = &delivery.source.id;
            let source = sight.view.sources.iter().find(|s| s.id == *id)?;
            let report = source.forward.as_ref()?.last.as_ref()?;
            let seen = Seen::well(report.at, "its indicator had data");
            return Some(seen.on(Kind::Source, [id.clone()]));
        }
        Sli::Completion(flow) => {
            let seen = sight.flows.get(&flow.id)?;
            (flow, seen.last_start.max(seen.last_end))
        }
        Sli::Success(flow) => (flow, sight.flows.get(&flow.id)?.last_end),
        Sli::Latency(latency) => {
            let flow = &latency.flow;
            (flow, sight.flows.get(&flow.id)?.last_end)
        }
        Sli::Events(_) | Sli::Promql(_) | Sli::Composite(_) | Sli::Journey(_) => {
            let view = sight.view.slos.iter().find(|s| s.id == slo.id.value)?;
            let seen = Seen::well(view.last_item()?, "its indicator had data");
            return Some(match &slo.sli {
                Sli::Events(events) => seen.on(Kind::Source, [events.source.id.clone()]),
                _ => seen,
            });
        }
    };
    let seen = Seen::well(at?, "its indicator had data");
    Some(seen.on(Kind::Flow, [flow.id.clone()]))
}

/// MON-07: the checks that look at what a journey shows.
fn journey_looked_at(sight: &Sight<'_>, _: &Subject, covers: &[Subject]) -> Option<Seen> {
    let mut oldest: Option<Time> = None;
    for subject in covers {
        let check = sight.checks.get(id_of(subject, Kind::Check)?)?;
        if check.health == Health::Failing {
            let at = told_at(check)?;
            return Some(Seen::badly(at, format!("the check `{}` fails", check.id)));
        }
        let at = good_at(check)?;
        oldest = Some(oldest.map_or(at, |o| o.min(at)));
    }
    oldest.map(|at| Seen::well(at, "each check of what it shows answered well"))
}

/// MON-08: the last end of a job that was a success.
fn job_ran(sight: &Sight<'_>, subject: &Subject, _: &[Subject]) -> Option<Seen> {
    let job = id_of(subject, Kind::Component)?;
    let flows = sight.view.plan.package.flows.values();
    let of_job = flows.filter(|f| f.component.id == *job);
    let seen: Vec<&&FlowView> = of_job
        .filter_map(|f| sight.flows.get(&f.id.value))
        .collect();
    if let Some(flow) = seen.iter().find(|f| f.overdue > 0) {
        let note = format!("`{}` has {} overdue", flow.id, flow.overdue);
        return Some(Seen::badly(sight.view.at, note));
    }
    // Each of its flows is a job of its own.
    let at = seen.iter().map(|f| f.last_success).min()??;
    let flows = seen.iter().map(|f| f.id.clone());
    Some(Seen::well(at, "it ended, and well").on(Kind::Flow, flows))
}

/// MON-09: the last data of the flows that count what a journey moves.
fn money_counted(sight: &Sight<'_>, _: &Subject, covers: &[Subject]) -> Option<Seen> {
    let package = &sight.view.plan.package;
    let alerts = covers
        .iter()
        .filter_map(|s| package.alerts.get(id_of(s, Kind::Alert)?));
    let flows = alerts.filter_map(|alert| match &alert.when {
        Condition::FlowOverdue(c) => Some(&c.flow.id),
        Condition::FlowFailing(c) => Some(&c.flow.id),
        Condition::FlowMismatch(c) => Some(&c.flow.id),
        _ => None,
    });
    let data = flows.filter_map(|id| {
        let flow = sight.flows.get(id)?;
        Some((flow.last_start.max(flow.last_end)?, id))
    });
    let (at, flow) = data.max()?;
    Some(Seen::well(at, "its flow had data").on(Kind::Flow, [flow.clone()]))
}

/// MON-10: the last time that somebody outside heard us.
fn outside_hears(sight: &Sight<'_>, _: &Subject, _: &[Subject]) -> Option<Seen> {
    let note = "the heartbeat outside was reached";
    sight.beat.map(|at| Seen::well(at, note))
}

/// CRT-03: certificates, read where they are served.
fn certificate_seen(sight: &Sight<'_>, subject: &Subject, covers: &[Subject]) -> Option<Seen> {
    let package = &sight.view.plan.package;
    let material = package.expiring.get(id_of(subject, Kind::Material)?)?;
    let mut oldest: Option<Time> = None;
    for covered in covers {
        let id = id_of(covered, Kind::Check)?;
        let Probe::Tls(_) = &package.checks.get(id)?.probe else {
            return None;
        };
        let check = sight.checks.get(id)?;
        if check.health == Health::Failing {
            let note = format!("the check `{id}` fails");
            return Some(Seen::badly(told_at(check)?, note));
        }
        let last = check.last.as_ref();
        let last = last.filter(|l| l.verdict == CheckVerdict::Ok)?;
        let certificate = last.certificate.as_ref().or(check.certificate.as_ref())?;
        let life_ms = certificate
            .not_after
            .since(certificate.not_before)
            .as_millis();
        let left_ms = certificate.not_after.since(last.at).as_millis();
        // A short-lived one cannot be renewed a month ahead: a third of its life is early enough.
        if left_ms < material.renew_before.as_millis().min(life_ms / 3) {
            let days = left_ms / (24 * 3_600_000);
            let note = format!("what `{id}` saw ends in {days} d and was not renewed yet");
            return Some(Seen::badly(last.at, note));
        }
        oldest = Some(oldest.map_or(last.at, |o| o.min(last.at)));
    }
    oldest.map(|at| Seen::well(at, "valid where it is served, and renewed in time"))
}

/// When a check last said something, good or bad.
fn told_at(check: &CheckView) -> Option<Time> {
    last_answer(check, |verdict| verdict != CheckVerdict::Unknown)
        .max(last_stretch(check, |good, bad| good + bad > 0))
}

/// When a check last answered well.
fn good_at(check: &CheckView) -> Option<Time> {
    last_answer(check, |verdict| verdict == CheckVerdict::Ok)
        .max(last_stretch(check, |good, _| good > 0))
}

fn last_answer(check: &CheckView, is: impl Fn(CheckVerdict) -> bool) -> Option<Time> {
    let last = check.last.as_ref().filter(|l| is(l.verdict))?;
    Some(last.at)
}

fn last_stretch(check: &CheckView, is: impl Fn(u32, u32) -> bool) -> Option<Time> {
    let mut newest_first = check.stretches.iter().rev();
    let found = newest_first.find(|(_, a)| is(a.good, a.bad))?;
    Some(found.0)
}

fn id_of(subject: &Subject, wanted: Kind) -> Option<&Id> {
    match subject {
        Subject::Entity(kind, id) if *kind == wanted => Some(id),
        _ => None,
    }
}

fn unplaced<T>(value: T) -> Spanned<T> {
    let span = Span::default();
    Spanned { value, span }
}
