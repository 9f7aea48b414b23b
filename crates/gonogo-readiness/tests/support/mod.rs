//! A sound package to break, and archives of the files that break it.
//!
//! An archive is a text with `-- path --` lines, each followed by that file. What stands
//! before the first one says what the case is about; `bom` or `crlf` on a line of its own
//! there writes all files of the archive so.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::disallowed_methods,
    reason = "fixtures are read from the checkout"
)]

use std::fs;
use std::path::{Path, PathBuf};

use gonogo_model::PackageText;
use gonogo_readiness::report::Sources;
use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::{Checked, check};

/// A folder next to the tests.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// The package that has nothing wrong with it.
pub fn base() -> PackageText {
    read(&folder("base"))
}

/// Any file of the checkout.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a fixture is text")
}

/// Any package of the checkout.
pub fn read(root: &Path) -> PackageText {
    let mut text = PackageText::default();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of fixtures can be listed") {
            let path = entry.expect("a directory entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inside = path
                .strip_prefix(root)
                .expect("a file lies under its package");
            let inside = inside.to_string_lossy().replace('\\', "/");
            let content = fs::read_to_string(&path).expect("a fixture is text");
            text.files.insert(inside, content);
        }
    }
    text
}

/// The base with the files of an archive put over it.
pub fn with_archive(archive: &str) -> PackageText {
    let mut text = base();
    let mut about = Vec::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in archive.split_inclusive('\n') {
        let path = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|l| l.strip_suffix(" --"));
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((path.into(), String::new())),
            (None, Some((_, content))) => content.push_str(line),
            (None, None) => about.push(line.trim()),
        }
    }
    assert!(!files.is_empty(), "an archive has files");
    for (path, mut content) in files {
        if about.contains(&"crlf") {
            content = content.replace('\n', "\r\n");
        }
        if about.contains(&"bom") {
            content.insert(0, '\u{feff}');
        }
        text.files.insert(path, content);
    }
    text
}

/// What `gonogo check` says about a text, without colours.
pub fn rendered(text: &PackageText, checked: &Checked) -> String {
    let sources = Sources::new(text);
    let painter = Painter::new(&sources, Colours::Off);
    let painted: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| painter.paint(d))
        .collect();
    format!("{}\n{}\n", painted.join("\n"), checked.counts)
}

/// Checks and renders an archive.
pub fn check_archive(archive: &str) -> (Checked, String) {
    let text = with_archive(archive);
    let checked = check(&text, Vec::new());
    let output = rendered(&text, &checked);
    (checked, output)
}

/// The files of a folder with an ending, by name without it, in order.
pub fn cases(folder_name: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(folder_name)).expect("a folder of cases can be listed") {
        let path = entry.expect("a directory entry can be read").path();
        let name = path
            .file_name()
            .expect("a case has a name")
            .to_string_lossy();
        if let Some(name) = name.strip_suffix(ending) {
            let content = fs::read_to_string(&path).expect("a case is text");
            found.push((name.to_string(), content));
        }
    }
    found.sort();
    found
}
