//! The package as text: files, positions in them, and the digest that names the whole.
//!
//! Everything a person wrote keeps its [`Span`], so that each later finding can point at the
//! line that caused it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The directory that holds evidence.
pub const EVIDENCE: &str = "evidence/";

/// The text of a package: path relative to its directory → content.
///
/// Paths use `/` and sort, so the digest does not depend on how a directory was listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageText {
    /// The files, by path.
    pub files: BTreeMap<String, String>,
}

impl PackageText {
    /// The name of this exact text: SHA-256 over every path and content, as 64 hex digits.
    ///
    /// Lengths go in before contents, so no two different sets of files share an encoding.
    /// Records in `evidence/` tell about a package and are no part of it: a new one must not
    /// make the others stale.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let own = self
            .files
            .iter()
            .filter(|(path, _)| !path.starts_with(EVIDENCE));
        for (path, text) in own {
            for part in [path, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        Digest(hex(&hash.finalize()))
    }
}

/// A package's SHA-256, as 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

impl Digest {
    /// The first twelve digits: enough to tell two packages apart on a page.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
            let _ = write!(out, "{b:02x}");
            out
        })
}

/// Which file of a [`PackageText`] a position is in: its rank in path order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileNo(pub u32);

/// A stretch of one line of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileNo,
    /// The line, from 1.
    pub line: u32,
    /// The first character, from 1.
    pub column: u32,
    /// How many characters; at least 1 when it is drawn.
    pub len: u32,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value that is written nowhere: a default.
    pub fn of(value: T) -> Self {
        Self {
            value,
            span: Span::default(),
        }
    }

    /// Where it was written, or another place where it was not.
    pub fn span_or(&self, other: Span) -> Span {
        if self.span.line == 0 {
            other
        } else {
            self.span
        }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(files: &[(&str, &str)]) -> PackageText {
        PackageText {
            files: files
                .iter()
                .map(|(p, t)| ((*p).into(), (*t).into()))
                .collect(),
        }
    }

    #[test]
    fn a_digest_tells_moved_bytes_apart() {
        let one = text(&[("a", "bc"), ("d", "")]);
        assert_eq!(one.digest(), text(&[("d", ""), ("a", "bc")]).digest());
        assert_ne!(one.digest(), text(&[("ab", "c"), ("d", "")]).digest());
        assert_eq!(one.digest().0.len(), 64);
    }
}
