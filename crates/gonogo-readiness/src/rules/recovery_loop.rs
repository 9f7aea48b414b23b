//! # recovery-loop
//!
//! ## What it does
//! Finds components whose repair needs something that is down whenever they are: a `recovery`
//! dependency on a component that itself fails with them. It also finds uses (`used_for`) of
//! which nothing is left when something fails that a critical journey stands on: the only
//! deploy pipeline in the region that it deploys to. A failure mode of what fails that somebody
//! has accepted settles the latter.
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
//! account, or put the tool elsewhere. Two components with the same `used_for`, and two members
//! of one `recovery` group, stand in for one another.

use gonogo_model::Diagnostic;
use gonogo_model::component::Dependency;

use super::Subject;
use crate::graph::recovery::{Loop, What, loops};
use crate::report::counted;

pub(super) const CODE: &str = "recovery-loop";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let loops = loops(subject.package, subject.graph);
    let mut last = None;
    for (number, l) in loops.iter().enumerate() {
        match l.what {
            What::Repair(dependency) => found.push(repair(l, dependency)),
            What::Use(_) if l.accepted.is_some() => {}
            What::Use(to) => {
                // One use is said once, for the nearest cause.
                if last != Some(to) {
                    let same = |other: &&Loop<'_>| {
                        matches!(other.what, What::Use(other) if other == to)
                            && other.accepted.is_none()
                    };
                    let others = loops[number + 1..].iter().filter(same).count();
                    found.extend(use_lost(l, to.word(), others));
                }
                last = Some(to);
            }
        }
    }
}

fn repair(l: &Loop<'_>, dependency: &Dependency) -> Diagnostic {
    let (id, tool) = (&l.cause.id.value, &dependency.component);
    let message = format!(
        "`{id}` is repaired with `{}`, which is down whenever it is",
        tool.id
    );
    let mut finding = Diagnostic::warning(CODE, tool.span, message).label("needed for the repair");
    if let Some(needed) = l.path.first() {
        let label = format!("`{}` cannot do without this", tool.id);
        finding = finding.related(needed.component.span, label);
    }
    finding.help(
        "name a way to repair it that does not need it, such as a console or a break-glass account",
    )
}

fn use_lost(l: &Loop<'_>, to: &str, others: usize) -> Option<Diagnostic> {
    let tool = l.tools.first()?;
    let (id, cause) = (&tool.id.value, &l.cause.id.value);
    let tools: Vec<String> = l
        .tools
        .iter()
        .map(|t| format!("`{}`", t.id.value))
        .collect();
    let verb = if tools.len() > 1 { "fail" } else { "fails" };
    let message = format!(
        "nothing is left for {to} when `{cause}` fails: {} {verb} with it",
        tools.join(" and ")
    );
    let mut finding =
        Diagnostic::warning(CODE, tool.id.span, message).label(format!("used for {to}"));
    for (at, needed) in l.path.iter().enumerate() {
        let who = match at {
            0 => id,
            _ => &l.path[at - 1].component.id,
        };
        finding = finding.related(
            needed.component.span,
            format!("`{who}` cannot do without this"),
        );
    }
    if others > 0 {
        let more = counted(others, "more component");
        finding = finding.help(format!(
            "{more} would take it along; `gonogo graph recovery` lists them"
        ));
    }
    Some(finding.help(format!(
        "name a second way (`used_for: [{to}]`) that does not need `{cause}`, or accept it in a failure mode of `{cause}`"
    )))
}
