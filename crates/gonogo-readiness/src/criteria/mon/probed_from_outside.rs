//! # MON-07: Each critical journey is tried from outside, for what it shows
//!
//! ## Why it matters
//! Inside, everything can be well while the name, the certificate or the load balancer is not.
//! And a maintenance page says 200, too.
//!
//! ## How it is proved
//! From the package: an http check of the journey looks at the content, at a public address
//! (`allow_private` is a look from inside); and what gonogo runs on (`runs_on`), with all that
//! stands under that, is neither needed by the journey nor in the same region of the same vendor.
//! Then that these checks, and those of its certificates, answered within the hour.
//!
//! ## Example
//! ```yaml
//! package:
//!   runs_on: [ops-host]
//! checks:
//!   - id: login-page
//!     name: The login page opens
//!     component: web
//!     journey: sign-in
//!     probe: {http: {url: "https://app.example.com/login", body_contains: Sign in}}
//! ```
//!
//! ## How to meet it
//! Ask the way a customer comes, and look for words that only the real page has. Run gonogo
//! somewhere else.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::check::{Check, Probe};
use gonogo_model::component::DependencyKind;

use crate::criteria::apart::{self, Shared};
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-07",
    title: "Each critical journey is tried from outside, for what it shows",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(1)),
    trigger: None,
    source: include_str!("probed_from_outside.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let runs_on: Vec<&Id> = header
        .into_iter()
        .flat_map(|h| h.runs_on.iter().map(|r| &r.id))
        .collect();
    for journey in case.critical() {
        let hard = journey.depends_on.iter();
        let hard = hard.filter(|d| d.kind == DependencyKind::Hard);
        let needed = apart::beneath(
            case,
            hard.filter_map(|d| case.graph.component(&d.component.id)),
        );
        let looks: Vec<&Check> = case
            .package
            .checks
            .values()
            .filter(|c| c.journey.as_ref().is_some_and(|j| j.id == journey.id.value))
            .filter(|c| looks_from_outside(c))
            .collect();
        let content = looks.iter().any(|c| looks_at_content(c));
        let shared = runs_on.iter().find_map(|host| shared(case, host, &needed));
        let covers: Vec<Subject> = looks
            .iter()
            .map(|c| Subject::Entity(Kind::Check, c.id.value.clone()))
            .collect();
        let answer = case.journey(answers, journey);
        answer.must(
            content,
            "no check of it looks at what it shows",
            "write an http check with `journey:` and `body_contains` or `json`",
        );
        answer.must(
            !runs_on.is_empty(),
            "where gonogo runs is not written, so nobody knows that it looks from outside",
            "write `runs_on:` in `package`",
        );
        if let Some(why) = shared {
            answer.fail(why, "run gonogo at another provider, or in another region");
        }
        if content {
            answer.proved(
                case,
                &covers,
                "ask a running server: `gonogo verdict --server URL`",
            );
        }
    }
}

fn looks_from_outside(check: &Check) -> bool {
    match &check.probe {
        Probe::Http(http) => !http.allow_private,
        Probe::Tls(tls) => !tls.allow_private,
        Probe::Tcp(tcp) => !tcp.allow_private,
        Probe::Grpc(grpc) => !grpc.allow_private,
        Probe::Acme(acme) => !acme.allow_private,
        // What resolvers and registries say is no look at the service.
        Probe::Dns(_) | Probe::Registration(_) => false,
        // What a vendor says of itself, or a job of its own run, is no look from outside.
        Probe::VendorStatus(_) | Probe::Heartbeat(_) => false,
    }
}

fn looks_at_content(check: &Check) -> bool {
    match &check.probe {
        Probe::Http(http) => {
            http.body_contains.is_some()
                || !http.json.is_empty()
                || !http.json_rules.is_empty()
                || http.content_sha256.is_some()
        }
        _ => false,
    }
}

/// What a place that gonogo runs on has in common with what it watches.
fn shared(case: &Case<'_>, host: &Id, needed: &BTreeSet<&Id>) -> Option<String> {
    Some(match apart::shared(case, host, needed)? {
        Shared::Component(both) if both == host => {
            format!("gonogo runs on `{host}`, which it needs itself")
        }
        Shared::Component(both) => {
            format!("gonogo runs on `{host}`, which stands on `{both}`, and so does this")
        }
        Shared::Region(same) => format!("gonogo runs in the same region as `{same}`"),
    })
}
