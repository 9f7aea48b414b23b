//! # runbook-dead-link
//!
//! ## What it does
//! Finds names in runbooks that lead nowhere: a link to a file that the package does not have, a
//! role, team, alert, component, runbook or template that it does not declare, an `approver` who
//! is no role, a `preview` that is no step.
//!
//! A name counts as one where its form says so: `` `alert/charge-not-recorded` ``, the word for it
//! beside it (``the role `lead` ``), or the first word of a list under `Trigger`. Anything else
//! in backticks may be a command.
//!
//! ## Why is this bad?
//! Whoever follows the runbook at night follows it there, finds nothing, and no longer trusts
//! the rest. Names die quietly: somebody renames a role, and the text stays.
//!
//! ## Example
//! ```markdown
//! ## Escalate
//!
//! After 30 minutes call the role `archtect`, and go on with [the database](databse-down.md).
//! ```
//!
//! ## Instead
//! Name what there is, or take the sentence away: the role `architect`, and a link to the file
//! `database-down.md`.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::mentions;

pub(super) const CODE: &str = "runbook-dead-link";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for runbook in subject.package.runbooks.values() {
        for dead in mentions::dead(subject.package, subject.text, runbook) {
            let message = format!(
                "the runbook `{}` names the {} `{}`, which is not there",
                runbook.id.value, dead.what, dead.name
            );
            let finding = Diagnostic::warning(CODE, dead.span, message).label("leads nowhere");
            found.push(match dead.near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("name what there is, or take it away"),
            });
        }
    }
}
