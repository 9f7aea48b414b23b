//! # maintenance-too-wide
//!
//! ## What it does
//! Finds maintenance windows that cover everything, or that come so often that they take more
//! than a quarter of the time.
//!
//! ## Why is this bad?
//! During maintenance nobody is called for what it covers. A window over everything hides the
//! trouble that has nothing to do with the work, and one that is on for a good part of the week
//! is no maintenance: it is a thing that is watched now and then.
//!
//! ## Example
//! ```yaml
//! maintenance:
//!   - id: nightly
//!     name: The nightly backup
//!     when: {repeats: {cron: '0 22 * * *', lasts: 8h}}
//!     reason: backups slow everything down
//! ```
//!
//! ## Instead
//! Name in `what:` what is really being worked on, and make the window as long as the work. For
//! trouble that is normal at night, give the check or the alert a bound that fits it.

use gonogo_model::Diagnostic;

use super::Subject;

pub(super) const CODE: &str = "maintenance-too-wide";

/// The largest share of the time that a window may take, in hundredths.
const PERCENT_MAX: i64 = 25;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (id, window) in &subject.package.maintenance {
        if window.what.is_none() {
            let message = format!("during `{id}` nobody is called for anything");
            found.push(
                Diagnostic::warning(CODE, window.id.span, message)
                    .label("covers everything")
                    .help("name in `what:` the components, checks or alerts that are worked on"),
            );
        }
        if let Some(percent) = window.when.percent().filter(|p| *p > PERCENT_MAX) {
            let message = format!("`{id}` takes {percent} % of the time");
            found.push(
                Diagnostic::warning(CODE, window.id.span, message)
                    .label(format!("more than {PERCENT_MAX} % is no maintenance"))
                    .help("make it as long as the work, or give the alert a bound that fits these hours"),
            );
        }
    }
}
