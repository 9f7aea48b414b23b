//! Any text as a runbook, a template and evidence: read or refused, without a panic.
#![no_main]

use gonogo_model::PackageText;
use gonogo_readiness::check;
use libfuzzer_sys::fuzz_target;

const PACKAGE: &str = "
package: {format: 1, id: p, name: P, operators: o}
people: [{id: a, name: A, contacts: [{channel: ntfy, to: 'https://push.example.com/a'}]}]
roles: [{id: r, name: R, holders: [{person: a}]}]
escalation_policies: [{id: o, name: O, steps: [{notify: [{role: r}]}], fallback: {role: r}}]
";

fuzz_target!(|text: &str| {
    let mut package = PackageText::default();
    package.files.insert("gonogo.yaml".into(), PACKAGE.into());
    package.files.insert("runbooks/r.md".into(), text.into());
    package.files.insert("comms/templates/t.md".into(), text.into());
    package.files.insert("evidence/e.yaml".into(), text.into());
    check(&package, Vec::new());
});
