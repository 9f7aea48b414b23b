//! A backup of a server that runs, and a server that starts from it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::served::{Sandbox, Served, until};

#[test]
fn a_restored_server_goes_on_where_the_backup_was_made() {
    let sandbox = Sandbox::new();
    let token = sandbox.token("admin");
    let served = sandbox.serve();
    let ask = |args: &[&str]| sandbox.ask(&served, &token, args);
    until(|| (ask(&["incident", "show", "INC-1"]).code == 0).then_some(()));
    ask(&["ack", "INC-1"]).ok();
    ask(&["incident", "note", "INC-1", "before the backup"]).ok();

    let made = sandbox.run(&["backup", "data", "copy", "--format", "json"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.json()["step"].as_i64() > Some(0), "{made:?}");
    assert!(!sandbox.path("copy.part").exists());
    for entry in fs::read_dir(sandbox.path("copy")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{:?} is ours alone", entry.file_name());
    }
    ask(&["incident", "note", "INC-1", "after the backup"]).ok();
    let before = incident(&sandbox, &served, &token);
    served.end();

    let put = sandbox.run(&["restore", "copy", "elsewhere"]).ok();
    assert!(put.starts_with("elsewhere is as it was at "), "{put}");
    let served = sandbox.serve_on("elsewhere");
    let after = incident(&sandbox, &served, &token);
    for same in ["number", "severity", "opened_at", "state"] {
        assert_eq!(after[same], before[same], "{same}: {after:#}");
    }
    let said = after.to_string();
    assert!(said.contains("before the backup") && !said.contains("after the backup"));
    assert!(said.contains("acknowledge"), "{after:#}");
    served.end();
}

#[test]
fn nothing_is_overwritten_and_nothing_damaged_is_put_back() {
    let sandbox = Sandbox::new();
    sandbox.token("read");
    sandbox.run(&["backup", "data", "copy"]).ok();
    let refused = |args: &[&str], why: &str| {
        let said = sandbox.run(args);
        assert_eq!(said.code, 70, "{args:?}: {said:?}");
        assert!(
            said.err.starts_with("error: ") && said.err.contains("\nhelp: "),
            "{said:?}"
        );
        assert!(said.err.contains(why), "{said:?}");
    };
    refused(&["backup", "data", "copy"], "copy exists already");
    refused(&["backup", "ops", "other"], "there is no journal in ops");
    refused(&["restore", "copy", "data"], "data is not empty");
    refused(
        &["restore", "ops", "other"],
        "there is no backup.json in it",
    );

    let path = sandbox.path("copy/journal.db");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    refused(
        &["restore", "copy", "other"],
        "journal.db is not what was backed up",
    );
    assert!(!sandbox.path("other").exists());
}

fn incident(sandbox: &Sandbox, served: &Served, token: &str) -> Value {
    let shown = until(|| {
        let shown = sandbox.ask(
            served,
            token,
            &["incident", "show", "INC-1", "--format", "json"],
        );
        (shown.code == 0).then_some(shown)
    });
    shown.json()
}
