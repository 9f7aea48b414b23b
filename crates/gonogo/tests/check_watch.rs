//! `gonogo check --watch` as a process: it sees changes, and ends at Ctrl-C.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use support::Sandbox;

/// How long a test waits for a check before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gonogo"))
            .args(["check", "ops", "--watch"])
            .current_dir(sandbox.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = lines_of(stdout);
        Self { child, lines }
    }

    /// Everything up to the next line that says that a check ended.
    fn next_check(&self) -> String {
        let mut said = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|why| panic!("no check came ({why}) after:\n{said}"));
            said += &line;
            said.push('\n');
            if line.starts_with("Checked at ") {
                return said;
            }
        }
    }

    fn interrupt(mut self) -> i32 {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.expect("kill runs").success());
        let ended = self.child.wait().expect("it ends");
        ended.code().expect("it ends by itself")
    }
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

#[test]
fn it_checks_again_when_a_file_is_changed_replaced_or_removed() {
    let sandbox = Sandbox::with_shipped();
    let watching = Watching::start(&sandbox);
    let first = watching.next_check();
    assert!(first.contains("no findings in"), "{first}");
    assert!(first.contains(" ms; watching ops"), "{first}");
    assert!(!first.contains('\u{1b}'), "no screen is cleared in a pipe");

    sandbox.write("ops/extra.yaml", "people: [\n");
    let broken = watching.next_check();
    assert!(broken.contains("error[yaml-syntax]"), "{broken}");

    // As editors do it: a new file takes the place of the old one.
    sandbox.write("ops/.extra.yaml.swp", "people: []\n");
    std::fs::rename(
        sandbox.path("ops/.extra.yaml.swp"),
        sandbox.path("ops/extra.yaml"),
    )
    .unwrap();
    let mended = watching.next_check();
    assert!(mended.contains("no findings in"), "{mended}");

    std::fs::rename(sandbox.path("ops"), sandbox.path("away")).unwrap();
    let gone = watching.next_check();
    assert!(
        gone.contains("error: there is no directory `ops`"),
        "{gone}"
    );
    std::fs::rename(sandbox.path("away"), sandbox.path("ops")).unwrap();
    assert!(watching.next_check().contains("no findings in"));
    assert_eq!(watching.interrupt(), 0);
}

#[test]
fn a_directory_without_a_package_is_not_waited_for() {
    let said = Sandbox::empty().run(&["check", "nowhere", "--watch"]);
    assert!(
        said.starts_with("exit 70\n--- stderr\nerror: there is no directory"),
        "{said}"
    );
    let said = Sandbox::empty().run(&["check", "--watch", "--format", "json"]);
    assert!(said.starts_with("exit 64\n"), "{said}");
}
