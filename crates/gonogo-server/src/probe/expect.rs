//! What an answer must look like: status, text in the body, values in JSON.
//!
//! It exists because a page can be served with 200 and be an error page. Invariant: a
//! condition that could not be checked never counts as met.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::certificate::printable;
use super::outcome::{Reason, code};
use super::{Bound, HttpTarget, JsonRule};

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

/// Judges where the answer leads, or where the way to it ended.
pub(super) fn judge_way(
    target: &HttpTarget,
    asked: &reqwest::Url,
    location: Option<&str>,
) -> Result<(), Reason> {
    let Some(wanted) = &target.redirects_to else {
        return Ok(());
    };
    let reached = match (location, target.follow_redirects) {
        (Some(location), 0) => asked.join(location).ok(),
        (None, 0) => None,
        _ => Some(asked.clone()),
    };
    let Some(reached) = reached else {
        return Err(Reason::failing(
            code::REDIRECT_DIFFERS,
            format!("It does not redirect; expected {:?}.", short(wanted)),
        ));
    };
    let fits = match wanted.strip_suffix('*') {
        Some(beginning) => reached.as_str().starts_with(beginning),
        // `https://example.com` and `https://example.com/` are the same.
        None => reqwest::Url::parse(wanted).is_ok_and(|wanted| wanted == reached),
    };
    match fits {
        true => Ok(()),
        false => Err(Reason::failing(
            code::REDIRECT_DIFFERS,
            format!(
                "It leads to {:?}; expected {:?}.",
                short(reached.as_str()),
                short(wanted)
            ),
        )),
    }
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether the body matters beyond arriving.
pub(super) fn needs_body(target: &HttpTarget) -> bool {
    target.body_contains.is_some() || target.body_lacks.is_some() || needs_whole_body(target)
}

/// Whether only the whole body tells.
fn needs_whole_body(target: &HttpTarget) -> bool {
    !target.json.is_empty()
        || !target.json_rules.is_empty()
        || target.content_sha256.is_some()
        || target.watch_content
}

/// Judges the body; `length` is what was read of it, and `cut` means that there was more than
/// the limit.
pub(super) fn judge_body(
    target: &HttpTarget,
    body: &[u8],
    length: usize,
    cut: bool,
) -> Result<(), Reason> {
    if length < target.min_bytes {
        return Err(Reason::failing(
            code::BODY_TOO_SMALL,
            format!(
                "The body has {length} bytes; at least {} are expected.",
                target.min_bytes
            ),
        ));
    }
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
        && !needs_whole_body(target)
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
    if let Some(wanted) = &target.content_sha256 {
        let found = sha256_hex(body);
        if !found.eq_ignore_ascii_case(wanted) {
            return Err(Reason::failing(
                code::CONTENT_DIFFERS,
                format!(
                    "The content has the SHA-256 {}…; expected {}….",
                    short(&found[..12]),
                    short(&wanted.chars().take(12).collect::<String>())
                ),
            ));
        }
    }
    judge_json(target, body)
}

fn judge_json(target: &HttpTarget, body: &[u8]) -> Result<(), Reason> {
    if target.json.is_empty() && target.json_rules.is_empty() {
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
    target
        .json_rules
        .iter()
        .try_for_each(|rule| judge_rule(rule, &value))
}

/// Judges one value by one rule.
fn judge_rule(rule: &JsonRule, value: &Value) -> Result<(), Reason> {
    let shown = printable(&rule.at);
    let found = walk(value, &rule.at).filter(|v| !v.is_null());
    let differs = |what: String| Err(Reason::failing(code::JSON_DIFFERS, what));
    let Some(found) = found else {
        return match rule.absent {
            true => Ok(()),
            false => Err(Reason::failing(
                code::JSON_MISSING,
                format!("The JSON body has nothing at `{shown}`."),
            )),
        };
    };
    let text = as_text(found);
    if rule.absent {
        return differs(format!(
            "`{shown}` is {:?}; expected nothing.",
            short(&text)
        ));
    }
    if !rule.one_of.is_empty() && !rule.one_of.contains(&text) {
        let list = short(&rule.one_of.join(", "));
        return differs(format!(
            "`{shown}` is {:?}; expected one of {list}.",
            short(&text)
        ));
    }
    if rule.none_of.contains(&text) {
        return differs(format!(
            "`{shown}` is {:?}, which it must not be.",
            short(&text)
        ));
    }
    if let Some(least) = rule.members {
        let members = match found {
            Value::Array(items) => Some(items.len()),
            Value::Object(fields) => Some(fields.len()),
            _ => None,
        };
        match members {
            Some(n) if n >= least => {}
            Some(n) => {
                return differs(format!(
                    "`{shown}` has {n} members; expected at least {least}."
                ));
            }
            None => return differs(format!("`{shown}` is {:?} and no list.", short(&text))),
        }
    }
    for (bound, limit) in &rule.bounds {
        let (Some(number), Some(limit)) = (number(&text), number(limit)) else {
            return differs(format!("`{shown}` is {:?} and no number.", short(&text)));
        };
        let (holds, word) = match bound {
            Bound::Below => (number < limit, "below"),
            Bound::AtMost => (number <= limit, "at most"),
            Bound::Above => (number > limit, "above"),
            Bound::AtLeast => (number >= limit, "at least"),
        };
        if !holds {
            return differs(format!(
                "`{shown}` is {}; expected {word} {limit}.",
                short(&text)
            ));
        }
    }
    Ok(())
}

/// A finite number, in digits or as text.
fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|n| n.is_finite())
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
        judge_body(target, body.as_bytes(), body.len(), cut)
            .map_or_else(|reason| reason.code, |()| code::OK)
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
        let reason = judge_body(&target, body.as_bytes(), body.len(), false).unwrap_err();
        assert!(reason.detail.len() < 200, "{}", reason.detail);
    }
}
