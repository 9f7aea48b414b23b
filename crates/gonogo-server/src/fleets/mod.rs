//! Watching fleets: which domains there are, and how each of them is.
//!
//! Each fleet has one task. It reads the inventory now and then, and asks each domain once in
//! the fleet's interval, at a moment that follows from its name. Only what changed is
//! journalled, with a count of what did not. Invariant: at most `at_once` domains of a fleet
//! are asked at the same time, and none waits for more than its turn.

mod inventory;
pub mod pages;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::domains::{Caa, Dns, FleetInput, Seen, Served};
use gonogo_engine::{Input, Time};
use gonogo_model::Id;
use gonogo_model::domains::Fleet;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::courier::append;
use crate::probe::{Aim, Answered, CaaQuestion, Prober, Survey, Surveyed, Trust, Verdict, code};
use crate::settings::Outside;
use crate::store::{Lane, Store};
use crate::uplink::Uplink;
use crate::view::View;

/// How often it is looked who is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The most domains of a fleet that are asked at once, whatever the package says.
const AT_ONCE_MAX: usize = 128;
/// Answers that are written down together.
const WRITTEN_TOGETHER: usize = 200;
/// The longest that an answer waits for others.
const WRITTEN_AFTER: Duration = Duration::from_secs(2);
/// The least time between two readings of an inventory.
const REFRESH_MIN: Duration = Duration::from_secs(1);

/// What watching fleets needs.
#[derive(Clone)]
pub struct Fleets {
    /// Where answers go.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where settings are read from.
    pub outside: Outside,
    /// The package in force, and what is known.
    pub view: watch::Receiver<Arc<View>>,
    /// What the moments follow from.
    pub seed: u64,
    /// Where the package stands.
    pub dir: PathBuf,
    /// Who asks.
    pub prober: Arc<Prober>,
    /// Our own way out.
    pub uplink: Uplink,
}

