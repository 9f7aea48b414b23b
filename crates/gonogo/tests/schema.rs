//! `gonogo schema`: it is itself valid, says everything that editors show, takes what loads and
//! refuses what does not.

#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gonogo_model::PackageText;
use gonogo_model::text::FileNo;
use gonogo_model::yaml::{self, Node};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use support::Sandbox;

fn schema(of: &[&str]) -> Value {
    let said = Sandbox::empty().run(&[&["schema"], of].concat());
    let document = said.strip_prefix("exit 0\n--- stdout\n").expect("a schema");
    serde_json::from_str(document).expect("it is JSON")
}

fn validator(of: &[&str]) -> Validator {
    let schema = schema(of);
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    if let Err(error) = jsonschema::meta::validate(&schema) {
        panic!(
            "{of:?}: not itself valid at {}: {error}",
            error.instance_path()
        );
    }
    jsonschema::validator_for(&schema).expect("it can be used")
}

#[test]
fn every_schema_is_valid_and_describes_every_field() {
    for of in ["package", "evidence", "runbook", "template"] {
        validator(&[of]);
        let schema = schema(&[of]);
        assert_eq!(schema["additionalProperties"], false, "{of}");
        let mut fields = 0;
        for shape in shapes(&schema) {
            for (name, field) in shape["properties"].as_object().into_iter().flatten() {
                fields += 1;
                let text = field["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{of}: `{name}` is not described");
            }
        }
        assert!(fields > 0, "{of}");
    }
}

#[test]
fn defaults_words_and_patterns_are_said() {
    let schema = schema(&[]);
    let of = |name: &str| schema["definitions"][name]["properties"].clone();
    assert_eq!(of("Check")["every"]["default"], "1m");
    assert_eq!(of("Component")["tier"]["default"], 2);
    assert_eq!(of("Dependency")["kind"]["default"], "hard");
    assert_eq!(of("FlowSlow")["quantile"]["default"], "95%");
    let kinds = &of("Component")["kind"];
    assert_eq!(kinds["enum"][0], "service");
    assert_eq!(
        kinds["enumDescriptions"][0],
        "Something that answers requests."
    );
    assert_eq!(of("Component")["id"]["pattern"], "^[a-z0-9][a-z0-9._-]*$");
    let required = schema["definitions"]["Component"]["required"].clone();
    assert_eq!(required, json!(["id", "name", "kind", "team"]));
}

#[test]
fn every_file_that_ships_is_taken() {
    let package = validator(&[]);
    let mut files = 0;
    for (path, text) in yaml_files(&root().join("packages")) {
        assert_eq!(mistakes(&package, &text), [""; 0], "{path}");
        files += 1;
        let first = text.lines().next().unwrap_or_default();
        let schema = first.strip_prefix("# yaml-language-server: $schema=");
        let schema = schema.unwrap_or_else(|| panic!("{path} does not name its schema"));
        let folder = root().join("packages").join(&path);
        let schema = folder.parent().expect("a folder").join(schema);
        let schema = schema
            .canonicalize()
            .unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(schema.ends_with("packages/gonogo.schema.json"), "{path}");
    }
    assert!(files > 10);
}

/// INSTA_UPDATE=always writes it, as it does snapshots.
#[test]
fn the_schema_that_ships_is_fresh() {
    let shipped = root().join("packages/gonogo.schema.json");
    let said = Sandbox::empty().run(&["schema"]);
    let fresh = said.strip_prefix("exit 0\n--- stdout\n").expect("a schema");
    if std::env::var("INSTA_UPDATE").is_ok_and(|set| set == "always") {
        fs::write(&shipped, fresh).expect("the schema is written");
    }
    let found = fs::read_to_string(&shipped).unwrap_or_default();
    assert!(found == fresh, "run the tests with INSTA_UPDATE=always");
}

/// The cases of the rules are packages that load: the schema may not refuse any file of them.
#[test]
fn nothing_that_loads_is_refused() {
    let package = validator(&[]);
    let evidence = validator(&["evidence"]);
    let mut taken = 0;
    for (name, text) in archives("rules") {
        let shape = |d: &gonogo_model::Diagnostic| d.code != "unknown-reference";
        if gonogo_model::load(&text).diagnostics.iter().any(shape) {
            continue;
        }
        for (path, content) in &text.files {
            if path.ends_with(".yaml") && !path.contains(".schema") {
                let validator = match path.starts_with("evidence/") {
                    true => &evidence,
                    false => &package,
                };
                assert_eq!(mistakes(validator, content), [""; 0], "{name}: {path}");
                taken += 1;
            }
        }
    }
    assert!(taken > 20, "only {taken} files were looked at");
}

