//! Findings as SARIF 2.1.0, which code scanning, editors and review tools read.
//!
//! Columns are counted in UTF-16 code units, which is what those tools assume, and said so.
//! The fingerprint of a finding does not change when the lines above it do.

use std::collections::BTreeMap;

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{Span, hex};
use gonogo_model::{Diagnostic, PackageText};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::rulebook::{self, Entry};
use super::{Sources, in_repository};
use crate::secret;

/// The schema that the document follows.
pub const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What is said about the program itself.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// Its version.
    pub version: &'a str,
    /// The address of the folder with the manual pages, ending in `/`; none, where they are
    /// not published.
    pub docs: Option<&'a str>,
}

/// All findings as one document. `prefix` is the package's directory as the repository sees
/// it, because a viewer resolves paths from the repository's root.
pub fn render(
    diagnostics: &[Diagnostic],
    text: &PackageText,
    sources: &Sources<'_>,
    prefix: &str,
    tool: Tool<'_>,
) -> String {
    let rules = rulebook::entries();
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|found| {
            let place = Places { sources, prefix };
            let mut result = place.result(found, &rules);
            let print = fingerprint(found, sources, &mut seen);
            result["partialFingerprints"] = json!({"gonogo/v1": print});
            result
        })
        .collect();
    let value = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gonogo",
                "version": tool.version,
                "rules": rules.iter().map(|r| rule(r, tool)).collect::<Vec<Value>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "automationDetails": {"id": "gonogo/check/"},
            "properties": {"packageDigest": text.digest().0},
            "results": results,
        }],
    });
    let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
    out.push('\n');
    out
}

fn rule(entry: &Entry, tool: Tool<'_>) -> Value {
    let mut rule = json!({
        "id": entry.code,
        "shortDescription": {"text": literal(&entry.summary)},
    });
    if let Some(manual) = &entry.manual {
        rule["help"] =
            json!({"text": literal(&without_markup(manual)), "markdown": literal(manual)});
        if let Some(docs) = tool.docs {
            rule["helpUri"] = json!(format!("{docs}{}.md", entry.code));
        }
    }
    rule
}

struct Places<'s, 't> {
    sources: &'s Sources<'t>,
    prefix: &'s str,
}

impl Places<'_, '_> {
    fn result(&self, found: &Diagnostic, rules: &[Entry]) -> Value {
        let level = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let mut result = json!({
            "ruleId": found.code,
            "level": level,
            "message": {"text": literal(&said(found))},
        });
        if let Some(index) = rules.iter().position(|r| r.code == found.code) {
            result["ruleIndex"] = json!(index);
        }
        let place = found.span.and_then(|span| self.location(span));
        result["locations"] = place.into_iter().collect();
        let related = found.related.iter().filter_map(|(span, text)| {
            let mut location = self.location(*span)?;
            location["message"] = json!({"text": literal(text)});
            Some(location)
        });
        let related: Vec<Value> = related
            .enumerate()
            .map(|(number, mut location)| {
                location["id"] = json!(number);
                location
            })
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = json!(related);
        }
        result
    }

    fn location(&self, span: Span) -> Option<Value> {
        let source = self.sources.get(span.file)?;
        let path = in_repository(self.prefix, source.path);
        let columns = source.utf16_columns(span);
        Some(json!({"physicalLocation": {
            "artifactLocation": artifact(&path),
            "region": {
                "startLine": source.line_of(span) + 1,
                "startColumn": columns.start,
                "endColumn": columns.end,
            },
        }}))
    }
}

/// A path from the repository's root, or an address where it is absolute.
fn artifact(path: &str) -> Value {
    match path.strip_prefix('/') {
        Some(rest) => json!({"uri": format!("file:///{}", encoded(rest))}),
        None => json!({"uri": encoded(path), "uriBaseId": "%SRCROOT%"}),
    }
}

/// Percent-encodes what cannot stand in the path of a URI; a `:` would begin a scheme.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}

/// The finding as one text: the sentence, what stands at the caret, the ways out.
fn said(found: &Diagnostic) -> String {
    let mut text = found.message.clone();
    for more in std::iter::once(&found.label).chain(&found.help) {
        if !more.is_empty() {
            text.push('\n');
            text.push_str(more);
        }
    }
    text
}

/// Text that means itself: in SARIF, braces are placeholders and `[a](b)` is a link.
fn literal(text: &str) -> String {
    text.replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "\\](")
}

/// A manual page for readers without Markdown.
fn without_markup(manual: &str) -> String {
    let mut in_example = false;
    let mut out = String::new();
    for line in manual.lines() {
        if line.starts_with("```") {
            in_example = !in_example;
            continue;
        }
        let heading = line.trim_start_matches('#').trim_start();
        let shown = match !in_example && line.starts_with('#') {
            true => heading,
            false => line,
        };
        out += shown;
        out.push('\n');
    }
    out
}

/// What a finding is known by from one run to the next: its code, its file, its sentence and
/// the line that it stands on, and never that line's number. Equal ones are counted.
fn fingerprint(
    found: &Diagnostic,
    sources: &Sources<'_>,
    seen: &mut BTreeMap<String, usize>,
) -> String {
    let source = found.span.and_then(|s| Some((s, sources.get(s.file)?)));
    let (path, line) = match source {
        Some((_, source)) if found.code == secret::CODE => (source.path, String::new()),
        Some((span, source)) => (source.path, secret::mask(source.line_text(span)).into()),
        None => ("", String::new()),
    };
    let mut hash = Sha256::new();
    for part in [found.code, path, &found.message, line.trim()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let whole = hex(&hash.finalize());
    let print = whole
        .get(..FINGERPRINT_DIGITS)
        .unwrap_or(&whole)
        .to_string();
    let number = seen.entry(print.clone()).or_default();
    *number += 1;
    format!("{print}:{number}")
}

/// Half of the digits of a SHA-256: enough for as many findings as anybody has.
const FINGERPRINT_DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself() {
        assert_eq!(literal("write `${env:A}`"), "write `${{env:A}}`");
        assert_eq!(literal("[a](b) [c]"), "[a\\](b) [c]");
        assert_eq!(encoded("my ops/ä:b%.yaml"), "my%20ops/%C3%A4%3Ab%25.yaml");
        assert_eq!(artifact("/ops/a.yaml")["uri"], "file:///ops/a.yaml");
    }
}
