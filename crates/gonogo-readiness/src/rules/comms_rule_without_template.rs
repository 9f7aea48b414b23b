//! # comms-rule-without-template
//!
//! ## What it does
//! Finds severities of paging alerts for which nothing is promised to customers, and rules that
//! lack the text for a state.
//!
//! ## Why is this bad?
//! The first words to customers are then written during the outage, by whoever has the least
//! time. Without a rule there is not even somebody who has to.
//!
//! ## Example
//! ```yaml
//! comms:
//!   rules:
//!     - severity: SEV1
//!       first_update: 10m
//!       cadence: 20m
//!       owner: support-lead
//!       templates: [investigating]
//! ```
//!
//! ## Instead
//! Have a rule for each severity that pages, with a template for each of the four states.

use std::collections::BTreeMap;

use gonogo_model::Diagnostic;
use gonogo_model::alert::{Severity, Urgency};
use gonogo_model::comms::{CommsRule, PublicState};
use gonogo_model::decode::list_of;

use super::Subject;

pub(super) const CODE: &str = "comms-rule-without-template";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let package = subject.package;
    let rules: &[CommsRule] = package.comms.as_ref().map_or(&[], |c| &c.rules);
    let mut paging: BTreeMap<Severity, _> = BTreeMap::new();
    for alert in package
        .alerts
        .values()
        .filter(|a| a.urgency == Urgency::Page)
    {
        paging.entry(alert.severity).or_insert(alert);
    }
    for (severity, alert) in paging {
        if rules.iter().any(|r| r.severity.value == severity) {
            continue;
        }
        let message = format!("nothing is promised to customers for {severity}");
        found.push(
            Diagnostic::warning(CODE, alert.id.span, message)
                .label(format!("this alert is {severity} and pages"))
                .help(format!("add a rule with `severity: {severity}` to `comms`")),
        );
    }
    for rule in rules {
        let has = |state: &PublicState| {
            let templates = rule
                .templates
                .iter()
                .filter_map(|t| package.templates.get(&t.id));
            templates.into_iter().any(|t| t.head.state == *state)
        };
        let missing: Vec<&str> = PublicState::ALL
            .iter()
            .filter(|s| !has(s))
            .map(|s| s.word())
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "the rule for {} has no text for {}",
                rule.severity.value,
                list_of(&missing)
            );
            found.push(
                Diagnostic::warning(CODE, rule.severity.span, message)
                    .label("it would have to be written during the outage")
                    .help(
                        "write a file for each below `comms/templates/` and name it in `templates`",
                    ),
            );
        }
    }
}
