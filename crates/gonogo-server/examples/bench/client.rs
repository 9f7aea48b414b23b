//! A cheap HTTP client: prepared bytes out, a status back.
//!
//! Whatever it costs is taken from both sides of a comparison, so it does as little as it
//! can. Invariant: it is the same for each side, and runs on a thread of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::table::quantile;

/// The longest answer that is understood: a page of a long list.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// What is kept for answers from the beginning.
const ANSWER_BYTES: usize = 16 * 1024;

/// What a load came to.
#[derive(Default)]
pub struct Load {
    /// How long each answer took.
    pub waits: Vec<Duration>,
    /// How long it took in all.
    pub took: Duration,
    /// The last answer of each connection.
    last: Vec<Vec<u8>>,
}

/// What came of more than can be taken.
#[derive(Default)]
pub struct Shed {
    /// How long each 200 took, sorted.
    pub accepted: Vec<Duration>,
    /// How long each 429 and 503 took, sorted.
    pub refused: Vec<Duration>,
    /// How many of those say when to come back.
    pub say_when: usize,
    /// How long it took in all.
    pub took: Duration,
}

impl Shed {
    /// The wait that so large a share of what was accepted stays below.
    pub fn accepted_wait(&self, share: f64) -> Duration {
        quantile(&self.accepted, share)
    }

    /// The same of what was refused.
    pub fn refused_wait(&self, share: f64) -> Duration {
        quantile(&self.refused, share)
    }
}

impl Load {
    /// Adds another one of the same side.
    pub fn add(&mut self, other: Self) {
        self.waits.extend(other.waits);
        self.took += other.took;
        self.last = other.last;
        self.waits.sort_unstable();
    }

    /// Does the last answer of every connection contain a text?
    pub fn answers_contain(&self, text: &str) -> bool {
        let contains = |answer: &Vec<u8>| String::from_utf8_lossy(answer).contains(text);
        !self.last.is_empty() && self.last.iter().all(contains)
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.waits.len() as f64 / self.took.as_secs_f64()
    }

    /// The wait that so large a share stays below.
    pub fn wait(&self, share: f64) -> Duration {
        quantile(&self.waits, share)
    }
}

/// One connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::with_capacity(ANSWER_BYTES),
        })
    }

    /// Sends a request and reads its answer, which has to be a 200.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.exchange(request).await?;
        let ok = self.answer.starts_with(b"HTTP/1.1 200 ");
        anyhow::ensure!(ok, "answered {}", String::from_utf8_lossy(&self.answer));
        Ok(())
    }

    /// Sends a request and reads its answer, whatever it is.
    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            anyhow::ensure!(read > 0, "the server hung up");
            if is_whole(&self.answer)? {
                break;
            }
        }
        Ok(())
    }
}

/// Sends each connection's requests one after the other, all connections at once, and takes a
/// 429 or a 503 for an answer.
pub fn flood(address: SocketAddr, requests: &[Vec<Vec<u8>>]) -> anyhow::Result<Shed> {
    on_its_own_thread(shed(address, requests.to_vec()))
}

async fn shed(address: SocketAddr, requests: Vec<Vec<Vec<u8>>>) -> anyhow::Result<Shed> {
    let mut connections = Vec::new();
    for requests in requests {
        connections.push((Connection::open(address).await?, requests));
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut connection, requests) in connections {
        tasks.spawn(async move {
            let mut one = Shed::default();
            for request in &requests {
                let sent = Instant::now();
                connection.exchange(request).await?;
                let answer = String::from_utf8_lossy(&connection.answer);
                match answer.split(' ').nth(1) {
                    Some("200") => one.accepted.push(sent.elapsed()),
                    Some("429" | "503") => {
                        one.refused.push(sent.elapsed());
                        one.say_when += usize::from(answer.contains("\r\nretry-after: "));
                    }
                    _ => anyhow::bail!("answered {answer}"),
                }
            }
            anyhow::Ok(one)
        });
    }
    let mut all = Shed::default();
    while let Some(of_one) = tasks.join_next().await {
        let one = of_one??;
        all.accepted.extend(one.accepted);
        all.refused.extend(one.refused);
        all.say_when += one.say_when;
    }
    all.took = begin.elapsed();
    all.accepted.sort_unstable();
    all.refused.sort_unstable();
    Ok(all)
}

/// Sends each connection's requests one after the other, on a thread of its own. The
/// connections are opened before the time is taken.
pub fn run(address: SocketAddr, requests: &[Vec<Vec<u8>>]) -> anyhow::Result<Load> {
    on_its_own_thread(send(address, requests.to_vec()))
}

fn on_its_own_thread<T: Send>(
    work: impl Future<Output = anyhow::Result<T>> + Send,
) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(work)
            })
            .join()
            .map_err(|_| anyhow::anyhow!("the client panicked"))?
    })
}

async fn send(address: SocketAddr, requests: Vec<Vec<Vec<u8>>>) -> anyhow::Result<Load> {
    let mut connections = Vec::new();
    for requests in requests {
        connections.push((Connection::open(address).await?, requests));
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut connection, requests) in connections {
        tasks.spawn(async move {
            let mut waits = Vec::with_capacity(requests.len());
            for request in &requests {
                let sent = Instant::now();
                connection.ask(request).await?;
                waits.push(sent.elapsed());
            }
            anyhow::Ok((waits, connection.answer))
        });
    }
    let (mut waits, mut last) = (Vec::new(), Vec::new());
    while let Some(of_one) = tasks.join_next().await {
        let (of_one, answer) = of_one??;
        waits.extend(of_one);
        last.push(answer);
    }
    waits.sort_unstable();
    Ok(Load {
        took: begin.elapsed(),
        waits,
        last,
    })
}

/// Is an answer there with its head and all of its body?
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    anyhow::ensure!(answer.len() < ANSWER_BYTES_MAX, "the answer is too long");
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let text = std::str::from_utf8(&answer[..head]).context("the head is not text")?;
    let field = |wanted: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim())
    };
    if field("transfer-encoding") == Some("chunked") {
        return Ok(answer.ends_with(b"\r\n0\r\n\r\n"));
    }
    let body = field("content-length").context("the answer does not say how long it is")?;
    Ok(answer.len() >= head + 4 + body.parse::<usize>()?)
}
