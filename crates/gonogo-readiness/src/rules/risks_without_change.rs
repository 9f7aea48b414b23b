//! # risks-without-change
//!
//! ## What it does
//! Finds a risk register in which failure modes say what sets them off, and none of them is a
//! deployment, a change of configuration, a vendor or something that expires.
//!
//! ## Why is this bad?
//! Most outages begin with a change that somebody made, one's own or a vendor's, or with a date
//! that somebody forgot. A register without any of them has no runbook, no alert and no
//! rehearsal for the likeliest nights.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - {id: slow, name: It is slow under load, trigger: capacity}
//!   - {id: disk-dies, name: A disk dies, trigger: hardware}
//!   - {id: mistyped, name: Somebody deletes the wrong row, trigger: human}
//!   - {id: race, name: Two writers race, trigger: defect}
//! ```
//!
//! ## Instead
//! Write at least one failure mode for a release that does not work, one for a setting or a
//! file that is pushed, one for each vendor that a critical journey needs, and one for each
//! certificate, domain and token.

use gonogo_model::Diagnostic;
use gonogo_model::risk::Trigger;

use super::Subject;
use super::triggered::triggered;

pub(super) const CODE: &str = "risks-without-change";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(modes) = triggered(subject.package) else {
        return;
    };
    let likely = |trigger: Trigger| {
        matches!(
            trigger,
            Trigger::Deploy | Trigger::Config | Trigger::Vendor | Trigger::Expiry
        )
    };
    let Some((first, _)) = modes.first() else {
        return;
    };
    if modes.iter().any(|(_, trigger)| likely(*trigger)) {
        return;
    }
    let message = format!(
        "none of {} failure modes is set off by a change, a vendor or an expiry",
        modes.len()
    );
    found.push(
        Diagnostic::warning(CODE, first.id.span, message)
            .label("the first of them")
            .help("most outages begin with one of these: write what a bad release, a bad setting, a vendor and an expiry would do"),
    );
}
