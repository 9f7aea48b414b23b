//! Evidence records and exceptions as text: the YAML of a package's files, and JSON.
//!
//! What is written here is read back by the loader to the same record.

use std::fmt::Write as _;

use gonogo_model::evidence::{Evidence, Exception};
use serde_json::{Map, Value, json};

/// A record as the JSON of the API. JSON is YAML, so the loader reads it, too.
pub fn value(record: &Evidence) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.into(), value);
        }
    };
    set("criterion", json!(record.criterion.value));
    set("subject", json!(record.subject.value.to_string()));
    set("result", json!(record.result));
    set("method", json!(record.method));
    set("observed_at", json!(record.observed_at.0));
    set("ttl", json!(record.ttl.map(|t| t.to_string())));
    set("covers", json!(record.covers));
    set("package_digest", json!(record.package_digest));
    set("actor", json!(record.actor));
    set("reviewer", json!(record.reviewer));
    set("limitations", json!(record.limitations));
    set("note", json!(record.note));
    set("took", json!(record.took.map(|t| t.to_string())));
    set("lost", json!(record.lost.map(|t| t.to_string())));
    set("measured", json!(record.measured));
    if !record.tried.is_empty() {
        set("tried", json!(record.tried));
    }
    if !record.steps.is_empty() {
        set("steps", json!(record.steps));
    }
    Value::Object(fields)
}

/// An exception as the JSON of the API.
pub fn exception_value(e: &Exception) -> Value {
    json!({
        "id": e.id.value,
        "criterion": e.criterion.value,
        "subject": e.subject.value.to_string(),
        "reason": e.reason,
        "compensating_control": e.compensating_control,
        "control_tested_at": e.control_tested_at.0,
        "owner": e.owner.id,
        "signed_by": e.signed_by.id,
        "countersigned_by": e.countersigned_by.id,
        "signed_at": e.signed_at.0,
        "until": e.until.0,
        "covers": e.covers,
    })
}

/// A record as an item of a file's `evidence` list.
pub fn yaml(record: &Evidence) -> String {
    item(&value(record))
}

/// An exception as an item of a file's `exceptions` list.
pub fn exception_yaml(exception: &Exception) -> String {
    item(&exception_value(exception))
}

/// A mapping as an item of a list, two spaces in. Scalars are written as JSON strings, which
/// YAML reads the same, where they are anything but plain words.
fn item(value: &Value) -> String {
    let mut out = String::new();
    let Value::Object(fields) = value else {
        return out;
    };
    // The order in which a person reads them, and not the alphabet's.
    let order = [
        "id",
        "criterion",
        "subject",
        "result",
        "method",
        "reason",
        "compensating_control",
        "control_tested_at",
        "owner",
        "observed_at",
        "ttl",
        "actor",
        "reviewer",
        "signed_by",
        "countersigned_by",
        "signed_at",
        "until",
        "note",
        "took",
        "lost",
        "measured",
        "tried",
        "steps",
        "limitations",
        "package_digest",
        "covers",
    ];
    for (name, value) in order.iter().filter_map(|name| fields.get_key_value(*name)) {
        let dash = if out.is_empty() { "- " } else { "  " };
        let _ = match value {
            Value::Object(map) if map.is_empty() => writeln!(out, "  {dash}{name}: {{}}"),
            Value::Object(map) => {
                let lines = map
                    .iter()
                    .map(|(k, v)| format!("      {k}: {}\n", scalar(v)));
                write!(out, "  {dash}{name}:\n{}", lines.collect::<String>())
            }
            other => writeln!(out, "  {dash}{name}: {}", scalar(other)),
        };
    }
    out
}

fn scalar(value: &Value) -> String {
    let Value::String(text) = value else {
        return value.to_string();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    let word = !text.is_empty()
        && text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(':')
        && !matches!(&**text, "true" | "false" | "null" | "yes" | "no");
    match word {
        true => text.clone(),
        false => Value::String(text.clone()).to_string(),
    }
}
