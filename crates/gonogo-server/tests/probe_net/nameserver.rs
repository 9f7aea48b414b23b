//! A name server that answers by script, well or badly, over UDP and TCP.

use std::net::SocketAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CAA, CNAME, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// What becomes of a question: whole packets, in order. None means silence.
pub type Reply = Box<dyn Fn(&Message) -> Vec<Vec<u8>> + Send + Sync>;

pub struct NameServer {
    pub address: SocketAddr,
    pub asked: Arc<AtomicUsize>,
    pub by_tcp: Arc<AtomicUsize>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl NameServer {
    /// Answers with the records that match, following aliases as a resolver does.
    pub async fn with(records: Vec<Record>) -> Self {
        Self::scripted(
            Box::new(move |question| vec![answer(question, &records).to_vec().unwrap()]),
            None,
        )
        .await
    }

    pub async fn scripted(udp: Reply, tcp: Option<Reply>) -> Self {
        // UDP and TCP have to share a port, which another test may hold for one of them.
        let (socket, listener) = loop {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            if let Ok(listener) = TcpListener::bind(address).await {
                break (socket, listener);
            }
        };
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let by_tcp = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let over_udp = tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                count.fetch_add(1, Ordering::SeqCst);
                let question = Message::from_vec(&buffer[..length]).unwrap();
                for packet in udp(&question) {
                    let _ = socket.send_to(&packet, from).await;
                }
            }
        });
        let count = Arc::clone(&by_tcp);
        let over_tcp = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let Some(tcp) = &tcp else { continue };
                let Ok(length) = stream.read_u16().await else {
                    continue;
                };
                let mut question = vec![0; length.into()];
                stream.read_exact(&mut question).await.unwrap();
                for packet in tcp(&Message::from_vec(&question).unwrap()) {
                    let length = u16::try_from(packet.len()).unwrap();
                    let _ = stream.write_u16(length).await;
                    let _ = stream.write_all(&packet).await;
                }
            }
        });
        Self {
            address,
            asked,
            by_tcp,
            tasks: [over_udp, over_tcp],
        }
    }
}

pub fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

pub fn a(owner: &str, address: &str) -> Record {
    record(owner, RData::A(A(address.parse().unwrap())))
}

pub fn aaaa(owner: &str, address: &str) -> Record {
    record(owner, RData::AAAA(AAAA(address.parse().unwrap())))
}

pub fn cname(owner: &str, to: &str) -> Record {
    record(owner, RData::CNAME(CNAME(name(to))))
}

pub fn txt(owner: &str, text: &str) -> Record {
    record(owner, RData::TXT(TXT::new(vec![text.to_owned()])))
}

pub fn caa(owner: &str, tag: &str, value: &str, critical: bool) -> Record {
    let mut caa = CAA::new_issue(critical, None, Vec::new());
    caa.tag = tag.into();
    caa.value = value.as_bytes().to_vec();
    record(owner, RData::CAA(caa))
}

pub fn soa(owner: &str) -> Record {
    let soa = SOA::new(name("ns."), name("host."), 1, 60, 60, 60, 60);
    record(owner, RData::SOA(soa))
}

pub fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 60, data)
}

/// An empty answer with this code.
pub fn said(question: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_queries(question.queries.clone());
    answer.metadata.response_code = code;
    answer.metadata.recursion_available = true;
    answer
}

pub fn answer(question: &Message, records: &[Record]) -> Message {
    let query = &question.queries[0];
    let mut here = query.name().to_lowercase();
    let mut answer = said(question, ResponseCode::NoError);
    for _ in 0..20 {
        let of_name = |r: &&Record| r.name.to_lowercase() == here;
        let alias = |r: &&Record| {
            r.data.record_type() == RecordType::CNAME && query.query_type() != RecordType::CNAME
        };
        let wanted = |r: &&Record| r.data.record_type() == query.query_type();
        answer.add_answers(records.iter().filter(of_name).filter(wanted).cloned());
        let Some(found) = records.iter().filter(of_name).find(alias) else {
            break;
        };
        answer.add_answer(found.clone());
        if let RData::CNAME(to) = &found.data {
            here = to.0.to_lowercase();
        }
    }
    if !records.iter().any(|r| r.name.to_lowercase() == here) {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}
