//! A request as it came in: its headers and its body.
//!
//! Invariant: neither shows in a log; `Debug` prints the size only.

use super::{Store, StoreError};

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

/// For gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawStats {
    /// Bytes of sealed bodies kept.
    pub bytes: u64,
    /// Bodies of ordinary inputs that were not kept since the start.
    pub dropped: u64,
}

impl Store {
    /// The request that made an input, if it is still kept.
    pub fn raw_of_input(&self, seq: i64) -> Result<Option<RawPlain>, StoreError> {
        let id = match self.inner.raw.id_of_input(seq)? {
            Some(id) => Some(id),
            None => self.forward_raw_of(seq)?,
        };
        id.map(|id| self.inner.raw.get(id)).transpose()
    }

    /// How much is kept and how many bodies were not.
    #[must_use]
    pub fn raw_stats(&self) -> RawStats {
        self.inner.raw.stats()
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
