//! # source-silent-without-bound
//!
//! ## What it does
//! Finds `source_silent` alerts on a source that does not say how long it may be silent.
//!
//! ## Why is this bad?
//! Without `silent_after` silence never begins, so the alert can never fire.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: fivetran
//!     kind: fivetran
//! alerts:
//!   - id: fivetran-silent
//!     when: {source_silent: {source: fivetran}}
//! ```
//!
//! ## Instead
//! Write the longest silence that is still normal, such as `silent_after: 6h`, on the source.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Condition;

use super::Subject;

pub(super) const CODE: &str = "source-silent-without-bound";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        let Condition::SourceSilent(silent) = &alert.when else {
            continue;
        };
        let Some(source) = subject.package.sources.get(&silent.source.id) else {
            continue;
        };
        if source.silent_after.is_none() {
            let message = format!("the alert `{}` can never fire", alert.id.value);
            found.push(
                Diagnostic::error(CODE, silent.source.span, message)
                    .label("this source has no bound for its silence")
                    .related(source.id.span, "no `silent_after` here")
                    .help("write the longest silence that is still normal on the source: `silent_after: 6h`"),
            );
        }
    }
}
