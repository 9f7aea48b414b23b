//! # duplicate-public-name
//!
//! ## What it does
//! Finds components that customers would see under the same name and heading.
//!
//! ## Why is this bad?
//! The status page shows two lines that read the same, one green and one red.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: dataface-cloud
//!     public: {name: Dashboards}
//!   - id: query-cache
//!     public: {name: Dashboards}
//! ```
//!
//! ## Instead
//! Give them names that customers can tell apart, or take one off the page.

use std::collections::BTreeMap;

use gonogo_model::Diagnostic;

use super::Subject;

pub(super) const CODE: &str = "duplicate-public-name";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for component in subject.package.components.values() {
        let Some(public) = &component.public else {
            continue;
        };
        let shown = (
            public.group.as_deref().unwrap_or("").to_lowercase(),
            public.name.to_lowercase(),
        );
        let Some(first) = seen.get(&shown) else {
            seen.insert(shown, component);
            continue;
        };
        let message = format!("customers would see \"{}\" twice", public.name);
        found.push(
            Diagnostic::warning(CODE, component.id.span, message)
                .label("shown by this name")
                .related(first.id.span, "and this one too")
                .help("give them names that customers can tell apart, or take one off the page"),
        );
    }
}
