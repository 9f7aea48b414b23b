//! Copying a store that is written to, and what may come back from a copy.

mod store_support;

use std::sync::atomic::{AtomicBool, Ordering};

use gonogo_server::store::{
    MANIFEST, NewDeadLetter, NewInput, RawBody, Store, StoreError, backup, restore,
};
use jiff::Timestamp;
use store_support::*;
use tempfile::TempDir;

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW_MS).unwrap()
}

fn raw(text: &str) -> RawBody {
    RawBody {
        source: "shop".into(),
        headers_json: "{}".into(),
        body: text.as_bytes().to_vec(),
        keep_days: 7,
    }
}

fn with_raw(text: &str) -> NewInput {
    NewInput {
        raw: Some(raw(text)),
        ..input(text)
    }
}

#[test]
fn a_copy_made_while_inputs_come_in_is_of_one_moment() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path().join("data")).unwrap();
    store.append(world(vec![with_raw("first")])).wait().unwrap();
    store.commit_step(step(1, 1, 1)).wait().unwrap();
    let stop = AtomicBool::new(false);
    let copies = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut no = 1;
            while !stop.load(Ordering::Relaxed) {
                let text = format!("input {no}");
                let taken = store.append(world(vec![with_raw(&text)])).wait().unwrap();
                no += 1;
                store
                    .commit_step(step(no, taken[0].seq(), taken[0].seq()))
                    .wait()
                    .unwrap();
            }
        });
        let copies: Vec<_> = (0..5)
            .map(|n| {
                let to = dir.path().join(format!("copy-{n}"));
                let made = backup(store.dir(), &to, now(), |done, all| assert!(done <= all));
                (to, made)
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        copies
    });
    for (copy, made) in copies {
        let made = made.unwrap();
        let back = copy.with_extension("back");
        assert_eq!(restore(&copy, &back).unwrap(), made);
        let store = Store::open(&back).unwrap();
        assert_eq!(store.integrity().unwrap(), Vec::<String>::new());
        assert_eq!(store.last_step(), made.step);
        // Numbers go on where the copy ends, and a body is its own input's.
        let next = store.append(world(vec![with_raw("next")])).wait().unwrap()[0].seq();
        assert_eq!(next, made.inputs + 1);
        // What is awaited here was queued behind it.
        let letter = NewDeadLetter {
            source: "shop".into(),
            received_at_ms: NOW_MS,
            reason: "no-such-field".into(),
            detail: String::new(),
            raw: raw("letter"),
        };
        futures::executor::block_on(store.add_dead_letter(letter)).unwrap();
        let body = store.raw_of_input(next).unwrap().map(|raw| raw.body);
        assert_eq!(body.as_deref(), Some(&b"next"[..]));
        store.close().unwrap();
    }
}

#[test]
fn only_what_is_whole_and_known_comes_back() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let store = Store::open(path("data")).unwrap();
    append(&store, "x");
    store.close().unwrap();
    backup(&path("data"), &path("copy"), now(), |_, _| {}).unwrap();
    let manifest = std::fs::read_to_string(path("copy").join(MANIFEST)).unwrap();
    let refused = |change: &dyn Fn(&str) -> String| {
        std::fs::write(path("copy").join(MANIFEST), change(&manifest)).unwrap();
        restore(&path("copy"), &path("back")).unwrap_err()
    };
    let leads_out = refused(&|m| m.replace("\"raw.db\"", "\"../data/raw.db\""));
    let newer = refused(&|m| m.replace("\"format\": 1", "\"format\": 2"));
    let cut = refused(&|m| m[..m.len() / 2].to_owned());
    for error in [leads_out, newer, cut] {
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
    assert!(!path("back").exists());
    std::fs::write(path("copy").join(MANIFEST), &manifest).unwrap();
    // An empty directory, such as a disk that was just mounted, is as good as none.
    std::fs::create_dir(path("back")).unwrap();
    restore(&path("copy"), &path("back")).unwrap();
    let store = Store::open(path("back")).unwrap();
    assert!(matches!(
        restore(&path("copy"), &path("back")),
        Err(StoreError::Conflict(_))
    ));
    store.close().unwrap();
}
