//! A copy of a data directory, made while a server runs on it, and putting it back.
//!
//! Both files are read at one moment, by SQLite's own backup, so that a copy is what a crash
//! at that moment would have left; a restart takes it from there as it takes a crash. Invariant:
//! a directory with a manifest is whole and was checked, and nothing that exists is overwritten.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{StoreError, journal, lock, schema};

/// Says that a backup is whole, and what is in it.
pub const MANIFEST: &str = "backup.json";
/// The version of the manifest.
const FORMAT: u32 = 1;
/// The databases; the journal comes last when they are put back, so that what was
/// interrupted never looks like an installation.
const JOURNAL: &str = "journal.db";
const RAW: &str = "raw.db";
/// Pages copied between two looks at how far it is.
const PAGES_AT_ONCE: i32 = 1_024;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The gonogo that made it.
    pub version: String,
    /// The last step of the engine in it.
    pub step: i64,
    /// How many inputs were ever taken.
    pub inputs: i64,
    /// Its files.
    pub files: BTreeMap<String, Copied>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its length.
    pub bytes: u64,
    /// Its digest, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The length of all files.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(MANIFEST);
        let text = fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => conflict(format!(
                "{} holds no whole backup: there is no {MANIFEST} in it",
                dir.display()
            )),
            _ => StoreError::io("read", &path, &error),
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| StoreError::Corrupt(format!("{MANIFEST}: {error}")))?;
        // A name in it must not lead out of the directory.
        let inside = |name: &String| Path::new(name).file_name() == Some(name.as_ref());
        match manifest.format == FORMAT && manifest.files.keys().all(inside) {
            true => Ok(manifest),
            false => Err(StoreError::Corrupt(format!(
                "{MANIFEST} is not one of this gonogo"
            ))),
        }
    }
}

/// Copies the data directory `from` into `to`, which must not exist yet. A server may run on
/// it meanwhile. `progress` hears how much of the pages is copied and how many there are.
pub fn backup(
    from: &Path,
    to: &Path,
    now: Timestamp,
    mut progress: impl FnMut(u64, u64),
) -> Result<Manifest, StoreError> {
    if !from.join(JOURNAL).exists() {
        return Err(conflict(format!(
            "there is no journal in {}",
            from.display()
        )));
    }
    let partial = partial_of(to)?;
    let made = copy_all(from, &partial, now, &mut progress).and_then(|manifest| {
        fs::rename(&partial, to).map_err(|e| StoreError::io("rename", to, &e))?;
        lock::sync_dir(to)?;
        Ok(manifest)
    });
    if made.is_err() {
        // It has no manifest, or not its name: nobody takes it for a backup.
        let _ = fs::remove_dir_all(&partial);
    }
    made
}

/// Puts a backup into a directory that is empty or not there, from which a server can start.
pub fn restore(from: &Path, to: &Path) -> Result<Manifest, StoreError> {
    let manifest = Manifest::read(from)?;
    for (name, file) in &manifest.files {
        let found = digest(&from.join(name))?;
        if found != *file {
            return Err(StoreError::Corrupt(format!(
                "{name} is not what was backed up"
            )));
        }
    }
    if !is_empty(to)? {
        return Err(conflict(format!("{} is not empty", to.display())));
    }
    let held = lock::Lock::take(to)?;
    let put = put_back(&manifest, from, to);
    if put.is_err() {
        // Nothing of it is of use, and what is left would be in the way of the next try.
        for name in manifest.files.keys() {
            let _ = fs::remove_file(to.join(name));
            let _ = fs::remove_file(part(to, name));
        }
    }
    put?;
    drop(held);
    Ok(manifest)
}

fn put_back(manifest: &Manifest, from: &Path, to: &Path) -> Result<(), StoreError> {
    let (last, first): (Vec<_>, Vec<_>) = manifest
        .files
        .iter()
        .partition(|(name, _)| *name == JOURNAL);
    for (name, file) in first.into_iter().chain(last) {
        let part = part(to, name);
        copy_file(&from.join(name), &part)?;
        if digest(&part)? != *file {
            let text = format!("{name} was not written as it was read");
            return Err(StoreError::Corrupt(text));
        }
        if let Some(migrations) = migrations(name) {
            let conn = schema::open_read_only(&part)?;
            schema::check_version(&conn, &part, migrations)?;
            sound(&conn, name)?;
        }
        let whole = to.join(name);
        fs::rename(&part, &whole).map_err(|e| StoreError::io("rename", &whole, &e))?;
    }
    lock::sync_dir(to)
}

/// What a file is called until it is whole.
fn part(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.part"))
}

