//! `gonogo rehearse` from its arguments to its output and its exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/integrations-platform")
}

fn rehearse(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gonogo"))
        .arg("rehearse")
        .args(args)
        .arg(dir)
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

#[test]
fn every_scenario_that_ships_comes_out_as_expected() {
    let output = rehearse(&["--all"], &shipped());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let json = rehearse(&["--all", "--format", "json"], &shipped());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["passed"], true);
    let played = json["rehearsals"].as_array().unwrap();
    assert_eq!(text(&output.stdout).lines().count(), played.len() + 1);
}

#[test]
fn a_copied_package_without_its_check_fails_there() {
    let copy = tempfile::tempdir().unwrap();
    let package = copy.path().join("ops");
    copy_dir(&shipped(), &package);
    let checks = package.join("signals/checks.yaml");
    let yaml = std::fs::read_to_string(&checks).unwrap();
    let begin = yaml.find("  - id: ledger-health\n").unwrap();
    let end = begin + yaml[begin..].find("\n\n").unwrap();
    std::fs::write(&checks, yaml.replace(&yaml[begin..end], "")).unwrap();
    let output = rehearse(&["combined-outage"], &package);
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(
        out.contains("nothing watches this: there is no check `ledger-health`"),
        "{out}"
    );
    assert!(out.contains("FAIL  alert ledger-down fires"), "{out}");
}

#[test]
fn an_unknown_scenario_is_a_usage_error_with_the_nearest_name() {
    let output = rehearse(&["combined-outag"], &shipped());
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(text(&output.stdout), "");
    let err = text(&output.stderr);
    assert!(err.contains("did you mean `combined-outage`?"), "{err}");
    assert!(err.contains("  three-silent-failures"), "{err}");
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