#[test]
fn what_does_not_load_is_refused() {
    let package = validator(&[]);
    let component =
        |line: &str| format!("components:\n  - {{id: a, name: A, kind: tool, team: t, {line}}}\n");
    let check = |line: &str| format!("checks:\n  - {{id: a, name: A, component: a, {line}}}\n");
    let http = "probe: {http: {url: x}}";
    let broken = [
        "componets: []\n".to_string(),
        "components: {a: b}\n".into(),
        "components:\n  - {id: a, name: A, kind: tool}\n".into(),
        component("teir: 1"),
        component("tier: 300"),
        component("tier: one"),
        component("depends_on: [{component: b, kind: hrad}]"),
        component("depends_on: {component: b}"),
        component("rollback: {trigger: t, decider: d, budget: ten minutes, command: c}"),
        component("").replace("id: a", "id: Not An Id"),
        component("").replace("kind: tool", "kind: too"),
        check("probe: {http: {url: x}, tls: {host: y}}"),
        check("probe: {icmp: {host: y}}"),
        check("probe: {}"),
        check(&format!("{http}, every: 5")),
        check(&format!("{http}, every: 5 minutes")),
        check("probe: {http: {url: '${nv:X}'}}"),
        check("probe: {http: {url: x, status: [200, ok]}}"),
        "sources:\n  - {id: a, name: A, kind: stripe, secrets: [whsec_abc]}\n".into(),
        "slos:\n  - {id: a, name: A, sli: {check: c}, target: lots}\n".into(),
        "schedules:\n  - {id: a, name: A, time_zone: UTC, rotation: {starts: 2026-01-05T09:00Z, members: []}}\n".into(),
        "people:\n  - {id: a, name: A, placeholder: maybe}\n".into(),
        "package: {format: 1, id: a, name: A, operators: b, launch: {at: tomorrow, director: d}}\n".into(),
    ];
    for text in &broken {
        assert!(
            !mistakes(&package, text).is_empty(),
            "this is taken:\n{text}"
        );
        let mut whole = PackageText::default();
        whole.files.insert("a.yaml".into(), text.clone());
        let codes: Vec<&str> = gonogo_model::load(&whole)
            .diagnostics
            .iter()
            .map(|d| d.code)
            .filter(|code| !["no-package", "unknown-reference"].contains(code))
            .collect();
        assert!(!codes.is_empty(), "gonogo itself takes this:\n{text}");
    }
    assert_eq!(mistakes(&package, &check(http)), [""; 0]);
    assert_eq!(mistakes(&package, &component("tier: 1")), [""; 0]);
    assert_eq!(mistakes(&package, "components:\npeople:\n"), [""; 0]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every object shape of a schema, wherever it stands.
fn shapes(schema: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if map.get("properties").is_some_and(Value::is_object) {
                    found.push(value);
                }
                open.extend(map.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

fn yaml_files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a folder is listed") {
            let path = entry.expect("an entry is read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                let inside = path.strip_prefix(folder).expect("inside").to_string_lossy();
                found.insert(
                    inside.into_owned(),
                    fs::read_to_string(&path).expect("text"),
                );
            }
        }
    }
    found
}

/// The base package of the readiness tests with each archive of a folder put over it.
fn archives(folder: &str) -> Vec<(String, PackageText)> {
    let tests = root().join("crates/gonogo-readiness/tests");
    let base = yaml_files(&tests.join("base"));
    let mut found = Vec::new();
    for entry in fs::read_dir(tests.join(folder)).expect("a folder is listed") {
        let path = entry.expect("an entry is read").path();
        let archive = fs::read_to_string(&path).expect("an archive is text");
        let mut text = PackageText {
            files: base.clone(),
        };
        let mut current = None;
        for line in archive.split_inclusive('\n') {
            let file = line.trim_end().strip_prefix("-- ");
            if let Some(file) = file.and_then(|f| f.strip_suffix(" --")) {
                text.files.insert(file.into(), String::new());
                current = Some(file.to_string());
            } else if let Some(file) = &current {
                text.files.entry(file.clone()).or_default().push_str(line);
            }
        }
        found.push((path.display().to_string(), text));
    }
    found
}

/// What the schema says is wrong with a file.
fn mistakes(validator: &Validator, text: &str) -> Vec<String> {
    let mut unread = Vec::new();
    let node = yaml::parse(text, FileNo(0), 1, &mut unread);
    assert!(unread.is_empty(), "{unread:?}");
    let value = node.map_or(json!({}), |node| json_of(&node));
    validator
        .iter_errors(&value)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

/// A tree as an editor sees it: scalars without quotes by YAML's core schema.
fn json_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Scalar { text, quoted: true } => json!(text),
        yaml::Value::Scalar { text, .. } => match text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            plain => match (plain.parse::<i64>(), plain.parse::<f64>()) {
                (Ok(whole), _) => json!(whole),
                (_, Ok(number)) if number.is_finite() => json!(number),
                _ => json!(plain),
            },
        },
        yaml::Value::List(items) => items.iter().map(json_of).collect(),
        yaml::Value::Map(entries) => {
            let each = entries
                .iter()
                .map(|e| (e.key.value.clone(), json_of(&e.value)));
            Value::Object(each.collect::<Map<String, Value>>())
        }
    }
}
