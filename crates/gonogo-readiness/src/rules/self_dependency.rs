//! # self-dependency
//!
//! ## What it does
//! Finds components that say they depend on themselves.
//!
//! ## Why is this bad?
//! The edge says nothing, and it hides the one that was meant.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: billing-ledger
//!     depends_on:
//!       - {component: billing-ledger}
//! ```
//!
//! ## Instead
//! Name what it really needs, such as its database, or take the line away.

use gonogo_model::Diagnostic;

use super::Subject;

pub(super) const CODE: &str = "self-dependency";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for component in subject.package.components.values() {
        let id = &component.id;
        let own = component
            .depends_on
            .iter()
            .filter(|d| d.component.id == id.value);
        found.extend(own.map(|dependency| {
            let message = format!("`{}` depends on itself", id.value);
            Diagnostic::error(CODE, dependency.component.span, message)
                .label("this is the component itself")
                .related(id.span, "declared here")
                .help("name what it really needs, or take the line away")
        }));
    }
}
