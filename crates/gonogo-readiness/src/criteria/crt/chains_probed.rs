//! # CRT-02: Certificates are asked for as clients ask, the old ones too
//!
//! ## Why it matters
//! A browser mends a chain that is incomplete, and knows new roots. A payment terminal, an old
//! phone and one's own service inside do not; they fail while every dashboard is green.
//!
//! ## How it is proved
//! For each `certificate` and `root`: in the last 30 days it was asked for where it is served, on
//! internal and non-HTTP ports as well, with the whole chain checked (`--tried chain`) and from a
//! client with an old trust store (`--tried old-client`). The record is bound to the entry and
//! to the checks that read it.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CRT-02 expiring/app-certificate --result pass --method probe \
//!   --actor ci --tried chain --tried old-client --note "443, 5432 and 636; root store of 2019"
//! ```
//!
//! ## How to meet it
//! List every port that speaks TLS. Ask each with `openssl s_client -showcerts`, once with the
//! system's roots and once with those of the oldest client that customers use.

use gonogo_model::material::MaterialKind;

use crate::criteria::prelude::*;
use crate::criteria::tried::not_tried;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CRT-02",
    title: "Certificates are asked for as clients ask, the old ones too",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("chains_probed.rs"),
    assess,
};

/// What has to have been tried.
const WAYS: &[&str] = &["chain", "old-client"];

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let served = |kind| matches!(kind, MaterialKind::Certificate | MaterialKind::Root);
    for material in case.package.expiring.values().filter(|m| served(m.kind)) {
        let checks: Vec<Subject> = material
            .checks
            .iter()
            .map(|c| Subject::Entity(Kind::Check, c.id.clone()))
            .collect();
        case.entity(answers, material)
            .proved(
                case,
                &checks,
                "ask for it on every port, with the whole chain and from an old client",
            )
            .shows("try that, too, and record it with `--tried`", |record| {
                not_tried(record, WAYS.iter().copied())
            });
    }
}
