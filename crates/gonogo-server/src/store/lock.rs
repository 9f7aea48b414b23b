//! The lock that keeps a second process out of a data directory.
//!
//! Two writers would hand out the same sequence numbers. The lock belongs to an open file,
//! so the system lets go of it when the process dies, however it dies. The file stays.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StoreError;

/// The file that says who works on a data directory.
pub const LOCK_FILE: &str = "gonogo.lock";

/// Held by every thread that writes, and released when the last of them is gone.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        create_private(dir)?;
        let path = dir.join(LOCK_FILE);
        let fail = |e: &std::io::Error| StoreError::io("lock", &path, e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| fail(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    dir: dir.display().to_string(),
                    owner: owner(file),
                });
            }
            Err(TryLockError::Error(e)) => return Err(fail(&e)),
        }
        // Only a help for the operator; a full disk must not keep the store from opening.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "process {}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn owner(mut file: File) -> String {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    match text.trim() {
        "" => "unknown process".into(),
        name => name.chars().filter(|c| !c.is_control()).take(40).collect(),
    }
}

fn create_private(dir: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .map_err(|e| StoreError::io("create", dir, &e))
}

/// Makes the names in a directory durable, and its own name in the one above as far as that
/// may be opened.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let sync = |dir: &Path| File::open(dir).and_then(|d| d.sync_all());
    if let Some(parent) = dir.parent() {
        let _ = sync(parent);
    }
    sync(dir).map_err(|e| StoreError::io("sync", dir, &e))
}
