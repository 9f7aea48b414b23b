//! Which crate may depend on which, and what the pure crates never pull in.
//!
//! `gonogo → server → {readiness ∥ engine} → model`. The model, the readiness rules and the engine
//! decide; nothing in their trees can reach the network, a database, a clock's timer or a source of
//! luck, and that is what makes a rehearsal prove something about production.

use crate::assert_none;
use crate::source::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const PURE: [&str; 3] = ["gonogo-model", "gonogo-readiness", "gonogo-engine"];

const NEVER_IN_PURE: [&str; 17] = [
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "lettre",
    "mio",
    "rand",
    "reqwest",
    "ring",
    "aws-lc-rs",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-postgres",
];

/// Every crate of the workspace, and the crates of the workspace that it may use.
const ARROWS: [(&str, &[&str]); 6] = [
    ("gonogo-model", &[]),
    ("gonogo-readiness", &["gonogo-model"]),
    ("gonogo-engine", &["gonogo-model"]),
    (
        "gonogo-server",
        &["gonogo-engine", "gonogo-model", "gonogo-readiness"],
    ),
    (
        "gonogo",
        &[
            "gonogo-engine",
            "gonogo-model",
            "gonogo-readiness",
            "gonogo-server",
        ],
    ),
    ("xtask", &[]),
];

#[test]
fn the_pure_crates_reach_nothing_of_the_world() {
    let graph = Graph::of_workspace();
    assert!(
        graph.tree("gonogo-server").contains_key("tokio"),
        "the server's tree shows that a banned crate would be seen"
    );
    let mut violations = Vec::new();
    for krate in PURE {
        let tree = graph.tree(krate);
        for banned in NEVER_IN_PURE {
            if tree.contains_key(banned) {
                violations.push(path_to(&tree, banned));
            }
        }
    }
    assert_none(
        &violations,
        "A pure crate pulls in the world. Move what needs it into gonogo-server, or turn off the \
         feature that brings it:",
    );
}

#[test]
fn the_arrows_between_our_crates_point_one_way() {
    let graph = Graph::of_workspace();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(krate, _)| *krate).collect();
    let members: BTreeSet<&str> = graph.members.iter().map(String::as_str).collect();
    assert_eq!(
        members, known,
        "A crate was added or removed: say in ARROWS what it may depend on."
    );
    let mut violations = Vec::new();
    for (krate, allowed) in ARROWS {
        for used in &graph.of_any_kind[krate] {
            if known.contains(used.as_str()) && !allowed.contains(&used.as_str()) {
                violations.push(format!("{krate} → {used}"));
            }
        }
    }
    assert_none(
        &violations,
        "These dependencies point the wrong way. Pass the value in as an argument, or move the \
         type down to gonogo-model:",
    );
}

/// Who depends on whom, by name: two versions of a crate are one node, which can only make the
/// tests stricter.
struct Graph {
    members: BTreeSet<String>,
    normal: BTreeMap<String, BTreeSet<String>>,
    of_any_kind: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn of_workspace() -> Self {
        // For this platform only: what others need may never have been downloaded here.
        let output = Command::new(env!("CARGO"))
            .current_dir(root())
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", "host-tuple"])
            .output()
            .expect("cargo runs");
        assert!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
        Graph::from_metadata(&metadata)
    }

    fn from_metadata(metadata: &Value) -> Self {
        let names: BTreeMap<&str, &str> = array(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let mut graph = Graph {
            members: array(&metadata["workspace_members"])
                .iter()
                .map(|id| names[text(id)].to_owned())
                .collect(),
            normal: BTreeMap::new(),
            of_any_kind: BTreeMap::new(),
        };
        for node in array(&metadata["resolve"]["nodes"]) {
            let name = names[text(&node["id"])];
            let normal = graph.normal.entry(name.to_owned()).or_default();
            let of_any_kind = graph.of_any_kind.entry(name.to_owned()).or_default();
            for used in array(&node["deps"]) {
                let used_name = names[text(&used["pkg"])].to_owned();
                if array(&used["dep_kinds"])
                    .iter()
                    .any(|kind| kind["kind"].is_null())
                {
                    normal.insert(used_name.clone());
                }
                of_any_kind.insert(used_name);
            }
        }
        graph
    }

    /// Everything that `krate` links, each with the one that first brought it.
    fn tree(&self, krate: &str) -> BTreeMap<String, String> {
        let mut brought_by = BTreeMap::from([(krate.to_owned(), String::new())]);
        let mut open = vec![krate.to_owned()];
        while let Some(user) = open.pop() {
            for used in &self.normal[&user] {
                if !brought_by.contains_key(used) {
                    brought_by.insert(used.clone(), user.clone());
                    open.push(used.clone());
                }
            }
        }
        brought_by
    }
}

fn path_to(tree: &BTreeMap<String, String>, krate: &str) -> String {
    let mut path = vec![krate];
    while let Some(user) = tree
        .get(path[path.len() - 1])
        .filter(|user| !user.is_empty())
    {
        path.push(user);
    }
    path.reverse();
    path.join(" → ")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array in cargo metadata")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string in cargo metadata")
}

#[test]
fn a_banned_crate_is_shown_with_the_way_it_came() {
    let tree = Graph::from_metadata(&serde_json::json!({
        "packages": [
            {"id": "1", "name": "a"}, {"id": "2", "name": "b"},
            {"id": "3", "name": "tokio"}, {"id": "4", "name": "only-in-tests"},
        ],
        "workspace_members": ["1"],
        "resolve": {"nodes": [
            {"id": "1", "deps": [
                {"pkg": "2", "dep_kinds": [{"kind": null}]},
                {"pkg": "4", "dep_kinds": [{"kind": "dev"}]},
            ]},
            {"id": "2", "deps": [{"pkg": "3", "dep_kinds": [{"kind": null}]}]},
            {"id": "3", "deps": []},
            {"id": "4", "deps": []},
        ]},
    }))
    .tree("a");
    assert_eq!(path_to(&tree, "tokio"), "a → b → tokio");
    assert!(!tree.contains_key("only-in-tests"));
}
