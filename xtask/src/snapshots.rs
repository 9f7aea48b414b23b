//! Snapshots that no test asks for any more.
//!
//! A renamed or deleted test leaves its snapshot behind, and whoever reads that file later believes
//! something that nothing checks. insta can write down which files its assertions asked for;
//! comparing that list with the files in the repository is exact. Invariant: only a run of all the
//! tests is judged, since any other asks for fewer.

use crate::chore::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

/// The list that insta writes while the tests run.
pub struct References {
    path: PathBuf,
}

impl References {
    /// Prepares an empty list.
    pub fn record() -> Result<Self> {
        let path = env::temp_dir().join(format!("gonogo-snapshots-{}", process::id()));
        fs::write(&path, "").with_context(|| format!("could not write {}", path.display()))?;
        Ok(References { path })
    }

    /// Has the tests that `command` runs add to the list.
    pub fn tell<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("INSTA_SNAPSHOT_REFERENCES_FILE", &self.path)
    }

    /// Fails when the repository has a snapshot that is not on the list.
    pub fn check(&self) -> Result<()> {
        let list = fs::read_to_string(&self.path)?;
        let orphans = orphans(&root().join("crates"), &asked_for(&list))?;
        if !orphans.is_empty() {
            bail!(
                "no test asks for these snapshots; delete them:\n  {}",
                orphans.join("\n  ")
            );
        }
        Ok(())
    }
}

impl Drop for References {
    fn drop(&mut self) {
        // What is left behind is a small file in the temporary folder, not worth a failed run.
        let _ = fs::remove_file(&self.path);
    }
}

fn asked_for(list: &str) -> BTreeSet<PathBuf> {
    list.lines()
        .filter_map(|line| fs::canonicalize(line).ok())
        .collect()
}

fn orphans(folder: &Path, asked_for: &BTreeSet<PathBuf>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(orphans(&path, asked_for)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "snap")
            && !asked_for.contains(&fs::canonicalize(&path)?)
        {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_no_test_asked_for_is_an_orphan() {
        let folder = env::temp_dir().join(format!("gonogo-orphans-{}", process::id()));
        let snapshots = folder.join("tests/snapshots");
        fs::create_dir_all(&snapshots).unwrap();
        for name in ["asked_for.snap", "orphan.snap", "notes.md"] {
            fs::write(snapshots.join(name), "").unwrap();
        }
        let list = format!("{}\n", snapshots.join("asked_for.snap").display());
        let found = orphans(&folder, &asked_for(&list)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [snapshots.join("orphan.snap").display().to_string()]);
    }
}
