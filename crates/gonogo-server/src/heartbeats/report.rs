//! What a job says, read from a query and a short body.
//!
//! Invariant: whatever comes in, the report that is written down has a bounded size.

use gonogo_engine::Time;
use gonogo_engine::input::{Beat, BeatKind};
use gonogo_model::{Duration, Id};

/// The largest body that is read.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Characters kept of what a job says.
pub const NOTE_CHARS_MAX: usize = 500;
/// The longest name of a run.
pub const RUN_BYTES_MAX: usize = 64;
/// The longest time that a run can be said to have taken.
const TOOK_MAX_MILLIS: i64 = 366 * 24 * 3_600_000;

/// Reads a report. The error is a sentence for the sender.
pub(super) fn beat(
    check: Id,
    kind: BeatKind,
    at: Time,
    query: &str,
    body: &[u8],
) -> Result<Beat, &'static str> {
    let mut beat = Beat {
        check,
        at,
        kind,
        run: None,
        took: None,
        exit: None,
        note: note(&String::from_utf8_lossy(body)),
    };
    for (name, value) in form_urlencoded(query) {
        match name.as_str() {
            "duration" => {
                beat.took =
                    Some(took(&value).ok_or("`duration` is not a time: write 12s or 1.5.")?);
            }
            "exit" => {
                let code = value.parse().ok().filter(|c| (-255..=255).contains(c));
                beat.exit = Some(code.ok_or("`exit` is not an exit code.")?);
            }
            "run" => {
                let plain = value.bytes().all(|b| b.is_ascii_graphic());
                if value.is_empty() || value.len() > RUN_BYTES_MAX || !plain {
                    return Err("`run` is 1 to 64 printable characters without spaces.");
                }
                beat.run = Some(value);
            }
            "note" if beat.note.is_empty() => beat.note = note(&value),
            "note" => {}
            _ => return Err("it knows duration, exit, run and note."),
        }
    }
    Ok(beat)
}

fn form_urlencoded(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://job/?{query}"));
    url.map(|url| {
        let pairs = url.query_pairs();
        pairs
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect()
    })
    .unwrap_or_default()
}

/// `90s`, `1500ms`, `2m`, or seconds as `$SECONDS` and `time` print them.
fn took(text: &str) -> Option<Duration> {
    let length = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            // A year in milliseconds is far below what a float holds exactly.
            Duration::from_millis((seconds * 1000.0).min(TOOK_MAX_MILLIS as f64 + 1.0) as i64)
        }
        Ok(_) => return None,
        Err(_) => Duration::parse(text).ok()?,
    };
    (0..=TOOK_MAX_MILLIS)
        .contains(&length.as_millis())
        .then_some(length)
}

/// Text on one line, printable and short.
fn note(text: &str) -> String {
    let clean = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = clean.chars().filter(|c| !c.is_control());
    let mut kept: String = clean.clone().take(NOTE_CHARS_MAX).collect();
    if clean.clone().nth(NOTE_CHARS_MAX).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, body: &str) -> Result<Beat, &'static str> {
        let at = Time::from_millis(7);
        beat(
            Id::from_static("job"),
            BeatKind::Success,
            at,
            query,
            body.as_bytes(),
        )
    }

    #[test]
    fn lengths_are_read_as_jobs_write_them() {
        for (text, millis) in [
            ("90s", 90_000),
            ("1500ms", 1500),
            ("2m", 120_000),
            ("12", 12_000),
            ("1.5", 1500),
            ("0", 0),
        ] {
            let took = read(&format!("duration={text}"), "").unwrap().took;
            assert_eq!(took.map(Duration::as_millis), Some(millis), "{text}");
        }
        for bad in ["", "-1", "soon", "inf", "NaN", "1e300", "-5s"] {
            assert!(read(&format!("duration={bad}"), "").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_comes_in() {
        let long = "x".repeat(BODY_BYTES_MAX);
        let kept = read("", &long).unwrap().note;
        assert_eq!(kept.chars().count(), NOTE_CHARS_MAX + 1);
        let exact = "y".repeat(NOTE_CHARS_MAX);
        assert_eq!(read("", &exact).unwrap().note, exact);
        let kept = read("", "one\r\ntwo\u{7}\u{0}three").unwrap().note;
        assert_eq!(kept, "one twothree");
        let run = "r".repeat(RUN_BYTES_MAX);
        assert_eq!(
            read(&format!("run={run}"), "").unwrap().run,
            Some(run.clone())
        );
        assert!(read(&format!("run={run}r"), "").is_err());
        for bad in [
            "run=",
            "run=a%20b",
            "run=%C3%A4",
            "exit=300",
            "exit=x",
            "other=1",
        ] {
            assert!(read(bad, "").is_err(), "{bad}");
        }
        assert_eq!(read("exit=-1&note=a+b", "").unwrap().exit, Some(-1));
        assert_eq!(
            read("note=a+b", "the body goes first").unwrap().note,
            "the body goes first"
        );
    }
}
