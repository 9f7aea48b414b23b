//! A share in exact parts per million, written as people write it: `99.5%`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::yaml::Node;

/// Between 0 % and 100 %, in parts per million, so that no rounding gets near a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u32);

impl Percent {
    /// Everything.
    pub const ALL: Self = Self(1_000_000);

    /// From parts per million, at most a million.
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(if ppm > 1_000_000 { 1_000_000 } else { ppm })
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// `part` of `whole`, rounded down; `None` of nothing.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        let ppm = u128::from(part.min(whole)) * 1_000_000;
        let ppm = ppm.checked_div(u128::from(whole))?;
        Some(Self(u32::try_from(ppm).unwrap_or(1_000_000)))
    }

    /// Parses `99.5%`, `99.5` or a fraction such as `1/3`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a share: write `99.5%`, or a fraction such as `1/3`");
        if let Some((part, whole)) = text.split_once('/') {
            let part = part.trim().parse().map_err(|_| wrong())?;
            let whole = whole.trim().parse().map_err(|_| wrong())?;
            return if part > whole {
                Err(wrong())
            } else {
                Self::of(part, whole).ok_or_else(wrong)
            };
        }
        let number = text.trim().trim_end_matches('%').trim();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let decimals: u32 = format!("{decimals:0<4}").parse().map_err(|_| wrong())?;
        match whole
            .checked_mul(10_000)
            .and_then(|w| w.checked_add(decimals))
        {
            Some(ppm) if ppm <= 1_000_000 => Ok(Self(ppm)),
            _ => Err(format!("`{text}` is more than 100%")),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 10_000, self.0 % 10_000);
        let decimals = format!("{decimals:04}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            some => write!(f, "{whole}.{some}%"),
        }
    }
}

impl Decode for Percent {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a share", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": ["string", "number"],
            "pattern": "^([0-9]+(\\.[0-9]{0,4})? *%?|[0-9]+ */ *[0-9]+)$",
            "minimum": 0,
            "maximum": 100,
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
    fn is_exact() {
        assert_eq!(Percent::parse("99.95%").unwrap().ppm(), 999_500);
        assert_eq!(Percent::parse("1/3").unwrap().ppm(), 333_333);
        assert_eq!(Percent::of(0, 0), None);
        assert_eq!(Percent::of(3, 4).unwrap().to_string(), "75%");
        assert_eq!(Percent::from_ppm(999_500).to_string(), "99.95%");
        for bad in ["", "101%", "3/2", "1/0", "99.99999", "-1", "x"] {
            assert!(Percent::parse(bad).is_err(), "{bad}");
        }
    }
}
