//! A package directory on disk → its text.
//!
//! Everything that can be read is read, in the same order on every machine; what cannot is a
//! finding that names the file. Only a directory that is no package at all is an error.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gonogo_model::diagnostic::{Severity, did_you_mean};
use gonogo_model::text::{FileNo, Span};
use gonogo_model::yaml::MAX_FILE_BYTES;
use gonogo_model::{Diagnostic, PackageText};

/// The file that makes a directory a package.
pub const MARKER: &str = "gonogo.yaml";
/// How many files a package may have.
pub const MAX_FILES: usize = 10_000;
/// How many entries a directory tree may have, files that are not read included.
pub const MAX_ENTRIES: usize = 20_000;
/// How deep directories may be nested.
pub const MAX_DEPTH: usize = 16;
/// How large all files together may be.
pub const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// What was read.
#[derive(Clone, Debug)]
pub struct PackageDir {
    /// The files, by path.
    pub text: PackageText,
    /// What could not be read, or not as text.
    pub findings: Vec<Diagnostic>,
}

/// Why a path gives no package at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("there is no directory `{}`", .path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
        /// A package near it.
        near: Option<PathBuf>,
    },
    /// It is something else.
    #[error("`{}` is not a directory, and a package is one", .path.display())]
    NotADirectory {
        /// What was asked for.
        path: PathBuf,
        /// A package near it.
        near: Option<PathBuf>,
    },
    /// A directory without the file that makes it a package.
    #[error("`{}` holds no package: there is no `{MARKER}` in it", .path.display())]
    NoPackage {
        /// What was asked for.
        path: PathBuf,
        /// A package near it.
        near: Option<PathBuf>,
    },
    /// It cannot be listed.
    #[error("`{}` cannot be read: {why}", .path.display())]
    Unreadable {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// More than a package can have.
    #[error("`{}` is too large for a package: {what}", .path.display())]
    TooLarge {
        /// What was asked for.
        path: PathBuf,
        /// Which bound was passed.
        what: String,
    },
}

impl ReadError {
    /// The way out, where one is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing {
                near: Some(near), ..
            }
            | Self::NotADirectory {
                near: Some(near), ..
            }
            | Self::NoPackage {
                near: Some(near), ..
            } => Some(format!(
                "there is a package in `{}`: did you mean that?",
                near.display()
            )),
            Self::Missing { .. } | Self::NotADirectory { .. } => {
                Some(format!("name the directory that holds `{MARKER}`"))
            }
            Self::NoPackage { .. } => Some(format!(
                "name the directory that holds `{MARKER}`, or write one: `package: {{format: 1, id: …, name: …, operators: …}}`"
            )),
            Self::Unreadable { .. } => None,
            Self::TooLarge { .. } => Some(format!(
                "move what is not part of the package out of the directory that holds `{MARKER}`"
            )),
        }
    }
}

/// Reads a package directory: every `.yaml`, `.yml` and `.md` file below it.
///
/// Names that begin with a dot are left out. Links are followed, and a link that leads back to
/// a directory it stands in is a finding.
pub fn read(path: &Path) -> Result<PackageDir, ReadError> {
    let owned = || path.to_path_buf();
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ReadError::Missing {
                path: owned(),
                near: near_missing(path),
            });
        }
        Err(error) => {
            return Err(ReadError::Unreadable {
                path: owned(),
                why: reason(&error),
            });
        }
        Ok(found) if !found.is_dir() => {
            let near = path.ancestors().skip(1).find(|p| is_package(p)).map(shown);
            return Err(ReadError::NotADirectory {
                path: owned(),
                near,
            });
        }
        Ok(_) => {}
    }
    if !is_package(path) {
        return Err(ReadError::NoPackage {
            path: owned(),
            near: near_directory(path),
        });
    }
    let mut walk = Walk::default();
    walk.directory(path, "", &mut Vec::new())
        .map_err(|stop| match stop {
            Stop::Unreadable(why) => ReadError::Unreadable { path: owned(), why },
            Stop::TooLarge(what) => ReadError::TooLarge {
                path: owned(),
                what,
            },
        })?;
    Ok(walk.finish())
}

/// Does this directory hold a package?
pub fn is_package(path: &Path) -> bool {
    fs::symlink_metadata(path.join(MARKER)).is_ok()
}

