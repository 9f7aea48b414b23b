//! One normalised fact from outside, in the shape of a CloudEvents 1.0 envelope.
//!
//! Whatever a provider sends becomes an [`Event`] before the engine sees it. It holds the
//! envelope and only those fields of the body that the package declares, so that the journal
//! never keeps what nobody asked for (card data, names, addresses).

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::Id;

/// A normalised fact. (`source`, `id`) identifies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The package's source that it came in through.
    pub source: Id,
    /// The sender's own id of this fact: the deduplication key within the source.
    pub id: String,
    /// What happened, in the sender's words: `charge.succeeded`, `workflow_run.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about, where the sender says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened, by the sender's clock.
    pub time: Timestamp,
    /// When we stored it, by our clock. Paging deadlines run on this one.
    pub received_at: Timestamp,
    /// The declared fields of the body, by dotted path (`data.object.amount`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Scalar>,
}

/// A leaf of a JSON body.
///
/// Numbers stay exact: an amount is an integer of minor units, and what does not fit one is
/// kept as the text that was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, or a number that is not a whole one, as it was written.
    Text(String),
}

impl Scalar {
    /// The leaf of a JSON value; `None` for a list or an object.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        use serde_json::Value;
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n
                .as_i64()
                .map_or_else(|| Self::Text(n.to_string()), Self::Int),
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// The text a key or a comparison uses: `true`, `42`, `ch_1`. `null` is no text.
    pub fn as_key(&self) -> Option<String> {
        match self {
            Self::Null => None,
            other => Some(other.to_string()),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Text(s) => f.write_str(s),
        }
    }
}

/// Reads the leaf at a dotted path of a JSON body: `data.object.id`, `items.0.price`.
///
/// A name that itself holds dots is found too where no shorter one matches, because
/// CloudEvents extension data often has such keys.
pub fn field_at(body: &serde_json::Value, path: &str) -> Option<Scalar> {
    use serde_json::Value;
    let mut here = body;
    let mut rest = path;
    loop {
        if let Value::Object(map) = here
            && let Some(found) = map.get(rest)
        {
            return Scalar::from_json(found);
        }
        let (head, tail) = rest.split_once('.')?;
        here = match here {
            Value::Object(map) => map.get(head)?,
            Value::Array(items) => items.get(head.parse::<usize>().ok()?)?,
            _ => return None,
        };
        if let Value::Array(items) = here
            && let Ok(index) = tail.parse::<usize>()
        {
            return Scalar::from_json(items.get(index)?);
        }
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_leaf_at_a_path() {
        let body = serde_json::json!({
            "livemode": true,
            "data": {"object": {"id": "ch_1", "amount": 1200, "items": [{"price": 1.5}, 7]}},
            "a": {"b.c": "dotted"}
        });
        let text = |s: &str| Some(Scalar::Text(s.into()));
        assert_eq!(field_at(&body, "livemode"), Some(Scalar::Bool(true)));
        assert_eq!(field_at(&body, "data.object.id"), text("ch_1"));
        assert_eq!(field_at(&body, "data.object.items.0.price"), text("1.5"));
        assert_eq!(field_at(&body, "data.object.items.1"), Some(Scalar::Int(7)));
        assert_eq!(field_at(&body, "a.b.c"), text("dotted"));
        assert_eq!(field_at(&body, "data.object"), None);
        assert_eq!(field_at(&body, "data.nothing.here"), None);
        assert_eq!(field_at(&body, ""), None);
    }
}
