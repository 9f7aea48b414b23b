//! The demonstration: a real outage played into a real server.
//!
//! A server runs the package with an overlay that points at this machine. The world around
//! it breaks three times, by the real intake and real probes. What is told to whoever
//! watches is read back from the journal. Invariant: no line about what gonogo did is
//! written here before the engine did it.

mod overlay;
mod pace;
mod script;
mod traffic;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use gonogo_engine::input::{Actor, Verb};
use gonogo_model::comms::PublicState;
use gonogo_model::overlay::Overlay;
use gonogo_model::{Id, Package, package};
use tokio::time::Instant;

use crate::app::{App, Options};
use crate::notify::settings::Settings;
use crate::package_dir;
use crate::settings::Outside;
use crate::store::HistoryRow;
use crate::view::CheckView;

use overlay::{Places, overlay};
pub use pace::Pace;
use script::{Broken, Cast, Cue, Failure};
use traffic::{Traffic, secret_of};
use world::World;

/// How often the journal is read for news.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How many lines of history are read at once.
const LINES_MAX: u32 = 5_000;

/// What a demonstration is started with.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The package that is shown.
    pub package_dir: PathBuf,
    /// Where everything of it is kept; it is not looked at afterwards.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How fast it plays.
    pub pace: Pace,
    /// What its keys follow from.
    pub seed: u64,
}

/// A demonstration that is ready to play.
pub struct Demo {
    /// The server.
    pub app: App,
    /// What stands in for written values.
    pub overlay: Overlay,
    package: Package,
    cast: Cast,
    world: World,
    traffic: Traffic,
    pace: Pace,
}

/// Something to tell whoever watches.
#[derive(Clone, Debug)]
pub enum Line {
    /// Something happened in the world.
    World {
        /// When, from the start.
        at: Duration,
        /// What.
        text: String,
    },
    /// Something was broken in the world.
    Broke {
        /// When, from the start.
        at: Duration,
        /// What.
        text: String,
    },
    /// gonogo did something.
    Did {
        /// When, from the start.
        at: Duration,
        /// The stable kind of history.
        kind: String,
        /// The incident, where it belongs to one.
        incident: Option<String>,
        /// What.
        text: String,
        /// How long after the failure that it is about.
        after: Option<Duration>,
    },
}

/// One thing that a demonstration has to show.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What.
    pub what: String,
    /// How it came out, with the numbers.
    pub how: String,
    /// Did it?
    pub ok: bool,
}

impl Demo {
    /// Opens the world and starts a server in it.
    pub async fn start(
        options: DemoOptions,
        routes: impl FnOnce(crate::site::Site) -> axum::Router,
    ) -> anyhow::Result<Self> {
        let text = package_dir::read(&options.package_dir)?.text;
        let declared = package::load(&text).package;
        std::fs::create_dir_all(&options.data_dir)?;
        let world = World::open(&declared, &options.data_dir).await?;
        let tls = world.tls();
        let places = Places {
            world: world.url(),
            tls: &tls,
            roots: world.roots(),
        };
        let overlay = overlay(&declared, &places, options.pace);
        let app = App::start(
            Options {
                package_dir: options.package_dir.clone(),
                data_dir: options.data_dir.join("data"),
                listen: options.listen,
                base_url: None,
                outside: environment(&declared, &world),
                overlay: overlay.clone(),
                channels: Settings::default(),
                exercise: true,
            },
            routes,
        )
        .await?;
        let traffic = Traffic::new(format!("http://{}", app.address), options.seed)?;
        let cast = Cast::of(&declared);
        let mut demo = Self {
            app,
            overlay,
            package: declared,
            cast,
            world,
            traffic,
            pace: options.pace,
        };
        demo.until_ready().await?;
        Ok(demo)
    }

    /// Waits until the package is in force and every check has answered once.
    async fn until_ready(&mut self) -> anyhow::Result<()> {
        let mut view = self.app.site.view.clone();
        let ready = view.wait_for(|v| {
            // Nobody asks jobs that report by themselves.
            let answered = |c: &CheckView| c.last.is_some() || c.beat.is_some();
            v.loaded && v.heard.is_some() && v.checks.iter().all(answered)
        });
        tokio::time::timeout(Duration::from_secs(30), ready)
            .await
            .context("the server did not get ready within 30 s")??;
        Ok(())
    }

