//! Snapshots and journals that releases wrote, and what the present engine makes of them.
//!
//! Each folder of `tests/golden/` holds what one engine version wrote: a snapshot taken while
//! incidents ran, the inputs that came after it, and the effects that they led to. Every
//! version has to restore the snapshot and fold the inputs; the version that wrote them, to
//! the very same effects. `tests/golden/README.md` says how a release adds its own.

#![expect(
    clippy::disallowed_methods,
    reason = "the fixtures are files, and whoever releases asks for new ones"
)]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gonogo_engine::engine::{ENGINE_VERSION, Engine, SNAPSHOT_SCHEMA};
use gonogo_engine::input::{DeliveryOutcome, Input, Verb};
use gonogo_engine::{Effect, Time};
use serde::{Serialize, de::DeserializeOwned};

use support::stage::Stage;
use support::{replaced, shop};

#[test]
fn what_releases_wrote_is_read_and_goes_on() {
    if is_asked_to_write() {
        write_present();
    }
    let mut folders = folders();
    folders.sort();
    assert!(
        folders.contains(&present()),
        "the rules changed with {ENGINE_VERSION}: see tests/golden/README.md"
    );
    for folder in folders {
        goes_on(&folder);
    }
}

fn goes_on(folder: &Path) {
    let snapshot = std::fs::read(folder.join("snapshot.bin")).unwrap();
    let mut engine = Engine::restore(&snapshot).unwrap();
    let mut effects: Vec<(Time, Effect)> = Vec::new();
    for (now, input) in lines::<(Time, Input)>(&folder.join("inputs.jsonl")) {
        let outcome = engine.handle(now, &input);
        effects.extend(outcome.effects.into_iter().map(|e| (now, e)));
    }
    if folder == present() {
        let expected = lines::<(Time, Effect)>(&folder.join("effects.jsonl"));
        assert_eq!(effects, expected, "{}", folder.display());
    }
}

/// An outage with everything that a snapshot keeps: open keys, calls, answers, promises.
fn write_present() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.recorded("ch_1", 1200);
    stage.charge("ch_2", 900);
    stage.deployment("run_1", "failure");
    stage.sync();
    stage.fails("region-up");
    stage.secs(90);
    stage.ack("ada", 1);
    stage.fails("edge-up");
    stage.trouble("lag", Some("decisions are late"));
    stage.secs(30);
    let snapshot = stage.engine.snapshot();
    stage.given.clear();
    stage.effects.clear();

    stage.fails("assistant-up");
    stage.delivered("cleo", DeliveryOutcome::Failed);
    stage.recorded("ch_2", 800);
    stage.charge("ch_3", 700);
    stage.fails("ledger-up");
    stage.mins(6);
    stage.ack("cleo", 1);
    let note = Verb::Note {
        incident: 1,
        text: "looking".into(),
    };
    stage.command("cleo", note);
    stage.trouble("lag", None);
    stage.reload(replaced(
        shop(),
        "name: The assistant is down",
        "name: The assistant sleeps",
    ));
    stage.mins(35);
    for check in ["region-up", "edge-up", "ledger-up"] {
        stage.works(check);
    }
    stage.mins(15);

    let folder = present();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("snapshot.bin"), snapshot).unwrap();
    std::fs::write(folder.join("inputs.jsonl"), text_of(&stage.given)).unwrap();
    std::fs::write(folder.join("effects.jsonl"), text_of(&stage.effects)).unwrap();
}

fn lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |l: &str| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"));
    text.lines().map(line).collect()
}

fn text_of<T: Serialize>(items: &[T]) -> String {
    let mut text = String::new();
    for item in items {
        let _ = writeln!(text, "{}", serde_json::to_string(item).unwrap());
    }
    text
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(golden()).unwrap();
    let paths = entries.map(|e| e.unwrap().path());
    paths.filter(|p| p.is_dir()).collect()
}

/// The folder of the present version: "engine-3-0.1.0-schema-1".
fn present() -> PathBuf {
    let version: Vec<&str> = ENGINE_VERSION.split('/').take(2).collect();
    let name = format!("engine-{}-schema-{SNAPSHOT_SCHEMA}", version.join("-"));
    golden().join(name)
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn is_asked_to_write() -> bool {
    std::env::var_os("WRITE_GOLDEN").is_some()
}
