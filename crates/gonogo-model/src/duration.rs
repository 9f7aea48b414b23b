//! Lengths of time as people write them: `90s`, `5m`, `2h`, `28d`.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::yaml::Node;

/// The longest duration a package may hold: ten years.
pub const MAX_DURATION_SECS: i64 = 10 * 366 * 86_400;

/// A length of time, never negative, in whole milliseconds. A day is 24 hours here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration {
    millis: i64,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { millis: 0 };

    /// So many milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            millis: if millis < 0 { 0 } else { millis },
        }
    }

    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// So many minutes.
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// So many hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_mins(hours.saturating_mul(60))
    }

    /// The length in milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.millis
    }

    /// The length in whole seconds, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.millis / 1000
    }

    /// As jiff counts it.
    pub const fn signed(self) -> SignedDuration {
        SignedDuration::from_millis(self.millis)
    }

    /// No length?
    pub const fn is_zero(self) -> bool {
        self.millis == 0
    }

    /// Parses `90s`, `1h30m`, `250ms`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a duration: write a number and a unit, such as `90s`, `5m`, `2h` or `28d`"
            )
        };
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut millis: i64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let number: i64 = number.parse().map_err(|_| wrong())?;
            let letters = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let unit_millis = match unit {
                "ms" => 1,
                "s" => 1000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 7 * 86_400_000,
                _ => return Err(wrong()),
            };
            millis = number
                .checked_mul(unit_millis)
                .and_then(|part| millis.checked_add(part))
                .filter(|sum| *sum <= MAX_DURATION_SECS * 1000)
                .ok_or_else(|| format!("`{text}` is longer than ten years"))?;
            rest = tail;
        }
        Ok(Self { millis })
    }
}

impl From<Duration> for SignedDuration {
    fn from(value: Duration) -> Self {
        value.signed()
    }
}

/// As people write it: `1h30m`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, name) in [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1000, "s"),
            (1, "ms"),
        ] {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl Decode for Duration {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a duration", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        // A bare 0 is the only number that needs no unit.
        serde_json::json!({
            "type": ["string", "integer"],
            "pattern": "^(0|([0-9]+(ms|s|m|min|h|d|w))+)$",
            "patternErrorMessage": "write a number and a unit, such as `90s`, `5m`, `2h` or `28d`",
            "minimum": 0,
            "maximum": 0,
        })
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_people_write() {
        for (text, secs) in [
            ("90s", 90),
            ("1h30m", 5400),
            ("28d", 28 * 86_400),
            ("0", 0),
            ("2w", 14 * 86_400),
        ] {
            assert_eq!(Duration::parse(text).unwrap().as_secs(), secs, "{text}");
        }
        assert_eq!(Duration::from_secs(5400).to_string(), "1h30m");
        for bad in [
            "",
            "5",
            "m",
            "5 minutes",
            "-5m",
            "1.5h",
            "9999999999999999999s",
            "11000d5d",
        ] {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
    }
}
