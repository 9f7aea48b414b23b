//! How answers look on a terminal: columns, times, and nothing that a terminal obeys.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::Format;

/// Prints an answer as it came, or as `human` says it.
pub fn answer<T: DeserializeOwned>(
    format: Format,
    answer: Value,
    human: impl FnOnce(T) -> String,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Json => format!("{answer:#}\n"),
        Format::Human => human(serde_json::from_value(answer)?),
    };
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    out.write_all(plain(&text).as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Without control characters, which could come from outside and move the cursor.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| c == '\n' || c == '\t' || !c.is_control();
    text.chars()
        .map(|c| if harmless(c) { c } else { '\u{fffd}' })
        .collect()
}

/// Rows in columns, each as wide as its widest cell; the last one as wide as it likes.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let padding = width - cell.chars().count();
            line += cell;
            line += &" ".repeat(padding + 2);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// "12 min ago", or "in 3 h".
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    let words = length(distance.abs());
    match distance.is_positive() {
        true => format!("in {words}"),
        false => format!("{words} ago"),
    }
}

/// A time of day that can be read aloud: "2026-11-23 03:04:05Z".
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn length(length: SignedDuration) -> String {
    match length.as_secs() {
        secs @ 0..120 => format!("{secs} s"),
        secs @ 120..7_200 => format!("{} min", secs / 60),
        secs @ 7_200..172_800 => format!("{} h", secs / 3_600),
        secs => format!("{} days", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_end_without_blanks() {
        let rows = [
            ["INC-3".to_string(), "é".to_string(), String::new()],
            ["INC-12".to_string(), "ab".to_string(), "x".to_string()],
        ];
        assert_eq!(columns(&rows), "INC-3   é\nINC-12  ab  x\n");
    }

    #[test]
    fn a_terminal_is_not_told_what_to_do() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{9b}"), "a\u{fffd}[2Jb\nc\u{fffd}");
    }

    #[test]
    fn distances_are_told_in_one_unit() {
        let now: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
        let told = |secs| relative(now + SignedDuration::from_secs(secs), now);
        assert_eq!(told(-119), "119 s ago");
        assert_eq!(told(-120), "2 min ago");
        assert_eq!(told(7_199), "in 119 min");
        assert_eq!(told(7_200), "in 2 h");
        assert_eq!(told(-172_800), "2 days ago");
    }
}
