//! Sampling: gauges, sides of skews and counters of SLOs that somebody has to ask for.
//!
//! Each is asked on a grid of its own, at most once at a time. Invariant: what could not be
//! told becomes an input that says so, and never a zero or the value from before.

mod counters;
mod prometheus;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::input::{GaugeRead, Sampled, Side, Sighting};
use gonogo_engine::{Input, Time};
use gonogo_model::gauge::{Gauge, GaugeFrom};
use gonogo_model::skew::{Skew, SkewSide};
use gonogo_model::slo::Sli;
use gonogo_model::{Id, Package};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ask::{Api, How, Proof, Trouble, code, endpoint};
use crate::clock::Clock;
use crate::courier::append;
use crate::settings::Outside;
use crate::store::{Lane, Store, StoreError};
use crate::view::View;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many are asked at once; more wait for their turn.
pub const ASKED_AT_ONCE: usize = 16;
/// How often counters are read.
pub const COUNTERS_EVERY: gonogo_model::Duration = gonogo_model::Duration::from_secs(60);
/// How long counters may take to answer.
const COUNTERS_TIMEOUT: gonogo_model::Duration = gonogo_model::Duration::from_secs(30);
/// The first reading after a start comes within this, however seldom the others.
const FIRST_WITHIN_MS: i64 = 20_000;

/// What sampling needs.
pub struct Sampling {
    /// Where readings go.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where keys and addresses are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// What the jitter follows from.
    pub seed: u64,
}

/// Something that is asked for again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Gauge(Id),
    Skew(Id, Side),
    Slo(Id),
}

/// When a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    every: gonogo_model::Duration,
    at: Time,
}

/// Where and how something is asked, settings unresolved.
struct Place<'p> {
    url: &'p gonogo_model::setting::Setting,
    headers: &'p BTreeMap<String, gonogo_model::setting::Setting>,
    token: Option<&'p gonogo_model::setting::SecretRef>,
    trust: Option<&'p gonogo_model::setting::Setting>,
    allow_private: bool,
    timeout: gonogo_model::Duration,
    accept: &'static str,
}

