//! Forwarding: what a source sends goes on to the team's own endpoint, and what becomes of it is
//! measured there.
//!
//! The intake queues, durably; this task sends. What it learns goes back into the journal as
//! totals once a minute, and at once when something changed, so that an alert and an SLO can speak
//! of it. Invariant: the provider is never kept waiting for the product.

mod queue;
pub mod send;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gonogo_engine::input::{ForwardTotals, Forwarded, Trouble};
use gonogo_engine::{Input, Time};
use gonogo_model::Id;
use gonogo_model::forward::Forward;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use self::queue::{Item, Lane};
use self::send::{Endpoint, Sent};
use crate::clock::Clock;
use crate::courier::append;
use crate::notify::retry::{Backoff, jittered};
use crate::settings::Outside;
use crate::store::{ForwardAttempt, ForwardFate, Lane as StoreLane, Store, StoreError};
use crate::view::View;

/// How often what is known is reported when nothing changes.
const REPORT_EVERY_MS: i64 = 60_000;
/// How soon a change is reported, and how often at most.
const CHANGE_REPORTED_AFTER_MS: i64 = 2_000;
/// How long the task sleeps at the most.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// Deliveries under way at once, whatever sources declare.
const UNDER_WAY_MAX: usize = 128;
/// Rows read from the queue at once.
const READ_MAX: u32 = 1_000;
/// Delays between attempts.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(600),
    attempts_max: u32::MAX,
};
/// The trouble of endpoints that want no more.
const STOPPED: &str = "forward_stopped";
/// The trouble of queues that are full.
const FULL: &str = "forward_full";

/// What intake and forwarding tell one another.
#[derive(Clone, Default)]
pub struct Desk {
    inner: Arc<DeskInner>,
}

#[derive(Default)]
struct DeskInner {
    news: Notify,
    waiting: Mutex<BTreeMap<Id, u64>>,
    refused: Mutex<BTreeMap<Id, u64>>,
}

impl Desk {
    /// Something was queued.
    pub fn queued(&self, source: &Id) {
        *lock(&self.inner.waiting).entry(source.clone()).or_default() += 1;
        self.inner.news.notify_one();
    }

    /// Something changed that the task should look at.
    pub fn changed(&self) {
        self.inner.news.notify_one();
    }

    /// How many deliveries of a source wait.
    pub fn waiting(&self, source: &Id) -> u64 {
        lock(&self.inner.waiting).get(source).copied().unwrap_or(0)
    }

