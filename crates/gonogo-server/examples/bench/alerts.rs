//! Alerts posted as Prometheus posts them: our API beside Alertmanager's own, in turns.
//!
//! Both get the same requests. Invariant: ours are on the disk before each answer, and
//! Alertmanager's are in its memory only.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use super::client::{Load, run};
use super::package::{Extra, flows, serve, write};
use super::table::{Row, count, ms};
use super::{Scale, stripe};

/// Senders that each wait for an answer before they go on.
const SENDERS: usize = 64;
/// Different alerts; the rest repeats them, as Prometheus does while they fire.
const DIFFERENT: usize = 2_000;
/// Requests of each sender that are not counted.
const WARM_UP: usize = 20;
/// How long Alertmanager may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(30);
const SOURCES: &str = "sources:\n";

/// Measures both in turns.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new()?;
    let mut text = flows(1, "http://127.0.0.1:9", Extra::failing);
    for file in text.files.values_mut() {
        let prom = format!(
            "{SOURCES}  - {{id: prom, name: Prometheus, kind: alertmanager, component: c0, unmatched: list, secrets: ['${{env:{}}}']}}\n",
            stripe::SECRET_NAME
        );
        *file = file.replacen(SOURCES, &prom, 1);
    }
    let package = write(base, "alerts", &text)?;
    let app = runtime.block_on(serve(package, base.join("alerts-data")))?;
    let theirs = Alertmanager::start(base)?;
    let (turns, each) = (scale.pick(4, 2), scale.pick(400, 100));
    let (mut us, mut them) = (Load::default(), Load::default());
    run(theirs.address, &requests("", 0, WARM_UP))?;
    run(app.address, &requests("/in/prom", 0, WARM_UP))?;
    for turn in 1..=turns {
        them.add(run(theirs.address, &requests("", turn, each))?);
        us.add(run(app.address, &requests("/in/prom", turn, each))?);
    }
    drop(theirs);
    runtime.block_on(app.shut_down())?;
    let ratio = us.rate() / them.rate();
    Ok(vec![Row::at_least(
        "alerts a second by POST /api/v2/alerts, ours with fsync, Alertmanager's in memory",
        format!(
            "{}/s : {}/s = {ratio:.2} x; p99 {} : {}",
            count(us.rate()),
            count(them.rate()),
            ms(us.wait(0.99)),
            ms(them.wait(0.99)),
        ),
        "at least 2 x".into(),
        ratio / 2.0,
    )])
}

/// A real Alertmanager that ends with the measurement.
struct Alertmanager {
    address: SocketAddr,
    process: Child,
}

impl Alertmanager {
    fn start(base: &Path) -> anyhow::Result<Self> {
        let dir = base.join("alertmanager");
        fs::create_dir_all(&dir)?;
        let config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
        fs::write(dir.join("alertmanager.yml"), config)?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new("prometheus-alertmanager")
            .args(["--config.file=alertmanager.yml", "--storage.path=data"])
            .args(["--cluster.listen-address=", "--log.level=error"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(dir.join("stderr"))?)
            .spawn()
            .context("no prometheus-alertmanager: apt-get install prometheus-alertmanager")?;
        let started = Self { address, process };
        let begin = Instant::now();
        let hello = vec![vec![
            b"GET /-/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".to_vec(),
        ]];
        while let Err(error) = run(address, &hello) {
            anyhow::ensure!(begin.elapsed() < READY_WITHIN, "Alertmanager: {error}");
            std::thread::yield_now();
        }
        Ok(started)
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// For each sender so many requests with an alert each.
fn requests(prefix: &str, turn: usize, each: usize) -> Vec<Vec<Vec<u8>>> {
    let ends = Timestamp::now() + SignedDuration::from_mins(4);
    let of = |sender: usize| {
        let one = |n: usize| {
            let number = (turn * SENDERS * each + sender * each + n) % DIFFERENT;
            let body = format!(
                r#"[{{"annotations":{{"description":"p99 of the last five minutes is 3.2 s","summary":"The API is slow"}},"endsAt":"{ends}","startsAt":"2026-03-02T03:31:46.961Z","generatorURL":"http://prometheus.example.com:9090/graph?g0.expr=up","labels":{{"alertname":"HighLatency","cluster":"eu-1","instance":"10.0.{}.{}:9100","job":"api","severity":"warning"}}}}]"#,
                number / 250,
                number % 250,
            );
            format!(
                "POST {prefix}/api/v2/alerts HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Prometheus/2.53.0\r\n\
                 content-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
                stripe::SECRET,
                body.len()
            )
            .into_bytes()
        };
        (0..each).map(one).collect()
    };
    (0..SENDERS).map(of).collect()
}
