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
use gonogo_readiness::graph::Graph;
use gonogo_readiness::report::graph::{Page, View};
use gonogo_readiness::{check, rules, verdict};
use jiff::Timestamp;

const COMPONENTS: usize = 10_000;
const DEPENDENCIES_EACH: usize = 4;
const COMPONENTS_A_FILE: usize = 100;
/// Every so many components the second package has a group, a place and a promise.
const RICH_EVERY: usize = 7;

fn main() {
    sound();
    rich();
}

/// A package in which nothing is found.
fn sound() {
    let text = package(|_| String::new());
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

/// A package with groups, regions, promises, tools and a journey, so that every analysis of the
/// graph has something to do.
fn rich() {
    let mut text = package(|n| match n % RICH_EVERY {
        0 if n > 200 => format!(
            "      - {{component: component-{}, group: pair}}\n      - {{component: component-{}, group: pair}}\n    availability: 99.9%\n    attributes: {{region: r{}}}\n",
            n - 7,
            n - 14,
            n % 40
        ),
        1 => "    used_for: [deploy]\n".into(),
        _ => String::new(),
    });
    let journey = "journeys:\n  - {id: pay, name: Pay, depends_on: [{component: component-9996, group: top}, {component: component-9989, group: top}]}\n";
    text.files.insert("journeys.yaml".into(), journey.into());
    let loaded = load(&text);
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics.first());
    let package = loaded.package;
    let began = Instant::now();
    let graph = Graph::new(&package);
    println!(
        "with groups, promises and tools: graph {:.2?}",
        began.elapsed()
    );
    for rule in rules::RULES {
        let subject = rules::Subject {
            package: &package,
            text: &text,
            graph: &graph,
        };
        let began = Instant::now();
        let found = rule.ask(&subject).len();
        if began.elapsed().as_millis() > 1 {
            println!(
                "  {:<32} {:>9.2?}, {found} findings",
                rule.code,
                began.elapsed()
            );
        }
    }
    let views = [
        ("spof", View::Points),
        ("cuts of 2", View::Cuts { order: 2 }),
        ("cuts of 3", View::Cuts { order: 3 }),
        ("shared", View::Shared),
        ("recovery", View::Recovery),
        ("tiers", View::Tiers),
        ("availability", View::Availability),
        ("people", View::People),
        ("coverage", View::Coverage),
    ];
    for (name, view) in views {
        let began = Instant::now();
        let page = Page::of(view, &package, &graph, None).json();
        println!(
            "  graph {name:<26} {:>9.2?}, {} bytes",
            began.elapsed(),
            page.len()
        );
    }
    let began = Instant::now();
    let checked = check(&text, Vec::new());
    println!(
        "the whole check {:.2?}: {}",
        began.elapsed(),
        checked.counts
    );
}

/// Layers of components, each of which needs some of the layers below.
fn package(more: impl Fn(usize) -> String) -> PackageText {
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
            yaml.push_str(&more(n));
        }
        text.files
            .insert(format!("components/{file:03}.yaml"), yaml);
    }
    text
}
