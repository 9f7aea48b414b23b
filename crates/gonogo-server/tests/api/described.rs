//! Every answer that any test here gets is held against `/api/openapi.json`.

use gonogo_server::api::{OPENAPI, addresses};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::server::{Answer, Server};

/// Fails the test if an answer is not as it is described. Addresses that are not described are
/// those of tests about wrong addresses.
pub fn held_against_the_description(method: &Method, path: &str, answer: &Answer) {
    let document = document();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let method = method.as_str().to_lowercase();
    let described = document["paths"].as_object().unwrap();
    let matching = described.iter().find(|(pattern, _)| matches(pattern, path));
    let Some(operation) = matching.and_then(|(_, methods)| methods.get(&method)) else {
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = &operation["responses"][&status];
    assert!(
        !response.is_null(),
        "{method} {path} answers {status}, which is not described"
    );
    let response = followed(&document, response);
    let schema = &response["content"]["application/json"]["schema"];
    let faults = faults(&document, schema, &answer.json(), "$");
    assert!(
        faults.is_empty(),
        "{method} {path} {status}: {faults:#?}\n{}",
        answer.text
    );
}

#[test]
fn what_is_served_is_described_and_the_other_way_round() {
    let document = document();
    let mut described = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.push((method.clone(), path.clone()));
        }
    }
    let mut served: Vec<_> = addresses()
        .into_iter()
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    described.sort();
    served.sort();
    assert_eq!(served, described);
}

#[test]
fn every_pointer_points_to_something_and_everything_is_pointed_to() {
    let document = document();
    let text = document.to_string();
    for part in ["schemas", "responses"] {
        for name in document["components"][part].as_object().unwrap().keys() {
            let pointer = format!("\"#/components/{part}/{name}\"");
            assert!(text.contains(&pointer), "nothing points to {pointer}");
        }
    }
    for pointer in text.split("\"$ref\":\"#").skip(1) {
        let pointer = pointer.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn a_wrong_answer_would_be_noticed() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/Named"});
    let found = |value: Value| faults(&document, &schema, &value, "$").len();
    assert_eq!(found(json!({"id": "a", "name": "A"})), 0);
    assert_eq!(found(json!({"id": "a"})), 1, "missing");
    assert_eq!(found(json!({"id": 1, "name": "A"})), 1, "of another type");
    assert_eq!(
        found(json!({"id": "a", "name": "A", "more": 1})),
        1,
        "not described"
    );
    assert_eq!(found(json!(null)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_open_to_all() {
    let server = Server::start().await;
    let answer = server
        .send(Method::GET, "/api/openapi.json", None, None)
        .await;
    assert_eq!(answer.ok(), document());
    assert_eq!(answer.headers["content-type"], "application/json");
    server.stop().await;
}

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('/'), path.split('/'));
    pattern.clone().count() == path.clone().count()
        && pattern.zip(path).all(|(p, s)| p == s || p.starts_with('{'))
}

fn followed<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// What of a value is not as a schema says, properties that it does not name included.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = followed(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let tried: Vec<_> = choices
            .iter()
            .map(|s| faults(document, s, value, at))
            .collect();
        return match tried.iter().any(Vec::is_empty) {
            true => Vec::new(),
            false => tried.into_iter().min_by_key(Vec::len).unwrap(),
        };
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec!["object"],
    };
    if !types.iter().any(|kind| is(value, kind)) {
        return vec![format!("{at}: {value} is none of {types:?}")];
    }
    let words = schema["enum"].as_array();
    if words.is_some_and(|words| !words.contains(value)) {
        return vec![format!("{at}: {value} is not in the list")];
    }
    if schema["format"] == "date-time" && !value.is_null() {
        let time = value.as_str().unwrap().parse::<jiff::Timestamp>();
        return time
            .err()
            .map(|e| format!("{at}: {e}"))
            .into_iter()
            .collect();
    }
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(n, v)| faults(document, &schema["items"], v, &format!("{at}[{n}]")))
            .collect(),
        Value::Object(members) => in_object(document, schema, members, at),
        _ => Vec::new(),
    }
}

fn in_object(
    document: &Value,
    schema: &Value,
    members: &Map<String, Value>,
    at: &str,
) -> Vec<String> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    collect(document, schema, &mut properties, &mut required);
    let mut found: Vec<String> = required
        .iter()
        .filter(|name| !members.contains_key(*name))
        .map(|name| format!("{at}: `{name}` is missing"))
        .collect();
    for (name, value) in members {
        let at = format!("{at}.{name}");
        match properties.get(name) {
            Some(schema) => found.extend(faults(document, schema, value, &at)),
            None if schema["additionalProperties"].is_object() => {
                let schema = &schema["additionalProperties"];
                found.extend(faults(document, schema, value, &at));
            }
            None => found.push(format!("{at} is not described")),
        }
    }
    found
}

fn collect(
    document: &Value,
    schema: &Value,
    properties: &mut Map<String, Value>,
    required: &mut Vec<String>,
) {
    let schema = followed(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, properties, required);
    }
    if let Some(own) = schema["properties"].as_object() {
        properties.extend(own.clone());
    }
    let names = schema["required"].as_array().into_iter().flatten();
    required.extend(names.filter_map(Value::as_str).map(str::to_owned));
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}
