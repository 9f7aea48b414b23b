//! # google-source-without-account
//!
//! ## What it does
//! Finds sources of kind `google-pubsub` that do not say whose tokens they take.
//!
//! ## Why is this bad?
//! Google signs a token for every service account of every customer. Only the account tells
//! yours from a stranger's, so without it everything that is pushed to the source is refused.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: google
//!     kind: google-pubsub
//! ```
//!
//! ## Instead
//! Name the account of the push subscription, as in
//! `service_account: gonogo-push@my-project.iam.gserviceaccount.com`, or `${env:GOOGLE_PUSH_ACCOUNT}`.

use gonogo_model::Diagnostic;
use gonogo_model::source::Provider;

use super::Subject;

pub(super) const CODE: &str = "google-source-without-account";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in subject.package.sources.values() {
        if source.kind != Provider::GooglePubsub || source.service_account.is_some() {
            continue;
        }
        let message = format!("`{}` refuses everything that it is sent", source.id.value);
        found.push(
            Diagnostic::error(CODE, source.id.span, message)
                .label("no `service_account`")
                .help(
                    "name the account of the push subscription: \
                     `service_account: gonogo-push@my-project.iam.gserviceaccount.com`",
                ),
        );
    }
}
