//! Capacity and growth.

mod break_point;
mod calendar_peaks;
mod cron;
mod demand_estimated;
mod headroom_now;
mod load_tested;
mod overload_tested;
mod vendor_quotas;

use gonogo_model::component::{Component, ComponentKind};
use gonogo_model::launch::{Demand, Launch};
use gonogo_model::{Kind, Subject};

use super::answer::Answer;
use super::{Answers, Case, Criterion};
use crate::graph::Node;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    demand_estimated::CRITERION,
    load_tested::CRITERION,
    break_point::CRITERION,
    headroom_now::CRITERION,
    vendor_quotas::CRITERION,
    overload_tested::CRITERION,
    calendar_peaks::CRITERION,
];

fn launch<'p>(case: &Case<'p>) -> Option<&'p Launch> {
    case.package.header.as_ref()?.launch.as_ref()
}

fn demand<'p>(case: &Case<'p>) -> Option<&'p Demand> {
    launch(case)?.demand.as_ref()
}

/// Begins the answer about what the demand is for: its journey, or the package as a whole.
fn about_demand<'a>(case: &Case<'_>, answers: &'a mut Answers) -> &'a mut Answer {
    let journey = demand(case).and_then(|d| d.journey.as_ref());
    let journey = journey.and_then(|j| case.package.journeys.get(&j.id));
    match journey {
        Some(journey) => case.journey(answers, journey),
        None => answers.about_package(case),
    }
}

/// What of ours stands under the demand, or all that is deployed where it is of no journey: a
/// load test speaks of these as they are.
fn under_demand(case: &Case<'_>) -> Vec<Subject> {
    let journey = demand(case).and_then(|d| d.journey.as_ref());
    let Some(place) = journey.and_then(|j| case.graph.journey(&j.id)) else {
        let component = |c: &Component| Subject::Entity(Kind::Component, c.id.value.clone());
        return case.deployables().map(component).collect();
    };
    let mut found: Vec<Subject> = case
        .graph
        .beneath([place])
        .into_iter()
        .filter_map(|at| match case.graph.node(at) {
            Node::Component(c) if c.kind != ComponentKind::Vendor => {
                Some(Subject::Entity(Kind::Component, c.id.value.clone()))
            }
            _ => None,
        })
        .collect();
    found.sort();
    found
}

/// The artifacts that are released under the demand, which a load test has to name.
fn artifacts<'p>(case: &Case<'p>, under: &[Subject]) -> Vec<&'p str> {
    let releases = launch(case).into_iter().flat_map(|l| &l.releases);
    releases
        .filter(|r| {
            let component = Subject::Entity(Kind::Component, r.component.id.clone());
            under.contains(&component)
        })
        .map(|r| r.artifact.as_str())
        .collect()
}
