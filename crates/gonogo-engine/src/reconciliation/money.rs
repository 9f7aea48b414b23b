//! Amounts: whole numbers of the smallest unit of a currency, and how people read them.
//!
//! Invariant: nothing is rounded. What does not fit is an error.

use std::fmt;

use gonogo_model::reconciliation::Units;
use serde::{Deserialize, Serialize};

/// Currencies without a smaller unit (ISO 4217).
const WHOLE: [&str; 16] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv",
    "xaf", "xof", "xpf",
];
/// Currencies with a thousand smaller units (ISO 4217).
const THOUSANDTHS: [&str; 7] = ["bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"];
/// The longest name of a currency, in bytes.
const CURRENCY_BYTES_MAX: usize = 16;

/// An amount of a currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money {
    /// In the smallest unit.
    pub amount: i64,
    /// The currency in lower case; empty where the side does not name one.
    pub currency: String,
}

impl Money {
    /// Reads an amount as a side wrote it.
    pub fn parse(amount: &str, currency: Option<&str>, units: Units) -> Result<Self, String> {
        let currency = currency.unwrap_or_default().trim().to_lowercase();
        if currency.len() > CURRENCY_BYTES_MAX || !currency.chars().all(char::is_alphanumeric) {
            return Err("a currency is not a word".into());
        }
        let amount = amount.trim();
        let digits = match units {
            Units::Minor => 0,
            Units::Major if currency.is_empty() => {
                return Err("an amount in major units has no currency".into());
            }
            Units::Major => decimals(&currency),
        };
        let amount = scaled(amount, digits).ok_or_else(|| match units {
            Units::Minor => "an amount is not a whole number of the smallest unit".to_string(),
            Units::Major => format!(
                "an amount is not one of {} with {digits} decimals",
                currency
            ),
        })?;
        Ok(Self { amount, currency })
    }

    /// Is it the same, within a tolerance? A side that names no currency agrees with any.
    pub fn agrees(&self, other: &Self, tolerance: u32) -> bool {
        let same = self.currency == other.currency
            || self.currency.is_empty()
            || other.currency.is_empty();
        same && self.amount.abs_diff(other.amount) <= u64::from(tolerance)
    }

    /// Both together.
    pub fn plus(&self, other: &Self) -> Result<Self, String> {
        if self.currency != other.currency {
            return Err("one key has amounts in two currencies, which cannot be added".into());
        }
        let amount = self.amount.checked_add(other.amount);
        Ok(Self {
            amount: amount.ok_or("a sum is too large to be exact")?,
            currency: self.currency.clone(),
        })
    }
}

/// How many decimals people write of a currency.
fn decimals(currency: &str) -> u32 {
    if WHOLE.contains(&currency) {
        0
    } else if THOUSANDTHS.contains(&currency) {
        3
    } else {
        2
    }
}

/// A decimal number as a whole number of its last allowed digit; zeros beyond it are nothing.
fn scaled(text: &str, digits: u32) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || rest.ends_with('.') {
        return None;
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(digits as usize));
    if beyond.bytes().any(|b| b != b'0') {
        return None;
    }
    let mut number: i64 = 0;
    let zeros = std::iter::repeat_n(b'0', digits as usize - kept.len());
    for digit in whole.bytes().chain(kept.bytes()).chain(zeros) {
        let digit = i64::from(digit - b'0');
        let signed = if negative { -digit } else { digit };
        number = number.checked_mul(10)?.checked_add(signed)?;
    }
    Some(number)
}

impl fmt::Display for Money {
    /// "12.00 USD", "1200 JPY"; without a currency the bare number of smallest units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.currency.is_empty() {
            return write!(f, "{}", self.amount);
        }
        let digits = decimals(&self.currency);
        let unit = 10_u64.pow(digits);
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        write!(f, "{sign}{}", amount / unit)?;
        if digits > 0 {
            write!(f, ".{:0width$}", amount % unit, width = digits as usize)?;
        }
        write!(f, " {}", self.currency.to_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn major(amount: &str, currency: &str) -> Result<i64, String> {
        Money::parse(amount, Some(currency), Units::Major).map(|m| m.amount)
    }

    #[test]
    fn major_units_become_the_smallest_of_their_currency() {
        assert_eq!(major("12", "usd"), Ok(1200));
        assert_eq!(major("12.5", "EUR"), Ok(1250));
        assert_eq!(major("-0.01", "usd"), Ok(-1));
        assert_eq!(major("1200", "jpy"), Ok(1200));
        assert_eq!(major("1200.00", "jpy"), Ok(1200));
        assert_eq!(major("1.234", "kwd"), Ok(1234));
    }

    #[test]
    fn nothing_is_rounded() {
        for (amount, currency) in [
            ("12.005", "usd"),
            ("1200.5", "jpy"),
            ("1e3", "usd"),
            ("", "usd"),
            (".5", "usd"),
            ("5.", "usd"),
            ("+5", "usd"),
            ("92233720368547758.08", "usd"),
            ("NaN", "usd"),
        ] {
            assert!(major(amount, currency).is_err(), "{amount} {currency}");
        }
        assert_eq!(major("92233720368547758.07", "usd"), Ok(i64::MAX));
        assert_eq!(major("-92233720368547758.08", "usd"), Ok(i64::MIN));
        assert!(Money::parse("12.0", None, Units::Minor).is_ok());
        assert!(Money::parse("12.5", None, Units::Minor).is_err());
        assert!(Money::parse("12.5", None, Units::Major).is_err());
    }

    #[test]
    fn people_read_the_unit_of_the_currency() {
        let shown = |amount, currency: &str| {
            let currency = currency.to_string();
            Money { amount, currency }.to_string()
        };
        assert_eq!(shown(1200, "usd"), "12.00 USD");
        assert_eq!(shown(-5, "eur"), "-0.05 EUR");
        assert_eq!(shown(1200, "jpy"), "1200 JPY");
        assert_eq!(shown(1200, "kwd"), "1.200 KWD");
        assert_eq!(shown(1200, ""), "1200");
        assert_eq!(shown(i64::MIN, "usd"), "-92233720368547758.08 USD");
    }
}
