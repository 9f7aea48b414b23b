//! The walk through a directory tree: what is taken, what is said, where it stops.
//!
//! Every entry is counted and every directory above is remembered, so the walk ends whatever
//! the tree looks like.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{FileNo, Span};
use gonogo_model::yaml::MAX_FILE_BYTES;
use gonogo_model::{Diagnostic, PackageText};

use super::{MAX_DEPTH, MAX_ENTRIES, MAX_FILES, MAX_TOTAL_BYTES, PackageDir, reason};

#[derive(Default)]
pub(super) struct Walk {
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
pub(super) enum Stop {
    Unreadable(String),
    TooLarge(String),
}

impl Walk {
    /// `above` are the real paths of the directories this one stands in.
    pub(super) fn directory(
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

    pub(super) fn finish(self) -> PackageDir {
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