impl Sampling {
    /// Asks for what the package in force says until `stop` is told.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut due: BTreeMap<Job, Due> = BTreeMap::new();
        let mut asked: JoinSet<Job> = JoinSet::new();
        let mut busy: BTreeMap<Job, tokio::task::Id> = BTreeMap::new();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Some(ended) = asked.join_next() => match ended {
                    Ok(job) => { busy.remove(&job); }
                    // One that panicked was reported when it did, and is due again.
                    Err(error) => busy.retain(|_, id| *id != error.id()),
                },
                _ = stop.changed() => break,
            }
            let view = this.view.borrow().clone();
            let now = this.clock.now();
            this.plan(&view.plan.package, &mut due, now);
            for (job, due) in &mut due {
                if due.at > now || busy.contains_key(job) || asked.len() >= ASKED_AT_ONCE {
                    continue;
                }
                // What was missed while something took long is not made up for.
                let behind = now.since(due.at).as_millis() / due.every.as_millis().max(1) + 1;
                due.at =
                    due.at + gonogo_model::Duration::from_millis(due.every.as_millis() * behind);
                let (task, view, this) = (job.clone(), Arc::clone(&view), Arc::clone(&this));
                let asking = asked.spawn(async move {
                    this.once(&task, &view).await;
                    task
                });
                busy.insert(job.clone(), asking.id());
            }
        }
        asked.shutdown().await;
    }

    /// Brings the list of what is due in line with a package.
    fn plan(&self, package: &Package, due: &mut BTreeMap<Job, Due>, now: Time) {
        let jobs: BTreeMap<Job, gonogo_model::Duration> = jobs(package).collect();
        due.retain(|job, d| jobs.get(job) == Some(&d.every));
        for (job, every) in jobs {
            due.entry(job.clone()).or_insert_with(|| Due {
                every,
                at: now + self.jitter(&job, every),
            });
        }
    }

    /// The same for the same job, so that its readings keep their distance.
    fn jitter(&self, job: &Job, every: gonogo_model::Duration) -> gonogo_model::Duration {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(format!("{job:?}"));
        let hash = hash.finalize();
        let drawn = hash
            .iter()
            .take(4)
            .fold(0_i64, |n, b| n << 8 | i64::from(*b));
        let most = every.as_millis().clamp(1, FIRST_WITHIN_MS);
        gonogo_model::Duration::from_millis(drawn % most)
    }

    /// Asks for one, and writes down what came of it.
    async fn once(&self, job: &Job, view: &View) {
        let package = &view.plan.package;
        let inputs = match job {
            Job::Gauge(id) => match package.gauges.get(id) {
                Some(gauge) => vec![self.gauge(gauge).await],
                None => return,
            },
            Job::Skew(id, side) => match package.skews.get(id) {
                Some(skew) => vec![self.side(skew, *side).await],
                None => return,
            },
            Job::Slo(id) => {
                let until = view.slos.iter().find(|s| s.id == *id);
                let until = until.and_then(|s| s.sampled_until);
                self.counters(package, id, until).await
            }
        };
        while !inputs.is_empty() {
            match append(&self.store, Lane::World, &inputs, self.clock.now()).await {
                Ok(_) | Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "a reading cannot be written down; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn gauge(&self, gauge: &Gauge) -> Input {
        let number = match &gauge.from {
            GaugeFrom::Event(_) => Err(Trouble::new(code::NOT_CONFIGURED, "it comes from events")),
            GaugeFrom::HttpJson(from) => {
                async {
                    let place = Place {
                        url: &from.url,
                        headers: &from.headers,
                        token: from.token.as_ref(),
                        trust: from.trust.as_ref(),
                        allow_private: from.allow_private,
                        timeout: gauge.timeout,
                        accept: "application/json",
                    };
                    let (api, url) = self.api(&place, "")?;
                    let answer = api.fetch(url).await?.ok(self.clock.now())?;
                    value::number(&answer.body, &from.path)
                }
                .await
            }
            GaugeFrom::Promql(from) => {
                async {
                    let place = Place {
                        url: &from.url,
                        headers: &from.headers,
                        token: from.token.as_ref(),
                        trust: from.trust.as_ref(),
                        allow_private: from.allow_private,
                        timeout: gauge.timeout,
                        accept: "application/json",
                    };
                    let (api, url) = self.api(&place, prometheus::QUERY)?;
                    let answer = api.fetch(prometheus::instant(url, &from.query)).await?;
                    prometheus::number(answer, from.aggregate, self.clock.now())
                }
                .await
            }
        };
        let (number, detail) = match number {
            Ok(number) => (Some(number), String::new()),
            Err(trouble) => {
                tracing::info!(gauge = %gauge.id.value, code = trouble.code, "{}", trouble.detail);
                (None, trouble.detail)
            }
        };
        Input::GaugeRead(Box::new(GaugeRead {
            gauge: gauge.id.value.clone(),
            at: self.clock.now(),
            number,
            detail,
        }))
    }

    async fn side(&self, skew: &Skew, side: Side) -> Input {
        let from = match side {
            Side::Expected => &skew.expected,
            Side::Actual => &skew.actual,
        };
        let value = match from {
            SkewSide::Event(_) | SkewSide::Fixed(_) => Err(Trouble::new(
                code::NOT_CONFIGURED,
                "nobody has to be asked for it",
            )),
            SkewSide::HttpJson(from) => {
                async {
                    let place = Place {
                        url: &from.url,
                        headers: &from.headers,
                        token: from.token.as_ref(),
                        trust: from.trust.as_ref(),
                        allow_private: from.allow_private,
                        timeout: skew.timeout,
                        accept: "application/json",
                    };
                    let (api, url) = self.api(&place, "")?;
                    let answer = api.fetch(url).await?.ok(self.clock.now())?;
                    value::word(&answer.body, &from.path)
                }
                .await
            }
            SkewSide::HttpText(from) => {
                async {
                    let place = Place {
                        url: &from.url,
                        headers: &from.headers,
                        token: from.token.as_ref(),
                        trust: from.trust.as_ref(),
                        allow_private: from.allow_private,
                        timeout: skew.timeout,
                        accept: "text/plain, */*;q=0.1",
                    };
                    let (api, url) = self.api(&place, "")?;
                    let answer = api.fetch(url).await?.ok(self.clock.now())?;
                    match &from.header {
                        Some(name) => value::header(&answer.headers, name),
                        None => value::text(&answer.body),
                    }
                }
                .await
            }
        };
        let (value, detail) = match value {
            Ok(value) => (Some(value), String::new()),
            Err(trouble) => {
                tracing::info!(skew = %skew.id.value, code = trouble.code, "{}", trouble.detail);
                (None, trouble.detail)
            }
        };
        Input::Sighting(Sighting {
            skew: skew.id.value.clone(),
            side,
            at: self.clock.now(),
            value,
            detail,
        })
    }

    async fn counters(&self, package: &Package, id: &Id, until: Option<Time>) -> Vec<Input> {
        let Some(Sli::Promql(sli)) = package.slos.get(id).map(|slo| &slo.sli) else {
            return Vec::new();
        };
        let now = self.clock.now();
        let stretch = counters::stretch(until, now);
        if stretch.is_empty() {
            return Vec::new();
        }
        let read = async {
            let place = Place {
                url: &sli.url,
                headers: &BTreeMap::new(),
                token: sli.token.as_ref(),
                trust: None,
                // A Prometheus is a team's own, and nearly always on a private address.
                allow_private: true,
                timeout: COUNTERS_TIMEOUT,
                accept: "application/json",
            };
            let (api, url) = self.api(&place, prometheus::QUERY_RANGE)?;
            let ask = async |query: &str| {
                let (from, until) = (stretch.read_from(), stretch.until());
                let url = prometheus::range(url.clone(), query, from, until, counters::STEP_SECS);
                prometheus::series(api.fetch(url).await?, now)
            };
            let wanted = counters::Wanted::of(sli)
                .ok_or_else(|| Trouble::new(code::NOT_CONFIGURED, "it says nothing to count"))?;
            let mut answers = Vec::new();
            for query in wanted.queries() {
                answers.push(ask(query).await?);
            }
            counters::count(&wanted, &answers, stretch)
        };
        let sampled = |from: Time, until: Time| Sampled {
            slo: id.clone(),
            from,
            until,
            good: 0,
            bad: 0,
            trouble: None,
        };
        match read.await {
            Ok(minutes) => {
                let input = |minute: counters::Minute| {
                    Input::Sampled(Sampled {
                        good: minute.good,
                        bad: minute.bad,
                        ..sampled(minute.from, minute.until)
                    })
                };
                minutes.into_iter().map(input).collect()
            }
            Err(trouble) => {
                tracing::warn!(slo = %id, code = trouble.code, "{}", trouble.detail);
                vec![Input::Sampled(Sampled {
                    trouble: Some(trouble.detail),
                    ..sampled(now, now)
                })]
            }
        }
    }

    /// A client for a place, and its URL with a path appended.
    fn api(&self, place: &Place<'_>, path: &str) -> Result<(Api<'_>, Url), Trouble> {
        let resolve = |setting| self.outside.resolve(setting).map_err(Trouble::setting);
        let base = resolve(place.url)?;
        let base = match path.is_empty() {
            true => base.as_str(),
            false => base
                .trim()
                .trim_end_matches('/')
                .trim_end_matches("/api/v1"),
        };
        let proof = match place.token {
            Some(token) => Proof::Bearer(resolve(&token.0)?),
            None => Proof::None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in place.headers {
            let unusable = || {
                let detail = format!("the header `{name}` cannot be sent");
                Trouble::new(code::NOT_CONFIGURED, detail)
            };
            let value = resolve(value)?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| unusable())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::try_from(name).map_err(|_| unusable())?, value);
        }
        let roots = place.trust.map(|file| {
            let path = resolve(file)?;
            let unread = |_| Trouble::setting(format!("the roots at {path} cannot be read"));
            std::fs::read(&path).map_err(unread)
        });
        let how = How {
            allow_private: place.allow_private,
            proof,
            accept: place.accept,
            headers,
            roots: roots.transpose()?,
            timeout: Duration::from_millis(place.timeout.as_millis().unsigned_abs()),
        };
        Ok((Api::with(&self.clock, how)?, endpoint(base, path)?))
    }
}

/// What a package wants to be asked for, and how often.
fn jobs(package: &Package) -> impl Iterator<Item = (Job, gonogo_model::Duration)> {
    let gauges = package.gauges.iter().filter_map(|(id, g)| match g.from {
        GaugeFrom::Event(_) => None,
        GaugeFrom::HttpJson(_) | GaugeFrom::Promql(_) => {
            Some((Job::Gauge(id.clone()), g.every.value))
        }
    });
    let skews = package.skews.iter().flat_map(|(id, s)| {
        [(Side::Expected, &s.expected), (Side::Actual, &s.actual)]
            .into_iter()
            .filter(|(_, side)| side.is_asked())
            .map(|(side, _)| (Job::Skew(id.clone(), side), s.every.value))
    });
    let slos = package.slos.iter().filter_map(|(id, slo)| match slo.sli {
        Sli::Promql(_) => Some((Job::Slo(id.clone()), COUNTERS_EVERY)),
        _ => None,
    });
    gauges.chain(skews).chain(slos)
}
