//! Any text as a condition over any event: it is read or refused, and decided the same twice.
#![no_main]

use gonogo_engine::expression::decide;
use gonogo_model::Id;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::expression::Where;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<(String, i64, String, u8)>)| {
    let (text, fields) = input;
    let Ok(asked) = Where::parse(text) else {
        return;
    };
    // The fields that it asks for come first, so that values meet it.
    let asked_for = asked.fields().into_iter().map(str::to_owned);
    let names: Vec<String> = asked_for.collect();
    let fields = fields.into_iter().enumerate().map(|(at, (name, number, text, kind))| {
        let value = match kind % 4 {
            0 => Scalar::Null,
            1 => Scalar::Bool(number % 2 == 0),
            2 => Scalar::Int(number),
            _ => Scalar::Text(text),
        };
        (names.get(at).cloned().unwrap_or(name), value)
    });
    let event = Event {
        source: Id::from_static("fuzz"),
        id: "1".into(),
        kind: "fuzz".into(),
        subject: None,
        time: jiff::Timestamp::UNIX_EPOCH,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        fields: fields.collect(),
    };
    let said = |asked: &Where| decide(asked, &event).map_err(|why| why.to_string());
    assert_eq!(said(&asked), said(&asked.clone()), "an event is decided once");
    let mut wished = event.clone();
    wished.fields = asked.wish(true);
    let _ = decide(&asked, &wished);
});
