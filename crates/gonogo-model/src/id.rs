//! Names of things: what a reference in a package points with.
//!
//! An id is short, lower-case and stable, because it stands in URLs, in dedup keys and in
//! people's heads. Cloning is cheap, since the engine keeps many.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id accepted, in bytes: it has to fit a URL segment and a table column.
pub const MAX_ID_LEN: usize = 80;

/// The name of an entity, such as `billing-ledger`: `[a-z0-9]` with `-`, `_` and `.` inside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Arc<str>);

impl Id {
    /// Parses an id, or says in one sentence what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an id cannot be empty".into());
        }
        if text.len() > MAX_ID_LEN {
            return Err(format!(
                "an id has at most {MAX_ID_LEN} characters, this one has {}",
                text.chars().count()
            ));
        }
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            return Err(format!(
                "an id is made of a-z, 0-9, `-`, `_` and `.`, but this one has `{c}`"
            ));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("an id begins with a letter or a digit".into());
        }
        Ok(Self(text.into()))
    }

    /// An id made by the program itself, where the shape is known to be right.
    ///
    /// Characters that an id cannot have become `-`, so the result is always well formed.
    pub fn from_static(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let tidy: String = text
                .chars()
                .map(|c| {
                    let lower = c.to_ascii_lowercase();
                    if lower.is_ascii_alphanumeric() {
                        lower
                    } else {
                        '-'
                    }
                })
                .take(MAX_ID_LEN)
                .collect();
            let tidy = tidy.trim_matches('-');
            Self(if tidy.is_empty() {
                "unnamed".into()
            } else {
                tidy.into()
            })
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_an_id() {
        assert!(Id::parse("billing-ledger.v2").is_ok());
        assert!(Id::parse("").unwrap_err().contains("empty"));
        assert!(Id::parse("Billing").unwrap_err().contains("`B`"));
        assert!(Id::parse("-x").unwrap_err().contains("begins"));
        assert!(Id::parse(&"a".repeat(MAX_ID_LEN)).is_ok());
        assert!(Id::parse(&"a".repeat(MAX_ID_LEN + 1)).is_err());
    }
}
