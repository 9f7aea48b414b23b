//! The real binary over a tiny package, on a port of its own, and the verbs that ask it.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use gonogo_server::store::Store;
use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for what should happen soon.
const WITHIN: Duration = Duration::from_secs(30);
/// Where nothing listens: the probes of the package meet a closed door, and so does paging.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A directory with the package in `ops` and, once a server ran, its data in `data`.
pub struct Sandbox {
    dir: TempDir,
}

/// A server that runs in a sandbox.
pub struct Served {
    pub url: String,
    child: Child,
    /// Kept open, since the server goes on talking.
    _heard: BufReader<ChildStdout>,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What was said by a command that has to succeed.
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Sandbox {
    /// With the tiny package; its checks are asked every few seconds, and fail.
    pub fn new() -> Self {
        let sandbox = Self {
            dir: TempDir::new().unwrap(),
        };
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../gonogo-server/tests/fixtures/tiny-package");
        copy(&fixture, &sandbox.path("ops"));
        sandbox.edit("ops/gonogo.yaml", |text| {
            text.replace("every: 24h", "every: 5s")
        });
        sandbox
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.dir.path().join(inside)
    }

    pub fn edit(&self, inside: &str, change: impl Fn(String) -> String) {
        let before = fs::read_to_string(self.path(inside)).unwrap();
        let after = change(before.clone());
        assert_ne!(before, after, "{inside} is changed");
        fs::write(self.path(inside), after).unwrap();
    }

    /// A token of the administrator's, made in the data directory itself.
    pub fn token(&self, scope: &str) -> String {
        // What `serve` would have made.
        Store::open(self.path("data")).unwrap().close().unwrap();
        let made = self.run(&[
            "token", "create", "test", "--scope", scope, "--data", "data",
        ]);
        made.ok().trim().to_owned()
    }

    /// Starts a server on `data`, and waits until it answers.
    pub fn serve(&self) -> Served {
        self.serve_on("data")
    }

    /// Starts a server on another data directory.
    pub fn serve_on(&self, data: &str) -> Served {
        self.serve_at(data, "127.0.0.1:0")
    }

    /// Starts a server at an address.
    pub fn serve_at(&self, data: &str, listen: &str) -> Served {
        let log = self.path("log");
        let mut options = OpenOptions::new();
        let stderr = options.create(true).append(true).open(&log).unwrap();
        let mut child = self
            .command(&["serve", "ops", "--listen", listen, "--data", data])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut heard = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        heard.read_line(&mut line).unwrap();
        let url = line.trim().rsplit_once(" at ").map(|(_, url)| url);
        let url = url.unwrap_or_else(|| panic!("{}", fs::read_to_string(&log).unwrap()));
        Served {
            url: url.to_owned(),
            child,
            _heard: heard,
        }
    }

    /// Runs a verb in the sandbox.
    pub fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        Said {
            code: output.status.code().expect("it ends by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Asks a server with a token.
    pub fn ask(&self, served: &Served, token: &str, args: &[&str]) -> Said {
        let whom = ["--server", &served.url, "--token", token];
        self.run(&[args, &whom].concat())
    }

    /// A command as it would be typed in the sandbox.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        for name in [
            "GONOGO_SERVER",
            "GONOGO_TOKEN",
            "GONOGO_DATA",
            "GONOGO_LISTEN",
            "GONOGO_BASE_URL",
            "GONOGO_SMTP_URL",
            "GONOGO_MAIL_FROM",
        ] {
            command.env_remove(name);
        }
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("TINY_WORLD", NOWHERE)
            .env("TINY_PHONES", NOWHERE)
            .env(
                "TINY_TILL_SECRET",
                "whsec_dGhlIHRpbGwncyBvd24gc2VjcmV0LCAzMiBieXRlcyE=",
            )
            .stdin(Stdio::null());
        command
    }
}

impl Served {
    /// Ends it in order.
    pub fn end(mut self) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(told.success());
        assert!(self.child.wait().unwrap().success(), "it ends in order");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind; one that ended is ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until there is an answer. What is asked takes a moment, so nothing spins.
#[track_caller]
pub fn until<T>(mut answer: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = answer() {
            return found;
        }
        assert!(begin.elapsed() < WITHIN, "it did not happen in time");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
