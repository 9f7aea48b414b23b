//! The scheduler on a clock that the tests move, with a runner that they script.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use gonogo_server::probe::{
    Options, Phases, ProbeResult, ProbeSpec, Run, RunNow, Scheduler, Target, TlsTarget, Verdict,
    code,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// Takes the scripted time for each run and remembers when it began.
struct Stage {
    takes: Box<dyn Fn(&ProbeSpec) -> Duration + Send + Sync>,
    begun: Mutex<Vec<(String, Instant)>>,
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Stage {
    fn taking(takes: Duration) -> Arc<Self> {
        Self::scripted(move |_| takes)
    }

    fn scripted(takes: impl Fn(&ProbeSpec) -> Duration + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            takes: Box::new(takes),
            begun: Mutex::default(),
            now: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        })
    }

    /// The starts of each check.
    fn starts(&self) -> BTreeMap<String, Vec<Instant>> {
        let mut starts: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
        for (check, at) in self.begun.lock().unwrap().iter() {
            starts.entry(check.clone()).or_default().push(*at);
        }
        starts
    }

    fn count(&self) -> usize {
        self.begun.lock().unwrap().len()
    }

    fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

impl Run for Stage {
    fn begin(self: Arc<Self>, spec: Arc<ProbeSpec>) -> BoxFuture<'static, ProbeResult> {
        let begun = (spec.check.clone(), Instant::now());
        self.begun.lock().unwrap().push(begun);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
        Box::pin(async move {
            assert!(!spec.check.starts_with("broken"), "a scripted defect");
            let takes = (self.takes)(&spec);
            sleep(takes).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            good(&spec.check)
        })
    }
}

fn good(check: &str) -> ProbeResult {
    ProbeResult {
        check: check.to_owned(),
        verdict: Verdict::Ok,
        code: code::OK,
        detail: "As scripted.".to_owned(),
        took: Duration::ZERO,
        phases: Phases::default(),
        certificate: None,
        addresses: Vec::new(),
        registration: None,
        skipped: 0,
        extra: Default::default(),
    }
}

fn spec(check: &str, every: Duration) -> ProbeSpec {
    ProbeSpec {
        check: check.to_owned(),
        target: Target::Tls(TlsTarget::new(format!("{check}.example.com"), 443)),
        every,
        timeout: 10 * SECOND,
        retry: 0,
    }
}

fn specs(count: usize, every: Duration) -> Vec<ProbeSpec> {
    (0..count).map(|n| spec(&format!("c{n}"), every)).collect()
}

fn start(
    stage: &Arc<Stage>,
    specs: Vec<ProbeSpec>,
    room: usize,
    options: Options,
) -> (Scheduler, mpsc::Receiver<ProbeResult>) {
    let (sink, results) = mpsc::channel(room);
    let runner: Arc<dyn Run> = stage.clone();
    (Scheduler::start_with(runner, specs, sink, options), results)
}