fn copy_all(
    from: &Path,
    to: &Path,
    now: Timestamp,
    progress: &mut impl FnMut(u64, u64),
) -> Result<Manifest, StoreError> {
    // Both at one moment, the journal first: then every dead letter in it has its body.
    let journal = Source::open(from, JOURNAL)?;
    let raw = from
        .join(RAW)
        .exists()
        .then(|| Source::open(from, RAW))
        .transpose()?;
    let (step, next_seq): (i64, i64) =
        journal
            .conn
            .query_row("SELECT step_no, next_seq FROM head", [], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })?;
    let all = journal.pages + raw.as_ref().map_or(0, |raw| raw.pages);
    journal.copy(to, |done| progress(done, all), |_| Ok(()))?;
    if let Some(raw) = &raw {
        let before = journal.pages;
        // A body of an input that the copy does not have would become another input's.
        raw.copy(
            to,
            |done| progress(before + done, all),
            |conn| {
                conn.execute("DELETE FROM raw WHERE seq >= ?1", [next_seq])?;
                Ok(())
            },
        )?;
    }
    // After the bodies: a key is on the disk before anything that is sealed with it.
    for name in key_files(from)? {
        copy_file(&from.join(&name), &to.join(&name))?;
    }
    let mut files = BTreeMap::new();
    for name in names(to)? {
        let copied = digest(&to.join(&name))?;
        files.insert(name, copied);
    }
    let manifest = Manifest {
        format: FORMAT,
        made_at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        step,
        inputs: next_seq - 1,
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let path = to.join(MANIFEST);
    let write = || -> std::io::Result<()> {
        let mut file = private(&path)?;
        file.write_all(&text)?;
        file.sync_all()
    };
    write().map_err(|e| StoreError::io("write", &path, &e))?;
    lock::sync_dir(to)?;
    Ok(manifest)
}

/// A database, held at one moment.
struct Source {
    conn: Connection,
    name: &'static str,
    pages: u64,
}

impl Source {
    fn open(dir: &Path, name: &'static str) -> Result<Self, StoreError> {
        let path = dir.join(name);
        let conn = schema::open_read_only(&path)?;
        schema::check_version(&conn, &path, migrations(name).unwrap_or_default())?;
        // What is read from here on is of the moment of the first read.
        conn.execute_batch("BEGIN")?;
        let pages = conn.query_row("SELECT page_count FROM pragma_page_count", [], |r| r.get(0))?;
        Ok(Self { conn, name, pages })
    }

    fn copy(
        &self,
        to: &Path,
        mut progress: impl FnMut(u64),
        change: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = to.join(self.name);
        // Made first, so that it is ours alone from its first byte.
        private(&path).map_err(|e| StoreError::io("create", &path, &e))?;
        let mut conn = Connection::open(&path)?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        let copying = Backup::new(&self.conn, &mut conn)?;
        loop {
            let step = copying.step(PAGES_AT_ONCE)?;
            let at = copying.progress();
            let done = at.pagecount.saturating_sub(at.remaining);
            progress(u64::try_from(done).unwrap_or_default());
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(StoreError::Unavailable(format!("{} is locked", self.name))),
            }
        }
        drop(copying);
        // One file without a log beside it; opening it for work gives it one again.
        conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        change(&conn)?;
        sound(&conn, self.name)
    }
}

fn sound(conn: &Connection, name: &str) -> Result<(), StoreError> {
    let found = match name {
        JOURNAL => journal::integrity(conn)?,
        name => journal::sqlite_check(conn, name)?,
    };
    match found.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Corrupt(found.join("; "))),
    }
}

fn migrations(name: &str) -> Option<&'static [&'static str]> {
    match name {
        JOURNAL => Some(schema::JOURNAL),
        RAW => Some(schema::RAW),
        _ => None,
    }
}

/// The keys of the installation and of the bodies.
fn key_files(dir: &Path) -> Result<Vec<String>, StoreError> {
    let is_key = |name: &String| name.ends_with(".key") || name.ends_with(".keys");
    Ok(names(dir)?.into_iter().filter(is_key).collect())
}

/// The names of the files in a directory, in order.
fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let list = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    };
    list().map_err(|e| StoreError::io("list", dir, &e))
}

/// Where a backup grows until it is whole.
fn partial_of(to: &Path) -> Result<PathBuf, StoreError> {
    if !is_empty(to)? {
        return Err(conflict(format!("{} exists already", to.display())));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let partial = PathBuf::from(name);
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&partial)
        .map_err(|e| StoreError::io("create", &partial, &e))?;
    Ok(partial)
}

/// Whether nothing would be overwritten: there is nothing, or a directory with nothing in it
/// but the lock.
fn is_empty(dir: &Path) -> Result<bool, StoreError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.all(|e| e.is_ok_and(|e| e.file_name() == lock::LOCK_FILE))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(StoreError::io("list", dir, &error)),
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let copy = || -> std::io::Result<()> {
        let mut read = File::open(from)?;
        let mut written = private(to)?;
        std::io::copy(&mut read, &mut written)?;
        written.sync_all()
    };
    copy().map_err(|e| StoreError::io("copy", from, &e))
}

/// A new file that nobody else may read.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn digest(path: &Path) -> Result<Copied, StoreError> {
    let hash = || -> std::io::Result<Copied> {
        let mut file = File::open(path)?;
        let (mut hasher, mut bytes) = (Sha256::new(), 0);
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            hasher.update(&chunk[..read]);
            bytes += read as u64;
        }
        let sha256 = hasher
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        Ok(Copied { bytes, sha256 })
    };
    hash().map_err(|e| StoreError::io("read", path, &e))
}

fn conflict(text: String) -> StoreError {
    StoreError::Conflict(text)
}
