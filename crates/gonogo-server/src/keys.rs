//! Keys of this installation: made once, kept beside the journal, readable by us alone.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The length of a key, in bytes.
const KEY_LEN: usize = 32;

/// The key in a file of the data directory; made where there is none.
pub fn key(data_dir: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let path = data_dir.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let key = STANDARD
                .decode(text.trim())
                .ok()
                .filter(|k| k.len() == KEY_LEN);
            return key.with_context(|| format!("{} does not hold a key", path.display()));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let key = random()?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(STANDARD.encode(&key).as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

/// A secret for our own test events, new at each start.
pub fn own_secret() -> anyhow::Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(random()?)))
}

fn random() -> anyhow::Result<Vec<u8>> {
    let mut key = vec![0; KEY_LEN];
    aws_lc_rs::rand::fill(&mut key)
        .map_err(|_| anyhow::anyhow!("the system has no randomness to give"))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_us_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let first = key(dir.path(), "a.key").unwrap();
        assert_eq!(key(dir.path(), "a.key").unwrap(), first);
        let mode = std::fs::metadata(dir.path().join("a.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.path().join("b.key"), "x").unwrap();
        assert!(key(dir.path(), "b.key").is_err());
    }
}