#[derive(Default)]
struct Walk {
    files: BTreeMap<String, String>,
    problems: Vec<Problem>,
    entries: usize,
    bytes: usize,
}

/// Something about one path that is to be said once all ranks of files are known.
struct Problem {
    path: String,
    code: &'static str,
    severity: Severity,
    message: String,
    help: &'static str,
    /// Line and column, for a file whose text was kept.
    at: Option<(u32, u32)>,
}

/// Reading as a whole stops.
enum Stop {
    Unreadable(String),
    TooLarge(String),
}

impl Walk {
    /// `above` are the real paths of the directories this one stands in.
    fn directory(
        &mut self,
        path: &Path,
        inside: &str,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), Stop> {
        let listed = fs::canonicalize(path).and_then(|real| Ok((real, fs::read_dir(path)?)));
        let (real, listed) = match listed {
            Ok(found) => found,
            Err(error) if inside.is_empty() => return Err(Stop::Unreadable(reason(&error))),
            Err(error) => {
                self.unreadable(inside, &error);
                return Ok(());
            }
        };
        if above.contains(&real) {
            self.problem(
                inside,
                "link-loop",
                format!("`{inside}` is a link to a directory that it stands in"),
                "take the link away; each file is read once where it is",
            );
            return Ok(());
        }
        if above.len() >= MAX_DEPTH {
            let help = "a package needs two levels: `components/`, `signals/`, `runbooks/`";
            let message =
                format!("`{inside}` is nested deeper than {MAX_DEPTH} directories and is not read");
            self.problem(inside, "directory-depth", message, help);
            return Ok(());
        }
        let mut names: Vec<_> = listed
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .collect();
        names.sort();
        above.push(real);
        for name in names {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(Stop::TooLarge(format!(
                    "it has more than {MAX_ENTRIES} entries"
                )));
            }
            self.entry(&path.join(&name), inside, &name.to_string_lossy(), above)?;
        }
        above.pop();
        Ok(())
    }

    fn entry(
        &mut self,
        path: &Path,
        inside: &str,
        name: &str,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), Stop> {
        if name.starts_with('.') {
            return Ok(());
        }
        let inside = if inside.is_empty() {
            name.to_string()
        } else {
            format!("{inside}/{name}")
        };
        let wanted = matches!(ending(name), Some("yaml" | "yml" | "md"));
        let kind = match fs::metadata(path) {
            Ok(kind) => kind,
            Err(error) => {
                if wanted {
                    self.unreadable(&inside, &error);
                }
                return Ok(());
            }
        };
        if kind.is_dir() {
            return self.directory(path, &inside, above);
        }
        if !wanted {
            self.nearly_wanted(&inside, name);
            return Ok(());
        }
        if path.file_name().is_some_and(|n| n.to_str().is_none()) {
            let message =
                format!("the name of `{inside}` is not valid UTF-8, so the file is not read");
            self.problem(&inside, "file-name", message, "rename it");
            return Ok(());
        }
        if !kind.is_file() {
            let message = format!("`{inside}` is a device or a pipe, not a file");
            self.problem(
                &inside,
                "file-unreadable",
                message,
                "put a file in its place",
            );
            return Ok(());
        }
        self.file(path, inside)
    }

    fn file(&mut self, path: &Path, inside: String) -> Result<(), Stop> {
        let mut bytes = Vec::new();
        // One more than the limit, so that a file that grows meanwhile is bounded too.
        let read = File::open(path)
            .and_then(|f| f.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            self.unreadable(&inside, &error);
            return Ok(());
        }
        if bytes.len() > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES >> 20;
            let message = format!("`{inside}` is larger than {limit} MiB, so it is not read");
            self.problem(&inside, "file-too-large", message, "split it");
            return Ok(());
        }
        self.bytes += bytes.len();
        if self.bytes > MAX_TOTAL_BYTES {
            let limit = MAX_TOTAL_BYTES >> 20;
            return Err(Stop::TooLarge(format!(
                "its files are larger than {limit} MiB together"
            )));
        }
        if self.files.len() >= MAX_FILES {
            return Err(Stop::TooLarge(format!(
                "it has more than {MAX_FILES} YAML and Markdown files"
            )));
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            self.not_utf8(&inside, &error);
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        self.files.insert(inside, text);
        Ok(())
    }

    fn not_utf8(&mut self, inside: &str, error: &std::string::FromUtf8Error) {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let before = std::str::from_utf8(before).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.problems.push(Problem {
            path: inside.to_string(),
            code: "file-not-utf8",
            severity: Severity::Error,
            message: format!("`{inside}` is not valid UTF-8"),
            help: "save it as UTF-8; `iconv -f latin1 -t utf-8` converts what older editors write",
            at: Some((small(line), small(column))),
        });
    }

    /// A file that somebody may believe is read.
    fn nearly_wanted(&mut self, inside: &str, name: &str) {
        let lower = ending(name).map(str::to_ascii_lowercase);
        if matches!(lower.as_deref(), Some("yaml" | "yml" | "md")) {
            self.problems.push(Problem {
                path: inside.to_string(),
                code: "file-name",
                severity: Severity::Warning,
                message: format!("`{inside}` is not read: its ending is not in lower case"),
                help: "rename it",
                at: None,
            });
        }
    }

    fn unreadable(&mut self, inside: &str, error: &io::Error) {
        let message = format!("`{inside}` cannot be read: {}", reason(error));
        let help = match error.kind() {
            io::ErrorKind::NotFound => "it is a link to something that does not exist",
            io::ErrorKind::PermissionDenied => "let the user that runs gonogo read it",
            _ => "look at the file and the disk that it is on",
        };
        self.problem(inside, "file-unreadable", message, help);
    }

    fn problem(&mut self, inside: &str, code: &'static str, message: String, help: &'static str) {
        self.problems.push(Problem {
            path: inside.to_string(),
            code,
            severity: Severity::Error,
            message,
            help,
            at: None,
        });
    }

    fn finish(self) -> PackageDir {
        let paths: Vec<&String> = self.files.keys().collect();
        let findings = self.problems.iter().map(|problem| {
            let span = problem.at.and_then(|(line, column)| {
                let rank = paths.binary_search(&&problem.path).ok()?;
                let file = FileNo(u32::try_from(rank).ok()?);
                Some(Span {
                    file,
                    line,
                    column,
                    len: 1,
                })
            });
            let label = if span.is_some() {
                "these bytes are no character"
            } else {
                ""
            };
            Diagnostic::new(problem.code, problem.severity, span, &problem.message)
                .label(label)
                .help(problem.help)
        });
        PackageDir {
            findings: findings.collect(),
            text: PackageText { files: self.files },
        }
    }
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

