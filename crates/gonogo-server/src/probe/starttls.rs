//! Asking a server for TLS in its own protocol: SMTP (RFC 3207) and PostgreSQL.
//!
//! Invariant: nothing that came before TLS is taken for anything after it; whoever sends more
//! than the answer is refused, because that is how plaintext is smuggled in.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connect::{Deadline, closed};
use super::outcome::{Reason, code};

/// The longest line of SMTP that is read (RFC 5321, section 4.5.3.1.5).
pub const MAX_LINE_BYTES: usize = 512;
/// The most lines of one answer.
pub const MAX_LINES: usize = 100;

/// PostgreSQL's SSLRequest: its length and its code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A protocol that turns to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// Mail.
    Smtp,
    /// PostgreSQL.
    Postgres,
}

/// Asks for TLS; afterwards the handshake can begin.
pub(super) async fn ask(
    stream: &mut TcpStream,
    protocol: StartTls,
    address: SocketAddr,
    deadline: Deadline,
) -> Result<(), Reason> {
    let asking = async {
        match protocol {
            StartTls::Smtp => smtp(stream, address).await,
            StartTls::Postgres => postgres(stream, address).await,
        }
    };
    deadline
        .guard(asking, || format!("asking {address} for TLS"))
        .await?
}

async fn postgres(stream: &mut TcpStream, address: SocketAddr) -> Result<(), Reason> {
    let gone = |_| closed(address, "when it was asked for TLS");
    stream.write_all(&SSL_REQUEST).await.map_err(gone)?;
    match stream.read_u8().await.map_err(gone)? {
        b'S' => Ok(()),
        b'N' => Err(refused(address, "PostgreSQL")),
        _ => Err(not_spoken(address, "PostgreSQL")),
    }
}

async fn smtp(stream: &mut TcpStream, address: SocketAddr) -> Result<(), Reason> {
    let gone = |_| closed(address, "when it was asked for TLS");
    let (status, _) = answer(stream, address).await?;
    if status != 220 {
        return Err(not_spoken(address, "SMTP"));
    }
    stream
        .write_all(b"EHLO gonogo.invalid\r\n")
        .await
        .map_err(gone)?;
    let (status, offered) = answer(stream, address).await?;
    let offers = |line: &String| line.trim().eq_ignore_ascii_case("STARTTLS");
    if status != 250 || !offered.iter().any(offers) {
        return Err(refused(address, "SMTP"));
    }
    stream.write_all(b"STARTTLS\r\n").await.map_err(gone)?;
    match answer(stream, address).await? {
        (220, _) => Ok(()),
        _ => Err(refused(address, "SMTP")),
    }
}

/// An answer of one or more lines: its status and the text of each line.
async fn answer(stream: &mut TcpStream, address: SocketAddr) -> Result<(u16, Vec<String>), Reason> {
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let line = line(stream, address).await?;
        let status = line.get(..3).and_then(|s| s.parse().ok());
        let (Some(status), Some(rest)) = (status, line.get(3..)) else {
            return Err(not_spoken(address, "SMTP"));
        };
        let more = rest.starts_with('-');
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if !more {
            return Ok((status, lines));
        }
    }
    Err(not_spoken(address, "SMTP"))
}

/// Reads to the end of a line and not a byte further: the next ones may be the handshake's.
async fn line(stream: &mut TcpStream, address: SocketAddr) -> Result<String, Reason> {
    let mut line = Vec::new();
    while line.len() < MAX_LINE_BYTES {
        let byte = stream
            .read_u8()
            .await
            .map_err(|_| closed(address, "when it was asked for TLS"))?;
        match byte {
            b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            other => line.push(other),
        }
    }
    Err(not_spoken(address, "SMTP"))
}

fn refused(address: SocketAddr, protocol: &str) -> Reason {
    Reason::failing(
        code::STARTTLS_REFUSED,
        format!("{address} speaks {protocol} and offers no TLS."),
    )
}

fn not_spoken(address: SocketAddr, protocol: &str) -> Reason {
    Reason::failing(
        code::STARTTLS_NOT_SPOKEN,
        format!("{address} does not answer in {protocol}."),
    )
}
