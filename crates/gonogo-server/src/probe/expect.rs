//! What an answer must look like: status, text in the body, values in JSON.
//!
//! It exists because a page can be served with 200 and be an error page. Invariant: a
//! condition that could not be checked never counts as met.

use serde_json::Value;

use super::HttpTarget;
use super::certificate::printable;
use super::outcome::{Reason, code};

/// Characters of a JSON value shown when it differs.
const SHOWN_CHARS: usize = 64;

/// Judges the status alone.
pub(super) fn judge_status(target: &HttpTarget, status: u16) -> Result<(), Reason> {
    if target
        .accept_status
        .iter()
        .any(|good| good.contains(&status))
    {
        return Ok(());
    }
    let expected: Vec<String> = target
        .accept_status
        .iter()
        .map(|range| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) => format!("{start}-{end}"),
        })
        .collect();
    Err(Reason::failing(
        code::status(status),
        format!("Answered {status}; expected {}.", expected.join(" or ")),
    ))
}

/// Whether the body matters beyond arriving.
pub(super) fn needs_body(target: &HttpTarget) -> bool {
    target.body_contains.is_some() || target.body_lacks.is_some() || !target.json.is_empty()
}

/// Judges the body; `cut` means that there was more than the limit.
pub(super) fn judge_body(target: &HttpTarget, body: &[u8], cut: bool) -> Result<(), Reason> {
    if !needs_body(target) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(body);
    if let Some(forbidden) = &target.body_lacks
        && text.contains(forbidden.as_str())
    {
        return Err(Reason::failing(
            code::BODY_FORBIDDEN_TEXT,
            format!(
                "The body contains {:?}, which it must not.",
                printable(forbidden)
            ),
        ));
    }
    let found = |wanted: &String| text.contains(wanted.as_str());
    let settled = target.body_lacks.is_none()
        && target.json.is_empty()
        && target.body_contains.as_ref().is_some_and(found);
    if cut && !settled {
        return Err(Reason::failing(
            code::BODY_TOO_LARGE,
            format!(
                "The body is longer than the {} bytes that are read.",
                body.len()
            ),
        ));
    }
    if let Some(wanted) = &target.body_contains
        && !found(wanted)
    {
        return Err(Reason::failing(
            code::BODY_MISSING_TEXT,
            format!(
                "The body of {} bytes does not contain {:?}.",
                body.len(),
                printable(wanted)
            ),
        ));
    }
    judge_json(target, body)
}

fn judge_json(target: &HttpTarget, body: &[u8]) -> Result<(), Reason> {
    if target.json.is_empty() {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(body).map_err(|_| {
        Reason::failing(
            code::JSON_INVALID,
            format!("The body of {} bytes is not JSON.", body.len()),
        )
    })?;
    for (path, expected) in &target.json {
        let shown = printable(path);
        let Some(found) = walk(&value, path) else {
            return Err(Reason::failing(
                code::JSON_MISSING,
                format!("The JSON body has nothing at `{shown}`."),
            ));
        };
        let found = as_text(found);
        if found != *expected {
            return Err(Reason::failing(
                code::JSON_DIFFERS,
                format!(
                    "`{shown}` is {:?}; expected {:?}.",
                    short(&found),
                    short(expected)
                ),
            ));
        }
    }
    Ok(())
}

/// Follows a dotted path; a number is an index where the value is a list.
fn walk<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Strings compare as they are, everything else as its JSON text.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn short(text: &str) -> String {
    printable(&text.chars().take(SHOWN_CHARS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> HttpTarget {
        HttpTarget::get("https://example.com/")
    }

    fn code_of(target: &HttpTarget, body: &str, cut: bool) -> &'static str {
        judge_body(target, body.as_bytes(), cut).map_or_else(|reason| reason.code, |()| code::OK)
    }

    #[test]
    fn json_paths_reach_into_objects_and_lists() {
        let mut target = target();
        target.json = vec![
            ("status".into(), "ok".into()),
            ("checks.1.up".into(), "true".into()),
            ("checks.0.ms".into(), "12".into()),
            ("none".into(), "null".into()),
        ];
        let body = r#"{"status":"ok","checks":[{"ms":12},{"up":true}],"none":null}"#;
        assert_eq!(code_of(&target, body, false), code::OK);
        assert_eq!(code_of(&target, "{}", false), code::JSON_MISSING);
        assert_eq!(code_of(&target, "<html>", false), code::JSON_INVALID);
        let body = body.replace("\"ok\"", "\"degraded\"");
        assert_eq!(code_of(&target, &body, false), code::JSON_DIFFERS);
    }

    #[test]
    fn deep_json_is_refused_and_not_followed() {
        let mut target = target();
        target.json = vec![("a".into(), "b".into())];
        let body = "[".repeat(100_000);
        assert_eq!(code_of(&target, &body, false), code::JSON_INVALID);
    }

    #[test]
    fn a_cut_body_proves_only_what_was_seen() {
        let mut contains = target();
        contains.body_contains = Some("welcome".into());
        assert_eq!(code_of(&contains, "welcome", true), code::OK);
        assert_eq!(code_of(&contains, "hello", true), code::BODY_TOO_LARGE);
        assert_eq!(code_of(&contains, "hello", false), code::BODY_MISSING_TEXT);
        let mut lacks = target();
        lacks.body_lacks = Some("error".into());
        assert_eq!(code_of(&lacks, "fine", true), code::BODY_TOO_LARGE);
        assert_eq!(code_of(&lacks, "error", true), code::BODY_FORBIDDEN_TEXT);
        assert_eq!(code_of(&lacks, "fine", false), code::OK);
        assert_eq!(code_of(&target(), "anything", true), code::OK);
    }

    #[test]
    fn a_differing_value_is_shown_short() {
        let mut target = target();
        target.json = vec![("a".into(), "b".into())];
        let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
        let reason = judge_body(&target, body.as_bytes(), false).unwrap_err();
        assert!(reason.detail.len() < 200, "{}", reason.detail);
    }
}
