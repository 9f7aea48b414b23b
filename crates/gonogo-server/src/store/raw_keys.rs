//! The keys that raw bodies are sealed with, in a file beside the database.
//!
//! There is one key per day and retention class (how many days the source keeps bodies), so
//! deleting one line makes exactly that day's bodies unreadable, also in backups of the
//! database file. Invariant: a key is on the disk before anything sealed with it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::rand;

use super::StoreError;

const KEY_FILE: &str = "raw.keys";
const KEY_BYTES: usize = 32;

/// Which key: the day a body came in, and for how many days its source keeps bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyId {
    pub day: i64,
    pub keep_days: u16,
}

impl KeyId {
    pub(super) fn expired(self, today: i64) -> bool {
        self.day + i64::from(self.keep_days) < today
    }
}

pub(super) struct RawKeys {
    path: PathBuf,
    keys: BTreeMap<KeyId, Key>,
}

struct Key {
    bytes: [u8; KEY_BYTES],
    cipher: Arc<RandomizedNonceKey>,
}

impl RawKeys {
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(KEY_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(StoreError::io("read", &path, &e)),
        };
        let mut keys = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            match parse(line) {
                Some((id, key)) => {
                    keys.insert(id, key);
                }
                // Its bodies are lost; paging goes on.
                None => tracing::warn!(line = number, "{KEY_FILE} holds a line that is no key"),
            }
        }
        Ok(Self { path, keys })
    }

    pub(super) fn get(&self, id: KeyId) -> Option<Arc<RandomizedNonceKey>> {
        self.keys.get(&id).map(|key| Arc::clone(&key.cipher))
    }

    /// The key for new bodies, made and stored at the first use.
    pub(super) fn get_or_make(&mut self, id: KeyId) -> Result<Arc<RandomizedNonceKey>, StoreError> {
        if let Some(cipher) = self.get(id) {
            return Ok(cipher);
        }
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes)
            .map_err(|_| StoreError::Unavailable("the system gives no random numbers".into()))?;
        let key = key(bytes).ok_or(StoreError::Unreadable)?;
        let cipher = Arc::clone(&key.cipher);
        self.keys.insert(id, key);
        if let Err(error) = self.save() {
            self.keys.remove(&id);
            return Err(error);
        }
        Ok(cipher)
    }

    /// Deletes the keys whose time is over and answers which they were.
    pub(super) fn expire(&mut self, today: i64) -> Result<Vec<KeyId>, StoreError> {
        let gone: Vec<KeyId> = self
            .keys
            .keys()
            .copied()
            .filter(|id| id.expired(today))
            .collect();
        if !gone.is_empty() {
            self.keys.retain(|id, _| !id.expired(today));
            self.save()?;
        }
        Ok(gone)
    }

    /// Replaces the file as a whole, so that a crash leaves the old one or the new one.
    fn save(&self) -> Result<(), StoreError> {
        let mut text = String::new();
        for (id, key) in &self.keys {
            let _ = write!(text, "{} {} ", id.day, id.keep_days);
            for byte in key.bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        let new = self.path.with_extension("keys.new");
        write_private(&new, text.as_bytes())
            .and_then(|()| std::fs::rename(&new, &self.path))
            .and_then(|()| match self.path.parent() {
                Some(dir) => File::open(dir)?.sync_all(),
                None => Ok(()),
            })
            .map_err(|e| StoreError::io("write", &self.path, &e))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn parse(line: &str) -> Option<(KeyId, Key)> {
    let mut words = line.split(' ');
    let id = KeyId {
        day: words.next()?.parse().ok()?,
        keep_days: words.next()?.parse().ok()?,
    };
    let hex = words.next()?.as_bytes();
    if hex.len() != 2 * KEY_BYTES || words.next().is_some() {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (byte, digits) in bytes.iter_mut().zip(hex.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some((id, key(bytes)?))
}

fn key(bytes: [u8; KEY_BYTES]) -> Option<Key> {
    let cipher = Arc::new(RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok()?);
    Some(Key { bytes, cipher })
}
