//! # SUP-01: The status page does not fall with what it tells about
//!
//! ## Why it matters
//! A status page on the cloud that is down says nothing, or says that all is well.
//!
//! ## How it is proved
//! From the graph: what the page is hosted on (`hosted_on`) is needed by no critical journey,
//! needs nothing that one does, and is not in the same region of the same vendor. Then a drill of
//! the last thirty days in which an update was published and read from outside.
//!
//! ## Example
//! ```yaml
//! comms:
//!   status_page: {name: Shop status, url: "https://status.example.com", hosted_on: static-host}
//! ```
//!
//! ## How to meet it
//! Host it at another provider, with a name at another registrar, and publish a test update once
//! a month.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::component::DependencyKind;

use crate::graph::Place;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-01",
    title: "The status page does not fall with what it tells about",
    classes: &[Class::Graph, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("status_page_apart.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let comms = case.package.comms.as_ref();
    let page = comms.and_then(|c| c.status_page.as_ref());
    let answer = answers.about(Subject::Comms, None, 1);
    let Some(page) = page else {
        answer.fail(
            "there is no public status page",
            "write `status_page:` in `comms`",
        );
        return;
    };
    let Some(host) = &page.hosted_on else {
        answer.fail(
            "what it is served from is not written, so nobody knows what it falls with",
            "write `hosted_on:`",
        );
        return;
    };
    let under = hard(case, case.graph.component(&host.id));
    let journeys = case.critical().flat_map(|j| &j.depends_on);
    let needed = hard(
        case,
        journeys
            .filter(|d| d.kind == DependencyKind::Hard)
            .filter_map(|d| case.graph.component(&d.component.id)),
    );
    if let Some(both) = under.intersection(&needed).next() {
        answer.fail(
            format!("it stands on `{both}`, which critical journeys stand on"),
            "host it at another provider",
        );
    } else if let Some(same) = needed.iter().find(|id| same_place(case, id, &host.id)) {
        answer.fail(
            format!("it stands in the same region as `{same}`"),
            "host it at another provider, or in another region",
        );
    }
    let covers = [Subject::Entity(Kind::Component, host.id.clone())];
    answer.proved(
        case,
        &covers,
        "publish a test update and read it from outside, and record it",
    );
}

/// What some components fail without, themselves included.
fn hard<'p>(case: &Case<'p>, from: impl IntoIterator<Item = Place>) -> BTreeSet<&'p Id> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Place> = from.into_iter().collect();
    while let Some(at) = open.pop() {
        if found.insert(case.graph.node(at).id()) {
            let edges = case.graph.needs(at).iter();
            let hard = edges.filter(|e| e.dependency.kind == DependencyKind::Hard);
            open.extend(hard.map(|e| e.to));
        }
    }
    found
}

fn same_place(case: &Case<'_>, a: &Id, b: &Id) -> bool {
    let place = |id: &Id| {
        let attributes = &case.package.components.get(id)?.attributes;
        Some((attributes.get("vendor")?, attributes.get("region")?))
    };
    place(a).is_some_and(|here| place(b) == Some(here))
}
