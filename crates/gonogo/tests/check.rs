//! `gonogo check` from its arguments to its output and its exit code.

mod support;

use support::Sandbox;

/// A digest changes with the package that ships, and the tests are not about it.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\([0-9a-f]{12}\)", "(DIGEST)");
    settings.add_filter("\"digest\": \"[0-9a-f]{64}\"", "\"digest\": \"DIGEST\"");
    settings.add_filter(r"It declares .*", "It declares (COUNTS).");
    settings.add_filter(r"in \d\d files", "in (N) files");
    settings.add_filter("\"files\": \\d+", "\"files\": (N)");
    settings.add_filter(r"\.yaml:\d+:\d+", ".yaml:(PLACE)");
    settings.add_filter(r"(?m)^ *\d+ \|", "(L) |");
    settings.add_filter(r",line=\d+", ",line=(L)");
    settings.add_filter("\"line\": \\d+", "\"line\": (L)");
    settings
}

macro_rules! snapshot {
    ($name:literal, $output:expr) => {
        settings().bind(|| insta::assert_snapshot!($name, $output))
    };
}

#[test]
fn a_sound_package_says_what_to_do_next() {
    let sandbox = Sandbox::with_shipped();
    snapshot!("clean", sandbox.run(&["check", "ops"]));
    assert_eq!(sandbox.run(&["check"]), sandbox.run(&["check", "ops"]));
}

#[test]
fn mistakes_are_drawn_and_end_with_1() {
    let sandbox = Sandbox::with_shipped();
    sandbox.edit("ops/journeys.yaml", |t| {
        t.replace("- component: stripe\n", "- component: strpe\n")
    });
    snapshot!("mistake", sandbox.run(&["check", "ops"]));
    snapshot!(
        "mistake-github",
        sandbox.run(&["check", "./ops/", "--format", "github"])
    );
    snapshot!(
        "mistake-json",
        sandbox.run(&["check", "ops", "--format", "json"])
    );
}

#[test]
fn warnings_end_with_0_unless_they_are_denied() {
    let sandbox = Sandbox::with_shipped();
    sandbox.write(
        "ops/extra.yaml",
        "people:\n  - {id: dora, name: Dora, placeholder: true}\n",
    );
    snapshot!("warning", sandbox.run(&["check", "ops"]));
    snapshot!(
        "warning-denied",
        sandbox.run(&["check", "ops", "--deny", "warnings"])
    );
}

#[test]
fn a_hundred_findings_are_drawn_the_errors_first() {
    let sandbox = Sandbox::with_shipped();
    let list = |n: usize, item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<String>();
    let slos = list(120, &|n| {
        format!("  - {{id: slo-{n}, name: S, sli: {{check: cloud-health}}, target: 100%}}\n")
    });
    sandbox.write("ops/a.yaml", format!("slos:\n{slos}"));
    sandbox.write(
        "ops/z.yaml",
        "components:\n  - {id: z, name: Z, kind: tool, team: platfrm}\n",
    );
    let said = sandbox.run(&["check", "ops"]);
    assert_eq!(said.matches("warning[slo-without-budget]").count(), 99);
    assert_eq!(said.matches("error[unknown-reference]").count(), 1);
    assert!(
        said.contains("... and 21 more findings: `gonogo check ops --format json`"),
        "{said}"
    );
    assert!(said.contains("1 error, 120 warnings in"), "{said}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let sandbox = Sandbox::with_shipped();
    sandbox.write("ops/latin1.yaml", b"people:\n  - {id: zoe, name: Zo\xeb}\n");
    sandbox.write("ops/BIG.YAML", "people: []\n");
    #[cfg(unix)]
    {
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, sandbox.path(at)).unwrap();
        link("nowhere.yaml", "ops/gone.yaml");
        link("..", "ops/signals/loop");
    }
    snapshot!("unreadable", sandbox.run(&["check", "ops"]));
}

#[test]
fn a_path_without_a_package_is_answered_calmly() {
    let sandbox = Sandbox::with_shipped();
    sandbox.write("notes/todo.txt", "");
    let runs: Vec<String> = [
        "opps",
        "elsewhere/ops",
        "ops/teams.yaml",
        "notes",
        "ops/signals",
        ".",
    ]
    .iter()
    .map(|dir| format!("$ gonogo check {dir}\n{}", sandbox.run(&["check", dir])))
    .collect();
    snapshot!("no-package", runs.join("\n"));
    let bare = Sandbox::empty();
    snapshot!("no-package-anywhere", bare.run(&["check"]));
}

#[test]
fn a_command_that_is_not_understood_ends_with_64() {
    let sandbox = Sandbox::empty();
    for args in [
        &["chekc"][..],
        &["check", "--format", "xml"],
        &["check", "a", "b"],
        &[],
    ] {
        let said = sandbox.run(args);
        assert!(
            said.starts_with("exit 64\n--- stderr\n"),
            "{args:?}: {said}"
        );
    }
    for args in [
        &["--help"][..],
        &["check", "--help"],
        &["blast", "-h"],
        &["--version"],
    ] {
        let said = sandbox.run(args);
        assert!(said.starts_with("exit 0\n--- stdout\n"), "{args:?}: {said}");
    }
}
