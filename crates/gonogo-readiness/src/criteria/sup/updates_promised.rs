//! # SUP-04: For each severity it is promised when customers hear, from whom, and who stands in
//!
//! ## Why it matters
//! Customers forgive an outage sooner than silence. A promise without a second person is broken
//! by the first holiday.
//!
//! ## How it is proved
//! From the package: SEV1, SEV2 and SEV3 have a communication rule with an owner and another role
//! as backup, both held by somebody; SEV1 speaks within 15 minutes and then every 30 or sooner.
//!
//! ## Example
//! ```yaml
//! comms:
//!   rules:
//!     - {severity: SEV1, first_update: 10m, cadence: 20m, owner: writer, backup: second-writer, templates: [investigating]}
//! ```
//!
//! ## How to meet it
//! Promise what you can keep at night, and name somebody else as backup.

use gonogo_model::alert::Severity;

use crate::criteria::people;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-04",
    title: "For each severity it is promised when customers hear, from whom, and who stands in",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("updates_promised.rs"),
    assess,
};

/// How soon customers hear of the worst, at the latest, from when it was noticed.
const FIRST: Duration = Duration::from_mins(15);
/// How often then, at least.
const CADENCE: Duration = Duration::from_mins(30);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let rules = case.package.comms.as_ref().map_or(&[][..], |c| &c.rules);
    let answer = answers.about(Subject::Comms, None, 1);
    for severity in [Severity::Sev1, Severity::Sev2, Severity::Sev3] {
        let Some(rule) = rules.iter().find(|r| r.severity.value == severity) else {
            answer.fail(
                format!("nothing is promised for {severity}"),
                "write a rule for it in `comms`",
            );
            continue;
        };
        let first = people::first(case, &rule.owner.id, case.now);
        let second = rule
            .backup
            .as_ref()
            .and_then(|b| people::first(case, &b.id, case.now));
        answer
            .must(
                first.is_some(),
                format!(
                    "nobody holds `{}`, which writes for {severity}",
                    rule.owner.id
                ),
                "give the role a holder in `roles`",
            )
            .must(
                second.is_some(),
                format!("nobody stands in for whoever writes for {severity}"),
                "write `backup:`, a role that somebody else holds",
            );
        if let (Some(first), Some(second)) = (first, second) {
            answer.must(
                first.id.value != second.id.value,
                format!(
                    "`{}` stands in for themselves at {severity}",
                    first.id.value
                ),
                "write a `backup:` that somebody else holds",
            );
        }
        if severity == Severity::Sev1 {
            answer
                .must(
                    rule.first_update <= FIRST,
                    format!("the first word of SEV1 comes after {}", rule.first_update),
                    "promise it within 15 minutes",
                )
                .must(
                    rule.cadence <= CADENCE,
                    format!("SEV1 is written about every {}", rule.cadence),
                    "write every 30 minutes or sooner",
                );
        }
    }
}
