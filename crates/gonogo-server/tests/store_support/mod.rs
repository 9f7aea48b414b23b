//! What the tests of the store share: terse inputs and steps.
#![allow(dead_code)]

use gonogo_server::store::{
    AppendBatch, Appended, Dedup, HistoryRow, InputRange, Lane, NewInput, OutboxRow, Step, Store,
};

/// A Tuesday in November 2026.
pub const NOW_MS: i64 = 1_795_500_000_000;
pub const DAY_MS: i64 = 86_400_000;

pub fn input(text: &str) -> NewInput {
    NewInput {
        kind: "test.event".into(),
        received_at_ms: NOW_MS,
        schema: 1,
        body: text.as_bytes().to_vec(),
        dedup: None,
        raw: None,
    }
}

/// An input whose text is also its provider's event id.
pub fn keyed(source: &str, text: &str) -> NewInput {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    let dedup = Some(Dedup {
        source: source.into(),
        key,
        keep_days: 3,
    });
    NewInput {
        dedup,
        ..input(text)
    }
}

pub fn world(inputs: Vec<NewInput>) -> AppendBatch {
    AppendBatch {
        lane: Lane::World,
        inputs,
    }
}

pub fn append(store: &Store, text: &str) -> i64 {
    store.append(world(vec![input(text)])).wait().unwrap()[0].seq()
}

pub fn appended(seq: i64) -> Appended {
    Appended::Appended { seq }
}

pub fn duplicate(seq: i64) -> Appended {
    Appended::Duplicate { seq }
}

pub fn tick(no: i64) -> Step {
    Step {
        no,
        epoch: 0,
        now_ns: NOW_MS * 1_000_000 + no,
        inputs: None,
        engine_version: "engine-1".into(),
        outbox: Vec::new(),
        cancels: Vec::new(),
        history: Vec::new(),
    }
}

pub fn step(no: i64, first_seq: i64, last_seq: i64) -> Step {
    let inputs = Some(InputRange {
        lane: Lane::World,
        first_seq,
        last_seq,
    });
    Step { inputs, ..tick(no) }
}

pub fn effect(id: &str) -> OutboxRow {
    OutboxRow {
        effect_id: id.into(),
        kind: "notify".into(),
        incident: Some("inc-1".into()),
        body: format!("page for {id}").into_bytes(),
        not_before_ms: NOW_MS,
    }
}

pub fn line(id: &str) -> HistoryRow {
    HistoryRow {
        id: id.into(),
        incident: Some("inc-1".into()),
        at_ms: NOW_MS,
        kind: "paged".into(),
        actor: "engine".into(),
        text: format!("line {id}"),
        json: "{}".into(),
    }
}
