//! The result as a table.

use std::fmt::Write as _;
use std::time::Duration;

/// One target and what was measured.
pub struct Row {
    /// What.
    pub what: &'static str,
    /// The numbers.
    pub measured: String,
    /// What is asked for.
    pub target: String,
    /// How far it is off, where it is.
    pub short_by: Option<String>,
}

impl Row {
    /// A row whose value has to be at least as large as its target.
    pub fn at_least(what: &'static str, measured: String, target: String, share: f64) -> Self {
        let short_by = (share < 1.0).then(|| format!("{:.0} %", (1.0 - share) * 100.0));
        Self {
            what,
            measured,
            target,
            short_by,
        }
    }

    /// A row whose value has to be at most its target.
    pub fn at_most(what: &'static str, measured: String, target: String, share: f64) -> Self {
        let short_by = (share > 1.0).then(|| format!("a factor of {share:.1}"));
        Self {
            what,
            measured,
            target,
            short_by,
        }
    }
}

/// The table, with a verdict in each row.
pub fn render(rows: &[Row]) -> String {
    let head = ["what", "measured", "target", "verdict"].map(str::to_string);
    let mut lines = vec![head];
    lines.extend(rows.iter().map(|row| {
        let verdict = match &row.short_by {
            None => "meets".to_string(),
            Some(by) => format!("short by {by}"),
        };
        [
            row.what.to_string(),
            row.measured.clone(),
            row.target.clone(),
            verdict,
        ]
    }));
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut out = String::new();
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        let _ = writeln!(out, "{text}|");
        if std::ptr::eq(line, &lines[0]) {
            let rule: String = widths
                .iter()
                .map(|w| format!("|{:-<1$}", "", w + 2))
                .collect();
            let _ = writeln!(out, "{rule}|");
        }
    }
    out
}

/// A time in milliseconds, with as many digits as it deserves.
pub fn ms(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1_000.0;
    if millis < 10.0 {
        format!("{millis:.2} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

/// The value below which so large a share of the sorted ones lies.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

/// A count with its thousands set apart.
pub fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
