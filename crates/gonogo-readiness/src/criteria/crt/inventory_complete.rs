//! # CRT-01: Everything that expires is in the inventory
//!
//! ## Why it matters
//! Nobody forgets to renew what is on the list. What takes a company down is the certificate of
//! the one host that was set up by hand, or the domain that a former colleague bought.
//!
//! ## How it is proved
//! From the package: every name that a check asks over TLS belongs to a `certificate` in
//! `expiring`, and, unless it is a customer's or a vendor's, to a `domain` whose `name` has it.
//! Every entry is read by a check or has a date. And in the last 30 days a sweep of what really
//! listens, of the registrar's list and of the secret store found nothing that is missing.
//!
//! ## Example
//! ```yaml
//! expiring:
//!   - id: app-certificate
//!     name: Certificate of app.example.com
//!     kind: certificate
//!     component: app-domain
//!     checks: [app-certificate]
//!     renewal: by itself, by the certificate manager
//!     owner: platform-lead
//!     notices_to: platform@example.com
//! ```
//!
//! ## How to meet it
//! Export the list of names from DNS, the certificates from the transparency logs, the tokens
//! from the secret store and the renewals from last year's invoices; add what is missing.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::check::{Check, Probe};
use gonogo_model::component::ComponentKind;
use gonogo_model::material::MaterialKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CRT-01",
    title: "Everything that expires is in the inventory",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("inventory_complete.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let inventory = Inventory::of(case);
    for check in case.package.checks.values() {
        let component = case.package.components.get(&check.component.id);
        let kind = component.map(|c| c.kind);
        if !speaks_tls(check) || kind == Some(ComponentKind::Vendor) {
            continue;
        }
        let host = host(check);
        let answer = case.entity(answers, check);
        answer.must(
            inventory.has_certificate(check, host.as_deref()),
            match &host {
                Some(host) => format!("the certificate of `{host}` is in no entry"),
                None => "the certificate that it meets is in no entry".into(),
            },
            "write a `certificate` under `expiring` that names this check",
        );
        if let Some(host) = host.filter(|_| kind != Some(ComponentKind::DomainFleet)) {
            answer.must(
                inventory.has_domain(&host),
                format!("the domain of `{host}` is in no entry"),
                "write a `domain` under `expiring` with the domain in its `name`",
            );
        }
    }
    for material in case.package.expiring.values() {
        let answer = case.entity(answers, material);
        match material.kind {
            MaterialKind::Certificate => answer.must(
                !material.checks.is_empty(),
                "no check reads it where it is served",
                "name the check as `checks:`",
            ),
            _ => answer.must(
                material.expires.is_some() || !material.checks.is_empty(),
                "when it expires is not written, and no check reads it",
                "write `expires:`, or name the check as `checks:`",
            ),
        };
    }
    answers.about_package(case).proved(
        case,
        &[],
        "sweep what listens, the registrar and the secret store, and record what was missing",
    );
}

/// What is listed, by what it can be found by.
struct Inventory<'p> {
    checks: BTreeSet<&'p Id>,
    hosts: BTreeSet<String>,
    domains: BTreeSet<String>,
}

impl<'p> Inventory<'p> {
    fn of(case: &Case<'p>) -> Self {
        let all = case.package.expiring.values();
        let (mut checks, mut hosts, mut domains) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for material in all {
            match material.kind {
                MaterialKind::Certificate => {
                    for check in &material.checks {
                        checks.insert(&check.id);
                        hosts.extend(case.package.checks.get(&check.id).and_then(host));
                    }
                }
                MaterialKind::Domain => {
                    let words = material.name.split(|c: char| c.is_whitespace() || c == ',');
                    let named = words.filter(|w| w.contains('.'));
                    domains.extend(named.map(|w| w.trim_end_matches('.').to_lowercase()));
                }
                _ => {}
            }
        }
        Self {
            checks,
            hosts,
            domains,
        }
    }

    fn has_certificate(&self, check: &Check, host: Option<&str>) -> bool {
        self.checks.contains(&check.id.value) || host.is_some_and(|h| self.hosts.contains(h))
    }

    /// Is the name, or one that it stands under, a registered domain of the list?
    fn has_domain(&self, host: &str) -> bool {
        let mut name = host;
        loop {
            if self.domains.contains(name) {
                return true;
            }
            match name.split_once('.') {
                Some((_, above)) => name = above,
                None => return false,
            }
        }
    }
}

fn speaks_tls(check: &Check) -> bool {
    match &check.probe {
        Probe::Tls(_) => true,
        Probe::Http(http) => http.url.to_string().starts_with("https:"),
        Probe::Grpc(grpc) => grpc.tls,
        _ => false,
    }
}

/// The name that a check asks, where it stands in the package and is no bare address.
fn host(check: &Check) -> Option<String> {
    let text = match &check.probe {
        Probe::Tls(tls) => tls.host.as_plain()?,
        Probe::Grpc(grpc) => grpc.host.as_plain()?,
        Probe::Http(http) => {
            let rest = http.url.as_plain()?.strip_prefix("https://")?;
            let authority = rest.split(['/', '?', '#']).next()?;
            authority.rsplit('@').next()?
        }
        _ => return None,
    };
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => text,
    };
    let name = name.trim_end_matches('.').to_lowercase();
    let address = name.contains(['[', ':']) || name.parse::<std::net::Ipv4Addr>().is_ok();
    (!address && name.contains('.')).then_some(name)
}