    /// Plays it, and says what it showed.
    pub async fn play(&self, mut tell: impl FnMut(Line)) -> anyhow::Result<Vec<Shown>> {
        let begin = Instant::now();
        let first = self.history().await?.last().map_or(0, |(rank, _)| *rank);
        let (cues, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let (package, cast, world, traffic, pace) = (
            self.package.clone(),
            self.cast.clone(),
            self.world.clone(),
            self.traffic.clone(),
            self.pace,
        );
        let playing = tokio::spawn(async move {
            script::play(&package, &cast, &world, &traffic, pace, |cue| {
                // Nobody listens only when whoever watches has left.
                let _ = cues.send(cue);
            })
            .await
        });
        let mut broken: BTreeMap<Failure, Broken> = BTreeMap::new();
        let mut seen = first;
        let mut record: Vec<(Duration, HistoryRow)> = Vec::new();
        let mut over = false;
        while !over {
            tokio::select! {
                cue = heard.recv() => match cue {
                    Some(Cue::Happened(text)) => tell(Line::World { at: begin.elapsed(), text }),
                    Some(Cue::Broke(failure, text)) => {
                        let alerts = self.cast.alerts(&self.package, failure);
                        broken.insert(failure, Broken { at: begin.elapsed(), alerts });
                        tell(Line::Broke { at: begin.elapsed(), text });
                    }
                    Some(Cue::Answer(failure)) => self.answer(&broken, failure).await,
                    Some(Cue::Tell(failure, state)) => self.tell_customers(&broken, failure, state).await?,
                    Some(Cue::End) | None => over = true,
                },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            for (rank, row) in self
                .history()
                .await?
                .into_iter()
                .filter(|(rank, _)| *rank > seen)
                .collect::<Vec<_>>()
            {
                seen = rank;
                let at = begin.elapsed();
                let id = Id::parse(&row.actor).ok();
                let after = (row.kind == "alert_firing")
                    .then_some(id)
                    .flatten()
                    .and_then(|id| {
                        let about = broken
                            .values()
                            .filter(|b| b.alerts.contains(&id))
                            .map(|b| b.at)
                            .max()?;
                        Some(at.saturating_sub(about))
                    });
                tell(Line::Did {
                    at,
                    kind: row.kind.clone(),
                    incident: row.incident.clone(),
                    text: row.text.clone(),
                    after,
                });
                record.push((at, row));
            }
        }
        playing.await??;
        Ok(self.shown(&broken, &record))
    }

    /// Every line of history, oldest first.
    async fn history(&self) -> anyhow::Result<Vec<(i64, HistoryRow)>> {
        let mut rows = self
            .app
            .site
            .store
            .blocking(|s| s.recent_history(LINES_MAX))
            .await?;
        rows.reverse();
        Ok(rows)
    }

    /// Whoever was called for a failure and has not answered does so, by the link on the phone.
    async fn answer(&self, broken: &BTreeMap<Failure, Broken>, failure: Failure) {
        let Some(about) = broken.get(&failure) else {
            return;
        };
        let view = self.app.site.view();
        let called: BTreeSet<String> = view
            .incidents
            .values()
            .filter(|i| i.is_open() && i.alerts.keys().any(|a| about.alerts.contains(a)))
            .flat_map(|i| i.engagements.values())
            .filter(|e| e.acked.is_none())
            .flat_map(|e| e.sends.values())
            .map(|s| s.person.to_string())
            .collect();
        let Ok(client) = reqwest::Client::builder().no_proxy().build() else {
            return;
        };
        for mail in self.world.inbox().iter().rev() {
            if let (true, Some(url)) = (called.contains(&mail.person), &mail.ack_url) {
                // One that has expired or was used is answered so, and is no harm.
                let _ = client.post(url).send().await;
            }
        }
    }

    /// Whoever writes to customers approves the draft, as they would on the incident's page.
    async fn tell_customers(
        &self,
        broken: &BTreeMap<Failure, Broken>,
        failure: Failure,
        state: PublicState,
    ) -> anyhow::Result<()> {
        let site = &self.app.site;
        let view = site.view();
        let alerts = broken
            .get(&failure)
            .map(|b| b.alerts.clone())
            .unwrap_or_default();
        let about = view
            .incidents
            .values()
            .filter(|i| i.merged_into.is_none() && !i.updates.is_empty());
        for incident in about.filter(|i| i.alerts.keys().any(|a| alerts.contains(a))) {
            let rules = view
                .plan
                .package
                .comms
                .as_ref()
                .map(|c| &c.rules[..])
                .unwrap_or_default();
            let owner = rules
                .iter()
                .find(|r| r.severity.value == incident.severity)
                .map(|r| &r.owner.id);
            let now = site.clock.now().timestamp();
            let role = owner.and_then(|o| view.plan.package.roles.get(o));
            let person = role.and_then(|r| r.holder_at(now)).map(|p| p.id.clone());
            let name = person
                .as_ref()
                .and_then(|p| view.plan.package.people.get(p))
                .map(|p| p.name.clone());
            let by = Actor {
                name: name.unwrap_or_else(|| "Somebody".into()),
                person,
                via: "demo".into(),
            };
            let verb = Verb::Publish {
                incident: incident.number,
                state,
                text: String::new(),
            };
            site.decide(by, verb).await?;
        }
        Ok(())
    }

    fn shown(
        &self,
        broken: &BTreeMap<Failure, Broken>,
        record: &[(Duration, HistoryRow)],
    ) -> Vec<Shown> {
        let mut shown = vec![
            self.detected(
                broken,
                record,
                Failure::Charge,
                "A charge that nobody recorded",
            ),
            self.detected(
                broken,
                record,
                Failure::Certificate,
                "A certificate about to run out",
            ),
            self.detected(broken, record, Failure::Outage, "The outage"),
            self.one_incident(broken),
        ];
        let count = |kind: &str| record.iter().filter(|(_, r)| r.kind == kind).count();
        let mut at_least = |what: &str, kind: &str| {
            let n = count(kind);
            shown.push(Shown {
                what: what.into(),
                how: format!("{n} times"),
                ok: n > 0,
            });
        };
        at_least("Somebody was called", "paged");
        at_least(
            "Where nobody answered, the next step was taken",
            "escalated",
        );
        at_least("Somebody acknowledged", "acknowledged");
        at_least("Customers were told", "published");
        let open = self.app.site.view().open_incidents().len();
        let how = if open == 0 {
            "every incident is over".into()
        } else {
            format!("{open} still open")
        };
        shown.push(Shown {
            what: "Everything recovered".into(),
            how,
            ok: open == 0,
        });
        shown
    }

    fn detected(
        &self,
        broken: &BTreeMap<Failure, Broken>,
        record: &[(Duration, HistoryRow)],
        failure: Failure,
        what: &str,
    ) -> Shown {
        let what = format!("{what} was noticed");
        let Some(about) = broken.get(&failure) else {
            return Shown {
                what,
                how: "the package declares nothing that this could happen to".into(),
                ok: false,
            };
        };
        let first = record.iter().find(|(at, row)| {
            *at >= about.at
                && row.kind == "alert_firing"
                && about.alerts.iter().any(|a| *a == *row.actor.as_str())
        });
        match first {
            Some((at, row)) => {
                let how = format!(
                    "by {} after {:.1} s",
                    row.actor,
                    at.saturating_sub(about.at).as_secs_f64()
                );
                Shown {
                    what,
                    how,
                    ok: true,
                }
            }
            None if about.alerts.is_empty() => Shown {
                what,
                how: "no alert of the package watches for it".into(),
                ok: false,
            },
            None => Shown {
                what,
                how: "no alert fired".into(),
                ok: false,
            },
        }
    }

    fn one_incident(&self, broken: &BTreeMap<Failure, Broken>) -> Shown {
        let what = "All that the outage broke is one incident".to_string();
        let alerts = broken
            .get(&Failure::Outage)
            .map(|b| b.alerts.clone())
            .unwrap_or_default();
        let view = self.app.site.view();
        let about: Vec<_> = view
            .incidents
            .values()
            .filter(|i| i.merged_into.is_none() && i.alerts.keys().any(|a| alerts.contains(a)))
            .collect();
        let [one] = &about[..] else {
            return Shown {
                what,
                how: format!("there are {} incidents", about.len()),
                ok: false,
            };
        };
        let cause = one.cause.as_ref().map_or("no cause found".into(), |c| {
            format!("cause {}", c.component)
        });
        let how = format!(
            "{} with {} alerts, {} teams called, {cause}",
            one.name(),
            one.alerts.len(),
            one.engagements.len()
        );
        Shown {
            what,
            how,
            ok: one.cause.is_some() && one.alerts.len() > 1,
        }
    }
}

/// Every variable that the package refers to, with keys and addresses of the demonstration.
fn environment(package: &Package, world: &World) -> Outside {
    let mut instead = BTreeMap::new();
    for source in package.sources.values() {
        for secret in &source.secrets {
            for part in secret.0.parts() {
                if let gonogo_model::setting::Part::Env(name) = part {
                    instead.insert(name.clone(), secret_of(source.kind).to_string());
                }
            }
        }
    }
    for flow in package.flows.values() {
        if let Some(gonogo_model::flow::Confirm::Http(http)) = &flow.confirm {
            for part in http.url.parts() {
                if let gonogo_model::setting::Part::Env(name) = part {
                    instead.insert(name.clone(), format!("{}/ledger", world.url()));
                }
            }
            for part in http.token.iter().flat_map(|t| t.0.parts()) {
                if let gonogo_model::setting::Part::Env(name) = part {
                    instead.insert(name.clone(), "demonstration-only".into());
                }
            }
        }
    }
    Outside::with(instead)
}

/// Writes the package that ships with the program to a directory.
pub fn unpack(files: &[(&str, &str)], dir: &Path) -> anyhow::Result<()> {
    for (path, text) in files {
        let file = dir.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
