//! # forward-in-the-path
//!
//! ## What it does
//! Finds sources that forward to a component which does not say that it depends on the one that
//! forwards.
//!
//! ## Why is this bad?
//! Forwarding puts gonogo between the provider and the product: while it is down nothing arrives,
//! until the provider repeats it. That is a hard dependency. The graph has the edge whether or not
//! it is written, but nobody has said what happens then, and what to do.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: fivetran
//!     kind: fivetran
//!     forward: {url: "https://hooks.example.com/fivetran", to: billing, through: gonogo}
//! components:
//!   - id: billing
//!     depends_on: []
//! ```
//!
//! ## Instead
//! Write the dependency, what happens without it, and what is done then:
//! `depends_on: [{component: gonogo, when_it_fails: "Fivetran repeats for 24 hours", runbook: …}]`.

use gonogo_model::Diagnostic;

use super::Subject;

pub(super) const CODE: &str = "forward-in-the-path";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let package = subject.package;
    for source in package.sources.values() {
        let Some(forward) = &source.forward else {
            continue;
        };
        let Some(to) = package.components.get(&forward.to.id) else {
            continue;
        };
        // The edge that loading added points at the forwarding itself.
        let written = to.depends_on.iter().any(|d| {
            d.component.id == forward.through.id && d.component.span != forward.through.span
        });
        if !written {
            let message = format!(
                "what `{}` sends reaches `{}` only while `{}` works, and nothing says so",
                source.id.value, forward.to.id, forward.through.id
            );
            found.push(
                Diagnostic::warning(CODE, forward.through.span, message)
                    .label("a hard dependency from now on")
                    .related(to.id.span, format!("`depends_on` does not name `{}`", forward.through.id))
                    .help(format!(
                        "write it there, with what happens then: `depends_on: [{{component: {}, when_it_fails: …}}]`",
                        forward.through.id
                    )),
            );
        }
    }
}
