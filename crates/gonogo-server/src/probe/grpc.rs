//! The gRPC check: a server's own word on its health, by `grpc.health.v1`.
//!
//! The message has one field each way, so it is written and read here by hand. Invariant:
//! only the word SERVING is good, and a server that says it does not know is unknown.

use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client;
use hyper::{HeaderMap, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connect::{Deadline, Host, Locator, millis};
use super::exchange::{Trail, connect_any};
use super::outcome::{Reason, code};
use super::policy::Scope;
use super::prober::{Finding, Prober};
use super::tls::{secure_speaking, server_name};
use super::{GrpcTarget, MAX_ADDRESSES};

/// The largest answer: a prefix of five bytes and one small field.
pub const MAX_MESSAGE_BYTES: usize = 1_024;
/// The most of header lines that is taken in.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// The names of gRPC's status codes that servers use here.
const STATUS: [(u32, &str); 8] = [
    (1, "CANCELLED"),
    (2, "UNKNOWN"),
    (4, "DEADLINE_EXCEEDED"),
    (7, "PERMISSION_DENIED"),
    (8, "RESOURCE_EXHAUSTED"),
    (13, "INTERNAL"),
    (14, "UNAVAILABLE"),
    (16, "UNAUTHENTICATED"),
];

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &GrpcTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let mut trail = Trail::default();
    let outcome = talk(prober, target, deadline, &mut trail).await;
    Ok(Finding {
        phases: trail.phases,
        certificate: trail.certificate,
        addresses: trail.addresses,
        ..Finding::of(outcome.unwrap_or_else(|reason| reason))
    })
}

async fn talk(
    prober: &Prober,
    target: &GrpcTarget,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<Reason, Reason> {
    let host = Host::parse(&target.host)
        .ok_or_else(|| Reason::unknown(code::SPEC_INVALID, "The host is not a host name."))?;
    let started = Instant::now();
    let locator = Locator {
        resolver: prober.resolver.as_ref(),
        policy: &prober.policy,
        scope: Scope::of(target.allow_private),
        deadline,
    };
    let mut candidates = locator.locate(&host, target.port, None).await?;
    candidates.truncate(MAX_ADDRESSES);
    trail.phases.dns = Some(started.elapsed());
    let (tcp, address) = connect_any(candidates, deadline, trail).await?;
    let scheme = if target.tls { "https" } else { "http" };
    let uri = format!(
        "{scheme}://{}:{}/grpc.health.v1.Health/Check",
        match &host {
            Host::Address(ip) if ip.is_ipv6() => format!("[{ip}]"),
            other => other.text(),
        },
        target.port
    );
    let asked = Instant::now();
    let said = if target.tls {
        let roots = prober.trust.roots(&target.trust)?;
        let name = server_name(&host)?;
        let (secured, facts) =
            secure_speaking(tcp, address, &name, &roots, &["h2"], deadline).await;
        trail.phases.tls = Some(asked.elapsed());
        trail.certificate = facts;
        call(secured?, address, &uri, &target.service, deadline).await?
    } else {
        call(tcp, address, &uri, &target.service, deadline).await?
    };
    trail.phases.first_byte = Some(asked.elapsed());
    judge(said, &target.service, address).map(|who| {
        Reason::ok(format!(
            "{who} says SERVING, in {}.",
            millis(started.elapsed())
        ))
    })
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// The health, as a number.
    Health(u64),
    /// gRPC's status, where it is not OK.
    Status(u32),
}

async fn call<S>(
    stream: S,
    address: SocketAddr,
    uri: &str,
    service: &str,
    deadline: Deadline,
) -> Result<Said, Reason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_: h2::Error| {
        Reason::failing(
            code::GRPC_NOT_SPOKEN,
            format!("{address} does not answer in HTTP/2, as gRPC does."),
        )
    };
    let shaking = client::Builder::new()
        .max_header_list_size(MAX_HEADER_BYTES)
        .initial_window_size(64 * 1024)
        .enable_push(false)
        .handshake::<_, Bytes>(stream);
    let (sender, connection) = deadline
        .guard(shaking, || format!("greeting {address} in HTTP/2"))
        .await?
        .map_err(broken)?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // Its error reaches us through the call.
        let _ = connection.await;
    });
    let exchange = async {
        let mut sender = sender.ready().await?;
        let request = Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header(
                "user-agent",
                concat!("gonogo-probe/", env!("CARGO_PKG_VERSION")),
            )
            .body(())
            .expect("the address was parsed before");
        let (response, mut body) = sender.send_request(request, false)?;
        body.send_data(question(service), true)?;
        let (head, mut body) = response.await?.into_parts();
        let mut content = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            let _ = body.flow_control().release_capacity(chunk.len());
            content.extend_from_slice(&chunk);
            if content.len() > MAX_MESSAGE_BYTES {
                break;
            }
        }
        let trailers = match content.len() > MAX_MESSAGE_BYTES {
            true => None,
            false => body.trailers().await?,
        };
        Ok((head, content, trailers))
    };
    let (head, content, trailers) = deadline
        .guard(exchange, || format!("waiting for {address} to answer"))
        .await?
        .map_err(broken)?;
    if head.status.as_u16() != 200 {
        return Err(Reason::failing(
            code::status(head.status.as_u16()),
            format!(
                "{address} answers {}, and a gRPC server answers 200.",
                head.status.as_u16()
            ),
        ));
    }
    let status = trailers
        .as_ref()
        .and_then(grpc_status)
        .or_else(|| grpc_status(&head.headers));
    match status {
        Some(0) => {}
        Some(status) => return Ok(Said::Status(status)),
        None => {
            return Err(Reason::failing(
                code::GRPC_NOT_SPOKEN,
                format!("{address} answers without a gRPC status."),
            ));
        }
    }
    health(&content).map(Said::Health).ok_or_else(|| {
        Reason::failing(
            code::GRPC_NOT_SPOKEN,
            format!("{address} answers with a message that is no health."),
        )
    })
}

