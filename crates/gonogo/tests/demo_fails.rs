//! The demonstration is not a film: what a copied package no longer watches, it does not
//! notice, and says so.

use std::path::Path;
use std::process::Command;

#[test]
fn without_its_alert_the_missing_charge_is_not_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/integrations-platform");
    copy(&shipped, dir.path());
    let alerts = dir.path().join("signals/alerts.yaml");
    let text = std::fs::read_to_string(&alerts).unwrap();
    // A ticket wakes nobody: the charge is no longer watched by anything that pages.
    let at = text.find("- id: charge-not-recorded").unwrap();
    let (before, after) = text.split_at(at);
    std::fs::write(
        &alerts,
        format!(
            "{before}{}",
            after.replacen("\n    when:", "\n    urgency: ticket\n    when:", 1)
        ),
    )
    .unwrap();

    let data = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_gonogo"))
        .args(["demo", "--exit", "--pace", "6", "--seed", "7"])
        .arg(dir.path())
        .arg("--data")
        .arg(data.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(
        done.status.code(),
        Some(1),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let line = |words: &str| {
        said.lines()
            .find(|l| l.contains(words))
            .unwrap_or_else(|| panic!("no line says {words}:\n{said}"))
    };
    assert!(
        line("A charge that nobody recorded was noticed").contains("NO"),
        "{said}"
    );
    assert!(
        line("A certificate about to run out was noticed").contains("yes"),
        "{said}"
    );
    assert!(
        line("All that the outage broke is one incident").contains("yes"),
        "{said}"
    );
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
