//! A small package with many flows, so that many incidents and pages are under way.

use std::fmt::Write as _;
use std::path::Path;

/// How many flows there are.
pub const FLOWS: usize = 10;
/// The key of the source, in the server's environment.
pub const SECRET: &str = "whsec_a2lsbC10ZXN0LWtleS1raWxsLXRlc3Qta2V5";

pub fn write(dir: &Path, phones: &str) {
    let mut text = format!(
        "package: {{format: 1, id: kill, name: Kill, operators: p0, grouping: {{soak: 60s}}}}
people:
  - {{id: ann, name: Ann, contacts: [{{channel: ntfy, to: {phones}/ann}}]}}
  - {{id: bob, name: Bob, contacts: [{{channel: ntfy, to: {phones}/bob}}]}}
roles:
  - {{id: one, name: One, holders: [{{person: ann}}]}}
  - {{id: two, name: Two, holders: [{{person: bob}}]}}
sources:
  - {{id: app, name: App, kind: cloudevents, secrets: ['${{env:KILL_TEST_SECRET}}']}}
"
    );
    section(&mut text, "escalation_policies", |n| {
        format!(
            "  - {{id: p{n}, name: P{n}, steps: [{{notify: [{{role: one}}], wait: 1s}}, {{notify: [{{role: two}}], wait: 2s}}], repeat: 2, fallback: {{role: one}}}}"
        )
    });
    section(&mut text, "teams", |n| {
        format!(
            "  - {{id: t{n}, name: T{n}, accountable: one, members: [one, two], escalation_policy: p{n}}}"
        )
    });
    section(&mut text, "components", |n| {
        format!("  - {{id: c{n}, name: C{n}, kind: service, team: t{n}}}")
    });
    section(&mut text, "flows", |n| {
        format!(
            "  - {{id: f{n}, name: F{n}, component: c{n}, deadline: 2s, start: {{source: app, event: [f{n}.start], key: subject}}, end: {{source: app, event: [f{n}.end], key: subject}}}}"
        )
    });
    section(&mut text, "alerts", |n| {
        format!(
            "  - {{id: a{n}, name: A{n} is overdue, severity: SEV2, when: {{flow_overdue: {{flow: f{n}}}}}}}"
        )
    });
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("gonogo.yaml"), text).unwrap();
}

fn section(text: &mut String, name: &str, entry: impl Fn(usize) -> String) {
    writeln!(text, "{name}:").unwrap();
    (0..FLOWS).for_each(|n| writeln!(text, "{}", entry(n)).unwrap());
}
