//! `gonogo agent`: asks the package's checks from another place, and reports to the server.
//!
//! Answers wait in memory while the server is away, as many as fit; the oldest leave first and
//! are counted. Invariant: an answer leaves the buffer only when the server has said that it
//! keeps it, and its number tells the server of one that it has already.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::Context as _;
use gonogo_engine::Time;
use gonogo_engine::input::CheckResult;
use gonogo_model::PackageText;
use gonogo_server::api::{AgentChecks, AgentReport, AgentResult, AgentTaken, RESULTS_MAX};
use gonogo_server::probe::{Options, ProbeResult, Scheduler};
use gonogo_server::settings::Outside;
use gonogo_server::watch::{Answers, SUMMARY_EVERY, asked_from, not_configured};
use reqwest::StatusCode;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::args;
use crate::client::{Client, Failure};
use crate::exit::Exit;

/// Answers that wait for the server.
const BUFFERED_MAX: usize = 10_000;
/// Answers in one report: a few hundred bytes each, and a body has a limit.
const BATCH: usize = 50;
/// How often there is a report where there is something to report that is no news.
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// How often there is a sign of life where there is nothing to report.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// The pauses between attempts while the server is away.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(10);
/// Answers between the probes and the buffer.
const HANDED_OVER: usize = 256;

const _: () = assert!(BATCH <= RESULTS_MAX);

pub fn run(args: &args::Agent) -> anyhow::Result<Exit> {
    super::log_to_stderr();
    let token = match &args.token_file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("the token in {} cannot be read", file.display()))?,
        None => args.token.clone().unwrap_or_default(),
    };
    let client = Client::with(&args.server, Some(token.trim().to_owned()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(ask_and_report(args.place.clone(), client))
}

async fn ask_and_report(place: String, client: Client) -> anyhow::Result<Exit> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let (checks, asked) = watch::channel(None);
    let (found, waiting) = watch::channel(Waiting::default());
    let asker = tokio::spawn(ask(place.clone(), asked, found.clone()));
    let mut reporter = Reporter {
        boot: boot(),
        place,
        client,
        checks,
        found,
        digest: String::new(),
        is_away: false,
    };
    // A token or a place that is refused stays refused: say so, and end.
    if let Err(failure @ Failure::Refused { status, .. }) = &reporter.learn().await
        && status.is_client_error()
        && *status != StatusCode::TOO_MANY_REQUESTS
    {
        asker.abort();
        return Ok(failure.report());
    }
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        () = reporter.go_on(waiting) => {}
    }
    asker.abort();
    // What was found last is worth one more attempt.
    let _ = reporter.report().await;
    Ok(Exit::Clean)
}

/// Tells this run from the one before.
fn boot() -> String {
    let started = jiff::Timestamp::now().as_nanosecond();
    format!("{started}-{}", std::process::id())
}

/// What waits for the server.
#[derive(Debug, Default)]
struct Waiting {
    results: VecDeque<(Instant, CheckResult)>,
    /// The number of the first that waits.
    first: u64,
    /// How many did not fit.
    dropped: u64,
    /// It should not wait for the next report.
    news: bool,
}

impl Waiting {
    fn keep(&mut self, results: Vec<CheckResult>) {
        let now = Instant::now();
        self.results.extend(results.into_iter().map(|r| (now, r)));
        while self.results.len() > BUFFERED_MAX {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if self.results.pop_front().is_some() {
            self.first += 1;
            self.dropped += 1;
        }
    }

    fn report(&self, place: &str, boot: &str, most: usize) -> AgentReport {
        let results = self.results.iter().take(most);
        let results = results.map(|(at, result)| AgentResult {
            age_ms: i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX),
            result: result.clone(),
        });
        AgentReport {
            place: place.to_owned(),
            boot: boot.to_owned(),
            first: self.first,
            dropped: self.dropped,
            results: results.collect(),
        }
    }

    /// The server keeps all that came before a number.
    fn kept_before(&mut self, number: u64) {
        let count = number.saturating_sub(self.first);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let count = count.min(self.results.len());
        self.results.drain(..count);
        self.first += count as u64;
    }
}

/// Asks what the server wants asked, for as long as somebody listens.
async fn ask(
    place: String,
    mut checks: watch::Receiver<Option<AgentChecks>>,
    found: watch::Sender<Waiting>,
) {
    let (sink, mut answers) = mpsc::channel::<ProbeResult>(HANDED_OVER);
    let scheduler = Scheduler::start(Vec::new(), sink, Options::default());
    let mut kept = Answers::default();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut summary = tokio::time::interval(SUMMARY_EVERY);
    // The server counts back from its own clock: no time of ours is told.
    let untimed = Time::default();
    loop {
        let (told, news) = tokio::select! {
            Some(answer) = answers.recv() => (kept.take(&answer, untimed), true),
            _ = summary.tick() => (kept.sum_up(), false),
            changed = checks.changed() => {
                if changed.is_err() {
                    return;
                }
                let mut text = PackageText::default();
                if let Some(checks) = &*checks.borrow_and_update() {
                    text.files.extend(checks.files.clone());
                }
                let ours = asked_from(&text, &place, &Outside::default());
                tracing::info!("{} checks are asked from {place}", ours.specs.len());
                let names: BTreeSet<String> = ours.specs.iter().map(|s| s.check.clone()).collect();
                kept.settle_after(ours.settles_after);
                scheduler.replace(ours.specs).await;
                for check in names.difference(&asked) {
                    scheduler.run_now(check).await;
                }
                asked = names;
                let mistakes = ours.mistakes.into_iter();
                let mistakes = mistakes.map(|(check, why)| {
                    tracing::error!("{check}: {why}");
                    not_configured(check, untimed, why)
                });
                (mistakes.collect(), true)
            }
        };
        if !told.is_empty() {
            found.send_modify(|waiting| {
                waiting.news |= news;
                waiting.keep(told);
            });
        }
    }
}

