//! # SUP-03: Words are ready for each severity and each state, and read well
//!
//! ## Why it matters
//! Nobody writes well at three in the morning. What is sent then was written before, or it is
//! late.
//!
//! ## How it is proved
//! From the package: each communication rule has a template for investigating, identified,
//! monitoring and resolved, and none of them breaks a rule of wording, in its headline or in its
//! text (`gonogo explain template-wording` lists them).
//!
//! ## Example
//! ```yaml
//! comms:
//!   rules:
//!     - severity: SEV1
//!       templates: [investigating, identified, monitoring, resolved]
//! ```
//!
//! ## How to meet it
//! Write the four texts once and name them in each rule; `gonogo check` shows the line of each
//! word that should not be sent.

use gonogo_model::comms::PublicState;

use crate::wording;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-03",
    title: "Words are ready for each severity and each state, and read well",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("templates_ready.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let Some(comms) = &case.package.comms else {
        let answer = answers.about(Subject::Comms, None, 1);
        answer.fail("nothing says how customers are told", "write `comms:`");
        return;
    };
    let answer = answers.about(Subject::Comms, None, 1);
    answer.must(
        !comms.rules.is_empty(),
        "nothing is promised for any severity, so no words are ready for one",
        "write `rules:` in `comms`",
    );
    for rule in &comms.rules {
        let templates = rule.templates.iter();
        let states: Vec<PublicState> = templates
            .filter_map(|t| case.package.templates.get(&t.id))
            .map(|t| t.head.state)
            .collect();
        for state in PublicState::ALL {
            answer.must(
                states.contains(state),
                format!("{} has no words for `{state}`", rule.severity.value),
                "write a template and name it in `templates`",
            );
        }
    }
    for template in case.package.templates.values() {
        let answer = case.entity(answers, template);
        for finding in wording::template(template) {
            answer.fail(finding.message, finding.help);
        }
    }
}
