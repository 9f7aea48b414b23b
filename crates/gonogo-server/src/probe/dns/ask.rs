//! One question to one resolver: UDP first, TCP where the answer does not fit.
//!
//! It exists because the check is about what a resolver says, bit by bit: a library that
//! retries elsewhere, caches or follows aliases by itself would hide it. Invariant: an answer
//! is believed only from the address that was asked, with the id and the question that were
//! sent.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::super::connect::Deadline;

/// The size of UDP answers that we ask for: no fragments on any usual path.
const UDP_BYTES: u16 = 1_232;
/// The largest UDP answer that is read.
const UDP_BUFFER: usize = 4_096;
/// How often a question is sent by UDP.
const TRIES: usize = 3;
/// The longest wait before it is sent again.
const TRY_MAX: Duration = Duration::from_secs(2);
/// Packets that are not our answer; more look like somebody guesses.
const STRAY_MAX: usize = 16;
/// Aliases that are followed, as resolvers do.
pub(in crate::probe) const CHAIN_MAX: usize = 16;

/// What a resolver said.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::probe) struct Said {
    pub code: ResponseCode,
    /// The aliases on the way, the last one being where the records stand.
    pub chain: Vec<String>,
    /// The records of the type that was asked for.
    pub records: Vec<RData>,
    /// The resolver says that it verified the signatures.
    pub authentic: bool,
}

/// Why nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe) enum Mute {
    /// The name is not one that DNS can hold.
    BadName,
    /// No answer in time.
    Timeout,
    /// The socket failed; the reason in the system's words.
    Unreachable(String),
    /// What came is not an answer to the question.
    Garbled(&'static str),
    /// The aliases lead in a circle or never end.
    Loop(String),
}

/// How a question is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::probe) enum Checking {
    /// The resolver checks signatures where it can.
    #[default]
    Enabled,
    /// It hands out what it has, broken signatures included.
    Disabled,
}

/// Asks for one type of record, and follows aliases that the resolver did not follow itself.
pub(in crate::probe) async fn ask(
    resolver: SocketAddr,
    name: &str,
    kind: RecordType,
    checking: Checking,
    deadline: Deadline,
) -> Result<Said, Mute> {
    let mut asked = parse(name)?;
    let mut chain: Vec<Name> = Vec::new();
    let mut authentic = true;
    loop {
        let answer = exchange(resolver, &asked, kind, checking, deadline).await?;
        authentic &= answer.metadata.authentic_data;
        let code = answer.metadata.response_code;
        let end = follow(&asked, kind, &answer.answers, &mut chain)?;
        let records: Vec<RData> = (answer.answers.into_iter())
            .filter(|r| r.name == end && r.data.record_type() == kind)
            .map(|r| r.data)
            .collect();
        let done = !records.is_empty() || end == asked || code != ResponseCode::NoError;
        if done {
            return Ok(Said {
                code,
                chain: chain.iter().map(text).collect(),
                records,
                authentic,
            });
        }
        asked = end;
    }
}

/// A name without the final dot, in lower case.
pub(in crate::probe) fn text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.trim_end_matches('.') {
        "" => ".".into(),
        bare => bare.into(),
    }
}

pub(in crate::probe) fn parse(name: &str) -> Result<Name, Mute> {
    let bare = name.trim_end_matches('.');
    let mut parsed = match bare {
        "" => Name::root(),
        _ => Name::from_utf8(bare).map_err(|_| Mute::BadName)?,
    };
    parsed.set_fqdn(true);
    Ok(parsed.to_lowercase())
}

/// Walks the aliases within one answer; the end of the walk.
fn follow(
    from: &Name,
    kind: RecordType,
    answers: &[Record],
    chain: &mut Vec<Name>,
) -> Result<Name, Mute> {
    let mut here = from.clone();
    if kind == RecordType::CNAME {
        return Ok(here);
    }
    loop {
        let alias = answers.iter().find_map(|record| match &record.data {
            RData::CNAME(to) if record.name == here => Some(to.0.to_lowercase()),
            _ => None,
        });
        let Some(to) = alias else {
            return Ok(here);
        };
        if to == *from || chain.contains(&to) || to == here || chain.len() >= CHAIN_MAX {
            return Err(Mute::Loop(text(&to)));
        }
        chain.push(to.clone());
        here = to;
    }
}

async fn exchange(
    resolver: SocketAddr,
    name: &Name,
    kind: RecordType,
    checking: Checking,
    deadline: Deadline,
) -> Result<Message, Mute> {
    let mut question = Message::query();
    let mut query = Query::query(name.clone(), kind);
    query.set_query_class(DNSClass::IN);
    question.add_query(query.clone());
    question.metadata.recursion_desired = true;
    question.metadata.authentic_data = true;
    question.metadata.checking_disabled = checking == Checking::Disabled;
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_BYTES).set_dnssec_ok(true);
    question.set_edns(edns);
    let bytes = question.to_vec().map_err(|_| Mute::BadName)?;
    let sent = (question.metadata.id, &query);
    let answer = by_udp(resolver, &bytes, sent, deadline).await?;
    match answer.metadata.truncation {
        true => by_tcp(resolver, &bytes, sent, deadline).await,
        false => Ok(answer),
    }
}

