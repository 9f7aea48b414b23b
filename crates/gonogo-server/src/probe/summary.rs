//! Many addresses, one verdict: the worst decides, and the sentence says which and how many.
//!
//! It exists because a name is only as good as its worst machine. Invariant: an address that
//! could not be asked keeps the whole from being green, with one exception: a family of
//! addresses that this machine cannot reach at all.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::outcome::{AddressOutcome, Reason, Verdict, code};
use super::prober::{Extra, Finding};

/// The worst address decides; the sentence says which and how many.
pub(super) fn summarize(addresses: Vec<AddressOutcome>, total: usize, host: &str) -> Finding {
    let worst = addresses
        .iter()
        .filter(|outcome| !is_set_aside(outcome, &addresses))
        .reduce(|worst, next| if is_worse(next, worst) { next } else { worst });
    let Some(worst) = worst else {
        return Finding::of(Reason::failing(
            code::DNS_NOT_FOUND,
            format!("{host} has no address."),
        ));
    };
    let same = addresses
        .iter()
        .filter(|outcome| outcome.verdict == worst.verdict)
        .count();
    let mut detail = match (addresses.len(), worst.verdict) {
        (1, _) => worst.detail.clone(),
        (n, Verdict::Ok) => format!(
            "{same} of {n} addresses of {host} serve {}. {}",
            certificates(&addresses),
            worst.detail
        ),
        (n, Verdict::Failing) => {
            format!("{same} of {n} addresses of {host} fail: {}", worst.detail)
        }
        (n, Verdict::Unknown) => format!(
            "{same} of {n} addresses of {host} could not be asked: {}",
            worst.detail
        ),
    };
    if total > addresses.len() {
        detail.push_str(&format!(
            " Only {} of {total} addresses were asked.",
            addresses.len()
        ));
    }
    for outcome in &addresses {
        if is_set_aside(outcome, &addresses) {
            detail.push_str(&format!(" Not counted: {}", outcome.detail));
        }
    }
    Finding {
        registration: None,
        reason: Reason {
            verdict: worst.verdict,
            code: worst.code,
            detail,
        },
        phases: worst.phases,
        certificate: worst.certificate.clone(),
        addresses,
        extra: Extra::default(),
    }
}

/// A machine without IPv6 (or IPv4) must not turn every dual-stack name into "unknown": a
/// family without any route is set aside when the other family was reached.
fn is_set_aside(outcome: &AddressOutcome, all: &[AddressOutcome]) -> bool {
    let no_route = |o: &AddressOutcome| o.code == code::NETWORK_UNREACHABLE;
    let family = |o: &AddressOutcome| o.address.is_ipv4();
    no_route(outcome)
        && all
            .iter()
            .all(|o| family(o) != family(outcome) || no_route(o))
        && all
            .iter()
            .any(|o| family(o) != family(outcome) && !no_route(o))
}

fn is_worse(one: &AddressOutcome, other: &AddressOutcome) -> bool {
    let expiry = |outcome: &AddressOutcome| {
        outcome
            .certificate
            .as_ref()
            .map_or(Timestamp::MAX, |facts| facts.earliest_chain_expiry)
    };
    one.verdict > other.verdict
        || (one.verdict == other.verdict
            && one.verdict == Verdict::Ok
            && expiry(one) < expiry(other))
}

/// One certificate everywhere, or a renewal that has not reached every machine.
fn certificates(addresses: &[AddressOutcome]) -> String {
    let served: BTreeSet<&str> = addresses
        .iter()
        .filter_map(|outcome| outcome.certificate.as_ref())
        .map(|facts| facts.fingerprint_sha256.as_str())
        .collect();
    match served.len() {
        0 | 1 => "a valid certificate".to_owned(),
        n => format!("valid certificates, {n} different ones"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Phases;
    use super::*;

    fn outcome(address: &str, reason: Reason) -> AddressOutcome {
        AddressOutcome {
            address: address.parse().unwrap(),
            verdict: reason.verdict,
            code: reason.code,
            detail: reason.detail,
            took: std::time::Duration::ZERO,
            phases: Phases::default(),
            certificate: None,
        }
    }

    fn no_route() -> Reason {
        Reason::unknown(code::NETWORK_UNREACHABLE, "This machine has no route.")
    }

    #[test]
    fn a_machine_without_ipv6_still_judges_dual_stack_names() {
        let v4 = outcome("192.0.2.1:443", Reason::ok("Fine."));
        let v6 = outcome("[2001:db8::1]:443", no_route());
        let finding = summarize(vec![v4, v6], 2, "example.com");
        assert_eq!(finding.reason.verdict, Verdict::Ok);
        assert!(finding.reason.detail.contains("Not counted"));
    }

    #[test]
    fn without_any_route_nothing_can_be_told() {
        let v4 = outcome("192.0.2.1:443", no_route());
        let v6 = outcome("[2001:db8::1]:443", no_route());
        let finding = summarize(vec![v4, v6], 2, "example.com");
        assert_eq!(finding.reason.verdict, Verdict::Unknown);
        assert_eq!(finding.reason.code, code::NETWORK_UNREACHABLE);
    }

    #[test]
    fn a_route_to_half_of_a_family_is_no_excuse() {
        let one = outcome("192.0.2.1:443", Reason::ok("Fine."));
        let other = outcome("192.0.2.2:443", no_route());
        let finding = summarize(vec![one, other], 2, "example.com");
        assert_eq!(finding.reason.verdict, Verdict::Unknown);
    }
}
