//! # burn-can-never-fire
//!
//! ## What it does
//! Finds `slo_burn` alerts that cannot fire even if everything fails. The error budget can burn at
//! most `1 / (1 - target)` times too fast; the alert waits for the rate at which the window's
//! share of the budget is gone.
//!
//! ## Why is this bad?
//! The alert looks like protection and is none. It happens with low targets, where little is
//! promised and so little can be broken quickly.
//!
//! ## Example
//! ```yaml
//! slos:
//!   - id: syncs
//!     sli: {flow_success: fivetran-sync-ends}
//!     target: 90%              # at worst the budget burns 10 times too fast
//! alerts:
//!   - id: syncs-burn
//!     when: {slo_burn: {slo: syncs, speed: fast}}   # waits for 13.44 times
//! ```
//!
//! ## Instead
//! Use a slower `speed`, a higher target, or a plain bound: `flow_failing` with `below`.

use gonogo_model::Diagnostic;
use gonogo_model::alert::{BurnSpeed, Condition};
use gonogo_model::slo::Slo;

use super::Subject;

pub(super) const CODE: &str = "burn-can-never-fire";

const PPM: u128 = 1_000_000;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        let Condition::SloBurn(burn) = &alert.when else {
            continue;
        };
        let Some(slo) = subject.package.slos.get(&burn.slo.id) else {
            continue;
        };
        // A budget in counts can always be used up.
        if slo.budget_events.is_some() {
            continue;
        }
        let factor = factor_ppm(slo, burn.speed);
        let allowed = PPM - u128::from(slo.target.ppm());
        // All bad is a share of 1, and it fires from factor × allowed on.
        if factor * allowed <= PPM * PPM {
            continue;
        }
        let (waits, worst) = (decimal(factor), decimal(PPM * PPM / allowed.max(1)));
        let message = format!(
            "the alert `{}` can never fire, even if everything fails",
            alert.id.value
        );
        found.push(
            Diagnostic::warning(CODE, burn.slo.span, message)
                .label(format!(
                    "waits until the budget burns {waits} times too fast"
                ))
                .related(
                    slo.id.span,
                    format!(
                        "with a target of {} it burns at most {worst} times too fast",
                        slo.target
                    ),
                )
                .help("use a slower `speed`, a higher target, or `flow_failing` with `below`"),
        );
    }
}

/// How many times too fast the budget has to burn, in parts per million: the share of the
/// budget, times the SLO's window, over the long window of the pair (SRE workbook, table 5-8).
fn factor_ppm(slo: &Slo, speed: BurnSpeed) -> u128 {
    u128::from(speed.rate_ppm(slo.period()))
}

fn decimal(ppm: u128) -> String {
    let text = format!("{}.{:02}", ppm / PPM, ppm % PPM / 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
