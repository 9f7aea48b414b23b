//! # REL-01: It is known exactly what goes out, and that it is what runs
//!
//! ## Why it matters
//! "Which version is that?" is asked in the first minute. A name that moves, such as `latest`, has
//! no answer, and a rollback to "the version before" then goes to something nobody tested.
//!
//! ## How it is proved
//! From the package: for everything that is deployed, `launch.releases` has the artifact (a digest
//! or a commit), the version of its configuration, that of the schema where it needs a datastore,
//! and the state of its switches where it has a launch feature. And in the last day, what runs
//! was asked what it is at `build`, and the record names that artifact (`tried`).
//!
//! ## Example
//! ```yaml
//! package:
//!   format: 1
//!   id: shop
//!   name: Shop
//!   operators: on-call
//!   launch:
//!     at: 2026-12-08T17:00:00Z
//!     director: lead
//!     releases:
//!       - component: api
//!         artifact: sha256:4f1c0a77e6b1
//!         config: config-2026-12-01.3
//!         build: https://api.example.com/build
//! ```
//!
//! ## How to meet it
//! Let the build write commit and configuration into an endpoint, copy both into `releases` at
//! the freeze, and let a job compare the two.

use gonogo_model::Id;
use gonogo_model::component::{Component, ComponentKind};
use gonogo_model::launch::{Launch, Release};

use super::super::answer::Answer;
use crate::criteria::prelude::*;
use crate::criteria::tried::not_tried;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-01",
    title: "It is known exactly what goes out, and that it is what runs",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(24)),
    trigger: Some(Trigger::Deployable),
    source: include_str!("release_identity.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let releases: std::collections::BTreeMap<&Id, &Release> = launch
        .into_iter()
        .flat_map(|l| &l.releases)
        .map(|r| (&r.component.id, r))
        .collect();
    for component in case.deployables() {
        let answer = case.component(answers, component);
        let Some(release) = releases.get(&component.id.value) else {
            answer.fail(
                "what exactly goes out is not written",
                "write it into `launch.releases`: artifact, config, and where it says what it is",
            );
            continue;
        };
        identified(case, answer, component, release, launch);
        answer
            .proved(
                case,
                &[],
                "ask what runs what it is, and record the artifact with `--tried`",
            )
            .shows(
                "deploy what is written, or write what is deployed",
                |record| not_tried(record, [release.artifact.as_str()]),
            );
    }
}

fn identified(
    case: &Case<'_>,
    answer: &mut Answer,
    component: &Component,
    release: &Release,
    launch: Option<&Launch>,
) {
    let written = |text: Option<&String>| text.is_some_and(|t| !t.trim().is_empty());
    let keeps_data = component.depends_on.iter().any(|d| {
        let needed = case.package.components.get(&d.component.id);
        needed.is_some_and(|c| c.kind == ComponentKind::Datastore)
    });
    let mut features = launch.into_iter().flat_map(|l| &l.features);
    let switched = features.any(|f| f.component.id == component.id.value);
    answer
        .must(
            is_fixed(&release.artifact),
            format!("`{}` is a name that moves", release.artifact),
            "write the digest or the commit of what was built",
        )
        .must(
            is_fixed(&release.config),
            format!(
                "`{}` does not say which configuration it is",
                release.config
            ),
            "write the version of its configuration",
        )
        .must(
            !keeps_data || written(release.schema.as_ref()),
            "which version its schema has is not written",
            "write `schema:` at the release",
        )
        .must(
            !switched || written(release.flags.as_ref()),
            "how its switches stand is not written",
            "write `flags:` at the release",
        );
}

/// Names that mean something else tomorrow.
const MOVING: &[&str] = &[
    "latest",
    "main",
    "master",
    "stable",
    "head",
    "prod",
    "production",
];

/// Does it name one build, and the same one tomorrow? It has to have a digit, as digests,
/// commits and versions have.
fn is_fixed(version: &str) -> bool {
    let version = version.trim().to_lowercase();
    let last = version.rsplit([':', '/', '@']).next().unwrap_or("");
    !MOVING.contains(&last) && last.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_fixed;

    #[test]
    fn names_that_move_are_told_from_versions() {
        for fixed in [
            "sha256:4f1c0a",
            "1b77547",
            "api@sha256:9",
            "v1.4.2",
            "config-2026-12-01",
        ] {
            assert!(is_fixed(fixed), "{fixed}");
        }
        for moving in [
            "latest",
            "registry.example.com/api:latest",
            "main",
            "",
            "release",
        ] {
            assert!(!is_fixed(moving), "{moving}");
        }
    }
}
