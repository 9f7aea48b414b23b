//! The machine that is measured on, and what a durable write costs on it.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::table::{ms, quantile};

/// How many durable writes the median is of.
const WRITES: usize = 200;

/// What Linux counts processor time in, for whoever asks (USER_HZ is 100; proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// The median time of writing 4 KiB and waiting until they are on the disk.
pub fn fsync(dir: &Path) -> anyhow::Result<Duration> {
    let mut file = fs::File::create(dir.join("fsync"))?;
    let page = [7; 4096];
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begin = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    Ok(quantile(&times, 0.5))
}

/// The machine in a few lines.
pub fn describe(data_dir: &Path, fsync: Duration) -> String {
    let cpu = line("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown CPU".into());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_kib = line("/proc/meminfo", "MemTotal").and_then(|l| kib(&l));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{cpu}, {cores} cores, {} GiB, Linux {}, data on {}, load {load} at the start\n\
         SQLite WAL with synchronous=FULL; 4 KiB written and fdatasync: {} (median of {WRITES})\n",
        memory_kib.unwrap_or(0) / 1024 / 1024,
        kernel.trim(),
        file_system(data_dir).unwrap_or_else(|| "an unknown file system".into()),
        ms(fsync),
    )
}

/// The resident memory of a process, in KiB.
pub fn resident_kib(process: u32) -> Option<u64> {
    line(&format!("/proc/{process}/status"), "VmRSS").and_then(|l| kib(&l))
}

/// The processor time that a process has used, in steps of [`TICK`].
pub fn cpu_time(process: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may have spaces in it.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * user.checked_add(system)?)
}

fn line(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn kib(text: &str) -> Option<u64> {
    text.split(' ').next()?.parse().ok()
}

/// The kind of file system with the longest mount point above the directory.
fn file_system(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let above = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        dir.starts_with(point)
            .then(|| (point.len(), kind.to_string()))
    });
    above.max().map(|(_, kind)| kind)
}
