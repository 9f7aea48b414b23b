//! Files of several YAML documents, and what stands in them.
//!
//! A document that cannot be read does not hide the next one.

use gonogo_model::text::FileNo;
use gonogo_model::yaml::{self, Node, Value};

use super::{Input, Loss, LossKind, Report};

/// The most documents that one file may hold.
pub const MAX_DOCUMENTS: usize = 20_000;

/// A document and the file that it stands in.
pub struct Document<'a> {
    pub file: &'a str,
    pub root: Node,
}

impl Document<'_> {
    /// `catalog.yaml:12`
    pub fn place(&self, node: &Node) -> String {
        format!("{}:{}", self.file, node.span.line)
    }
}

/// All documents of all files; what cannot be read is in the report.
pub fn documents<'a>(inputs: &[Input<'a>], report: &mut Report) -> Vec<Document<'a>> {
    let mut found = Vec::new();
    for input in inputs {
        let text = input.text.strip_prefix('\u{feff}').unwrap_or(input.text);
        for (number, (first_line, text)) in split(text).into_iter().enumerate() {
            let mut mistakes = Vec::new();
            let root = match number < MAX_DOCUMENTS {
                true => yaml::parse(&text, FileNo(0), first_line, &mut mistakes),
                false => None,
            };
            for mistake in mistakes {
                let line = mistake.span.map_or(first_line, |s| s.line);
                report.losses.push(Loss {
                    kind: LossKind::Unreadable,
                    place: format!("{}:{line}", input.name),
                    entity: "a document".into(),
                    what: [mistake.message, mistake.label].join(": "),
                });
            }
            let file = input.name;
            found.extend(root.map(|root| Document { file, root }));
        }
    }
    found
}

/// The documents of a file, each with its first line. A marker at the beginning of a line ends
/// a document wherever it stands.
fn split(text: &str) -> Vec<(u32, String)> {
    let mut parts: Vec<(u32, String)> = vec![(1, String::new())];
    for (number, line) in (1u32..).zip(text.split_inclusive('\n')) {
        let marker = line.trim_end();
        let rest = marker
            .strip_prefix("---")
            .filter(|r| r.is_empty() || r.starts_with([' ', '\t']));
        if let Some(rest) = rest {
            // The columns of what stands behind the marker stay right.
            let rest = if rest.is_empty() {
                String::new()
            } else {
                format!("   {rest}\n")
            };
            let first = if rest.is_empty() { number + 1 } else { number };
            parts.push((first, rest));
        } else if marker == "..." {
            parts.push((number + 1, String::new()));
        } else if let Some((_, part)) = parts.last_mut()
            && !line.starts_with('%')
        {
            part.push_str(line);
        }
    }
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    parts.retain(|(_, part)| !part.lines().all(blank));
    parts
}

/// The node at a path of keys.
pub fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| node.get(key))
}

/// The text at a path of keys.
pub fn text(node: &Node, path: &[&str]) -> Option<String> {
    scalar(at(node, path)?)
}

/// The text of a node.
pub fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar { text, .. } if !text.trim().is_empty() => Some(text.trim().to_string()),
        _ => None,
    }
}

/// The items of a list at a path; a single value counts as a list of one.
pub fn items<'n>(node: &'n Node, path: &[&str]) -> Vec<&'n Node> {
    match at(node, path) {
        Some(Node {
            value: Value::List(items),
            ..
        }) => items.iter().collect(),
        Some(
            one @ Node {
                value: Value::Scalar { .. },
                ..
            },
        ) => vec![one],
        _ => Vec::new(),
    }
}

/// The keys and values of a mapping at a path.
pub fn entries<'n>(node: &'n Node, path: &[&str]) -> Vec<(&'n str, &'n Node)> {
    match at(node, path).map(|n| &n.value) {
        Some(Value::Map(entries)) => {
            let pairs = entries.iter().map(|e| (e.key.value.as_str(), &e.value));
            pairs.collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_lines_and_do_not_hide_one_another() {
        let text =
            "# head\n---\na: 1\n---\nb: [\n--- # third\nc: |\n  x\n...\n%YAML 1.2\n---\nd: 2\n";
        let mut report = Report::default();
        let found = documents(&[Input { name: "f", text }], &mut report);
        let lines: Vec<(u32, bool)> = found
            .iter()
            .map(|d| (d.root.span.line, d.root.get("c").is_some()))
            .collect();
        assert_eq!(lines, [(3, false), (7, true), (12, false)]);
        assert_eq!(report.losses.len(), 1, "{:?}", report.losses);
        assert!(
            ["f:5", "f:6"].contains(&report.losses[0].place.as_str()),
            "{:?}",
            report.losses
        );
    }
}
