//! The machine: the disk that the journal is on, and the clock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::{Found, State};
use crate::clock::DIFFERENCE_REPORTED_MS;
use crate::store::{self, LOCK_FILE, RESERVE_BYTES};

/// Below this much free space somebody should look.
const FREE_BYTES_MIN: u64 = 2 << 30;
/// Every webhook and every decision waits for one of these.
const SYNC_MAX: Duration = Duration::from_millis(100);
/// What the system calls file systems that do not keep a journal.
const TMPFS: u64 = 0x0102_1994;
const RAMFS: u64 = 0x8584_58f6;
const OVERLAY: u64 = 0x794c_7630;
const NFS: u64 = 0x6969;

/// Looks at the data directory; tells too whether a server runs on it.
pub(super) fn data(dir: &Path) -> (Vec<Found>, bool) {
    let shown = dir.display();
    if !dir.exists() {
        return (vec![not_yet(dir)], false);
    }
    if !dir.is_dir() {
        let said = format!("{shown} is not a directory");
        return (
            vec![Found::problem("data", said, "name another with --data")],
            false,
        );
    }
    let runs = is_locked(dir);
    let mut found = vec![written(dir), space(dir)];
    found.extend(kind(dir));
    found.extend(private(dir));
    found.push(journal(dir));
    (found, runs)
}

/// Compares our clock with the journal's and with those of the systems that answered.
pub(super) fn clock(dir: &Path, others: &[SignedDuration]) -> Found {
    let about = "clock";
    let fix = "let the system keep its time, with systemd-timesyncd or chrony";
    let now = Timestamp::now();
    let last = store::look(dir)
        .ok()
        .flatten()
        .and_then(|look| look.last_at);
    if let Some(last) = last.filter(|last| *last > now) {
        let ahead = last.duration_since(now).as_secs();
        let said = format!("the clock is {ahead} s behind what the journal has seen");
        return Found::problem(about, said, fix);
    }
    // One clock may be wrong; the one in the middle seldom is.
    let mut others = others.to_vec();
    others.sort();
    let Some(middle) = others.get(others.len() / 2) else {
        return Found::new(about, State::Unknown, "no other clock could be asked");
    };
    if middle.abs().as_millis() > i128::from(DIFFERENCE_REPORTED_MS) {
        let said = format!("the clock differs by {} s from others", middle.as_secs());
        return Found::problem(about, said, fix);
    }
    let count = others.len();
    Found::ok(about, format!("within a minute of {count} other clocks"))
}

fn not_yet(dir: &Path) -> Found {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let above = absolute.ancestors().find(|dir| dir.exists());
    let writes = above.is_some_and(|dir| {
        rustix::fs::access(
            dir,
            rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
        )
        .is_ok()
    });
    let shown = dir.display();
    match writes {
        true => Found::ok("data", format!("{shown} will be made by the first start")),
        false => Found::problem(
            "data",
            format!("{shown} is not there and cannot be made"),
            format!("make it, owned by whoever runs gonogo: install -d -m 700 {shown}"),
        ),
    }
}

/// Writes, syncs and deletes a file of our own.
fn written(dir: &Path) -> Found {
    let path = dir.join(format!(".doctor-{}", std::process::id()));
    let begin = Instant::now();
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()
    };
    let wrote = write();
    let took = begin.elapsed();
    // It may not have come to be.
    let _ = fs::remove_file(&path);
    let shown = dir.display();
    match wrote {
        Err(error) => Found::problem(
            "data",
            format!("{shown} cannot be written: {error}"),
            format!("chown it to whoever runs gonogo, and look at the disk with df {shown}"),
        ),
        Ok(()) if took > SYNC_MAX => Found::warning(
            "data",
            format!(
                "the disk of {shown} took {} ms to sync one page",
                took.as_millis()
            ),
            "every webhook waits for that: take a faster disk, or one with less to do",
        ),
        Ok(()) => Found::ok(
            "data",
            format!("{shown} is written and synced in {} ms", took.as_millis()),
        ),
    }
}

fn space(dir: &Path) -> Found {
    let about = "space";
    let Ok(disk) = rustix::fs::statvfs(dir) else {
        return Found::new(about, State::Unknown, "the disk does not tell what is free");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let said = format!("{} MB are free", free >> 20);
    let fix = "make room, or move the data directory to a larger disk";
    match free {
        free if free < RESERVE_BYTES => Found::problem(about, said, fix),
        free if free < FREE_BYTES_MIN => Found::warning(about, said, fix),
        _ => Found::ok(about, said),
    }
}

/// Where a journal does not survive, or cannot be trusted.
fn kind(dir: &Path) -> Option<Found> {
    let kind = rustix::fs::statfs(dir).ok()?.f_type as u64;
    let fix = "put it on a local disk that outlives the machine";
    let said = match kind {
        TMPFS | RAMFS => "it is in memory, and gone with the next restart",
        OVERLAY => "it is in a container's own layer, and gone with the container",
        NFS => "it is on a network disk, on which locks cannot be trusted",
        _ => return None,
    };
    Some(Found::warning("disk", said, fix))
}

fn private(dir: &Path) -> Option<Found> {
    let mode = fs::metadata(dir).ok()?.permissions().mode();
    let shown = dir.display();
    (mode & 0o077 != 0).then(|| {
        Found::warning(
            "private",
            format!("{shown} can be entered by others on this machine"),
            format!("chmod 700 {shown}"),
        )
    })
}

fn journal(dir: &Path) -> Found {
    match store::look(dir) {
        Ok(None) => Found::ok("journal", "there is none yet"),
        Ok(Some(look)) => {
            let said = format!("{} inputs and {} steps", look.inputs, look.step);
            Found::ok("journal", said)
        }
        Err(error) => Found::problem(
            "journal",
            error.to_string(),
            "start the version that wrote it, or put the newest backup back with `gonogo restore`",
        ),
    }
}

fn is_locked(dir: &Path) -> bool {
    let file = File::open(dir.join(LOCK_FILE));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_the_one_in_the_middle() {
        let dir = tempfile::tempdir().unwrap();
        let secs = SignedDuration::from_secs;
        let judged = |others: &[SignedDuration]| clock(dir.path(), others).state;
        assert_eq!(judged(&[]), State::Unknown);
        assert_eq!(judged(&[secs(60)]), State::Ok);
        assert_eq!(judged(&[secs(-61)]), State::Problem);
        assert_eq!(judged(&[secs(1), secs(9_999), secs(-1)]), State::Ok);
    }

    #[test]
    fn what_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let (found, runs) = data(&dir.path().join("a/b"));
        assert_eq!((found.len(), found[0].state, runs), (1, State::Ok, false));
        assert!(!dir.path().join("a").exists());
        let (found, _) = data(dir.path());
        assert!(found.iter().all(|f| f.state != State::Problem), "{found:?}");
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            0,
            "nothing is left"
        );
    }
}
