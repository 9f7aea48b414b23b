//! # scenario-inject-unknown
//!
//! ## What it does
//! Finds expectations of a scenario whose `after` names an inject that the scenario does not have.
//!
//! ## Why is this bad?
//! The time has no beginning, so what was to be proven is not.
//!
//! ## Example
//! ```yaml
//! scenarios:
//!   - id: outage
//!     injects:
//!       - {id: database-fails, at: 5m, note: The database stops.}
//!     expect:
//!       - {that: {fires: cloud-down}, after: databse-fails, within: 3m}
//! ```
//!
//! ## Instead
//! Name one of the scenario's own injects; without `after` the time counts from its start.

use gonogo_model::Diagnostic;
use gonogo_model::diagnostic::did_you_mean;

use super::Subject;
use crate::report::counted;

pub(super) const CODE: &str = "scenario-inject-unknown";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for scenario in subject.package.scenarios.values() {
        let injects = || scenario.injects.iter().map(|i| i.id.value.as_str());
        let after = scenario.expect.iter().filter_map(|e| e.after.as_ref());
        found.extend(
            after
                .filter(|a| !injects().any(|i| a.value == i))
                .map(|after| {
                    let message = format!(
                        "the scenario `{}` has no inject `{}`",
                        scenario.id.value, after.value
                    );
                    let finding =
                        Diagnostic::error(CODE, after.span, message).label("no such inject");
                    match did_you_mean(after.value.as_str(), injects()) {
                        Some(near) => finding.help(format!("did you mean `{near}`?")),
                        None => finding.help(format!(
                            "name one of its {}",
                            counted(scenario.injects.len(), "inject")
                        )),
                    }
                }),
        );
    }
}