fn grpc_status(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

fn judge(said: Said, service: &str, address: SocketAddr) -> Result<String, Reason> {
    let who = match service {
        "" => address.to_string(),
        service => format!("{service} at {address}"),
    };
    let failing = |code, what: &str| Err(Reason::failing(code, format!("{who} {what}")));
    match said {
        Said::Health(1) => Ok(who),
        Said::Health(2) => failing(code::GRPC_NOT_SERVING, "says NOT_SERVING."),
        Said::Health(3) | Said::Status(5) => failing(
            code::GRPC_SERVICE_UNKNOWN,
            "is not known to the server (SERVICE_UNKNOWN).",
        ),
        Said::Health(_) => Err(Reason::unknown(
            code::GRPC_UNKNOWN,
            format!("{who} says that it does not know (UNKNOWN)."),
        )),
        Said::Status(12) => failing(
            code::GRPC_UNIMPLEMENTED,
            "does not know the health protocol (UNIMPLEMENTED).",
        ),
        Said::Status(status) => {
            let word = STATUS.iter().find(|(n, _)| *n == status);
            let word = word.map_or_else(|| status.to_string(), |(_, w)| (*w).to_owned());
            failing(code::GRPC_FAILED, &format!("ended the call with {word}."))
        }
    }
}

/// `HealthCheckRequest { string service = 1; }` with gRPC's prefix.
fn question(service: &str) -> Bytes {
    let mut message = BytesMut::new();
    if !service.is_empty() {
        message.put_u8(0x0a);
        varint(&mut message, service.len() as u64);
        message.put_slice(service.as_bytes());
    }
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(&message);
    framed.freeze()
}

fn varint(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// `HealthCheckResponse { ServingStatus status = 1; }`; 0 where the field is left out.
fn health(framed: &[u8]) -> Option<u64> {
    let (prefix, message) = framed.split_at_checked(5)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
    if prefix[0] != 0 || usize::try_from(length).ok()? != message.len() {
        return None;
    }
    let mut rest = message;
    let mut health = 0;
    while !rest.is_empty() {
        let tag = take_varint(&mut rest)?;
        match tag & 7 {
            0 => {
                let value = take_varint(&mut rest)?;
                if tag >> 3 == 1 {
                    health = value;
                }
            }
            1 => rest = rest.get(8..)?,
            2 => {
                let length = usize::try_from(take_varint(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
            }
            5 => rest = rest.get(4..)?,
            _ => return None,
        }
    }
    Some(health)
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for place in 0..10 {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_framed_as_grpc_says() {
        assert_eq!(&question("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&question("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = question(&"x".repeat(300));
        assert_eq!(&long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 2]);
    }

    #[test]
    fn the_answer_is_read_and_rubbish_is_not() {
        assert_eq!(health(&[0, 0, 0, 0, 2, 8, 1]), Some(1));
        assert_eq!(health(&[0, 0, 0, 0, 0]), Some(0));
        // Fields of a later version are passed over.
        assert_eq!(health(&[0, 0, 0, 0, 5, 18, 1, b'x', 8, 2]), Some(2));
        assert_eq!(health(&[1, 0, 0, 0, 2, 8, 1]), None, "compressed");
        assert_eq!(health(&[0, 0, 0, 0, 3, 8, 1]), None, "too short");
        assert_eq!(health(&[0, 0, 0, 0, 1, 8]), None);
        assert_eq!(health(&[0, 0, 0, 0, 2, 18, 9]), None);
        assert_eq!(health(&[0, 0]), None);
        let endless = [[0, 0, 0, 0, 12, 8].as_slice(), &[0xff; 11]].concat();
        assert_eq!(health(&endless), None);
    }

    #[test]
    fn only_serving_is_good_and_unknown_is_unknown() {
        let at = "192.0.2.1:443".parse().unwrap();
        let verdict = |said| judge(said, "a.B", at).map_err(|r| (r.verdict, r.code));
        use super::super::Verdict::{Failing, Unknown};
        assert!(verdict(Said::Health(1)).is_ok());
        assert_eq!(verdict(Said::Health(0)), Err((Unknown, code::GRPC_UNKNOWN)));
        assert_eq!(
            verdict(Said::Health(2)),
            Err((Failing, code::GRPC_NOT_SERVING))
        );
        assert_eq!(
            verdict(Said::Health(3)),
            Err((Failing, code::GRPC_SERVICE_UNKNOWN))
        );
        assert_eq!(
            verdict(Said::Status(5)),
            Err((Failing, code::GRPC_SERVICE_UNKNOWN))
        );
        assert_eq!(
            verdict(Said::Status(12)),
            Err((Failing, code::GRPC_UNIMPLEMENTED))
        );
        assert_eq!(verdict(Said::Status(14)), Err((Failing, code::GRPC_FAILED)));
        assert_eq!(
            verdict(Said::Health(77)),
            Err((Unknown, code::GRPC_UNKNOWN))
        );
    }
}