    /// A delivery found the queue full.
    pub fn full(&self, source: &Id) {
        *lock(&self.inner.refused).entry(source.clone()).or_default() += 1;
        self.inner.news.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What forwarding needs.
pub struct Forwarder {
    /// The queue and the log.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where addresses and headers are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// What jitter follows from.
    pub seed: u64,
    /// Shared with the intake.
    pub desk: Desk,
}

/// A source that forwards.
struct Road {
    declared: Forward,
    endpoint: Result<Endpoint, String>,
    stopped: Option<String>,
    pause_until_ms: i64,
    failures_in_row: u32,
    latencies: BTreeMap<i64, u32>,
    reported_at_ms: i64,
    changed: bool,
}

struct Ended {
    source: Id,
    item: Item,
    sent: Sent,
    at_ms: i64,
    took_ms: i64,
}

#[derive(Default)]
struct Work {
    roads: BTreeMap<Id, Road>,
    lanes: BTreeMap<Id, Lane>,
    rank: i64,
    full_since: BTreeMap<Id, i64>,
    told: BTreeMap<&'static str, bool>,
}

impl Forwarder {
    /// Sends on until `stop` is told, then waits for what is under way.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut work = Work::default();
        let mut in_force = None;
        let mut under_way: JoinSet<Ended> = JoinSet::new();
        while !*stop.borrow() {
            let view = self.view.borrow_and_update().clone();
            let key = (view.plan.package.digest.clone(), view.overlay.clone());
            if in_force.as_ref() != Some(&key) {
                in_force = Some(key);
                self.configure(&mut work, &view).await;
            }
            if let Err(error) = self.read(&mut work).await {
                if error == StoreError::Closed {
                    return;
                }
                tracing::error!(%error, "the queue of deliveries cannot be read");
            }
            self.start(&mut work, &mut under_way);
            self.look(&mut work).await;
            let sleep = self.sleep(&work, under_way.len());
            tokio::select! {
                Some(ended) = under_way.join_next() => {
                    if let Ok(ended) = ended {
                        self.ended(&mut work, ended).await;
                    }
                }
                () = self.desk.inner.news.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = self.view.changed() => {}
                _ = stop.changed() => {}
            }
        }
        while let Some(ended) = under_way.join_next().await {
            if let Ok(ended) = ended {
                self.ended(&mut work, ended).await;
            }
        }
        self.report(&mut work, true).await;
    }

    async fn configure(&self, work: &mut Work, view: &View) {
        let mut roads = BTreeMap::new();
        for (id, source) in &view.plan.package.sources {
            let Some(declared) = source.forward.clone() else {
                continue;
            };
            let endpoint = Endpoint::of(&declared, &self.outside);
            if let Err(why) = &endpoint {
                tracing::error!(source = %id, %why, "nothing can be sent on");
            }
            let name = id.to_string();
            let stop = self.store.blocking(move |s| s.forward_stopped(&name)).await;
            let stop = stop.unwrap_or_default();
            // Another address never said that it wants no more.
            let same = stop.filter(|(url, _)| *url == declared.url.to_string());
            let before = work.roads.remove(id);
            roads.insert(
                id.clone(),
                Road {
                    stopped: same.map(|(_, reason)| reason),
                    endpoint,
                    declared,
                    pause_until_ms: 0,
                    failures_in_row: before.as_ref().map_or(0, |b| b.failures_in_row),
                    latencies: before.map(|b| b.latencies).unwrap_or_default(),
                    reported_at_ms: 0,
                    changed: true,
                },
            );
        }
        work.roads = roads;
    }

    async fn read(&self, work: &mut Work) -> Result<(), StoreError> {
        loop {
            let after = work.rank;
            let rows = self
                .store
                .blocking(move |s| s.forwards_queued(after, READ_MAX))
                .await?;
            let all = rows.len() < READ_MAX as usize;
            for row in rows {
                work.rank = row.rank;
                let source = Id::from_static(&row.source);
                work.lanes.entry(source).or_default().push(row);
            }
            if all {
                break;
            }
        }
        let mut waiting = lock(&self.desk.inner.waiting);
        for (source, lane) in &work.lanes {
            waiting.insert(source.clone(), lane.len() as u64);
        }
        Ok(())
    }

    fn start(&self, work: &mut Work, under_way: &mut JoinSet<Ended>) {
        let now = self.clock.now().as_millis();
        for (source, lane) in &mut work.lanes {
            let Some(road) = work.roads.get(source) else {
                continue;
            };
            let Ok(endpoint) = &road.endpoint else {
                continue;
            };
            if road.stopped.is_some() || road.pause_until_ms > now {
                continue;
            }
            let places = usize::from(road.declared.concurrency.max(1));
            while lane.under_way() < places
                && under_way.len() < UNDER_WAY_MAX
                && let Some(item) = lane.take(now)
            {
                let (endpoint, store) = (endpoint.clone(), self.store.clone());
                let (source, clock) = (source.clone(), Arc::clone(&self.clock));
                under_way.spawn(async move {
                    let at_ms = clock.now().as_millis();
                    let sent = attempt(&store, &endpoint, &item).await;
                    let took_ms = clock.now().as_millis().saturating_sub(at_ms);
                    Ended {
                        source,
                        item,
                        sent,
                        at_ms,
                        took_ms,
                    }
                });
            }
        }
    }

    fn sleep(&self, work: &Work, under_way: usize) -> Duration {
        if under_way >= UNDER_WAY_MAX {
            return SLEEP_MAX;
        }
        let now = self.clock.now().as_millis();
        let due = work.lanes.iter().filter_map(|(source, lane)| {
            let road = work.roads.get(source)?;
            let free = lane.under_way() < usize::from(road.declared.concurrency.max(1));
            let due = lane.due()?.max(road.pause_until_ms);
            (free && road.stopped.is_none() && road.endpoint.is_ok()).then_some(due)
        });
        let wait = due
            .min()
            .map_or(i64::MAX, |due| due.saturating_sub(now).max(1));
        SLEEP_MAX.min(Duration::from_millis(wait.unsigned_abs()))
    }

    async fn ended(&self, work: &mut Work, ended: Ended) {
        let Ended {
            source,
            item,
            sent,
            at_ms,
            took_ms,
        } = ended;
        let now = self.clock.now().as_millis();
        let row = &item.row;
        let (Some(road), Some(lane)) = (work.roads.get_mut(&source), work.lanes.get_mut(&source))
        else {
            return;
        };
        road.changed = true;
        let no = row.attempts.saturating_add(1);
        let (status, error) = said(&sent);
        let hold = road.declared.hold.as_millis();
        let fate = match &sent {
            Sent::Acknowledged(_) => {
                road.failures_in_row = 0;
                let took = now.saturating_sub(row.received_at_ms);
                *road.latencies.entry(rounded(took)).or_default() += 1;
                let late_after = road.declared.late_after.as_millis();
                ForwardFate::Delivered {
                    in_time: took <= late_after,
                }
            }
            Sent::Refused { .. } => ForwardFate::Dead,
            Sent::Gone => ForwardFate::Again { at_ms: now },
            Sent::Again { after, .. } => {
                let after_ms =
                    after.map_or(0, |a| i64::try_from(a.as_millis()).unwrap_or(i64::MAX));
                let delay = jittered(BACKOFF.delay(no), self.seed, &row.delivery, no);
                let delay = i64::try_from(delay.as_millis())
                    .unwrap_or(i64::MAX)
                    .max(after_ms);
                let next = now.saturating_add(delay);
                if after_ms > 0 {
                    // Whoever asks for a pause means all of it, not one delivery.
                    road.pause_until_ms = road.pause_until_ms.max(now.saturating_add(after_ms));
                }
                let retry = &road.declared.retry;
                let until = item.queued_at_ms.saturating_add(retry.within.as_millis());
                match no >= u32::from(retry.attempts.max(1)) || next > until {
                    true => ForwardFate::Dead,
                    false => ForwardFate::Again { at_ms: next },
                }
            }
        };
        if !matches!(fate, ForwardFate::Delivered { .. }) {
            road.failures_in_row = road.failures_in_row.saturating_add(1);
        }
        let attempt = ForwardAttempt {
            no,
            at_ms,
            took_ms,
            status,
            error: error.clone(),
        };
        let mut written = self
            .store
            .forward_attempted(row.id, attempt.clone(), fate, now)
            .await;
        // What the endpoint acknowledged must not be sent again because a disk was full.
        while let Err(failed) = &written
            && *failed != StoreError::Closed
            && matches!(fate, ForwardFate::Delivered { .. })
        {
            tracing::error!(error = %failed, "a delivery cannot be recorded; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
            written = self
                .store
                .forward_attempted(row.id, attempt.clone(), fate, now)
                .await;
        }
        match (fate, written) {
            (ForwardFate::Again { at_ms }, Ok(())) => lane.again(row.rank, at_ms, now, hold),
            (_, Ok(())) => lane.done(row.rank),
            (_, Err(failed)) => {
                tracing::error!(error = %failed, "an attempt cannot be recorded; it is repeated");
                lane.again(row.rank, now + BACKOFF.first.as_millis() as i64, now, hold);
            }
        }
        if fate == ForwardFate::Dead {
            let why = error.unwrap_or_default();
            tracing::warn!(%source, delivery = row.delivery, %why, "a delivery is given up");
        }
        if sent == Sent::Gone {
            self.stop(&source, road, now).await;
        }
    }

    async fn stop(&self, source: &Id, road: &mut Road, now_ms: i64) {
        let host = match &road.endpoint {
            Ok(endpoint) => endpoint.host(),
            Err(_) => String::new(),
        };
        let reason = format!("{host} answered 410, which means that it wants no more");
        let url = road.declared.url.to_string();
        let stop = self
            .store
            .forward_stop(source.as_str(), &url, &reason, now_ms);
        if let Err(error) = stop.await {
            tracing::error!(%error, "that an endpoint wants no more cannot be written down");
        }
        road.stopped = Some(reason);
    }

    /// What is late, what changed, what has to be told.
    async fn look(&self, work: &mut Work) {
        let now = self.clock.now().as_millis();
        for (source, lane) in &mut work.lanes {
            let Some(road) = work.roads.get_mut(source) else {
                continue;
            };
            let late = lane.late(now.saturating_sub(road.declared.late_after.as_millis()));
            if !late.is_empty() {
                road.changed = true;
                if let Err(error) = self.store.forwards_late(late).await {
                    tracing::error!(%error, "late deliveries cannot be counted");
                }
            }
            if road.stopped.is_some() {
                let name = source.to_string();
                let stop = self.store.blocking(move |s| s.forward_stopped(&name)).await;
                if matches!(stop, Ok(None)) {
                    road.stopped = None;
                    road.changed = true;
                }
            }
        }
        for (source, _) in std::mem::take(&mut *lock(&self.desk.inner.refused)) {
            work.full_since.insert(source, now);
        }
        work.full_since
            .retain(|_, at| now.saturating_sub(*at) < REPORT_EVERY_MS);
        self.tell_troubles(work).await;
        self.report(work, false).await;
    }

    async fn tell_troubles(&self, work: &mut Work) {
        let stopped: Vec<String> = work
            .roads
            .iter()
            .filter_map(|(id, r)| Some(format!("{id} ({})", r.stopped.as_ref()?)))
            .collect();
        let stopped = (!stopped.is_empty()).then(|| {
            format!(
                "nothing is sent on any more of: {}; it is queued, and goes on once the address is changed or the source is resumed",
                stopped.join(", ")
            )
        });
        let full: Vec<String> = work.full_since.keys().map(ToString::to_string).collect();
        let full = (!full.is_empty()).then(|| {
            format!(
                "too many deliveries wait to be sent on, of: {}",
                full.join(", ")
            )
        });
        for (code, detail) in [(STOPPED, stopped), (FULL, full)] {
            let standing = self.view.borrow().troubles.contains_key(code);
            let told = work.told.entry(code).or_insert(standing);
            if detail.is_some() != *told {
                *told = detail.is_some();
                let input = Input::Trouble(Trouble {
                    code: code.into(),
                    detail,
                });
                let done = append(&self.store, StoreLane::Human, &[input], self.clock.now()).await;
                if let Err(error) = done {
                    *told = !*told;
                    tracing::error!(%error, "a trouble could not be written down");
                }
            }
        }
    }

    async fn report(&self, work: &mut Work, last: bool) {
        let now = self.clock.now();
        for (source, road) in &mut work.roads {
            let since = now.as_millis().saturating_sub(road.reported_at_ms);
            let due = since >= REPORT_EVERY_MS
                || (road.changed && (last || since >= CHANGE_REPORTED_AFTER_MS));
            if !due {
                continue;
            }
            let lane = work.lanes.get(source);
            let name = source.to_string();
            let Ok(totals) = self.store.blocking(move |s| s.forward_tally(&name)).await else {
                continue;
            };
            let stopped = match (&road.stopped, &road.endpoint) {
                (Some(why), _) => Some(why.clone()),
                (None, Err(why)) => Some(format!("the endpoint cannot be used: {why}")),
                (None, Ok(_)) => None,
            };
            let latencies = std::mem::take(&mut road.latencies);
            let report = Forwarded {
                source: source.clone(),
                at: now,
                totals: ForwardTotals {
                    received: totals.received,
                    in_time: totals.in_time,
                    failed: totals.failed,
                },
                waiting: lane.map_or(0, |l| l.len() as u64),
                oldest: lane.and_then(Lane::oldest).map(Time::from_millis),
                failures_in_row: road.failures_in_row,
                stopped,
                latencies: latencies
                    .iter()
                    .map(|(ms, n)| (gonogo_model::Duration::from_millis(*ms), *n))
                    .collect(),
            };
            let input = Input::Forwarded(Box::new(report));
            match append(&self.store, StoreLane::World, &[input], now).await {
                Ok(_) => {
                    road.reported_at_ms = now.as_millis();
                    road.changed = false;
                }
                Err(error) => {
                    road.latencies = latencies;
                    tracing::error!(%error, "what became of deliveries cannot be written down");
                }
            }
        }
    }
}

async fn attempt(store: &Store, endpoint: &Endpoint, item: &Item) -> Sent {
    let raw = item.row.raw;
    let again = |error: String| Sent::Again {
        status: None,
        after: None,
        error,
    };
    match store.blocking(move |s| s.forward_raw(raw)).await {
        Ok(plain) => {
            let no = item.row.attempts.saturating_add(1);
            let id = &item.row.delivery;
            endpoint.send(id, no, &plain.headers_json, plain.body).await
        }
        Err(StoreError::Unreadable) => Sent::Refused { status: 0 },
        Err(error) => again(format!("its content cannot be read now: {error}")),
    }
}

fn said(sent: &Sent) -> (Option<u16>, Option<String>) {
    match sent {
        Sent::Acknowledged(status) => (Some(*status), None),
        Sent::Again { status, error, .. } => (*status, Some(error.clone())),
        Sent::Refused { status: 0 } => (
            None,
            Some("its content was deleted when its days were over".into()),
        ),
        Sent::Refused { status } => (
            Some(*status),
            Some(format!("answered {status}, which is not tried again")),
        ),
        Sent::Gone => (Some(410), Some("answered 410: it wants no more".into())),
    }
}

/// To two digits, so that a report stays short.
fn rounded(ms: i64) -> i64 {
    let mut unit = 1;
    while ms / unit >= 100 {
        unit *= 10;
    }
    ms / unit * unit
}
