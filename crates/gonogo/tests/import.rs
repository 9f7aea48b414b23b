//! `gonogo import`: what comes out loads, and what did not come along is said.

#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

use std::path::Path;

use serde_json::Value;
use support::Sandbox;

const FORMATS: [(&str, &str); 4] = [
    ("backstage", "backstage.yaml"),
    ("datadog", "datadog.yaml"),
    ("openslo", "openslo.yaml"),
    ("codeowners", "CODEOWNERS"),
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    for (_, file) in FORMATS {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/catalogues")
            .join(file);
        sandbox.write(file, std::fs::read_to_string(from).expect("a fixture"));
    }
    sandbox
}

fn json(said: &str) -> Value {
    let (_, document) = said.split_once("--- stdout\n").expect("a document");
    serde_json::from_str(document).expect("JSON")
}

#[test]
fn what_comes_out_is_what_went_in_and_the_rest_is_said() {
    let sandbox = sandbox();
    for (format, file) in FORMATS {
        insta::assert_snapshot!(format, sandbox.run(&["import", format, file]));
    }
}

#[test]
fn what_comes_out_loads_without_an_error() {
    let sandbox = sandbox();
    for (format, file) in FORMATS {
        let said = sandbox.run(&["import", format, file, "--into", format]);
        assert!(
            said.starts_with("exit 1\n"),
            "each has something that does not resolve: {said}"
        );
        let checked = json(&sandbox.run(&["check", format, "--format", "json"]));
        assert_eq!(checked["errors"], 0, "{format}: {checked:#}");
    }
}

#[test]
fn imports_stand_side_by_side_in_one_package() {
    let sandbox = sandbox();
    assert!(sandbox.run(&["init"]).starts_with("exit 0\n"));
    let said = sandbox.run(&["import", "backstage", "backstage.yaml", "--into", "ops"]);
    assert!(
        said.contains("wrote ops/imported/backstage-components.yaml"),
        "{said}"
    );
    assert!(
        !said.contains("gonogo.yaml"),
        "the package has its own: {said}"
    );
    let checked = json(&sandbox.run(&["check", "ops", "--format", "json"]));
    assert_eq!(checked["errors"], 0, "{checked:#}");
    let again = sandbox.run(&["import", "backstage", "backstage.yaml", "--into", "ops"]);
    assert!(again.starts_with("exit 70\n"), "{again}");
    assert!(
        again.contains("exists already; nothing was written"),
        "{again}"
    );
}

#[test]
fn the_report_is_there_for_programs() {
    let sandbox = sandbox();
    let report = json(&sandbox.run(&["import", "backstage", "backstage.yaml", "--format", "json"]));
    let of = |kind: &str| {
        let losses = report["losses"].as_array().expect("losses").iter();
        losses.filter(|l| l["kind"] == kind).count()
    };
    assert_eq!(report["taken"]["component"], 5);
    // Shop to sessions and database, orders to sessions, and shop to both of the APIs' providers.
    assert_eq!(report["taken"]["edge"], 6);
    assert_eq!(of("unreadable"), 2, "the stray and the broken one");
    assert_eq!(of("unresolved"), 2, "component:gone and nobody-knows");
    assert_eq!(of("no-hardness"), 5, "all but the one that is said");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let sandbox = sandbox();
    let said = sandbox.run(&["import", "datadog", "nowhere.yaml"]);
    assert!(
        said.starts_with("exit 70\n") && said.contains("`nowhere.yaml` cannot be read"),
        "{said}"
    );
    sandbox.write("latin1.yaml", b"a: \xeb\n");
    assert!(
        sandbox
            .run(&["import", "datadog", "latin1.yaml"])
            .contains("it is not UTF-8")
    );
    assert!(
        sandbox
            .run(&["import", "cortex", "x"])
            .starts_with("exit 64\n")
    );
}

/// Whatever is missing of a catalogue, the rest of it loads.
#[test]
fn what_is_left_of_a_catalogue_still_loads() {
    use gonogo_readiness::import::{Imported, Input, backstage, codeowners, datadog, openslo};
    type Import = fn(&[Input<'_>]) -> Imported;
    let sandbox = sandbox();
    let importers: [Import; 4] = [
        backstage::import,
        datadog::import,
        openslo::import,
        codeowners::import,
    ];
    for ((format, file), import) in FORMATS.into_iter().zip(importers) {
        let whole = std::fs::read_to_string(sandbox.path(file)).expect("a fixture");
        let lines: Vec<&str> = whole.lines().collect();
        for gone in 0..lines.len() {
            let without = [&lines[..gone], &lines[gone + 1..]].concat().join("\n");
            for text in [&without, &lines[..gone].join("\n")] {
                let name = file;
                let imported = import(&[Input { name, text }]);
                let package = gonogo_model::PackageText {
                    files: imported.files,
                };
                if package.files.is_empty() {
                    continue;
                }
                let checked = gonogo_readiness::check(&package, Vec::new());
                let errors = checked.diagnostics.iter();
                let error =
                    errors.filter(|d| d.severity == gonogo_model::diagnostic::Severity::Error);
                let found: Vec<_> = error.collect();
                assert!(
                    found.is_empty(),
                    "{format} without line {}: {found:#?}",
                    gone + 1
                );
            }
        }
    }
}
