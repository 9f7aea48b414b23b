//! Putting a package in force: at the start, when its files change, and on demand.
//!
//! A package with errors never replaces a sound one: the running one stays in force, and what
//! is wrong is kept for the pages to say. Invariant: what the journal holds as a package has
//! no error by the rules of the version that put it in force.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::Input;
use gonogo_engine::input::PackageInput;
use gonogo_model::diagnostic::Severity;
use gonogo_model::overlay::Overlay;
use gonogo_model::package::{self, Loaded};
use gonogo_model::{Diagnostic, PackageText};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::courier::append;
use crate::package_dir::{self, ReadError};
use crate::store::{Lane, Store, StoreError};
use crate::view::View;

/// How often the directory is looked at for changes.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The package on disk.
#[derive(Clone)]
pub struct OnDisk {
    /// Its directory.
    pub dir: PathBuf,
    /// What stands in for written values.
    pub overlay: Overlay,
    /// What every pseudo-random choice follows from.
    pub seed: u64,
}

/// What was found on disk, read whole.
#[derive(Clone, Debug)]
pub struct Found {
    /// The text.
    pub text: PackageText,
    /// The package, with the overlay applied.
    pub loaded: Loaded,
}

/// Whether what is on disk is what is in force.
#[derive(Clone, Debug, Default)]
pub struct DiskState {
    /// Why the package on disk is not in force, when it is not.
    pub refused: Option<Refused>,
    /// The latest request to look that this answers.
    pub asked: u64,
}

/// Why the package on disk is not in force.
#[derive(Clone, Debug)]
pub struct Refused {
    /// In a sentence.
    pub summary: String,
    /// Each mistake as `file:line:column: sentence`.
    pub mistakes: Vec<String>,
}

impl OnDisk {
    /// Reads and judges what is on disk.
    pub fn read(&self) -> Result<Found, ReadError> {
        let read = package_dir::read(&self.dir)?;
        let loaded = package::load_with(&read.text, &self.overlay);
        let checked = gonogo_readiness::judge(loaded, &read.text, read.findings);
        let loaded = Loaded {
            package: checked.package,
            diagnostics: checked.diagnostics,
        };
        Ok(Found {
            text: read.text,
            loaded,
        })
    }

    /// The input that puts it in force.
    pub fn input(&self, found: &Found) -> Input {
        Input::Package(Box::new(PackageInput {
            text: found.text.clone(),
            overlay: self.overlay.clone(),
            seed: self.seed,
        }))
    }
}

/// Says why what was found is not put in force; `None` when it can be.
pub fn refusal(found: &Found) -> Option<Refused> {
    let errors: Vec<&Diagnostic> = found
        .loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        return None;
    }
    let line = |d: &&Diagnostic| match d.span {
        Some(span) => format!(
            "{}:{}:{}: {}",
            found.loaded.package.path(span.file),
            span.line,
            span.column,
            d.message
        ),
        None => d.message.clone(),
    };
    let count = match errors.len() {
        1 => "1 error".to_string(),
        n => format!("{n} errors"),
    };
    Some(Refused {
        summary: format!("The package on disk has {count}; the running one stays in force."),
        mistakes: errors.iter().map(line).collect(),
    })
}

/// Watches the directory, and puts in force what changed and is sound.
pub struct Keeper {
    /// What is watched.
    pub on_disk: OnDisk,
    /// Where it is put in force.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// What is in force.
    pub view: watch::Receiver<Arc<View>>,
    /// What pages say about it.
    pub state: watch::Sender<DiskState>,
}

impl Keeper {
    /// Looks now and then, and whenever `now` is told, until `stop` is.
    pub async fn run(self, mut now: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
        let mut put = None;
        let mut look = tokio::time::interval(LOOK_EVERY);
        while !*stop.borrow() {
            tokio::select! {
                _ = look.tick() => {}
                changed = now.changed() => if changed.is_err() { return },
                _ = stop.changed() => continue,
            }
            let asked = *now.borrow_and_update();
            let on_disk = self.on_disk.clone();
            let Ok(found) = tokio::task::spawn_blocking(move || on_disk.read()).await else {
                continue;
            };
            if let Err(error) = self.consider(found, &mut put, asked).await {
                tracing::error!(%error, "a changed package could not be put in force; trying again");
            }
        }
    }

    async fn consider(
        &self,
        found: Result<Found, ReadError>,
        put: &mut Option<gonogo_model::text::Digest>,
        asked: u64,
    ) -> Result<(), StoreError> {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let summary = format!(
                    "The package on disk cannot be read: {error}. The running one stays in force."
                );
                let mistakes = Vec::new();
                self.tell(Some(Refused { summary, mistakes }), asked);
                return Ok(());
            }
        };
        let digest = found.text.digest();
        let in_force = self.view.borrow().plan.package.digest.clone();
        if in_force.as_ref() == Some(&digest) || put.as_ref() == Some(&digest) {
            self.tell(None, asked);
            return Ok(());
        }
        let refused = refusal(&found);
        if refused.is_none() {
            append(
                &self.store,
                Lane::Human,
                &[self.on_disk.input(&found)],
                self.clock.now(),
            )
            .await?;
            tracing::info!(digest = digest.short(), "a changed package is put in force");
            *put = Some(digest);
        }
        self.tell(refused, asked);
        Ok(())
    }

    fn tell(&self, refused: Option<Refused>, asked: u64) {
        self.state.send_if_modified(|state| {
            let summary =
                |r: &Option<Refused>| r.as_ref().map(|r| (r.summary.clone(), r.mistakes.clone()));
            let changed = summary(&state.refused) != summary(&refused);
            if changed && let Some(refused) = &refused {
                tracing::warn!(mistakes = ?refused.mistakes, "{}", refused.summary);
            }
            let answered = state.asked != asked;
            state.refused = refused;
            state.asked = asked;
            changed || answered
        });
    }
}
