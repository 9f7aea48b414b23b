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
}

impl Load {
    /// Adds another one of the same side.
    pub fn add(&mut self, other: Self) {
        self.waits.extend(other.waits);
        self.took += other.took;
        self.waits.sort_unstable();
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
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            anyhow::ensure!(read > 0, "the server hung up");
            if let Some(length) = length(&self.answer)?
                && self.answer.len() >= length
            {
                break;
            }
        }
        let ok = self.answer.starts_with(b"HTTP/1.1 200 ");
        anyhow::ensure!(ok, "answered {}", String::from_utf8_lossy(&self.answer));
        Ok(())
    }
}

/// Sends each connection's requests one after the other, on a thread of its own. The
/// connections are opened before the time is taken.
pub fn run(address: SocketAddr, requests: &[Vec<Vec<u8>>]) -> anyhow::Result<Load> {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(send(address, requests.to_vec()))
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
            anyhow::Ok(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(of_one) = tasks.join_next().await {
        waits.extend(of_one??);
    }
    Ok(Load {
        took: begin.elapsed(),
        waits,
    })
}

/// How long an answer is with its body, once its head is there.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    anyhow::ensure!(answer.len() < ANSWER_BYTES_MAX, "the answer is too long");
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..head]).context("the head is not text")?;
    let field = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse::<usize>())
    });
    let body = field.context("the answer does not say how long it is")??;
    Ok(Some(head + 4 + body))
}
