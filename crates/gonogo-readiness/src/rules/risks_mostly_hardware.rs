//! # risks-mostly-hardware
//!
//! ## What it does
//! Finds a risk register in which more than half of the failure modes that say what sets them
//! off say `hardware`: a broken machine, a lost location.
//!
//! ## Why is this bad?
//! It looks where outages do not come from. In the postmortems that Google counted from 2010 to
//! 2017, hardware set off one in fifty, and a push of a binary or of configuration two in three
//! (The Site Reliability Workbook, appendix C). A register that is the other way round prepares
//! for the wrong night.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - {id: disk-dies, name: A disk dies, trigger: hardware}
//!   - {id: rack-dies, name: A rack loses power, trigger: hardware}
//!   - {id: region-dies, name: The region is lost, trigger: hardware}
//!   - {id: bad-release, name: A release does not work, trigger: deploy}
//! ```
//!
//! ## Instead
//! Go through the last year's incidents, one's own and one's vendors', and write down what set
//! each off. Ask of every component what a bad release, a bad setting, an expired certificate
//! and a change at a vendor would do to it.

use gonogo_model::Diagnostic;
use gonogo_model::risk::Trigger;

use super::Subject;
use super::triggered::triggered;

pub(super) const CODE: &str = "risks-mostly-hardware";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(modes) = triggered(subject.package) else {
        return;
    };
    let hardware = || modes.iter().filter(|(_, t)| *t == Trigger::Hardware);
    let count = hardware().count();
    if count * 2 <= modes.len() {
        return;
    }
    let mut named = hardware();
    let Some((first, _)) = named.next() else {
        return;
    };
    let message = format!(
        "{count} of {} failure modes are set off by hardware or a location",
        modes.len()
    );
    let mut finding =
        Diagnostic::warning(CODE, first.id.span, message).label("set off by `hardware`");
    if let Some((second, _)) = named.next() {
        finding = finding.related(second.id.span, "and so is this");
    }
    found.push(finding.help(
        "ask of each component what a bad release, a bad setting, an expiry and a vendor would do to it",
    ));
}
