//! # source-alerts-unowned
//!
//! ## What it does
//! Finds sources of alerts of other tools (`alertmanager`, `grafana`, `pagerduty`) that name
//! neither a component nor a team.
//!
//! ## Why is this bad?
//! What no alert of the package takes goes to the owner of the source. Without one it goes to
//! the operators of gonogo, who know nothing of it, or as a ticket to nobody at all.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: prometheus
//!     kind: alertmanager
//! ```
//!
//! ## Instead
//! Name the source's `component` or `team`; or take everything else with an alert that has
//! `rest: true` and a team; or write `unmatched: list` where it is enough to see them on the page.

use gonogo_model::Diagnostic;
use gonogo_model::external::implied;

use super::Subject;

pub(super) const CODE: &str = "source-alerts-unowned";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in subject.package.sources.values() {
        let goes_on = implied(source, subject.package).is_some();
        if !goes_on || source.component.is_some() || source.team.is_some() {
            continue;
        }
        let message = format!(
            "nobody owns what `{}` raises and no alert takes",
            source.id.value
        );
        found.push(
            Diagnostic::warning(CODE, source.id.span, message)
                .label("no component and no team")
                .help("name the source's `component` or `team`, or write `unmatched: list`"),
        );
    }
}
