//! # RSK-08: People imagined that the launch had failed, and what they said was kept
//!
//! ## Why it matters
//! Asked what could go wrong, people defend the plan. Asked why it did go wrong, they know, and
//! the quiet ones know most.
//!
//! ## How it is proved
//! From the package: the launch's `premortem` has items, and each became a failure mode or says
//! why it was dismissed. Then somebody's word, by name, that it was held with those who run and
//! support what is launched.
//!
//! ## Example
//! ```yaml
//! package:
//!   launch:
//!     premortem:
//!       - {what: The webhook secret was rotated and nobody told us, became: [webhooks-refused]}
//!       - {what: A meteor, dismissed: Nothing we would do differently.}
//! ```
//!
//! ## How to meet it
//! Twenty minutes, everybody writes for themselves: it is the day after and it failed, why?
//! Collect, make failure modes of what is new, and record the meeting.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-08",
    title: "People imagined that the launch had failed, and what they said was kept",
    classes: &[Class::Lint, Class::Attestation],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("premortem.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let launch = header.and_then(|h| h.launch.as_ref());
    let concerns = launch.map_or(&[][..], |l| &l.premortem);
    let answer = answers.about_package(case);
    answer.must(
        !concerns.is_empty(),
        "nothing is kept of a pre-mortem",
        "write what was said into `premortem` of the launch",
    );
    for concern in concerns {
        let dismissed = concern.dismissed.as_ref();
        let settled = !concern.became.is_empty() || dismissed.is_some_and(|d| !d.trim().is_empty());
        answer.must(
            settled,
            format!("nothing came of \"{}\"", concern.what),
            "name the failure mode that it became, or say why it is dismissed",
        );
    }
    answer.proved(
        case,
        &[],
        "hold it with those who run and support what is launched, and record who was there",
    );
}
