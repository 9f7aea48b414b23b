//! The memory of a server with the shipped package to which nothing happens.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::machine::resident_kib;
use super::package::{serve as start, shipped};
use super::table::Row;

/// The argument that makes this program a server for [`measure`].
pub const SERVE: &str = "idle-server";
/// How long it is left alone before it is looked at.
const SETTLE: Duration = Duration::from_secs(8);
/// What is asked for.
const TARGET_MB: f64 = 60.0;

/// Measures a process of its own, because this one has done much already.
#[expect(
    clippy::disallowed_methods,
    reason = "idling is what is measured, and there is nothing to wait for"
)]
pub fn measure(base: &Path) -> anyhow::Result<Row> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg(SERVE)
        .arg(base.join("idle-data"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    std::thread::sleep(SETTLE);
    let resident = resident_kib(server.id());
    let ended = server.try_wait()?;
    // It may have ended by itself, which is told below.
    let _ = server.kill();
    server.wait()?;
    anyhow::ensure!(ended.is_none(), "the server ended by itself");
    let mb = resident.unwrap_or(0) as f64 * 1024.0 / 1e6;
    anyhow::ensure!(mb > 0.0, "its memory cannot be read");
    Ok(Row::at_most(
        "idle memory with the shipped package",
        format!("{mb:.1} MB resident"),
        "at most 60 MB".into(),
        mb / TARGET_MB,
    ))
}

/// Is the server that is looked at.
pub fn serve(data_dir: &Path) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let _app = start(shipped(), data_dir.to_path_buf()).await?;
        std::future::pending::<()>().await;
        Ok(())
    })
}