async fn by_udp(
    resolver: SocketAddr,
    question: &[u8],
    sent: (u16, &Query),
    deadline: Deadline,
) -> Result<Message, Mute> {
    let here: SocketAddr = match resolver {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(here).await.map_err(unreachable)?;
    socket.connect(resolver).await.map_err(unreachable)?;
    let mut buffer = vec![0; UDP_BUFFER];
    let mut stray = 0;
    let mut garbled = None;
    for left in (1..=TRIES).rev() {
        socket.send(question).await.map_err(unreachable)?;
        let until = deadline.share(left).at.min(Instant::now() + TRY_MAX);
        let until = if left == 1 { deadline.at } else { until };
        while let Ok(received) = timeout_at(until, socket.recv(&mut buffer)).await {
            let length = received.map_err(unreachable)?;
            match read(&buffer[..length], sent) {
                Ok(answer) => return Ok(answer),
                Err(why) => garbled = Some(why),
            }
            stray += 1;
            if stray >= STRAY_MAX {
                return Err(Mute::Garbled("too many packets are no answer to it"));
            }
        }
    }
    Err(garbled.map_or(Mute::Timeout, Mute::Garbled))
}

async fn by_tcp(
    resolver: SocketAddr,
    question: &[u8],
    sent: (u16, &Query),
    deadline: Deadline,
) -> Result<Message, Mute> {
    let talk = async {
        let mut stream = TcpStream::connect(resolver).await?;
        let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend_from_slice(question);
        stream.write_all(&bytes).await?;
        // The length has two bytes, so an answer has at most 65,535.
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout_at(deadline.at, talk)
        .await
        .map_err(|_| Mute::Timeout)?
        .map_err(unreachable)?;
    let answer = read(&answer, sent).map_err(Mute::Garbled)?;
    match answer.metadata.truncation {
        true => Err(Mute::Garbled("it is cut short even over TCP")),
        false => Ok(answer),
    }
}

/// Reads an answer and sees that it is one to what was sent.
fn read(bytes: &[u8], (id, query): (u16, &Query)) -> Result<Message, &'static str> {
    let answer = Message::from_vec(bytes).map_err(|_| "it cannot be read")?;
    if answer.metadata.id != id {
        return Err("it has another id");
    }
    if answer.metadata.message_type != MessageType::Response {
        return Err("it is a question");
    }
    let same = |q: &Query| {
        q.query_type() == query.query_type() && q.name().to_lowercase() == *query.name()
    };
    // Servers that cannot read a question, or refuse it, may leave it out.
    let bare = answer.queries.is_empty() && answer.metadata.response_code != ResponseCode::NoError;
    if !bare && !answer.queries.iter().any(same) {
        return Err("it answers another question");
    }
    Ok(answer)
}

fn unreachable(error: std::io::Error) -> Mute {
    Mute::Unreachable(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use hickory_proto::rr::rdata::{A, CNAME};

    use super::*;

    fn alias(from: &str, to: &str) -> Record {
        let to = CNAME(Name::from_str(to).unwrap());
        Record::from_rdata(Name::from_str(from).unwrap(), 60, RData::CNAME(to))
    }

    #[test]
    fn aliases_are_followed_to_their_end_and_circles_are_found() {
        let from = parse("www.example.com").unwrap();
        let walk = |answers: &[Record]| {
            let mut chain = Vec::new();
            follow(&from, RecordType::A, answers, &mut chain).map(|n| text(&n))
        };
        assert_eq!(walk(&[]), Ok("www.example.com".into()));
        let to_edge = alias("WWW.example.com.", "edge.example.net.");
        assert_eq!(
            walk(std::slice::from_ref(&to_edge)),
            Ok("edge.example.net".into())
        );
        let back = alias("edge.example.net.", "www.example.com.");
        assert!(matches!(walk(&[to_edge, back]), Err(Mute::Loop(_))));
        let itself = alias("www.example.com.", "www.example.com.");
        assert!(matches!(walk(&[itself]), Err(Mute::Loop(_))));
        let names: Vec<String> = (0..40).map(|n| format!("a{n}.example.com.")).collect();
        let mut long = vec![alias("www.example.com.", &names[0])];
        long.extend(names.windows(2).map(|w| alias(&w[0], &w[1])));
        assert!(matches!(walk(&long), Err(Mute::Loop(_))));
    }

    #[test]
    fn only_an_answer_to_the_question_is_read() {
        let query = Query::query(parse("example.com").unwrap(), RecordType::A);
        let mut answer = Message::response(7, hickory_proto::op::OpCode::Query);
        answer.add_query(query.clone());
        let a = RData::A(A::new(192, 0, 2, 1));
        answer.add_answer(Record::from_rdata(parse("example.com").unwrap(), 60, a));
        let bytes = answer.to_vec().unwrap();
        assert!(read(&bytes, (7, &query)).is_ok());
        assert_eq!(read(&bytes, (8, &query)), Err("it has another id"));
        let other = Query::query(parse("example.org").unwrap(), RecordType::A);
        assert_eq!(
            read(&bytes, (7, &other)),
            Err("it answers another question")
        );
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut], (7, &query)).is_err(), "{cut}");
        }
        // A name that points at itself.
        let mut circle = bytes.clone();
        circle[12] = 0xc0;
        circle[13] = 0x0c;
        assert!(read(&circle, (7, &query)).is_err());
    }

    #[test]
    fn names_that_dns_cannot_hold_are_refused() {
        assert!(parse(&"a".repeat(64)).is_err());
        assert!(parse("a..b").is_err());
        assert_eq!(
            text(&parse("Bücher.example.").unwrap()),
            "xn--bcher-kva.example"
        );
        assert_eq!(
            text(&parse("_acme-challenge.example.com").unwrap()),
            "_acme-challenge.example.com"
        );
        assert_eq!(text(&parse(".").unwrap()), ".");
    }
}
