//! Reading a package directory: what is taken, what is said, and the limits.

use std::fs;
use std::path::Path;

use gonogo_model::yaml::MAX_FILE_BYTES;
use gonogo_server::package_dir::{
    MARKER, MAX_DEPTH, MAX_ENTRIES, MAX_FILES, MAX_TOTAL_BYTES, PackageDir, ReadError, is_package,
    read,
};
use tempfile::TempDir;

fn package(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(MARKER), "package: {}\n").unwrap();
    for (inside, content) in files {
        let path = dir.path().join(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn paths(read: &PackageDir) -> Vec<&str> {
    read.text.files.keys().map(String::as_str).collect()
}

fn codes(read: &PackageDir) -> Vec<&str> {
    read.findings.iter().map(|f| f.code).collect()
}

#[test]
fn takes_yaml_and_markdown_and_leaves_the_rest() {
    let dir = package(&[
        ("runbooks/a.md", b"a"),
        ("components/b.yml", b"b"),
        ("evidence/drill.yaml", b"c"),
        ("logo.svg", b"<svg/>"),
        ("LICENSE", b""),
        (".git/config.yaml", b"no"),
        (".hidden.yaml", b"no"),
        ("teams.yaml~", b"no"),
    ]);
    let read = read(dir.path()).unwrap();
    let expected = [
        "components/b.yml",
        "evidence/drill.yaml",
        MARKER,
        "runbooks/a.md",
    ];
    assert_eq!(paths(&read), expected);
    assert!(read.findings.is_empty());
    assert_eq!(read.text.files["runbooks/a.md"], "a");
}

#[test]
fn the_digest_does_not_depend_on_where_it_lies() {
    let files: &[(&str, &[u8])] = &[("b.yaml", b"x"), ("a/c.yaml", b"y")];
    let one = read(package(files).path()).unwrap().text;
    let two = read(package(files).path()).unwrap().text;
    assert_eq!(one.digest(), two.digest());
}

#[test]
fn bytes_that_are_no_text_are_pointed_at() {
    let dir = package(&[
        ("a.yaml", "x: ä\ny: é".as_bytes()),
        ("b.yaml", b"x: \xc3\xa4\ny: \xe9z\n"),
    ]);
    let read = read(dir.path()).unwrap();
    assert_eq!(codes(&read), ["file-not-utf8"]);
    let span = read.findings[0].span.unwrap();
    assert_eq!((span.file.0, span.line, span.column), (1, 2, 4));
    assert_eq!(read.text.files["b.yaml"], "x: ä\ny: \u{fffd}z\n");
}

#[test]
fn a_file_may_be_as_large_as_the_limit_and_no_larger() {
    let dir = package(&[
        ("most.md", &vec![b'a'; MAX_FILE_BYTES]),
        ("more.md", &vec![b'a'; MAX_FILE_BYTES + 1]),
    ]);
    let read = read(dir.path()).unwrap();
    assert_eq!(codes(&read), ["file-too-large"]);
    assert!(read.findings[0].message.contains("`more.md`"));
    assert_eq!(paths(&read), [MARKER, "most.md"]);
}

#[test]
fn a_package_may_have_as_many_files_as_the_limit_and_no_more() {
    let dir = package(&[]);
    for n in 1..MAX_FILES {
        fs::write(dir.path().join(format!("{n}.yaml")), "").unwrap();
    }
    assert_eq!(read(dir.path()).unwrap().text.files.len(), MAX_FILES);
    fs::write(dir.path().join("one-more.yaml"), "").unwrap();
    let error = read(dir.path()).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
    assert!(error.help().unwrap().contains(MARKER));
}

#[test]
fn a_directory_may_have_as_many_entries_as_the_limit_and_no_more() {
    let dir = package(&[]);
    for n in 1..MAX_ENTRIES {
        fs::write(dir.path().join(format!("{n}.txt")), "").unwrap();
    }
    assert_eq!(paths(&read(dir.path()).unwrap()), [MARKER]);
    fs::write(dir.path().join("one-more.txt"), "").unwrap();
    let error = read(dir.path()).unwrap_err();
    assert!(error.to_string().contains("entries"), "{error}");
}

#[test]
fn all_files_together_may_be_as_large_as_the_limit_and_no_larger() {
    let dir = package(&[]);
    let marker = fs::metadata(dir.path().join(MARKER)).unwrap().len();
    let mut left = MAX_TOTAL_BYTES as u64 - marker;
    for n in 0.. {
        let size = left.min(MAX_FILE_BYTES as u64);
        let file = fs::File::create(dir.path().join(format!("{n}.md"))).unwrap();
        file.set_len(size).unwrap();
        left -= size;
        if left == 0 {
            break;
        }
    }
    assert!(read(dir.path()).unwrap().findings.is_empty());
    fs::write(dir.path().join("one-more.md"), "x").unwrap();
    let error = read(dir.path()).unwrap_err();
    assert!(error.to_string().contains("64 MiB together"), "{error}");
}

#[test]
fn directories_are_read_to_a_depth() {
    let deep = |levels: usize| "d/".repeat(levels) + "f.yaml";
    let (last, too_far) = (deep(MAX_DEPTH - 1), deep(MAX_DEPTH));
    let dir = package(&[(&last, b""), (&too_far, b"")]);
    let read = read(dir.path()).unwrap();
    assert_eq!(codes(&read), ["directory-depth"]);
    assert_eq!(paths(&read), [last.as_str(), MARKER]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("shared.md"), "shared").unwrap();
    let dir = package(&[("real.yaml", b"r")]);
    symlink(dir.path().join("real.yaml"), dir.path().join("link.yaml")).unwrap();
    symlink(elsewhere.path(), dir.path().join("runbooks")).unwrap();
    symlink("itself.yaml", dir.path().join("itself.yaml")).unwrap();
    symlink("..", elsewhere.path().join("up")).unwrap();
    symlink(dir.path(), dir.path().join("loop")).unwrap();
    symlink(elsewhere.path().join("nothing"), dir.path().join("gone.md")).unwrap();
    symlink(
        elsewhere.path().join("nothing"),
        dir.path().join("gone.txt"),
    )
    .unwrap();
    fs::remove_file(elsewhere.path().join("up")).unwrap();
    let read = read(dir.path()).unwrap();
    assert_eq!(
        paths(&read),
        [MARKER, "link.yaml", "real.yaml", "runbooks/shared.md"]
    );
    assert_eq!(
        codes(&read),
        ["file-unreadable", "file-unreadable", "link-loop"]
    );
    let messages: Vec<&str> = read.findings.iter().map(|f| f.message.as_str()).collect();
    assert!(
        messages[0].contains("`gone.md` cannot be read: it does not exist"),
        "{messages:?}"
    );
    assert!(messages[1].contains("`itself.yaml`"), "{messages:?}");
    assert!(messages[2].contains("`loop` is a link"), "{messages:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let dir = package(&[]);
    let pipe = dir.path().join("pipe.yaml");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    );
    made.unwrap();
    let read = read(dir.path()).unwrap();
    assert_eq!(codes(&read), ["file-unreadable"]);
    assert!(
        read.findings[0]
            .message
            .contains("`pipe.yaml` is a device or a pipe")
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_said() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let dir = package(&[]);
    fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9.yaml")), "").unwrap();
    fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "").unwrap();
    let read = read(dir.path()).unwrap();
    assert_eq!(codes(&read), ["file-name"]);
    assert_eq!(paths(&read), [MARKER]);
}

#[test]
fn what_is_no_package_is_answered_with_one_that_is() {
    let root = tempfile::tempdir().unwrap();
    let at = |inside: &str| root.path().join(inside);
    fs::create_dir_all(at("ops/signals")).unwrap();
    fs::create_dir_all(at("src")).unwrap();
    fs::write(at("ops").join(MARKER), "").unwrap();
    fs::write(at("ops/teams.yaml"), "").unwrap();
    let help = |inside: &str| {
        let error = read(&at(inside)).unwrap_err();
        (error.to_string(), error.help().unwrap_or_default())
    };
    let meant = format!("`{}`", at("ops").display());
    for inside in ["opps", "", "ops/signals", "ops/teams.yaml"] {
        let (error, help) = help(inside);
        assert!(help.contains(&meant), "{inside}: {error}: {help}");
    }
    let (error, help) = help("src");
    assert!(
        error.contains("holds no package") && help.contains(MARKER),
        "{error}: {help}"
    );
    assert!(is_package(&at("ops")) && !is_package(Path::new("/")));
}
