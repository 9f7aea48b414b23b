//! Packages in temporary directories, and the binary run on them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A directory that goes away with it.
pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    /// With the shipped package in `ops`, its stand-ins filled in.
    pub fn with_shipped() -> Self {
        let sandbox = Self::empty();
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/integrations-platform");
        copy(&shipped, &sandbox.path("ops"));
        sandbox.edit("ops/teams.yaml", |text| {
            text.replace("    placeholder: true\n", "")
        });
        sandbox
    }

    pub fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self { dir }
    }

    pub fn path(&self, inside: &str) -> std::path::PathBuf {
        self.dir.path().join(inside)
    }

    pub fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        let path = self.path(inside);
        let parent = path.parent().expect("a file has a directory");
        fs::create_dir_all(parent).expect("a directory is made");
        fs::write(path, content).expect("a file is written");
    }

    pub fn edit(&self, inside: &str, change: impl Fn(String) -> String) {
        let before = fs::read_to_string(self.path(inside)).expect("a file to edit");
        let after = change(before.clone());
        assert_ne!(before, after, "{inside} is changed");
        self.write(inside, after);
    }

    /// Runs `gonogo` in the directory: its exit code, then what it said on each stream.
    pub fn run(&self, args: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_gonogo"))
            .args(args)
            .current_dir(self.dir.path())
            .env("COLUMNS", "100")
            .output()
            .expect("the binary runs");
        let code = output.status.code().expect("it ends by itself");
        let mut said = format!("exit {code}\n");
        for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            let text = String::from_utf8(bytes).expect("output is text");
            assert!(
                !text.contains('\u{1b}'),
                "no colours where there is no terminal"
            );
            if !text.is_empty() {
                said += &format!("--- {name}\n{text}");
            }
        }
        said
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory is made");
    for entry in fs::read_dir(from).expect("a directory is listed") {
        let entry = entry.expect("an entry is read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
