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

use gonogo_model::component::DependencyKind;

use crate::criteria::apart::{self, Shared};
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
    let journeys = case.critical();
    let needed = apart::beneath(
        case,
        journeys
            .flat_map(|j| &j.depends_on)
            .filter(|d| d.kind == DependencyKind::Hard)
            .filter_map(|d| case.graph.component(&d.component.id)),
    );
    match apart::shared(case, &host.id, &needed) {
        None => {}
        Some(Shared::Component(both)) => {
            answer.fail(
                format!("it stands on `{both}`, which critical journeys stand on"),
                "host it at another provider",
            );
        }
        Some(Shared::Region(same)) => {
            answer.fail(
                format!("it stands in the same region as `{same}`"),
                "host it at another provider, or in another region",
            );
        }
    }
    let covers = [Subject::Entity(Kind::Component, host.id.clone())];
    answer.proved(
        case,
        &covers,
        "publish a test update and read it from outside, and record it",
    );
}