fn drain(results: &mut mpsc::Receiver<ProbeResult>) -> Vec<ProbeResult> {
    std::iter::from_fn(|| results.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn starts_are_spread_over_the_interval_and_never_drift() {
    let stage = Stage::taking(7 * SECOND);
    let origin = Instant::now();
    let (scheduler, mut results) = start(&stage, specs(20, MINUTE), 1000, Options::default());
    sleep(10 * MINUTE - Duration::from_millis(1)).await;
    let starts = stage.starts();
    assert_eq!(starts.len(), 20);
    let mut firsts: Vec<Duration> = Vec::new();
    for at in starts.values() {
        assert_eq!(at.len(), 10, "ten slots in ten minutes");
        firsts.push(at[0] - origin);
        for pair in at.windows(2) {
            let apart = pair[1] - pair[0];
            // The clock of the tests ticks in milliseconds.
            assert!(apart.abs_diff(MINUTE) <= Duration::from_millis(1));
        }
    }
    firsts.sort();
    assert!(
        firsts[0] < 15 * SECOND && firsts[19] > 45 * SECOND,
        "{firsts:?}"
    );
    assert!(firsts.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(drain(&mut results).iter().all(|result| result.skipped == 0));
    assert_eq!(scheduler.stats().skipped, 0);
}

#[tokio::test(start_paused = true)]
async fn the_seed_decides_the_slots() {
    let mut plans = Vec::new();
    for seed in [1, 1, 2] {
        let stage = Stage::taking(SECOND);
        let origin = Instant::now();
        let options = Options {
            seed,
            ..Options::default()
        };
        let (_scheduler, _results) = start(&stage, specs(5, MINUTE), 100, options);
        sleep(MINUTE).await;
        let plan: Vec<u128> = stage
            .starts()
            .values()
            .map(|at| (at[0] - origin).as_millis())
            .collect();
        plans.push(plan);
    }
    assert_eq!(plans[0], plans[1]);
    assert_ne!(plans[0], plans[2]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_during_a_run_is_skipped_counted_and_not_made_up() {
    let stage = Stage::taking(25 * SECOND);
    let mut slow = spec("slow", 10 * SECOND);
    slow.timeout = MINUTE;
    let (scheduler, mut results) = start(&stage, vec![slow], 100, Options::default());
    sleep(5 * MINUTE).await;
    let starts = &stage.starts()["slow"];
    for pair in starts.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(apart.abs_diff(30 * SECOND) <= Duration::from_millis(1));
    }
    let skipped: Vec<u32> = drain(&mut results).iter().map(|r| r.skipped).collect();
    assert_eq!(skipped[0], 0);
    assert!(skipped[1..].iter().all(|&n| n == 2), "{skipped:?}");
    assert!(scheduler.stats().skipped >= 16);
}

#[tokio::test(start_paused = true)]
async fn never_more_at_once_than_allowed() {
    let stage = Stage::taking(5 * SECOND);
    let options = Options {
        max_concurrent: 3,
        ..Options::default()
    };
    let (scheduler, _results) = start(&stage, specs(200, MINUTE), 10_000, options);
    sleep(3 * MINUTE).await;
    assert_eq!(stage.peak(), 3);
    assert_eq!(scheduler.stats().running, 3);
    // 200 checks do not fit: what runs is all that fits, and the rest is counted.
    assert!(scheduler.stats().skipped > 0);
}

#[tokio::test(start_paused = true)]
async fn one_host_is_not_crowded_and_does_not_hold_up_the_others() {
    let stage = Stage::scripted(|spec| match spec.check.as_str() {
        "other" => SECOND,
        _ => 9 * SECOND,
    });
    let mut all: Vec<ProbeSpec> = specs(50, 20 * SECOND);
    for spec in &mut all {
        spec.target = Target::Tls(TlsTarget::new("shop.example.com", 443));
    }
    all.push(spec("other", 20 * SECOND));
    let options = Options {
        max_concurrent: 5,
        max_per_host: 2,
        seed: 3,
    };
    let (_scheduler, _results) = start(&stage, all, 10_000, options);
    sleep(10 * MINUTE).await;
    assert_eq!(stage.peak(), 3, "two at the host and the other one");
    assert!(stage.starts()["other"].len() >= 29);
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_the_slots_of_what_stays_the_same() {
    let stage = Stage::taking(SECOND);
    let (scheduler, _results) = start(&stage, specs(3, MINUTE), 1000, Options::default());
    sleep(MINUTE).await;
    let before = stage.starts();
    // c2 goes, c3 comes, c0 and c1 stay; and again and again.
    let next = vec![spec("c0", MINUTE), spec("c1", MINUTE), spec("c3", MINUTE)];
    for _ in 0..59 {
        scheduler.replace(next.clone()).await;
        sleep(SECOND).await;
    }
    sleep(SECOND).await;
    let after = stage.starts();
    assert_eq!(scheduler.stats().checks, 3);
    assert_eq!(after["c2"].len(), 1);
    assert_eq!(after["c3"].len(), 1);
    for check in ["c0", "c1"] {
        assert_eq!(after[check].len(), 2);
        let apart = after[check][1] - before[check][0];
        assert!(apart.abs_diff(MINUTE) <= Duration::from_millis(1));
    }
}

#[tokio::test(start_paused = true)]
async fn runs_of_removed_and_changed_checks_end_without_a_result() {
    let stage = Stage::taking(9 * SECOND);
    let (scheduler, mut results) = start(&stage, specs(3, 100 * MINUTE), 100, Options::default());
    for check in ["c0", "c1", "c2"] {
        assert_eq!(scheduler.run_now(check).await, RunNow::Started);
    }
    sleep(SECOND).await;
    let mut changed = spec("c1", 100 * MINUTE);
    changed.timeout = 5 * SECOND;
    scheduler
        .replace(vec![spec("c0", 100 * MINUTE), changed])
        .await;
    sleep(20 * SECOND).await;
    let told: Vec<String> = drain(&mut results).into_iter().map(|r| r.check).collect();
    assert_eq!(told, ["c0"]);
    assert_eq!(scheduler.stats().running, 0);
    assert_eq!(scheduler.run_now("c1").await, RunNow::Started);
    assert_eq!(scheduler.run_now("c2").await, RunNow::NoSuchCheck);
}

#[tokio::test(start_paused = true)]
async fn run_now_does_not_queue_behind_the_plan() {
    let stage = Stage::taking(9 * SECOND);
    let options = Options {
        max_concurrent: 1,
        ..Options::default()
    };
    let (scheduler, mut results) = start(&stage, specs(100, 10 * SECOND), 1000, options);
    sleep(MINUTE).await;
    drain(&mut results);
    let asked = Instant::now();
    assert_eq!(scheduler.run_now("c50").await, RunNow::Started);
    assert_eq!(scheduler.run_now("c50").await, RunNow::AlreadyRunning);
    assert_eq!(scheduler.run_now("nobody").await, RunNow::NoSuchCheck);
    while results.recv().await.unwrap().check != "c50" {}
    assert!(asked.elapsed() <= 10 * SECOND);
    sleep(SECOND).await;
    assert_eq!(scheduler.run_now("c50").await, RunNow::Started);
}

#[tokio::test(start_paused = true)]
async fn a_full_sink_holds_the_probes_and_loses_nothing() {
    let stage = Stage::taking(SECOND);
    let options = Options {
        max_concurrent: 4,
        ..Options::default()
    };
    let (scheduler, mut results) = start(&stage, specs(40, 10 * SECOND), 2, options);
    sleep(5 * MINUTE).await;
    // Two results lie in the sink, four wait with their places, nobody else begins.
    assert_eq!(stage.count(), 6);
    let mut told = 0;
    while told < 200 {
        results.recv().await.unwrap();
        told += 1;
    }
    let rest = async {
        let mut rest = 0;
        while results.recv().await.is_some() {
            rest += 1;
        }
        rest
    };
    let ((), rest) = tokio::join!(scheduler.stop(), rest);
    assert_eq!(told + rest, stage.count());
}

#[tokio::test(start_paused = true)]
async fn stop_lets_runs_end_and_reports_the_others_as_cancelled() {
    let stage = Stage::scripted(|spec| match spec.check.as_str() {
        "c0" => 4 * SECOND,
        _ => 9 * SECOND,
    });
    let (scheduler, mut results) = start(&stage, specs(2, 100 * MINUTE), 100, Options::default());
    scheduler.run_now("c0").await;
    scheduler.run_now("c1").await;
    sleep(SECOND).await;
    let begun = Instant::now();
    scheduler.stop().await;
    assert!(begun.elapsed() < 6 * SECOND);
    let told = drain(&mut results);
    let told: Vec<_> = told
        .iter()
        .map(|r| (r.check.as_str(), r.verdict, r.code))
        .collect();
    assert_eq!(
        told,
        [
            ("c0", Verdict::Ok, code::OK),
            ("c1", Verdict::Unknown, code::CANCELLED)
        ]
    );
    assert_eq!(results.recv().await, None, "nobody holds the sink any more");
    assert_eq!(stage.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn stop_does_not_begin_what_was_waiting() {
    let stage = Stage::taking(3 * SECOND);
    let options = Options {
        max_concurrent: 1,
        ..Options::default()
    };
    let (scheduler, mut results) = start(&stage, specs(100, SECOND), 1000, options);
    sleep(2 * SECOND).await;
    let begun = stage.count();
    scheduler.stop().await;
    assert_eq!(stage.count(), begun);
    assert_eq!(drain(&mut results).len(), begun);
}

#[tokio::test(start_paused = true)]
async fn a_defect_in_a_probe_is_unknown_and_the_plan_goes_on() {
    let stage = Stage::taking(SECOND);
    let all = vec![spec("broken", MINUTE), spec("sound", MINUTE)];
    let (_scheduler, mut results) = start(&stage, all, 100, Options::default());
    sleep(3 * MINUTE + SECOND).await;
    let told = drain(&mut results);
    let broken: Vec<_> = told.iter().filter(|r| r.check == "broken").collect();
    assert!(broken.len() >= 3);
    for result in broken {
        assert_eq!(result.verdict, Verdict::Unknown);
        assert_eq!(result.code, code::INTERNAL_ERROR);
    }
    assert!(told.iter().filter(|r| r.check == "sound").count() >= 2);
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_never_ends_is_given_up() {
    let stage = Stage::taking(1000 * MINUTE);
    let (scheduler, mut results) = start(&stage, specs(1, 100 * MINUTE), 100, Options::default());
    scheduler.run_now("c0").await;
    let begun = Instant::now();
    let result = results.recv().await.unwrap();
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Unknown, code::CANCELLED)
    );
    assert!(begun.elapsed() <= 13 * SECOND);
    assert_eq!(scheduler.run_now("c0").await, RunNow::Started);
}

#[tokio::test(start_paused = true)]
async fn nobody_listening_ends_the_plan() {
    let stage = Stage::taking(SECOND);
    let (scheduler, results) = start(&stage, specs(10, MINUTE), 100, Options::default());
    sleep(2 * MINUTE).await;
    drop(results);
    sleep(MINUTE).await;
    let count = stage.count();
    sleep(10 * MINUTE).await;
    assert_eq!(stage.count(), count);
    assert_eq!(scheduler.run_now("c0").await, RunNow::NoSuchCheck);
    scheduler.replace(Vec::new()).await;
    scheduler.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_hourly_checks_each_run_once_an_hour_in_an_even_stream() {
    let stage = Stage::taking(Duration::from_millis(200));
    let hour = 60 * MINUTE;
    let origin = Instant::now();
    let (scheduler, mut results) = start(&stage, specs(10_000, hour), 20_000, Options::default());
    sleep(hour + SECOND).await;
    let starts = stage.starts();
    assert_eq!(starts.len(), 10_000);
    let mut per_minute = [0_u32; 60];
    for at in starts.values() {
        let minute = (at[0] - origin).as_secs() / 60;
        per_minute[usize::try_from(minute.min(59)).unwrap()] += 1;
    }
    assert!(
        per_minute.iter().all(|&n| (100..240).contains(&n)),
        "{per_minute:?}"
    );
    assert!(stage.peak() < 64);
    assert_eq!(scheduler.stats().skipped, 0);
    assert!(drain(&mut results).len() >= 10_000);
}
