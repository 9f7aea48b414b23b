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

use gonogo_model::{Diagnostic, Package};

pub(super) const CODE: &str = "self-dependency";

pub(super) fn ask(package: &Package, found: &mut Vec<Diagnostic>) {
    for component in package.components.values() {
        let own = component
            .depends_on
            .iter()
            .filter(|d| d.component.id == component.id.value);
        found.extend(own.map(|dependency| {
            Diagnostic::error(
                CODE,
                dependency.component.span,
                format!("`{}` depends on itself", component.id.value),
            )
            .label("this is the component itself")
            .related(component.id.span, "declared here")
            .help("name what it really needs, or take the line away")
        }));
    }
}
