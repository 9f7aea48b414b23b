//! One HTTP/1.1 request on one fresh connection.
//!
//! It exists because a probe must know where it connected and how long each phase took,
//! and must never meet a connection that an earlier run opened. Invariant: nothing is sent
//! before the policy allowed the address and, for `https`, the chain verified.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use super::CertificateFacts;
use super::connect::{Candidate, Deadline, closed, open};
use super::http::MAX_HEAD_BYTES;
use super::outcome::{AddressOutcome, Phases, Reason, Verdict, code};

/// Header lines of one answer.
const MAX_HEADERS: usize = 1_000;

/// An answer whose body has not been read.
pub(super) struct Answer {
    response: Response<Incoming>,
    address: SocketAddr,
    /// Drives the connection; dropping it hangs up.
    _driver: JoinSet<()>,
}

/// How much of a body to read, and whether it is looked at afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    Keep(usize),
    Count(usize),
}

/// A body up to the limit.
pub(super) struct Content {
    /// The bytes, where they were to be kept.
    pub kept: Vec<u8>,
    /// How many were read.
    pub length: usize,
    /// Whether there were more.
    pub cut: bool,
}

/// A whole answer, for those who read more than a status in it.
pub(super) struct Page {
    pub content: Content,
    date: Option<Timestamp>,
    kept_for: Option<SignedDuration>,
}

impl Page {
    pub fn new(content: Content, made: (Option<Timestamp>, Option<SignedDuration>)) -> Self {
        let (date, kept_for) = made;
        Self {
            content,
            date,
            kept_for,
        }
    }

    /// How old the answer is; `None` where it does not say.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        let by_date = self.date.map(|at| now.duration_since(at));
        by_date.max(self.kept_for)
    }
}

/// What has been tried, whatever came of it.
#[derive(Default)]
pub(super) struct Trail {
    pub phases: Phases,
    pub certificate: Option<CertificateFacts>,
    pub addresses: Vec<AddressOutcome>,
    /// The SHA-256 of the body, where somebody wants it.
    pub content_hash: Option<String>,
    /// The answer, where it is read further.
    pub page: Option<Page>,
}

/// Connects to the first address that lets us, in order, as a client would.
pub(super) async fn connect_any(
    candidates: Vec<Candidate>,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<(TcpStream, SocketAddr), Reason> {
    let mut last = None;
    let mut left = candidates.iter().filter(|c| c.refused.is_none()).count();
    for candidate in candidates {
        let started = Instant::now();
        let address = candidate.address;
        let opened = match candidate.refused {
            Some(refused) => Err(refused),
            None => {
                // One silent address must leave time for the others.
                let share = deadline.share(left);
                left -= 1;
                open(address, share).await
            }
        };
        match opened {
            Ok(stream) => {
                trail.phases.connect = Some(started.elapsed());
                return Ok((stream, address));
            }
            Err(reason) => {
                trail.note(address, &reason, started);
                last = worse(last, reason);
            }
        }
    }
    Err(last.unwrap_or_else(|| Reason::failing(code::DNS_NOT_FOUND, "The name has no address.")))
}

fn worse(one: Option<Reason>, other: Reason) -> Option<Reason> {
    match one {
        Some(one) if one.verdict >= other.verdict => Some(one),
        _ => Some(other),
    }
}

impl Trail {
    /// Adds what became of one address.
    pub fn note(&mut self, address: SocketAddr, reason: &Reason, started: Instant) {
        let took = started.elapsed();
        self.addresses.push(AddressOutcome {
            address,
            verdict: reason.verdict,
            code: reason.code,
            detail: reason.detail.clone(),
            took,
            phases: Phases {
                total: took,
                ..self.phases
            },
            certificate: match reason.verdict {
                Verdict::Unknown => None,
                _ => self.certificate.clone(),
            },
        });
    }
}

/// Sends the request and waits for the head of the answer.
pub(super) async fn exchange<S>(
    stream: S,
    address: SocketAddr,
    request: Request<String>,
    deadline: Deadline,
) -> Result<Answer, Reason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| reason(&error, address))?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // Its error reaches us through the request or the body.
        let _ = connection.await;
    });
    let sending = sender.send_request(request);
    let response = deadline
        .guard(sending, || format!("waiting for {address} to answer"))
        .await?
        .map_err(|error| reason(&error, address))?;
    Ok(Answer {
        response,
        address,
        _driver: driver,
    })
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// When the answer was made and how long it has been kept since, as far as it says.
    pub fn made(&self) -> (Option<Timestamp>, Option<SignedDuration>) {
        let header = |name| self.response.headers().get(name)?.to_str().ok();
        let date = header("date").and_then(|text| rfc2822::parse(text).ok());
        let age = header("age").and_then(|text| text.trim().parse::<u32>().ok());
        (
            date.map(|zoned| zoned.timestamp()),
            age.map(|secs| SignedDuration::from_secs(secs.into())),
        )
    }

    /// Where a redirect leads, as sent.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// A header, where it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Reads the body up to the limit.
    pub async fn read(self, how: Read, deadline: Deadline) -> Result<Content, Reason> {
        let address = self.address;
        let (Read::Keep(limit) | Read::Count(limit)) = how;
        let mut body = self.response.into_body();
        let mut content = Content {
            kept: Vec::new(),
            length: 0,
            cut: false,
        };
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
            let read = content.length;
            let frame = deadline
                .guard(frame, || {
                    format!("reading the body, of which {read} bytes had arrived")
                })
                .await?;
            let data = match frame {
                None => return Ok(content),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => {
                    return Err(Reason::failing(
                        code::BODY_CUT_SHORT,
                        format!("{address} ended the body early, after {read} bytes."),
                    ));
                }
            };
            let fits = data.len().min(limit - content.length);
            content.length += fits;
            if matches!(how, Read::Keep(_)) {
                content.kept.extend_from_slice(&data[..fits]);
            }
            if fits < data.len() {
                content.cut = true;
                return Ok(content);
            }
        }
    }
}

fn reason(error: &hyper::Error, address: SocketAddr) -> Reason {
    if error.is_parse_too_large() {
        return Reason::failing(
            code::HEAD_TOO_LARGE,
            format!(
                "The head of the answer from {address} is over the limit of {MAX_HEAD_BYTES} \
                 bytes or {MAX_HEADERS} lines."
            ),
        );
    }
    if error.is_parse() {
        return Reason::failing(
            code::HTTP_NOT_SPOKEN,
            format!("{address} does not answer in HTTP."),
        );
    }
    closed(address, "before it answered")
}