/// Tells the server what was found, and learns from it what is to be asked.
struct Reporter {
    place: String,
    boot: String,
    client: Client,
    checks: watch::Sender<Option<AgentChecks>>,
    found: watch::Sender<Waiting>,
    digest: String,
    is_away: bool,
}

impl Reporter {
    async fn go_on(&mut self, mut waiting: watch::Receiver<Waiting>) {
        let mut pause = RETRY_FIRST;
        let mut said_at = Instant::now();
        loop {
            let idle = waiting.borrow().results.is_empty();
            let due = said_at + if idle { ALIVE_EVERY } else { REPORT_EVERY };
            let look_again = due.min(Instant::now() + RETRY_FIRST);
            let is_news = tokio::select! {
                // The sender lives as long as we do.
                news = waiting.wait_for(|waiting| waiting.news) => news.is_ok(),
                () = tokio::time::sleep_until(look_again) => false,
            };
            if !is_news && Instant::now() < due {
                continue;
            }
            match self.report().await {
                Ok(()) => {
                    pause = RETRY_FIRST;
                    said_at = Instant::now();
                    if std::mem::take(&mut self.is_away) {
                        tracing::info!("the server takes answers again");
                    }
                }
                Err(failure) => {
                    if !std::mem::replace(&mut self.is_away, true) {
                        tracing::warn!("answers wait here until the server takes them: {failure}");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_LAST);
                }
            }
        }
    }

    /// Asks what is to be asked from here.
    async fn learn(&mut self) -> Result<(), Failure> {
        let path = format!("/agent/checks?place={}", self.place);
        let answer = self.client.get(&path).await?;
        let Ok(found) = serde_json::from_value::<AgentChecks>(answer) else {
            tracing::error!("the server's checks are not understood: is it of another version?");
            return Ok(());
        };
        self.digest.clone_from(&found.digest);
        self.checks.send_replace(Some(found));
        Ok(())
    }

    /// Sends all that waits; where nothing does, a sign of life.
    async fn report(&mut self) -> Result<(), Failure> {
        let mut most = BATCH;
        loop {
            let mut report = None;
            self.found.send_modify(|waiting| {
                waiting.news = false;
                report = Some(waiting.report(&self.place, &self.boot, most));
            });
            let Some(report) = report else { return Ok(()) };
            let sent = report.results.len();
            match self.client.post("/agent/results", &report).await {
                Ok(answer) => {
                    let kept = report.first + sent as u64;
                    self.found.send_modify(|waiting| waiting.kept_before(kept));
                    let taken = serde_json::from_value::<AgentTaken>(answer);
                    if taken.is_ok_and(|taken| taken.digest != self.digest) {
                        self.learn().await?;
                    }
                    if sent < most {
                        return Ok(());
                    }
                }
                // One answer that is too large must not hold up the others.
                Err(Failure::Refused { status, .. }) if status == StatusCode::PAYLOAD_TOO_LARGE => {
                    if sent > 1 {
                        most = sent / 2;
                    } else {
                        self.found.send_modify(Waiting::drop_first);
                    }
                }
                Err(failure) => {
                    let refused = matches!(&failure, Failure::Refused { status, .. } if *status == StatusCode::NOT_FOUND);
                    if refused {
                        // The package in force asks nothing from here any more.
                        self.digest.clear();
                        self.checks.send_replace(None);
                    }
                    return Err(failure);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gonogo_model::Id;

    use super::*;

    fn found(how_many: usize) -> Vec<CheckResult> {
        let why = String::from("it cannot be asked");
        let one = not_configured(Id::from_static("up"), Time::default(), why);
        vec![one; how_many]
    }

    #[test]
    fn the_oldest_leave_first_and_are_counted() {
        let mut waiting = Waiting::default();
        waiting.keep(found(BUFFERED_MAX));
        assert_eq!((waiting.first, waiting.dropped), (0, 0));
        waiting.keep(found(3));
        assert_eq!(waiting.results.len(), BUFFERED_MAX);
        assert_eq!((waiting.first, waiting.dropped), (3, 3));
        // Some of a report that is under way left meanwhile: the server is told by number.
        let report = waiting.report("east", "first", 2);
        assert_eq!(
            (report.first, report.results.len(), report.dropped),
            (3, 2, 3)
        );
        waiting.keep(found(1));
        waiting.kept_before(report.first + 2);
        assert_eq!(
            (waiting.first, waiting.results.len()),
            (5, BUFFERED_MAX - 1)
        );
        waiting.kept_before(u64::MAX);
        assert_eq!(waiting.first, 4 + BUFFERED_MAX as u64);
    }
}
