//! Two values that must agree within a time: what was deployed and what is served, the
//! contract that one side writes and the one that the other reads.
//!
//! Invariant: a side that nobody could read is unknown, and unknown agrees with nothing and
//! differs from nothing.

use crate::component::{Component, Journey};
use crate::decode::{choice, record, words};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::gauge::{three_times, too_often};
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::text::Spanned;
use crate::value::{EventField, HttpJson, HttpText};

record! {
    /// Two values that must agree within a time.
    pub struct Skew as "a skew" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component that has to follow.
        pub component: Ref<Component>,
        /// The journey it tells about.
        pub journey: Option<Ref<Journey>>,
        /// The value that should be.
        pub expected: SkewSide,
        /// The value that is.
        pub actual: SkewSide,
        /// What counts as equal.
        pub compare: Compare = Compare::Exact,
        /// How long they may differ.
        pub agree_within: Duration,
        /// How often the sides are read that have to be asked.
        pub every: Spanned<Duration> = Spanned::of(Duration::from_secs(60)),
        /// How long an answer may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// After how long without an answer a side that is asked is unknown; three times `every`, where it is not written.
        pub stale_after: Option<Duration>,
    }
}
entity!(Skew, Skew);

choice! {
    /// One of two values.
    pub enum SkewSide as "a side of a skew" {
        /// A field of events: the last one counts until the next.
        Event(EventField) = "event",
        /// A field of a JSON document.
        HttpJson(HttpJson) = "http_json",
        /// The text of a page, or a header of it.
        HttpText(HttpText) = "http_text",
        /// A value that is written here.
        Fixed(String) = "fixed",
    }
}

words! {
    /// What counts as equal.
    pub enum Compare as "a comparison" {
        /// The same characters, whatever surrounds them.
        Exact = "exact",
        /// One begins with the other, of seven characters or more: short commit hashes.
        Prefix = "prefix",
        /// The same number before the first dot: `v3.1` and `3.4`.
        Major = "major",
        /// The same numbers before the second dot.
        Minor = "minor",
    }
}

/// The shortest beginning that stands for a whole commit hash.
const PREFIX_MIN: usize = 7;

impl Compare {
    /// Do two values agree?
    pub fn agree(self, one: &str, other: &str) -> bool {
        let (one, other) = (one.trim(), other.trim());
        match self {
            Self::Exact => one == other,
            Self::Prefix => {
                let (short, long) = if one.len() <= other.len() {
                    (one, other)
                } else {
                    (other, one)
                };
                one == other
                    || (short.chars().count() >= PREFIX_MIN
                        && long
                            .get(..short.len())
                            .is_some_and(|l| l.eq_ignore_ascii_case(short)))
            }
            Self::Major => parts(one, 1) == parts(other, 1),
            Self::Minor => parts(one, 2) == parts(other, 2),
        }
    }
}

/// The first parts of a version, a missing one being 0: `v3` is `3.0`.
fn parts(version: &str, count: usize) -> Vec<&str> {
    let bare = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let bare = bare.split(['-', '+']).next().unwrap_or(bare);
    let found = bare
        .split('.')
        .map(|part| match part.trim_start_matches('0') {
            "" => "0",
            some => some,
        });
    found.chain(std::iter::repeat("0")).take(count).collect()
}

impl Skew {
    /// After how long without an answer a side that is asked is unknown.
    pub fn stale_after(&self) -> Duration {
        self.stale_after
            .unwrap_or_else(|| three_times(self.every.value, self.timeout))
    }
}

impl SkewSide {
    /// Has somebody to ask for it, again and again?
    pub fn is_asked(&self) -> bool {
        matches!(self, Self::HttpJson(_) | Self::HttpText(_))
    }
}

pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    for skew in package.skews.values() {
        too_often(&skew.every, found);
        if let (SkewSide::Fixed(_), SkewSide::Fixed(_)) = (&skew.expected, &skew.actual) {
            found.push(
                Diagnostic::error(
                    "skew-fixed",
                    skew.id.span,
                    "both sides of this are written here",
                )
                .label("nothing of it can change")
                .help("read at least one side from where it really is"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree_as_far_as_asked() {
        let cases = [
            (Compare::Exact, "1.2", " 1.2\n", true),
            (Compare::Exact, "1.2", "1.2.0", false),
            (Compare::Prefix, "0123abcdef", "0123ABC", true),
            (Compare::Prefix, "0123abcdef", "0123ab", false),
            (Compare::Prefix, "0123", "0123", true),
            (Compare::Prefix, "äöüäöüä", "äöüäöüäx", true),
            (Compare::Prefix, "", "0123abc", false),
            (Compare::Major, "v3.1", "3.4.9", true),
            (Compare::Major, "3", "4", false),
            (Compare::Major, "2026-01", "2026-02", true),
            (Compare::Minor, "3.1.7-rc.1", "v3.01", true),
            (Compare::Minor, "3", "3.0", true),
            (Compare::Minor, "3.1", "3.2", false),
        ];
        for (compare, one, other, agree) in cases {
            assert_eq!(compare.agree(one, other), agree, "{compare} {one} {other}");
            assert_eq!(compare.agree(other, one), agree, "{compare} {other} {one}");
        }
    }
}