/// What the system said, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_string()
        }
    }
}

/// A package that somebody may have meant with a path that does not exist.
fn near_missing(path: &Path) -> Option<PathBuf> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let typed = path.file_name()?.to_str()?;
    let siblings = packages_in(parent);
    let names: Vec<&str> = siblings
        .iter()
        .filter_map(|p| p.file_name()?.to_str())
        .collect();
    let near = did_you_mean(typed, names.iter().copied());
    let only = || match &names[..] {
        [one] => Some(*one),
        _ => None,
    };
    near.or_else(only).map(|name| shown(&parent.join(name)))
}

/// A package below a directory that is none, or one that the directory stands in.
fn near_directory(path: &Path) -> Option<PathBuf> {
    let below = packages_in(path).into_iter().next();
    below.or_else(|| above(path)).map(|p| shown(&p))
}

/// The package that a directory stands in, by its own path where that leads there.
fn above(path: &Path) -> Option<PathBuf> {
    let as_typed = path.ancestors().skip(1).find(|p| is_package(p));
    if let Some(found) = as_typed {
        return Some(found.to_path_buf());
    }
    let real = fs::canonicalize(path).ok()?;
    let levels = real.ancestors().skip(1).position(is_package)?;
    let up = std::iter::repeat_n("..", levels + 1);
    Some(up.fold(path.to_path_buf(), |at, up| at.join(up)))
}

fn packages_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = listed
        .take(MAX_ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_package(path))
        .collect();
    found.sort();
    found
}

/// As somebody would type it.
fn shown(path: &Path) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_path_buf(),
        _ if path.as_os_str().is_empty() => PathBuf::from("."),
        _ => path.to_path_buf(),
    }
}
