//! # CAP-02: Twice the expected peak was carried by what is launched
//!
//! ## Why it matters
//! Estimates are wrong by half, in either direction. A test at the expected number proves the
//! case in which nothing surprising happens.
//!
//! ## How it is proved
//! By the report of a load test of the last 90 days, about the journey of the demand, or about
//! the package where none is written. The number that was carried (`measured`, in the unit of
//! `launch.demand`) is at least twice its peak; the record names the artifacts that are released
//! (`tried`), and is bound to the components under that journey, or to all that is deployed.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CAP-02 journey/pay --result pass --method artifact --actor ci \
//!   --measured 1900 --tried sha256:4f1c0a77e6b1 --note "1900 orders an hour for 30 min, p95 410 ms"
//! ```
//!
//! ## How to meet it
//! Drive twice the peak, with the mix that is written, against the artifacts and the
//! configuration that go out, for as long as the peak lasts.

use super::{about_demand, artifacts, demand, under_demand};
use crate::criteria::prelude::*;
use crate::criteria::tried::not_tried;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-02",
    title: "Twice the expected peak was carried by what is launched",
    classes: &[Class::Artifact],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("load_tested.rs"),
    assess,
};

/// How many times the expected peak has to be carried.
const MARGIN: u64 = 2;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let under = under_demand(case);
    let artifacts = artifacts(case, &under);
    let wanted = demand(case).map(|d| (d.peak.saturating_mul(MARGIN), d.unit.as_str()));
    let answer = about_demand(case, answers);
    if wanted.is_none() {
        answer.unknown(
            "what is expected to come is not written, so no test can be large enough",
            "write `launch.demand`",
        );
    }
    answer
        .proved(
            case,
            &under,
            "drive twice the peak against what is launched, and record what it carried",
        )
        .shows("test again, with more", |record| {
            let (wanted, unit) = wanted?;
            match record.measured {
                None => Some((
                    State::Unknown,
                    "the record does not say how much was carried".into(),
                )),
                Some(carried) if carried < wanted => Some((
                    State::Fail,
                    format!("{carried} {unit} were carried, and twice the peak is {wanted}"),
                )),
                Some(_) => None,
            }
        })
        .shows("test what is released", |record| {
            not_tried(record, artifacts)
        });
}
