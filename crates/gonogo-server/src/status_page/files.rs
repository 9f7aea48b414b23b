//! The status page as files, so that any web server can show it when gonogo is gone.
//!
//! Written whenever something changed, and once a minute so that its age stays true; each
//! file is replaced in one move, never seen half written.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use askama::Template as _;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::view::View;

use super::{feed, page, summary};

/// How often the files are written at the least.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);
/// How often they are written at the most.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// What writing the files needs.
pub struct Files {
    /// Where they are written.
    pub dir: PathBuf,
    /// The time.
    pub clock: Arc<Clock>,
    /// What is shown.
    pub view: watch::Receiver<Arc<View>>,
    /// Where people find this server.
    pub base_url: Arc<str>,
}

impl Files {
    /// Writes until `stop` is told.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut before = None;
        while !*stop.borrow() {
            let files = self.files();
            if before.as_ref() != Some(&files) {
                let (dir, written) = (self.dir.clone(), files.clone());
                let done = tokio::task::spawn_blocking(move || write(&dir, &written)).await;
                match done {
                    Ok(Ok(())) => before = Some(files),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the status page could not be written to files")
                    }
                    Err(error) => {
                        tracing::error!(%error, "the status page could not be written to files")
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(AT_MOST_EVERY) => {}
                _ = stop.changed() => break,
            }
            tokio::select! {
                _ = self.view.changed() => {}
                () = tokio::time::sleep(AT_LEAST_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    fn files(&mut self) -> Vec<(&'static str, String)> {
        let view = self.view.borrow_and_update().clone();
        let now = self.clock.now();
        let html = page(&view, now).render().unwrap_or_default();
        let json = summary::document(&view, now, &self.base_url).to_string();
        let atom = feed::document(&view, now, &self.base_url);
        vec![
            ("index.html", html),
            ("summary.json", json),
            ("history.atom", atom),
        ]
    }
}

fn write(dir: &Path, files: &[(&str, String)]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    for (name, text) in files {
        let half = dir.join(format!(".{name}"));
        std::fs::write(&half, text)?;
        std::fs::rename(&half, dir.join(name))?;
    }
    Ok(())
}
