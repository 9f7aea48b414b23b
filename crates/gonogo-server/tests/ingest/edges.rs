//! The edges of every format: sizes, ids, times and numbers, one table over all of them.
//!
//! What verified is never lost: beyond an edge it is a dead letter, or refused with a code
//! that the sender can act on.

use std::fmt::Write as _;

use gonogo_server::ingest::{Accepted, MAX_HEADER_BYTES, MAX_HEADERS, MAX_TEXT_BYTES};
use serde_json::{Value, json};

use crate::Post;
use crate::formats::{FORMATS, Format};

/// What came of it: the time that is kept, and what was odd.
fn time_of(post: &Post) -> String {
    match post.accept() {
        Ok(Accepted::Events(events)) => {
            let notes = events[0].notes.iter().map(|note| note.as_str());
            let notes = notes.filter(|note| *note != "unknown_value");
            let time = events[0].event.time.to_string();
            std::iter::once(time.as_str())
                .chain(notes)
                .collect::<Vec<_>>()
                .join(" ")
        }
        Ok(Accepted::Alerts {
            external,
            dead: None,
        }) => {
            let alert = &external.alerts[0];
            format!("{} {:?}", alert.starts_at, alert.said)
        }
        _ => post.outcome(),
    }
}

/// Taken, put aside, or refused with a code that is documented for it.
fn not_lost(post: &Post, allowed: &[&str]) {
    match post.accept() {
        Ok(Accepted::Events(events)) => assert!(!events.is_empty()),
        Ok(Accepted::Alerts { external, dead }) => {
            assert!(!external.alerts.is_empty() || dead.is_some());
        }
        Ok(Accepted::DeadLetter(_) | Accepted::Partial { .. }) => {}
        Ok(Accepted::Nothing { why }) => panic!("passed over: {why}"),
        Err(reject) => assert!(allowed.contains(&reject.code.as_str()), "{reject:?}"),
    }
}

#[test]
fn every_format_is_taken_as_it_is_sent() {
    for format in &FORMATS {
        let taken = format.sent().accept();
        assert!(
            matches!(taken, Ok(Accepted::Events(_) | Accepted::Alerts { .. })),
            "{}: {taken:?}",
            format.name
        );
    }
}

#[test]
fn the_body_and_the_headers_at_their_limits() {
    for format in &FORMATS {
        let mut post = format.sent();
        let taken = post.outcome();
        post.settings.max_body_bytes = post.body.len();
        assert_eq!(post.outcome(), taken, "{}", format.name);
        post.settings.max_body_bytes -= 1;
        assert_eq!(post.outcome(), "413 body_too_large", "{}", format.name);

        let mut post = format.sent();
        let used = post.headers.iter();
        let used: usize = used.map(|(k, v)| k.as_str().len() + v.len()).sum();
        let mut fill = "a".repeat(MAX_HEADER_BYTES - used - "x-fill".len());
        post.headers.insert("x-fill", fill.parse().unwrap());
        assert_eq!(post.outcome(), taken, "{}", format.name);
        fill.push('a');
        post.headers.insert("x-fill", fill.parse().unwrap());
        assert_eq!(post.outcome(), "431 headers_too_large", "{}", format.name);

        let mut post = format.sent();
        while post.headers.len() < MAX_HEADERS {
            post = post.with("x-fill", "1");
        }
        assert_eq!(post.outcome(), taken, "{}", format.name);
        let post = post.with("x-fill", "1");
        assert_eq!(post.outcome(), "431 headers_too_large", "{}", format.name);
    }
}

#[test]
fn times() {
    const TIMES: [(&str, &str); 16] = [
        ("an offset to the east", "2026-03-02T08:29:00+05:30"),
        ("an offset to the west", "2026-03-01T16:59:00-10:00"),
        ("nanoseconds", "2026-03-02T02:59:00.123456789Z"),
        ("a leap second", "2016-12-31T23:59:60Z"),
        ("a second 61", "2026-03-02T02:59:61Z"),
        ("29 February without one", "2026-02-29T00:00:00Z"),
        ("midnight as 24", "2026-03-01T24:00:00Z"),
        ("without a zone", "2026-03-02T02:59:00"),
        ("before 2000", "1999-12-31T23:59:59Z"),
        ("before 1970", "1969-12-31T23:59:59Z"),
        ("the year 1", "0001-01-01T00:00:00Z"),
        ("a year before that", "-000001-01-01T00:00:00Z"),
        ("next year", "2027-03-02T02:59:00Z"),
        ("the last second of 9999", "9999-12-31T23:59:59Z"),
        ("the year 10000", "10000-01-01T00:00:00Z"),
        ("nothing", ""),
    ];
    let mut told = String::new();
    for format in FORMATS.iter().filter(|f| !in_seconds(f)) {
        writeln!(told, "# {}", format.name).unwrap();
        for (case, time) in TIMES {
            let post = format.with(&[(format.time, &json!(time))]);
            not_lost(&post, &["timestamp_too_old"]);
            writeln!(told, "{case}: {}", time_of(&post)).unwrap();
        }
        let post = format.with(&[(format.time, &Value::Null)]);
        not_lost(&post, &[]);
        writeln!(told, "missing: {}", time_of(&post)).unwrap();
    }
    insta::assert_snapshot!(told);
}