impl Fleets {
    /// Watches what the package in force says until `stop` is told.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut in_force = None;
        let mut tasks: JoinSet<()> = JoinSet::new();
        while !*stop.borrow() {
            let view = self.view.borrow_and_update().clone();
            let key = (view.plan.package.digest.clone(), view.overlay.clone());
            if in_force.as_ref() != Some(&key) {
                in_force = Some(key);
                tasks.shutdown().await;
                for fleet in view.plan.package.fleets.values() {
                    tasks.spawn(self.clone().watch(fleet.clone()));
                }
            }
            tokio::select! {
                _ = self.view.changed() => {}
                _ = stop.changed() => {}
            }
        }
        tasks.shutdown().await;
    }

    async fn watch(self, fleet: Fleet) {
        let mut round = Round::new(&fleet, self.seed);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut refresh_at = Instant::now();
        let mut survey = None;
        loop {
            tokio::select! {
                _ = look.tick() => {
                    if refresh_at <= Instant::now() {
                        refresh_at = Instant::now() + length(fleet.refresh).max(REFRESH_MIN);
                        self.refresh(&fleet).await;
                        // Addresses of the edge and the resolver are looked up now and then.
                        survey = match self.survey(&fleet).await {
                            Ok(survey) => Some(Arc::new(survey)),
                            Err(why) => {
                                self.unlisted(&fleet, format!("it cannot be asked: {why}")).await;
                                None
                            }
                        };
                    }
                    round.follow(&self.known(&fleet));
                    round.look();
                }
                Some(Ok((name, surveyed))) = round.running.join_next() => {
                    let surveyed = self.uplink.doubted_survey(surveyed).await;
                    round.take(name, &surveyed, &self.known(&fleet));
                }
            }
            if let Some(survey) = &survey {
                round.begin(survey, &self.prober);
            }
            if let Some(input) = round.written(&fleet.id.value, self.clock.now()) {
                self.write(input).await;
            }
        }
    }

    fn known(&self, fleet: &Fleet) -> Arc<gonogo_engine::domains::Domains> {
        let view = self.view.borrow();
        let state = view.fleets.get(&fleet.id.value);
        state.map(|s| Arc::clone(&s.domains)).unwrap_or_default()
    }

    async fn refresh(&self, fleet: &Fleet) {
        let now = self.clock.now();
        let listed = inventory::read(self, fleet).await;
        let known = self.known(fleet);
        match listed.and_then(|list| inventory::changes(&list, &known)) {
            Ok(listed) => {
                self.write(FleetInput {
                    listed: Some(listed),
                    ..empty(&fleet.id.value, now)
                })
                .await;
            }
            Err(why) => self.unlisted(fleet, why).await,
        }
    }

    async fn unlisted(&self, fleet: &Fleet, why: String) {
        self.write(FleetInput {
            unlisted: Some(why),
            ..empty(&fleet.id.value, self.clock.now())
        })
        .await;
    }

    async fn write(&self, input: FleetInput) {
        let input = [Input::Fleet(Box::new(input))];
        while let Err(error) = append(&self.store, Lane::World, &input, self.clock.now()).await {
            if error == crate::store::StoreError::Closed {
                return;
            }
            tracing::error!(%error, "answers of domains cannot be written down; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn survey(&self, fleet: &Fleet) -> Result<Survey, String> {
        let all = |settings: &[gonogo_model::setting::Setting]| -> Result<Vec<String>, String> {
            settings.iter().map(|s| self.outside.resolve(s)).collect()
        };
        let addresses = all(&fleet.target.addresses)?;
        let addresses = addresses.iter().map(|text| {
            let parsed = text.parse::<IpAddr>();
            parsed.map_err(|_| format!("`{text}` is not an address"))
        });
        let resolver = match fleet.resolvers.first() {
            Some(resolver) => crate::watch::resolver(&self.outside.resolve(resolver)?)?,
            None => (self.prober.nameserver()).ok_or("this machine names no resolver")?,
        };
        let edge = match &fleet.edge {
            Some(edge) => Some(address(self.outside.resolve(edge)?, fleet.port).await?),
            None => None,
        };
        let account = fleet.issuer_account.as_ref();
        Ok(Survey {
            resolver,
            aim: Aim {
                names: all(&fleet.target.cname)?,
                addresses: addresses.collect::<Result<_, _>>()?,
            },
            caa: CaaQuestion {
                issuer: fleet.issuer.clone(),
                account: account.map(|a| self.outside.resolve(a)).transpose()?,
                method: None,
            },
            port: fleet.port,
            edge,
            trust: match &fleet.trust {
                Some(file) => crate::watch::trust(Some(file), &self.outside)?,
                None => Trust::WebPki,
            },
            allow_private: fleet.allow_private,
            timeout: length(fleet.timeout),
        })
    }
}

fn empty(fleet: &Id, at: Time) -> FleetInput {
    FleetInput {
        fleet: fleet.clone(),
        at,
        listed: None,
        unlisted: None,
        seen: Vec::new(),
        same: 0,
    }
}

/// Where the edge is. Looked up by the system, off the runtime's threads.
async fn address(text: String, port: u16) -> Result<SocketAddr, String> {
    let looked_up = tokio::task::spawn_blocking(move || {
        let found = match text.parse::<SocketAddr>() {
            Ok(address) => Some(address),
            Err(_) => match text
                .rsplit_once(':')
                .filter(|(_, p)| p.parse::<u16>().is_ok())
            {
                Some(_) => text.to_socket_addrs().ok().and_then(|mut a| a.next()),
                None => (text.as_str(), port)
                    .to_socket_addrs()
                    .ok()
                    .and_then(|mut a| a.next()),
            },
        };
        found.ok_or_else(|| format!("the edge `{text}` leads to no address"))
    });
    looked_up
        .await
        .map_err(|_| "the lookup was aborted".to_owned())?
}

/// Whose turn it is, who is being asked, and what came of it.
struct Round {
    seed: u64,
    every: Duration,
    at_once: usize,
    /// Moments within the interval, with the names that are due then.
    turns: BTreeSet<(Duration, Box<str>)>,
    names: BTreeSet<Box<str>>,
    due: VecDeque<Box<str>>,
    asked: BTreeSet<Box<str>>,
    running: JoinSet<(Box<str>, Surveyed)>,
    began: Instant,
    looked: Duration,
    seen: BTreeMap<Box<str>, Seen>,
    same: u32,
    waiting_since: Option<Instant>,
}

impl Round {
    fn new(fleet: &Fleet, seed: u64) -> Self {
        Self {
            seed,
            every: length(fleet.every).max(LOOK_EVERY),
            at_once: usize::from(fleet.at_once).clamp(1, AT_ONCE_MAX),
            turns: BTreeSet::new(),
            names: BTreeSet::new(),
            due: VecDeque::new(),
            asked: BTreeSet::new(),
            running: JoinSet::new(),
            began: Instant::now(),
            looked: Duration::ZERO,
            seen: BTreeMap::new(),
            same: 0,
            waiting_since: None,
        }
    }

    /// Takes over which domains there are. A new one is asked at once, and has its turn later.
    fn follow(&mut self, known: &gonogo_engine::domains::Domains) {
        if known.len() == self.names.len() && known.keys().all(|n| self.names.contains(n)) {
            return;
        }
        let names: BTreeSet<Box<str>> = known.keys().cloned().collect();
        for new in names.difference(&self.names) {
            self.turns.insert((self.turn(new), new.clone()));
            let known = known.get(new).is_some_and(|d| d.stage.is_some());
            if !known {
                self.due.push_back(new.clone());
            }
        }
        self.turns.retain(|(_, name)| names.contains(name));
        self.due.retain(|name| names.contains(name));
        self.names = names;
    }

    /// The moment within the interval that is a domain's own.
    fn turn(&self, name: &str) -> Duration {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(name.as_bytes());
        let hash = hash.finalize();
        let first: [u8; 8] = std::array::from_fn(|n| hash[n]);
        let every = u64::try_from(self.every.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        Duration::from_millis(u64::from_be_bytes(first) % every)
    }

    /// Puts those in line whose moment has come.
    fn look(&mut self) {
        let since = self.began.elapsed();
        let every = self.every.as_millis().max(1);
        let at = Duration::from_millis(u64::try_from(since.as_millis() % every).unwrap_or(0));
        let before = std::mem::replace(&mut self.looked, at);
        let bound = |at: Duration| (at, Box::<str>::from(""));
        let come: Vec<Box<str>> = match before <= at {
            true => self
                .turns
                .range(bound(before)..bound(at))
                .map(|(_, n)| n.clone())
                .collect(),
            // The interval began again.
            false => {
                let (end, begin) = (
                    self.turns.range(bound(before)..),
                    self.turns.range(..bound(at)),
                );
                end.chain(begin).map(|(_, n)| n.clone()).collect()
            }
        };
        for name in come {
            // Who is still in line from before is not put there twice.
            if !self.asked.contains(&name) && !self.due.contains(&name) {
                self.due.push_back(name);
            }
        }
    }

    fn begin(&mut self, survey: &Arc<Survey>, prober: &Arc<Prober>) {
        while self.running.len() < self.at_once
            && let Some(name) = self.due.pop_front()
        {
            self.asked.insert(name.clone());
            let (survey, prober) = (Arc::clone(survey), Arc::clone(prober));
            self.running.spawn(async move {
                let surveyed = prober.survey(&survey, &name).await;
                (name, surveyed)
            });
        }
    }

    fn take(
        &mut self,
        name: Box<str>,
        surveyed: &Surveyed,
        known: &gonogo_engine::domains::Domains,
    ) {
        self.asked.remove(&name);
        let seen = seen(surveyed);
        let before = known.get(&name);
        let same = before.is_some_and(|d| match seen.is_mute() {
            true => d.mute_since.is_some(),
            false => d.mute_since.is_none() && d.seen == seen && d.stage.is_some(),
        });
        match same {
            true => self.same = self.same.saturating_add(1),
            false => {
                self.seen.insert(name, seen);
            }
        }
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    /// What there is to write down, once enough waited or long enough.
    fn written(&mut self, fleet: &Id, at: Time) -> Option<FleetInput> {
        let since = self.waiting_since?;
        // Without anything new, one line a minute says that we still ask.
        let patience = match self.seen.is_empty() {
            true => Duration::from_secs(60),
            false => WRITTEN_AFTER,
        };
        if self.seen.len() < WRITTEN_TOGETHER && since.elapsed() < patience {
            return None;
        }
        self.waiting_since = None;
        let seen = std::mem::take(&mut self.seen);
        Some(FleetInput {
            seen: seen
                .into_iter()
                .map(|(name, seen)| (name.into(), seen))
                .collect(),
            same: std::mem::take(&mut self.same),
            ..empty(fleet, at)
        })
    }
}

/// Reason codes as what they mean for a domain.
fn seen(surveyed: &Surveyed) -> Seen {
    let served = |answered: &Option<Answered>| match answered {
        Some(Answered {
            verdict: Some(verdict),
            code,
        }) => match verdict {
            Verdict::Ok => Served::Valid,
            Verdict::Unknown => Served::Unknown,
            Verdict::Failing => served_badly(code),
        },
        _ => Served::Unknown,
    };
    Seen {
        dns: match (surveyed.dns.verdict, surveyed.dns.code) {
            (Some(Verdict::Ok), _) => Dns::Right,
            (Some(Verdict::Failing), code::DNS_POINTS_ELSEWHERE) => Dns::Elsewhere,
            (Some(Verdict::Failing), code::DNS_NOT_FOUND | code::DNS_NO_RECORD) => Dns::Nothing,
            (Some(Verdict::Failing), code::DNS_BOGUS) => Dns::Bogus,
            (Some(Verdict::Failing), code::DNS_LOOP) => Dns::Circle,
            _ => Dns::Unknown,
        },
        caa: match (surveyed.caa.verdict, surveyed.caa.code) {
            (Some(Verdict::Ok), _) => Caa::Allows,
            (
                Some(Verdict::Failing),
                code::CAA_FORBIDS
                | code::CAA_CRITICAL_UNKNOWN
                | code::CAA_OTHER_ACCOUNT
                | code::CAA_OTHER_METHOD,
            ) => Caa::Forbids,
            _ => Caa::Unknown,
        },
        site: served(&surveyed.site),
        edge: served(&surveyed.edge),
        from: surveyed.certificate.map(|(from, _)| Time::from(from)),
        until: surveyed.certificate.map(|(_, until)| Time::from(until)),
    }
}

fn served_badly(code: &str) -> Served {
    match code {
        code::CERT_EXPIRED => Served::Expired,
        // An edge without a certificate for the name ends the handshake, or shows another.
        code::CERT_WRONG_HOST
        | code::TLS_ALERT
        | code::TLS_FAILED
        | code::TLS_NOT_SPOKEN
        | code::CERT_SELF_SIGNED => Served::Missing,
        code if code.starts_with("cert_") || code.starts_with("tls_") => Served::Broken,
        _ => Served::Unreachable,
    }
}

fn length(length: gonogo_model::Duration) -> Duration {
    Duration::from_millis(length.as_millis().unsigned_abs())
}

#[cfg(test)]
mod tests;
