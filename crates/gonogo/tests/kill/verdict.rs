//! Everything is accounted for, from the journal as the killed processes left it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gonogo_engine::{Effect, Engine, Input, Time};
use gonogo_server::driver::recover;
use gonogo_server::store::{Lane, OutboxFilter, OutboxState, Store};

use super::load::Sent;

pub fn account_for(dir: &Path, sent: &Sent, messages: &[(String, String)]) {
    let store = Store::open(dir.join("data")).unwrap();
    assert_eq!(store.integrity().unwrap(), [""; 0]);

    let (events, engine) = replay_from_zero(&store);
    for (id, times) in &events {
        assert_eq!(*times, 1, "{id} stands in the journal {times} times");
    }
    let missing: Vec<&String> = sent
        .acknowledged
        .iter()
        .filter(|id| !events.contains_key(*id))
        .collect();
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");

    let recovered = recover(&store).unwrap();
    assert_eq!(
        recovered.engine.state(),
        engine.state(),
        "a snapshot changes what a replay leads to"
    );

    let mut overdue: BTreeSet<(usize, String)> = BTreeSet::new();
    for (flow, state) in engine.state().flows.iter().enumerate() {
        overdue.extend(state.overdue.iter().map(|key| (flow, key.clone())));
    }
    let unnoticed: Vec<_> = sent.lost.difference(&overdue).collect();
    assert!(unnoticed.is_empty(), "never missed: {unnoticed:?}");
    assert!(
        !sent.lost.is_empty(),
        "the load lost nothing: the test shows nothing"
    );

    let arrived: BTreeMap<&String, BTreeSet<&String>> =
        messages
            .iter()
            .fold(BTreeMap::new(), |mut map, (id, title)| {
                map.entry(id).or_default().insert(title);
                map
            });
    let filter = OutboxFilter {
        limit: 1_000_000,
        ..OutboxFilter::default()
    };
    let outbox = store.outbox_list(&filter).unwrap();
    let decided: BTreeSet<&String> = outbox.iter().map(|o| &o.effect_id).collect();
    for item in &outbox {
        assert!(
            !matches!(item.state, OutboxState::Pending | OutboxState::Sending),
            "{} was never finished: {:?}",
            item.effect_id,
            item.state
        );
        if item.kind == "notify" && item.state == OutboxState::Delivered {
            assert!(
                arrived.contains_key(&item.effect_id),
                "{} is called delivered and never arrived",
                item.effect_id
            );
        }
    }
    for (id, titles) in &arrived {
        assert!(decided.contains(id), "{id} was sent and never decided");
        assert_eq!(
            titles.len(),
            1,
            "{id} was sent with different words: {titles:?}"
        );
    }
    let incidents = engine.state().incidents.len();
    let repeats = messages.len() - arrived.len();
    println!(
        "{incidents} incidents, {} messages decided, {} arrived, {repeats} of them a repeat under the same id",
        decided.len(),
        arrived.len()
    );
    assert!(arrived.len() >= incidents, "fewer messages than incidents");
    store.close().unwrap();
}

/// Folds every step from the beginning, and counts each event of the journal.
fn replay_from_zero(store: &Store) -> (BTreeMap<String, u32>, Engine) {
    let mut engine = Engine::new();
    let mut events = BTreeMap::new();
    let mut effects: BTreeMap<String, Effect> = BTreeMap::new();
    let mut step_no = 0;
    let mut seen = BTreeSet::new();
    loop {
        let steps = store.steps_after(step_no, 500).unwrap();
        let Some(last) = steps.last() else { break };
        for step in &steps {
            step_no += 1;
            assert_eq!(step.no, step_no, "a step is missing");
            let now = Time::from_millis(step.now_ns.div_euclid(1_000_000));
            let mut inputs = Vec::new();
            if let Some(range) = step.inputs {
                let mut next = range.first_seq;
                while next <= range.last_seq {
                    let some = store
                        .read_inputs_range(range.lane, next, range.last_seq)
                        .unwrap();
                    let Some(end) = some.last() else { break };
                    next = end.seq + 1;
                    for input in &some {
                        assert!(
                            seen.insert(input.seq),
                            "input {} was applied twice",
                            input.seq
                        );
                        inputs.push(serde_json::from_slice::<Input>(&input.body).unwrap());
                    }
                }
            } else {
                inputs.push(Input::Tick);
            }
            for input in &inputs {
                if let Input::Event(event) = input {
                    *events.entry(event.id.clone()).or_default() += 1;
                }
                for effect in engine.handle(now, input).effects {
                    effects.insert(effect.id().0.clone(), effect);
                }
            }
        }
        step_no = last.no;
    }
    let heads = *store.heads().borrow();
    let head = Lane::ALL
        .iter()
        .map(|lane| heads.of(*lane))
        .max()
        .unwrap_or(0);
    assert_eq!(
        seen.len() as i64,
        head,
        "the sequence has gaps, or something was never applied"
    );
    for id in effects
        .iter()
        .filter(|(_, e)| !matches!(e, Effect::Cancel(_)))
        .map(|(id, _)| id)
    {
        assert!(
            store.outbox_item(id).unwrap().is_some(),
            "{id} was decided and is not in the outbox"
        );
    }
    (events, engine)
}
