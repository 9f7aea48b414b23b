//! The application: everything started in the right order, and ended in the reverse one.
//!
//! Invariant: the engine is recovered and the intake listens before anything is sent.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use gonogo_model::overlay::Overlay;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::{Auth, Gate};
use crate::clock::Clock;
use crate::courier::{Courier, append};
use crate::driver::{Driver, Recovered, recover};
use crate::fleets::Fleets;
use crate::force::{DiskState, Keeper, OnDisk, refusal};
use crate::forward::Forwarder;
use crate::ingest::http::Intake;
use crate::metrics::Sent;
use crate::notify::Channels;
use crate::notify::link::AckLinks;
use crate::notify::settings::Settings;
use crate::pulse::Pulse;
use crate::readiness::Readiness;
use crate::reconcile::Reconcile;
use crate::sampling::Sampling;
use crate::settings::Outside;
use crate::site::{Neighbourhood, Site};
use crate::status_page::Files;
use crate::store::{Lane, Store};
use crate::uplink::Uplink;
use crate::watch::Watch;

/// How long a part may take to end before it is cut off.
const END_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The package's directory.
    pub package_dir: PathBuf,
    /// Where the journal lives.
    pub data_dir: PathBuf,
    /// The address to listen on; port 0 takes any.
    pub listen: SocketAddr,
    /// Where people find this server; made from the address where it is not given.
    pub base_url: Option<String>,
    /// Where secrets are read from.
    pub outside: Outside,
    /// What stands in for written values.
    pub overlay: Overlay,
    /// The ways out.
    pub channels: Settings,
    /// Messages are marked as an exercise.
    pub exercise: bool,
}

/// A running server.
pub struct App {
    /// The address it listens on.
    pub address: SocketAddr,
    /// What its handlers share.
    pub site: Site,
    /// How much was replayed at the start.
    pub replayed_steps: u64,
    driver: Driver,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl App {
    /// Starts everything. `routes` makes the pages from what they share.
    pub async fn start(
        options: Options,
        routes: impl FnOnce(Site) -> Router,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data_dir).with_context(|| {
            format!(
                "cannot make the data directory {}",
                options.data_dir.display()
            )
        })?;
        let dir = options.data_dir.clone();
        let (store, recovered) =
            tokio::task::spawn_blocking(move || -> anyhow::Result<(Store, Recovered)> {
                let store = Store::open(dir)?;
                let recovered = recover(&store)?;
                Ok((store, recovered))
            })
            .await??;
        let replayed_steps = recovered.replayed;
        let clock = Arc::new(Clock::start(recovered.now));
        let seed = seed(&options.data_dir)?;
        let on_disk = OnDisk {
            dir: options.package_dir.clone(),
            overlay: options.overlay.clone(),
            seed,
        };
        let disk = put_in_force(&store, &clock, &recovered, &on_disk).await?;
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let address = listener.local_addr()?;
        let (driver_store, driver_clock) = (store.clone(), Arc::clone(&clock));
        let driver = tokio::task::spawn_blocking(move || {
            Driver::start(driver_store, driver_clock, recovered)
        })
        .await??;
        let view = driver.view();
        let base_url = options
            .base_url
            .clone()
            .unwrap_or_else(|| format!("http://{address}"));
        let base_url = base_url.trim_end_matches('/').to_string();
        let own_secret = crate::keys::own_secret()?;
        let intake = Intake::new(
            store.clone(),
            Arc::clone(&clock),
            options.outside.clone(),
            view.clone(),
            &base_url,
            &own_secret,
        );
        let links = AckLinks::new(&[crate::keys::key(&options.data_dir, "links.key")?])
            .map_err(anyhow::Error::msg)?;
        let channels = Arc::new(Channels::new(options.channels.clone(), links)?);
        let (stop, stopped) = watch::channel(false);
        let (disk_state, disk_seen) = watch::channel(disk);
        let (reload, reload_seen) = watch::channel(0);
        let around = Neighbourhood {
            clock: Arc::clone(&clock),
            view: view.clone(),
            disk: disk_seen.clone(),
        };
        let sent = Sent::default();
        let readiness = {
            let store = store.clone();
            tokio::task::spawn_blocking(move || Readiness::open(&store)).await??
        };
        let site = Site {
            store: store.clone(),
            clock: Arc::clone(&clock),
            view: view.clone(),
            intake: intake.clone(),
            channels: Arc::clone(&channels),
            disk: disk_seen,
            reload: Arc::new(reload),
            base_url: base_url.as_str().into(),
            gate: Gate::new(Auth::new(store.clone()), &base_url, Arc::new(around)),
            sent: sent.clone(),
            readiness: readiness.clone(),
            seed,
            stopping: stopped.clone(),
        };
        let mut tasks = vec![serve(listener, routes(site.clone()), stopped.clone())];
        let courier = Courier {
            store: store.clone(),
            clock: Arc::clone(&clock),
            channels,
            outside: options.outside.clone(),
            view: view.clone(),
            base_url,
            seed,
            exercise: options.exercise,
            sent,
        };
        let uplink = Uplink::new(
            store.clone(),
            Arc::clone(&clock),
            options.outside.clone(),
            view.clone(),
        );
        let fleets = Fleets {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outside: options.outside.clone(),
            view: view.clone(),
            seed,
            dir: options.package_dir.clone(),
            prober: Arc::default(),
            uplink: uplink.clone(),
        };
        let watching = Watch {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outside: options.outside.clone(),
            view: view.clone(),
            seed,
            uplink: uplink.clone(),
        };
        let forwarder = Forwarder {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outside: options.outside.clone(),
            view: view.clone(),
            seed,
            desk: intake.desk(),
        };
        let reconciling = Reconcile {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outside: options.outside.clone(),
            view: view.clone(),
            seed,
        };
        let sampling = Sampling {
            store: store.clone(),
            clock: Arc::clone(&clock),
            outside: options.outside.clone(),
            view: view.clone(),
            seed,
        };
        let keeper = Keeper {
            on_disk,
            store: store.clone(),
            clock: Arc::clone(&clock),
            view: view.clone(),
            state: disk_state,
        };
        let intake_url = format!("http://{}", reachable(address));
        let pulse = Pulse {
            store,
            clock,
            intake,
            outside: options.outside,
            view,
            intake_url,
            own_secret,
            readiness: readiness.clone(),
        };
        let files = Files {
            dir: options.data_dir.join("status"),
            clock: Arc::clone(&site.clock),
            view: site.view.clone(),
            base_url: Arc::clone(&site.base_url),
        };
        tasks.push(tokio::spawn(files.run(stopped.clone())));
        tasks.push(tokio::spawn(courier.run(stopped.clone())));
        tasks.push(tokio::spawn(forwarder.run(stopped.clone())));
        tasks.push(tokio::spawn(fleets.run(stopped.clone())));
        tasks.push(tokio::spawn(watching.run(stopped.clone())));
        tasks.push(tokio::spawn(uplink.run(stopped.clone())));
        tasks.push(tokio::spawn(reconciling.run(stopped.clone())));
        tasks.push(tokio::spawn(sampling.run(stopped.clone())));
        tasks.push(tokio::spawn(keeper.run(reload_seen, stopped.clone())));
        tasks.push(tokio::spawn(
            readiness.watch(site.view.clone(), stopped.clone()),
        ));
        tasks.push(tokio::spawn(pulse.run(stopped)));
        Ok(Self {
            address,
            site,
            replayed_steps,
            driver,
            stop,
            tasks,
        })
    }

