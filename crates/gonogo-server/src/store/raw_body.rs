//! A request as it came in: its headers and its body.
//!
//! Invariant: neither shows in a log; `Debug` prints the size only.

/// A request to keep as it came.
#[derive(Clone)]
pub struct RawBody {
    /// Where it came from.
    pub source: String,
    /// Its headers as JSON.
    pub headers_json: String,
    /// Its body.
    pub body: Vec<u8>,
    /// For how many days after the day it came in.
    pub keep_days: u16,
}

impl std::fmt::Debug for RawBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawBody({}, {} bytes)", self.source, self.body.len())
    }
}

/// A request read back.
#[derive(Clone, PartialEq, Eq)]
pub struct RawPlain {
    /// Where it came from.
    pub source: String,
    /// Its headers as JSON.
    pub headers_json: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for RawPlain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawPlain({}, {} bytes)", self.source, self.body.len())
    }
}

/// Headers and body in one, with the length of the headers before them.
pub(super) fn pack(raw: &RawBody) -> Vec<u8> {
    let headers = raw.headers_json.as_bytes();
    let mut packed = Vec::with_capacity(4 + headers.len() + raw.body.len() + 16);
    let length = u32::try_from(headers.len()).unwrap_or(0);
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&headers[..length as usize]);
    packed.extend_from_slice(&raw.body);
    packed
}

/// The opposite of [`pack`].
pub(super) fn unpack(source: &str, packed: &[u8]) -> Option<RawPlain> {
    let (length, rest) = packed.split_first_chunk()?;
    let (headers, body) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some(RawPlain {
        source: source.to_owned(),
        headers_json: String::from_utf8(headers.to_vec()).ok()?,
        body: body.to_vec(),
    })
}
