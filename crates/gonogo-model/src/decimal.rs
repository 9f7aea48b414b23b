//! A measured number, exact: so many billionths.
//!
//! Floating-point numbers differ in their last digits from machine to machine and know values
//! that equal nothing. A gauge's numbers are decimals with nine places instead. Invariant:
//! there is no "not a number" and no infinity in here, and no arithmetic overflows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::event::Scalar;
use crate::yaml::Node;

/// How many billionths one is.
pub const ONE: i128 = 1_000_000_000;
/// The largest number, either way: a million million million.
pub const MAX_WHOLE: i128 = 1_000_000_000_000_000_000;
/// The longest text that is read as a number.
pub const MAX_DIGITS: usize = 400;
/// How many decimal places are kept; what comes after is rounded.
const PLACES: i32 = 9;

/// A number with nine decimal places, between -10^18 and 10^18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Decimal(i128);

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// It does not look like one.
    Text,
    /// It says itself that it is not one: `NaN`.
    NaN,
    /// It is infinite, or further from zero than [`MAX_WHOLE`].
    TooLarge,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    pub const fn from_whole(whole: i64) -> Self {
        Self::from_billionths(whole as i128 * ONE)
    }

    /// So many billionths, at most as far from zero as a number may be.
    pub const fn from_billionths(billionths: i128) -> Self {
        let bound = MAX_WHOLE * ONE;
        Self(if billionths > bound {
            bound
        } else if billionths < -bound {
            -bound
        } else {
            billionths
        })
    }

    /// The number in billionths.
    pub const fn billionths(self) -> i128 {
        self.0
    }

    /// The sum; the furthest number there is, where it would be further.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::from_billionths(self.0 + other.0)
    }

    /// The difference, bounded in the same way.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self::from_billionths(self.0 - other.0)
    }

    /// Rounded for a sentence: four digits that count, and never fewer than the whole ones.
    #[must_use]
    pub fn brief(self) -> Self {
        let magnitude = self.0.unsigned_abs();
        let mut unit: u128 = 1;
        while magnitude / unit >= 10_000 && unit < ONE.unsigned_abs() {
            unit *= 10;
        }
        let rounded = (magnitude + unit / 2) / unit * unit;
        let rounded = i128::try_from(rounded).unwrap_or(i128::MAX);
        Self::from_billionths(if self.0 < 0 { -rounded } else { rounded })
    }

    /// Parses what JSON and Prometheus write: `42`, `-0.5`, `1.25e+09`.
    pub fn parse(text: &str) -> Result<Self, NoNumber> {
        let text = text.trim();
        if text.len() > MAX_DIGITS {
            return Err(NoNumber::Text);
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        match rest.to_ascii_lowercase().as_str() {
            "nan" => return Err(NoNumber::NaN),
            "inf" | "infinity" => return Err(NoNumber::TooLarge),
            _ => {}
        }
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (rest, 0),
        };
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && decimals.is_empty()) || !all_digits(whole) || !all_digits(decimals)
        {
            return Err(NoNumber::Text);
        }
        let digits = whole.bytes().chain(decimals.bytes());
        // Where the decimal point stands, counted in digits from the left.
        let point = i32::try_from(whole.len()).unwrap_or(i32::MAX) + exponent;
        let magnitude = scaled(digits, point)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }

    /// The number that a leaf of a JSON body is. Truth values and nothing are none.
    pub fn of(value: &Scalar) -> Result<Self, NoNumber> {
        match value {
            Scalar::Int(whole) => match i128::from(*whole).abs() <= MAX_WHOLE {
                true => Ok(Self(i128::from(*whole) * ONE)),
                false => Err(NoNumber::TooLarge),
            },
            Scalar::Text(text) => Self::parse(text),
            Scalar::Null | Scalar::Bool(_) => Err(NoNumber::Text),
        }
    }

    /// As near as a picture needs it; nothing is decided by this.
    pub fn approximate(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

/// An exponent within reason; beyond it the number is zero or too large anyway.
fn exponent_of(text: &str) -> Result<i32, NoNumber> {
    let digits = text.trim_start_matches(['+', '-']);
    if digits.is_empty()
        || text.len() > digits.len() + 1
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(NoNumber::Text);
    }
    let size = digits.parse().unwrap_or(100_000_i32).min(100_000);
    Ok(if text.starts_with('-') { -size } else { size })
}

