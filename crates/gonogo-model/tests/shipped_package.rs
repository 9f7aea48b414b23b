//! The packages that ship load without a single diagnostic, warnings included, and keep the
//! promises that only somebody woken at night would notice being broken.

#![expect(
    clippy::disallowed_methods,
    reason = "what ships is read from the checkout"
)]

use std::path::{Path, PathBuf};

use gonogo_model::alert::Urgency;
use gonogo_model::escalation::Target;
use gonogo_model::runbook::StepKind;
use gonogo_model::{Package, PackageText, load};

const SECTIONS: [&str; 10] = [
    "Trigger",
    "Impact",
    "First 5 minutes",
    "Triage",
    "Mitigate",
    "Rollback",
    "Verify",
    "Communicate",
    "Escalate",
    "After",
];

#[test]
fn the_integrations_platform_has_no_diagnostics() {
    let loaded = load(&read("integrations-platform"));
    let found: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.span.map_or(String::new(), |s| {
                format!("{}:{}:{}: ", loaded.package.path(s.file), s.line, s.column)
            });
            format!("{place}{} [{}] {}", d.message, d.code, d.help.join("; "))
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(!loaded.package.components.is_empty());
}

#[test]
fn every_page_leads_to_a_whole_runbook() {
    let package = load(&read("integrations-platform")).package;
    let pages = package
        .alerts
        .values()
        .filter(|a| a.urgency == Urgency::Page);
    for alert in pages {
        let id = &alert.id.value;
        assert!(alert.impact.is_some(), "{id} says what customers notice");
        assert!(alert.first_step.is_some(), "{id} says what to do first");
        assert!(alert.component(&package).is_some(), "{id} has an owner");
        let runbook = alert.runbook.as_ref().expect("a page names its runbook");
        let sections: Vec<&str> = package.runbooks[&runbook.id]
            .sections
            .iter()
            .map(|s| s.title.as_str())
            .collect();
        assert_eq!(sections, SECTIONS, "{}", runbook.id);
    }
}

#[test]
fn steps_say_what_to_expect_and_how_to_take_them_back() {
    let package = load(&read("integrations-platform")).package;
    for runbook in package.runbooks.values() {
        for step in runbook.sections.iter().flat_map(|s| &s.steps) {
            let name = format!("{} {}", runbook.id.value, step.id);
            assert!(!step.title.is_empty(), "{name} has a sentence above it");
            let acts = matches!(step.kind, StepKind::Mutate | StepKind::Destructive);
            if acts || step.kind == StepKind::Check {
                assert!(step.expect.is_some(), "{name} says what to expect");
            }
            assert!(!acts || step.undo.is_some(), "{name} says how it is undone");
        }
    }
}

#[test]
fn whoever_is_paged_can_be_woken() {
    let package = load(&read("integrations-platform")).package;
    for policy in package.escalation_policies.values() {
        assert!(
            policy.steps.len() >= 2,
            "{} has a second step",
            policy.id.value
        );
        let targets = policy.steps.iter().flat_map(|s| &s.notify);
        for target in targets.chain([&policy.fallback]) {
            for person in people(&package, target) {
                let first = package.people[&person].contacts.first();
                let wakes = first.is_some_and(|c| c.channel.value.wakes());
                assert!(
                    wakes,
                    "{person}, by {}, sleeps through it",
                    target.describe()
                );
            }
        }
    }
}

fn people(package: &Package, target: &Target) -> Vec<gonogo_model::Id> {
    let held = |role: &gonogo_model::Id| {
        let holders = &package.roles[role].holders;
        holders.iter().map(|h| h.person.id.clone()).collect()
    };
    match target {
        Target::Person(person) => vec![person.id.clone()],
        Target::Role(role) => held(&role.id),
        Target::Schedule(schedule) => {
            let members = &package.schedules[&schedule.id].rotation.members;
            members
                .iter()
                .flat_map(|role| -> Vec<_> { held(&role.id) })
                .collect()
        }
    }
}

fn read(name: &str) -> PackageText {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../packages")
        .join(name);
    let mut text = PackageText::default();
    let mut open: Vec<PathBuf> = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a package directory can be listed") {
            let path = entry.expect("a directory entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inside = path
                .strip_prefix(&root)
                .expect("a file lies under its package");
            let inside = inside.to_string_lossy().replace('\\', "/");
            let content = std::fs::read_to_string(&path).expect("a package file is text");
            text.files.insert(inside, content);
        }
    }
    text
}
