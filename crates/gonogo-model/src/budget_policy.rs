//! What is agreed to happen when an error budget is used up.

use crate::alert::BurnSpeed;
use crate::component::Component;
use crate::decode::record;
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::launch::ChangeType;
use crate::slo::Slo;
use crate::team::Role;
use crate::text::Spanned;

record! {
    /// An agreement of what may no longer be changed while an error budget is used up (SRE
    /// workbook, "Error Budget Policy").
    pub struct ErrorBudgetPolicy as "an error budget policy" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The SLOs whose budgets it is about.
        pub slos: Vec<Ref<Slo>>,
        /// The components that are frozen; all, where none is written.
        pub components: Vec<Ref<Component>>,
        /// Does a budget that is used up freeze them?
        pub on_exhausted: bool = true,
        /// Does a budget that burns this fast freeze them, for as long as it does?
        pub on_burn: Option<BurnSpeed>,
        /// How long a freeze lasts at least, so that it does not flicker.
        pub at_least: Duration = Duration::ZERO,
        /// What may pass nevertheless.
        pub exceptions: Vec<FreezeException>,
        /// Who may let something else through.
        pub override_by: Option<Ref<Role>>,
    }
}
entity!(ErrorBudgetPolicy, ErrorBudgetPolicy);

record! {
    /// What may pass a freeze.
    pub struct FreezeException as "an exception to a freeze" {
        /// The word that a pipeline says it with: `--exception security-fix`.
        pub id: Id,
        /// What it is: "Fixes of security holes and of what used up the budget".
        pub name: String,
        /// Only changes of these sorts; all, where none is written.
        pub changes: Vec<ChangeType>,
    }
}