/// The digits as billionths, rounded half away from zero.
fn scaled(digits: impl Iterator<Item = u8>, point: i32) -> Result<i128, NoNumber> {
    let kept = point.saturating_add(PLACES);
    let (mut value, mut seen) = (0_i128, 0_i32);
    for digit in digits {
        let digit = i128::from(digit - b'0');
        if seen < kept {
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(digit))
                .filter(|v| *v <= MAX_WHOLE * ONE)
                .ok_or(NoNumber::TooLarge)?;
        } else {
            if seen == kept && digit >= 5 {
                value += 1;
            }
            break;
        }
        seen += 1;
    }
    while seen < kept && value > 0 {
        value *= 10;
        if value > MAX_WHOLE * ONE {
            return Err(NoNumber::TooLarge);
        }
        seen += 1;
    }
    match value <= MAX_WHOLE * ONE {
        true => Ok(value),
        false => Err(NoNumber::TooLarge),
    }
}

impl fmt::Display for NoNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "that is not a number",
            Self::NaN => "it says that it is not a number",
            Self::TooLarge => "it is larger than any number that is kept here",
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / one)?;
        let decimals = format!("{:09}", magnitude % one);
        match decimals.trim_end_matches('0') {
            "" => Ok(()),
            some => write!(f, ".{some}"),
        }
    }
}

impl From<Decimal> for String {
    fn from(value: Decimal) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|why| why.to_string())
    }
}

impl Decode for Decimal {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a number", |text| {
            Self::parse(text).map_err(|why| match why {
                NoNumber::TooLarge => format!("`{text}` is further from zero than 10^18"),
                _ => format!("`{text}` is not a number: write `42` or `0.5`, without a unit"),
            })
        })
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": ["number", "string"],
            "pattern": "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?$",
        })
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_json_and_prometheus_write() {
        for (text, shown) in [
            ("42", "42"),
            ("-0.5", "-0.5"),
            ("+7", "7"),
            (".25", "0.25"),
            ("1.", "1"),
            ("1.25e+09", "1250000000"),
            ("1e-9", "0.000000001"),
            ("4e-10", "0"),
            ("5e-10", "0.000000001"),
            ("0.30000000000000004", "0.3"),
            ("0e999999999999", "0"),
            ("1e18", "1000000000000000000"),
            ("-1000000000000000000", "-1000000000000000000"),
            ("9.9999999999", "10"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for (text, why) in [
            ("NaN", NoNumber::NaN),
            ("+Inf", NoNumber::TooLarge),
            ("-Inf", NoNumber::TooLarge),
            ("1.0000001e18", NoNumber::TooLarge),
            ("1e400", NoNumber::TooLarge),
            (
                "99999999999999999999999999999999999999999",
                NoNumber::TooLarge,
            ),
            ("", NoNumber::Text),
            (".", NoNumber::Text),
            ("1e", NoNumber::Text),
            ("1e+-1", NoNumber::Text),
            ("0x10", NoNumber::Text),
            ("1_000", NoNumber::Text),
            ("twelve", NoNumber::Text),
        ] {
            assert_eq!(Decimal::parse(text), Err(why), "{text}");
        }
        let brief = |text: &str| Decimal::parse(text).unwrap().brief().to_string();
        assert_eq!(brief("123456.789"), "123457");
        assert_eq!(brief("-12.34567"), "-12.35");
        assert_eq!(brief("0.0001234567"), "0.0001235");
        assert_eq!(Decimal::of(&Scalar::Int(i64::MAX)), Err(NoNumber::TooLarge));
        assert_eq!(Decimal::of(&Scalar::Bool(true)), Err(NoNumber::Text));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(billionths in -MAX_WHOLE * ONE..=MAX_WHOLE * ONE) {
            let number = Decimal::from_billionths(billionths);
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
        }

        #[test]
        fn no_text_is_too_strange(text in "[-+0-9.eE]{0,40}|\\PC{0,40}") {
            let _ = Decimal::parse(&text);
        }

        #[test]
        fn agrees_with_floating_point(number in -1e15_f64..1e15_f64) {
            let read = Decimal::parse(&format!("{number:e}")).unwrap();
            prop_assert!((read.approximate() - number).abs() <= number.abs() * 1e-12 + 1e-9);
        }
    }
}
