//! YAML that is written: scalars that read back as the text they were, and trees in block style.
//!
//! What is written here is read by our own reader and by every other one, the older ones
//! included, so whatever they might take for a number, a date or a word is put in quotes.

use std::fmt::Write as _;

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A number with decimals, as it is written: floating point would round it.
    Decimal(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping, in the order given.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A mapping without the entries that have no value.
    pub fn map<const N: usize>(entries: [(&str, Option<Self>); N]) -> Self {
        let present = entries.into_iter();
        let present = present.filter_map(|(key, value)| Some((key.to_string(), value?)));
        Self::Map(present.collect())
    }

    /// A list, unless it is empty.
    pub fn list(items: Vec<Self>) -> Option<Self> {
        (!items.is_empty()).then_some(Self::List(items))
    }

    /// The value as a document, with a line break at its end.
    pub fn document(&self) -> String {
        let mut out = String::new();
        match self {
            Self::List(items) if !items.is_empty() => block_list(&mut out, items, 0),
            Self::Map(entries) if !entries.is_empty() => block_map(&mut out, entries, 0),
            other => {
                out += &other.flow();
                out.push('\n');
            }
        }
        out
    }

    fn flow(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Decimal(value) => value.clone(),
            Self::Text(text) => scalar(text),
            Self::List(_) => "[]".into(),
            Self::Map(_) => "{}".into(),
        }
    }
}

/// Text as a scalar on one line, in quotes where it needs them.
pub fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_string();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn block_map(out: &mut String, entries: &[(String, Yaml)], indent: usize) {
    for (number, (key, value)) in entries.iter().enumerate() {
        if number > 0 || !out.ends_with("- ") {
            *out += &" ".repeat(indent);
        }
        *out += &scalar(key);
        out.push(':');
        match value {
            Yaml::Map(inner) if !inner.is_empty() => {
                out.push('\n');
                block_map(out, inner, indent + 2);
            }
            Yaml::List(items) if !items.is_empty() => {
                out.push('\n');
                block_list(out, items, indent + 2);
            }
            other => {
                let _ = writeln!(out, " {}", other.flow());
            }
        }
    }
}

fn block_list(out: &mut String, items: &[Yaml], indent: usize) {
    for item in items {
        *out += &" ".repeat(indent);
        *out += "- ";
        match item {
            Yaml::Map(entries) if !entries.is_empty() => block_map(out, entries, indent + 2),
            Yaml::List(inner) if !inner.is_empty() => {
                out.truncate(out.len() - 1);
                out.push('\n');
                block_list(out, inner, indent + 2);
            }
            other => {
                *out += &other.flow();
                out.push('\n');
            }
        }
    }
}

/// Does it read back as this text without quotes, to every reader?
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let word = text.to_ascii_lowercase();
    let special = matches!(
        word.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
    );
    let number = text
        .chars()
        .all(|c| c.is_ascii_digit() || "_.:,+-eE".contains(c))
        || word.starts_with("0x")
        || word.starts_with("0o")
        || word.starts_with("0b");
    let date = text.len() >= 10
        && text.bytes().take(4).all(|b| b.is_ascii_digit())
        && text.as_bytes()[4] == b'-';
    let begins = first.is_alphanumeric() || matches!(first, '/' | '_' | '(' | '$');
    let inside = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '!'..='/' | ':' | ';' | '<'..='@' | '^' | '_' | '|' | '~' | '’' | '–' | '…' | '→')
    };
    begins
        && !special
        && !number
        && !date
        && text.chars().all(inside)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
}

#[cfg(test)]
mod tests {
    use gonogo_model::text::FileNo;
    use gonogo_model::yaml::{Node, Value, parse};

    use super::*;

    fn read(text: &str) -> Node {
        let mut found = Vec::new();
        let node = parse(text, FileNo(0), 1, &mut found);
        assert!(found.is_empty(), "{text}\n{found:?}");
        node.expect("a document")
    }

    #[test]
    fn every_text_reads_back() {
        let texts = [
            "",
            "plain",
            "two words",
            "a: b",
            "a #b",
            "- x",
            "x:",
            " x",
            "x ",
            "true",
            "No",
            "null",
            "~",
            "12",
            "1.5",
            "0x1f",
            "2026-01-05",
            "12:30",
            "{a}",
            "[a]",
            "a\nb\n",
            "\"q\" 'q' \\",
            "\u{1b}[31m",
            "ä🧾",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "5m",
            "99.9%",
            "${env:A}",
            "https://example.com/a?b=c#d",
            "a, b",
            "\u{2028}",
            "?",
            "1e3",
            "...",
            "---",
            "<<",
            "=",
            "a{b}c",
            "\u{feff}x",
            "#",
            "a:b",
        ];
        for text in texts {
            let document = Yaml::map([("key", Some(Yaml::text(text)))]).document();
            let node = read(&document);
            let Some(Value::Scalar { text: back, quoted }) = node.get("key").map(|n| &n.value)
            else {
                panic!("{document} is no text");
            };
            assert_eq!(back, text, "{document}");
            let number = text.parse::<f64>().is_ok();
            assert!(*quoted || !number, "{document} would be a number");
            assert_eq!(document.lines().count(), 1, "{document}");
        }
    }

    #[test]
    fn trees_are_written_as_people_would() {
        let tree = Yaml::map([
            ("empty", Some(Yaml::List(Vec::new()))),
            ("absent", None),
            (
                "list",
                Yaml::list(vec![
                    Yaml::map([
                        ("id", Some(Yaml::text("a"))),
                        ("inner", Yaml::list(vec![Yaml::Number(1), Yaml::Bool(true)])),
                    ]),
                    Yaml::List(vec![Yaml::text("x")]),
                ]),
            ),
        ]);
        let written = tree.document();
        assert_eq!(
            written,
            "empty: []\nlist:\n  - id: a\n    inner:\n      - 1\n      - true\n  -\n    - x\n"
        );
        read(&written);
    }
}
