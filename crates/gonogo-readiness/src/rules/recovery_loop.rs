//! # recovery-loop
//!
//! ## What it does
//! Finds components whose repair needs something that is down whenever they are: a `recovery`
//! dependency on a component that itself fails with them.
//!
//! ## Why is this bad?
//! The tool is missing exactly when it is needed. Status pages, paging, sign-in and deploy
//! pipelines that stood on what they were to repair have turned short outages into long ones.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: database
//!     depends_on:
//!       - {component: deploy-pipeline, kind: recovery}
//!   - id: deploy-pipeline
//!     depends_on:
//!       - {component: database}
//! ```
//!
//! ## Instead
//! Name a second way that does not need the component, such as a console or a break-glass
//! account, or put the tool elsewhere.

use gonogo_model::Diagnostic;
use gonogo_model::component::{Dependency, DependencyKind};

use super::Subject;
use crate::graph::blast::unrepairable;

pub(super) const CODE: &str = "recovery-loop";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for component in subject.package.components.values() {
        let id = &component.id.value;
        let repaired = |d: &Dependency| d.kind == DependencyKind::Recovery;
        if !component.depends_on.iter().any(repaired) {
            continue;
        }
        let place = subject.graph.component(id);
        let Some((dependency, falls)) = place.and_then(|at| unrepairable(subject.graph, at)) else {
            continue;
        };
        let tool = &dependency.component;
        let message = format!(
            "`{id}` is repaired with `{}`, which is down whenever it is",
            tool.id
        );
        let mut finding =
            Diagnostic::warning(CODE, tool.span, message).label("needed for the repair");
        if let Some(hit) = falls {
            let label = format!("`{}` cannot do without this", tool.id);
            finding = finding.related(hit.because.component.span, label);
        }
        found.push(finding.help("name a way to repair it that does not need it, such as a console or a break-glass account"));
    }
}
