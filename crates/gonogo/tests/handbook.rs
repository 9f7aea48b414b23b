//! The handbook: whole, without anything from outside, and replaced only where it is one.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::Sandbox;

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn every_link_leads_to_a_page_and_nothing_comes_from_outside() {
    let sandbox = Sandbox::with_shipped();
    let said = sandbox.run(&["export", "handbook", "ops", "--out", "stick"]);
    assert!(said.starts_with("exit 0"), "{said}");
    let pages: BTreeSet<PathBuf> = files(&sandbox.path("stick"))
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "html"))
        .collect();
    assert!(pages.len() > 40, "{} pages", pages.len());
    for page in &pages {
        let html = fs::read_to_string(page).expect("a page");
        for outside in ["<script", "<img", "<link", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{} has {outside}", page.display());
        }
        for link in html.split("href=\"").skip(1) {
            let target = link.split('"').next().unwrap_or_default();
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let to = page.parent().expect("a folder").join(target);
            let to = to
                .canonicalize()
                .unwrap_or_else(|_| panic!("{}: {target}", page.display()));
            assert!(pages.contains(&to), "{}: {target}", page.display());
        }
    }
}

#[test]
fn the_one_file_has_every_runbook_and_every_anchor_it_points_to() {
    let sandbox = Sandbox::with_shipped();
    let said = sandbox.run(&["export", "handbook", "ops", "--markdown"]);
    let anchors: BTreeSet<&str> = said
        .split("<a id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for link in said.split("](#").skip(1) {
        let to = link.split(')').next().unwrap_or_default();
        assert!(anchors.contains(to), "#{to}");
    }
    assert!(!said.contains("](page:"), "every link is written out");
    assert!(
        said.contains("\n## One outage that breaks"),
        "the runbook of the combined outage is a chapter"
    );
}

#[test]
fn replaces_a_handbook_and_leaves_anything_else_alone() {
    let sandbox = Sandbox::with_shipped();
    sandbox.write("photos/a.txt", "mine");
    let said = sandbox.run(&["export", "handbook", "ops", "--out", "photos"]);
    assert!(
        said.starts_with("exit 64") && said.contains("no handbook"),
        "{said}"
    );
    assert_eq!(files(&sandbox.path("photos")).len(), 1);

    sandbox.run(&["export", "handbook", "ops", "--out", "stick"]);
    let old = sandbox.path("stick/runbooks/ledger-down.html");
    assert!(old.exists());
    fs::rename(
        sandbox.path("ops/runbooks/ledger-down.md"),
        sandbox.path("ops/runbooks/ledger-gone.md"),
    )
    .expect("renamed");
    for file in files(&sandbox.path("ops")) {
        let text = fs::read_to_string(&file).expect("text");
        fs::write(&file, text.replace("ledger-down", "ledger-gone")).expect("written");
    }
    let said = sandbox.run(&["export", "handbook", "ops", "--out", "stick"]);
    assert!(said.starts_with("exit 0"), "{said}");
    assert!(!old.exists(), "what is no more is taken away");
    assert!(sandbox.path("stick/runbooks/ledger-gone.html").exists());
}

#[test]
fn no_secret_reference_is_resolved() {
    let sandbox = Sandbox::with_shipped();
    let said = sandbox.run(&["export", "handbook", "ops", "--markdown"]);
    assert!(!said.contains("PATH=/"), "nothing of the environment");
    assert!(said.contains("kept as"), "a reference is named");
}
