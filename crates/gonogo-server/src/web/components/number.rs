//! Numbers as people read them, with the unit next to them.
//!
//! One place decides how many digits a number deserves, so that an axis, a tooltip and a key
//! figure agree.

/// Values beyond this are shown as this, so that no unit makes them overflow.
pub const MAX_VALUE: f64 = 1e300;

/// What a number counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Things: "1,280".
    #[default]
    Count,
    /// A share from 0 to 1, shown as "99.95 %".
    Ratio,
    /// Seconds, shown as "850 ms", "4.2 s", "12 min".
    Seconds,
    /// Bytes, shown as "1.2 GB".
    Bytes,
    /// Anything else, with its own word: "12 req/s".
    Other(String),
}

/// The number with its unit, as short as it can be without lying.
pub fn with_unit(value: f64, unit: &Unit) -> String {
    if !value.is_finite() {
        return "no number".to_owned();
    }
    let value = value.clamp(-MAX_VALUE, MAX_VALUE);
    match unit {
        Unit::Count => plain(value),
        Unit::Ratio => format!("{} %", percent(value)),
        Unit::Seconds => seconds(value),
        Unit::Bytes => scaled(value, &["B", "kB", "MB", "GB", "TB", "PB"]),
        Unit::Other(word) => format!("{} {word}", plain(value)),
    }
}

/// "1,280", "0.042", "3.1 M": thousands are grouped, millions are named.
pub fn plain(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "no number".to_owned(),
        s if s >= 1e15 => format!("{value:.1e}"),
        s if s >= 1e12 => format!("{} T", digits(value / 1e12)),
        s if s >= 1e9 => format!("{} bn", digits(value / 1e9)),
        s if s >= 1e6 => format!("{} M", digits(value / 1e6)),
        s if s >= 1000.0 => grouped(value.round() as i64),
        _ => digits(value),
    }
}

/// Thousands with commas: "-1,280".
pub fn grouped(value: i64) -> String {
    let raw = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(raw.len() + raw.len() / 3 + 1);
    if value < 0 {
        out.push('-');
    }
    for (i, digit) in raw.chars().enumerate() {
        if i > 0 && (raw.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as a percentage that never rounds up to 100: 0.99996 is "99.99".
fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    if ratio < 1.0 && value >= 99.0 {
        let floor = (value * 100.0).floor() / 100.0;
        return trimmed(&format!("{floor:.2}"));
    }
    plain(value)
}

fn seconds(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0 s".to_owned();
    }
    match size {
        s if s < 1e-3 => format!("{} µs", digits(value * 1e6)),
        s if s < 1.0 => format!("{} ms", digits(value * 1e3)),
        s if s < 120.0 => format!("{} s", digits(value)),
        s if s < 7200.0 => format!("{} min", digits(value / 60.0)),
        s if s < 172_800.0 => format!("{} h", digits(value / 3600.0)),
        _ => format!("{} d", plain(value / 86_400.0)),
    }
}

fn scaled(value: f64, words: &[&str]) -> String {
    let mut rest = value;
    for (i, word) in words.iter().enumerate() {
        if rest.abs() < 1000.0 || i + 1 == words.len() {
            return format!("{} {word}", plain(rest));
        }
        rest /= 1000.0;
    }
    plain(value)
}

/// Three significant digits below a thousand.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        s if s >= 100.0 || s == 0.0 => format!("{value:.0}"),
        s if s >= 10.0 => format!("{value:.1}"),
        s if s >= 1.0 => format!("{value:.2}"),
        s if s >= 0.001 => format!("{value:.3}"),
        _ => format!("{value:.0e}"),
    };
    trimmed(&text)
}

fn trimmed(text: &str) -> String {
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    if text == "-0" { "0" } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!(plain(0.0), "0");
        assert_eq!(plain(-0.0), "0");
        assert_eq!(plain(1280.0), "1,280");
        assert_eq!(plain(3_140_000.0), "3.14 M");
        assert_eq!(plain(0.042), "0.042");
        assert_eq!(plain(1e300), "1.0e300");
        assert_eq!(plain(f64::NAN), "no number");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn units_stand_next_to_numbers() {
        assert_eq!(with_unit(0.99996, &Unit::Ratio), "99.99 %");
        assert_eq!(with_unit(1.0, &Unit::Ratio), "100 %");
        assert_eq!(with_unit(0.5, &Unit::Ratio), "50 %");
        assert_eq!(with_unit(0.85, &Unit::Seconds), "850 ms");
        assert_eq!(with_unit(0.0, &Unit::Seconds), "0 s");
        assert_eq!(with_unit(720.0, &Unit::Seconds), "12 min");
        assert_eq!(with_unit(1.2e9, &Unit::Bytes), "1.2 GB");
        assert_eq!(with_unit(12.0, &Unit::Other("req/s".into())), "12 req/s");
    }
}
