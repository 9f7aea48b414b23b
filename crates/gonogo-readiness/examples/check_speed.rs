//! How long a check and the board take on 10,000 components with 50,000 references.
//!
//! ```sh
//! cargo run --release -p gonogo-readiness --example check_speed
//! ```
//! Everything is counted from text in memory to the last finding: parsing, decoding,
//! references, rules. The board is counted from the package on: every criterion and its answers.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::fmt::Write as _;
use std::time::Instant;

use gonogo_model::{PackageText, load};
use gonogo_readiness::{check, rules, verdict};
use jiff::Timestamp;

const COMPONENTS: usize = 10_000;
const DEPENDENCIES_EACH: usize = 4;
const COMPONENTS_A_FILE: usize = 100;

fn main() {
    let text = package();
    let bytes: usize = text.files.values().map(String::len).sum();
    // One for the team of each component, the rest for what it depends on.
    let references = COMPONENTS * (DEPENDENCIES_EACH + 1);
    println!(
        "{COMPONENTS} components, {references} references, {} files, {bytes} bytes",
        text.files.len()
    );
    for _ in 0..3 {
        let began = Instant::now();
        let loaded = load(&text);
        let load = began.elapsed();
        let began = Instant::now();
        let found = rules::all(&loaded.package, &text);
        let lints = began.elapsed();
        let began = Instant::now();
        let checked = check(&text, Vec::new());
        let all = began.elapsed();
        let began = Instant::now();
        let board = verdict::judge(&loaded.package, &text, &[], &[], Timestamp::UNIX_EPOCH);
        let judging = began.elapsed();
        let answers: usize = board.criteria().map(|c| c.answers.len()).sum();
        println!(
            "load {load:.2?}, rules {lints:.2?}; the whole check {all:.2?}: {}; the board {judging:.2?}: {answers} answers",
            checked.counts
        );
        assert!(
            found.is_empty() && checked.diagnostics.is_empty(),
            "it is sound"
        );
    }
}

/// Layers of components, each of which needs some of the layers below.
fn package() -> PackageText {
    let mut text = PackageText::default();
    let head = "\
package: {format: 1, id: large, name: Large, operators: on-call}
people:
  - {id: anna, name: Anna, contacts: [{channel: ntfy, to: \"${env:NTFY_ANNA}\"}]}
  - {id: ben, name: Ben, contacts: [{channel: ntfy, to: \"${env:NTFY_BEN}\"}]}
roles:
  - {id: lead, name: Lead, holders: [{person: anna}]}
  - {id: second, name: Second, holders: [{person: ben}]}
teams:
  - {id: platform, name: Platform, accountable: lead, members: [second], escalation_policy: on-call}
escalation_policies:
  - {id: on-call, name: On call, steps: [{notify: [{role: lead}]}], fallback: {role: second}}
";
    text.files.insert("gonogo.yaml".into(), head.into());
    for file in 0..COMPONENTS / COMPONENTS_A_FILE {
        let mut yaml = String::from("components:\n");
        for n in file * COMPONENTS_A_FILE..(file + 1) * COMPONENTS_A_FILE {
            let _ = writeln!(
                yaml,
                "  - id: component-{n}\n    name: Component {n}\n    kind: service\n    team: platform\n    depends_on:"
            );
            for d in 1..=DEPENDENCIES_EACH {
                // Downwards only, so that there is no circle; only the first needs nothing.
                let below = n.saturating_sub(d * 97 + n % 13 + 1);
                if below < n {
                    let _ = writeln!(yaml, "      - {{component: component-{below}}}");
                }
            }
        }
        text.files
            .insert(format!("components/{file:03}.yaml"), yaml);
    }
    text
}