fn in_seconds(format: &Format) -> bool {
    matches!(format.name, "stripe, snapshot" | "cloud monitoring")
}

#[test]
fn times_in_seconds() {
    let mut told = String::new();
    for format in FORMATS.iter().filter(|f| in_seconds(f)) {
        writeln!(told, "# {}", format.name).unwrap();
        for time in [
            json!(0),
            json!(-1),
            json!(1_772_420_340),
            json!(1_772_420_340.5),
            json!(1_772_420_340_000_i64),
            json!(253_402_300_799_i64),
            json!(253_402_300_800_i64),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!("1772420340"),
            json!(true),
            Value::Null,
        ] {
            let post = format.with(&[(format.time, &time)]);
            not_lost(&post, &[]);
            writeln!(told, "{time}: {}", time_of(&post)).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn ids() {
    let of = |length: usize| json!("i".repeat(length));
    let mut told = String::new();
    for format in &FORMATS {
        let with = |id: &Value| {
            let post = format.with(&[(format.id, id)]);
            // A header that is not there is told to the sender where it carries the proof.
            not_lost(&post, &["signature_missing", "signature_malformed"]);
            post.outcome()
        };
        writeln!(told, "# {}", format.name).unwrap();
        for (case, id) in [
            ("missing", Value::Null),
            ("empty", json!("")),
            ("one byte", of(1)),
            ("PagerDuty's longest", of(255)),
            ("one more", of(256)),
            ("the longest of an event", of(MAX_TEXT_BYTES)),
            ("one byte more", of(MAX_TEXT_BYTES + 1)),
            ("the longest of a label", of(4096)),
            ("one byte more", of(4097)),
        ] {
            writeln!(told, "{case}: {}", with(&id)).unwrap();
        }
        if format.id.starts_with('/') {
            for (case, id) in [
                ("a number", json!(7)),
                ("a control character", json!("a\u{0}b")),
                ("a line break", json!("a\nb")),
            ] {
                writeln!(told, "{case}: {}", with(&id)).unwrap();
            }
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn numbers() {
    let mut told = String::new();
    for number in [
        "0",
        "-0",
        "-9223372036854775808",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "0.1",
        "1e3",
        "4.9406564584124654e-324",
        "1.7976931348623157e308",
        "1e309",
        "-1e400",
        "NaN",
        "01",
        &"9".repeat(400),
    ] {
        // Wherever it is kept, it is kept as the same.
        let mut kept: Vec<(String, &str)> = Vec::new();
        for format in &FORMATS {
            let Some(post) = format.with_number(number) else {
                continue;
            };
            not_lost(&post, &["not_json"]);
            let what = match post.accept() {
                Ok(Accepted::Events(events)) => format!("{:?}", events[0].event.fields),
                // Where in the body it is differs.
                _ => post.outcome().split(": ").next().unwrap().to_owned(),
            };
            let value = what
                .split_once(": ")
                .map_or(what.clone(), |(_, v)| v.to_owned());
            kept.push((value, format.name));
        }
        writeln!(told, "# {}", &number[..number.len().min(24)]).unwrap();
        kept.sort();
        for group in kept.chunk_by(|a, b| a.0 == b.0) {
            let names: Vec<_> = group.iter().map(|(_, name)| *name).collect();
            writeln!(told, "{} [{}]", group[0].0, names.join("; ")).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_alert_that_never_ends_may_say_so() {
    let never = json!("9999-12-31T23:59:59Z");
    let format = FORMATS.iter().find(|f| f.name == "alertmanager, API");
    let post = format.unwrap().with(&[("/0/endsAt", &never)]);
    let Ok(Accepted::Alerts {
        external,
        dead: None,
    }) = post.accept()
    else {
        panic!("{}", post.outcome());
    };
    let ends = external.alerts[0].ends_at.unwrap();
    assert!(ends.to_string().starts_with("9999-12-30"), "{ends}");
}
