//! The package that somebody meant with a path that leads to none.

use std::fs;
use std::path::{Path, PathBuf};

use gonogo_model::diagnostic::did_you_mean;

use super::{MAX_ENTRIES, is_package};

/// A package that somebody may have meant with a path that does not exist.
pub(super) fn near_missing(path: &Path) -> Option<PathBuf> {
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
pub(super) fn near_directory(path: &Path) -> Option<PathBuf> {
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
pub(super) fn shown(path: &Path) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_path_buf(),
        _ if path.as_os_str().is_empty() => PathBuf::from("."),
        _ => path.to_path_buf(),
    }
}