    /// Ends everything: no new requests, messages under way finished, a snapshot, the journal closed.
    pub async fn shut_down(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        for mut task in self.tasks {
            // A task that panicked was reported when it did; one that hangs is left behind,
            // since nothing that it holds is lost.
            if tokio::time::timeout(END_WITHIN, &mut task).await.is_err() {
                task.abort();
            }
        }
        let store = self.site.store.clone();
        let driver = self.driver;
        tokio::task::spawn_blocking(move || {
            driver.stop();
            store.close()
        })
        .await??;
        Ok(())
    }
}

/// Puts the package on disk in force at the start.
///
/// A first start needs a sound one. A later start with a bad one goes on with what was in
/// force: a typo must not stop paging.
async fn put_in_force(
    store: &Store,
    clock: &Clock,
    recovered: &Recovered,
    on_disk: &OnDisk,
) -> anyhow::Result<DiskState> {
    let running = recovered.engine.state().package.as_ref();
    let found = match on_disk.read() {
        Ok(found) => found,
        Err(error) if running.is_some() => {
            let summary = format!(
                "The package on disk cannot be read: {error}. The running one stays in force."
            );
            tracing::warn!("{summary}");
            let refused = crate::force::Refused {
                summary,
                mistakes: Vec::new(),
            };
            return Ok(DiskState {
                refused: Some(refused),
                ..DiskState::default()
            });
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(refused) = refusal(&found) {
        if running.is_some() {
            tracing::warn!(mistakes = ?refused.mistakes, "{}", refused.summary);
            return Ok(DiskState {
                refused: Some(refused),
                ..DiskState::default()
            });
        }
        anyhow::bail!(
            "the package cannot be put in force:\n  {}\nRun `gonogo check {}` to see each with its place.",
            refused.mistakes.join("\n  "),
            on_disk.dir.display()
        );
    }
    let same = running
        .is_some_and(|p| p.text.digest() == found.text.digest() && p.overlay == on_disk.overlay);
    if !same {
        append(store, Lane::Human, &[on_disk.input(&found)], clock.now()).await?;
    }
    Ok(DiskState::default())
}

fn serve(listener: TcpListener, routes: Router, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stopped = async move {
            // An error means that the application is gone, which is as good a reason.
            let _ = stop.wait_for(|s| *s).await;
        };
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service)
            .with_graceful_shutdown(stopped)
            .await
        {
            tracing::error!(%error, "the server ended");
        }
    })
}

/// An address that this machine can reach: one that listens everywhere is found on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    match address {
        SocketAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], address.port())),
        SocketAddr::V6(_) => SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port())),
    }
}

/// The seed of this installation; it stays the same for good.
fn seed(data_dir: &std::path::Path) -> anyhow::Result<u64> {
    let key = crate::keys::key(data_dir, "seed.key")?;
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key[..8]);
    Ok(u64::from_be_bytes(bytes))
}
