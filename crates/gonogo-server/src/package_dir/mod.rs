//! A package directory on disk → its text.
//!
//! Everything that can be read is read, in the same order on every machine; what cannot is a
//! finding that names the file. Only a directory that is no package at all is an error.

mod near;
mod walk;

use std::path::{Path, PathBuf};
use std::{fs, io};

use gonogo_model::{Diagnostic, PackageText};

use near::{near_directory, near_missing, shown};
use walk::{Stop, Walk};

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
                "name the directory that holds `{MARKER}`, or make a new package with `gonogo init`"
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
