//! YAML text → a tree in which every node knows where it stands.
//!
//! The tree keeps scalars as they were written; what they mean is decided by the type that
//! decodes them. Size, depth and alias expansion are bounded, so no file can exhaust memory.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use sha2::{Digest as _, Sha256};

use crate::diagnostic::Diagnostic;
use crate::text::{FileNo, Span, Spanned, hex};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 48;
/// How many nodes one file may have once its aliases are written out.
pub const MAX_NODES: usize = 1_000_000;
/// Of longer texts over several lines only the begin is known.
const MAX_PIECED: usize = 4096;

/// A value in a file.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub span: Span,
    /// What it is.
    pub value: Value,
    /// Of a short text over several lines: what stands where.
    pub pieces: Option<Box<[Piece]>>,
}

/// A line of a text that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The first byte of it in the text.
    pub from: usize,
    /// Where it stands in the file.
    pub span: Span,
}

/// The shapes YAML has.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing: `~`, `null` or an empty place.
    Null,
    /// A scalar as written, and whether it stood in quotes (then it is text whatever it looks like).
    Scalar {
        /// The characters.
        text: String,
        /// In quotes, or a block.
        quoted: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<Entry>),
}

/// One `key: value` of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// What a message calls this shape: "a list", "text".
    pub fn shape(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Scalar {
                quoted: false,
                text,
            } if matches!(&**text, "true" | "false") => "true or false",
            Value::Scalar {
                quoted: false,
                text,
            } if text.parse::<f64>().is_ok() => "a number",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value under a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries
            .iter()
            .find(|e| e.key.value == key)
            .map(|e| &e.value)
    }

    /// The name of what is written here, whatever its layout, comments and order of keys are:
    /// the first sixteen hex digits of a SHA-256.
    pub fn digest(&self) -> String {
        let mut bytes = Vec::new();
        self.canonical(&mut bytes);
        short_digest(&bytes)
    }

    /// Lengths go in before contents, so no two different trees share an encoding.
    fn canonical(&self, out: &mut Vec<u8>) {
        match &self.value {
            Value::Null => out.push(b'n'),
            Value::Scalar { text, .. } => {
                out.push(b's');
                out.extend((text.len() as u64).to_be_bytes());
                out.extend(text.as_bytes());
            }
            Value::List(items) => {
                out.push(b'l');
                out.extend((items.len() as u64).to_be_bytes());
                items.iter().for_each(|item| item.canonical(out));
            }
            Value::Map(entries) => {
                let mut sorted: Vec<&Entry> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.value.cmp(&b.key.value));
                out.push(b'm');
                out.extend((sorted.len() as u64).to_be_bytes());
                for entry in sorted {
                    out.extend((entry.key.value.len() as u64).to_be_bytes());
                    out.extend(entry.key.value.as_bytes());
                    entry.value.canonical(out);
                }
            }
        }
    }
}

/// The first sixteen hex digits of a SHA-256.
pub fn short_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

/// Parses one document; what cannot be read is left out and said in `diagnostics`.
///
/// `first_line` is the line of the file that the text begins at (front matter begins at 2).
pub fn parse(
    text: &str,
    file: FileNo,
    first_line: u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let at = Span {
        file,
        line: first_line,
        column: 1,
        len: 1,
    };
    if text.len() > MAX_FILE_BYTES {
        diagnostics.push(
            Diagnostic::error("file-too-large", at, "this file is too large to be read")
                .label(format!("{} bytes", text.len()))
                .help(format!(
                    "the limit is {} MiB a file: split it",
                    MAX_FILE_BYTES >> 20
                )),
        );
        return None;
    }
    Builder {
        file,
        first_line,
        diagnostics,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
    }
    .run(text)
}

struct Builder<'d> {
    file: FileNo,
    first_line: u32,
    diagnostics: &'d mut Vec<Diagnostic>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
}

struct Open {
    node: Node,
    key: Option<Spanned<String>>,
    anchor: usize,
    nodes_before: usize,
    /// Where each key of a mapping first stood.
    seen: BTreeMap<String, Span>,
}

/// Reading stops here; the reason has been said.
struct Stop;

impl Builder<'_> {
    fn run(mut self, text: &str) -> Option<Node> {
        let mut parser = Parser::new_from_str(text);
        let lines: Vec<&str> = text.lines().collect();
        let mut root = None;
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok(found) => found,
                Err(error) => {
                    self.syntax_error(&error);
                    return None;
                }
            };
            let pieces = match &event {
                Event::Scalar(text, ..) if text.len() <= MAX_PIECED => {
                    self.pieces(text, &span, &lines)
                }
                _ => None,
            };
            let span = self.span(&span);
            match self.take(event, span, pieces, &mut root) {
                Ok(()) => {}
                Err(Stop) => return None,
            }
        }
        root
    }

    fn take(
        &mut self,
        event: Event<'_>,
        span: Span,
        pieces: Option<Box<[Piece]>>,
        root: &mut Option<Node>,
    ) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                let value = if !quoted && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Value::Null
                } else {
                    Value::Scalar {
                        text: text.into_owned(),
                        quoted,
                    }
                };
                self.count(1, span)?;
                let node = Node {
                    span,
                    value,
                    pieces,
                };
                self.close(node, anchor, 1, root)
            }
            Event::SequenceStart(anchor, _) => self.open(Value::List(Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => self.open(Value::Map(Vec::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let size = self.nodes - open.nodes_before;
                self.close(open.node, open.anchor, size, root)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    self.diagnostics.push(
                        Diagnostic::error("yaml-alias", span, "this alias points into itself")
                            .help("write the value out"),
                    );
                    return Err(Stop);
                };
                self.count(size, span)?;
                self.close(node, 0, size, root)
            }
            Event::DocumentStart(_) if root.is_some() => {
                self.diagnostics.push(
                    Diagnostic::error("yaml-documents", span, "a package file is one document")
                        .label("a second one begins here")
                        .help("move it to a file of its own"),
                );
                Err(Stop)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, value: Value, anchor: usize, span: Span) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            self.diagnostics.push(
                Diagnostic::error("yaml-depth", span, "this is nested too deeply")
                    .label(format!("deeper than {MAX_DEPTH} levels")),
            );
            return Err(Stop);
        }
        let nodes_before = self.nodes;
        self.count(1, span)?;
        let node = Node {
            span,
            value,
            pieces: None,
        };
        let seen = BTreeMap::new();
        self.open.push(Open {
            node,
            key: None,
            anchor,
            nodes_before,
            seen,
        });
        Ok(())
    }

    fn close(
        &mut self,
        node: Node,
        anchor: usize,
        size: usize,
        root: &mut Option<Node>,
    ) -> Result<(), Stop> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            *root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match parent.key.take() {
                None => match node.value {
                    Value::Scalar { text, .. } => {
                        parent.key = Some(Spanned {
                            value: text,
                            span: node.span,
                        });
                    }
                    _ => {
                        self.diagnostics.push(
                            Diagnostic::error("yaml-key", node.span, "a key has to be text")
                                .label(format!("this is {}", node.shape()))
                                .help("a value that begins with `{`, `[`, `*` or `&` needs quotes"),
                        );
                        return Err(Stop);
                    }
                },
                Some(key) => match parent.seen.get(&key.value) {
                    Some(first) => {
                        let first = *first;
                        self.diagnostics.push(
                            Diagnostic::error(
                                "duplicate-key",
                                key.span,
                                format!("`{}` stands twice in one mapping", key.value),
                            )
                            .label("again")
                            .related(first, "first here")
                            .help("keep one of the two: which one would win is anybody's guess"),
                        );
                    }
                    None => {
                        parent.seen.insert(key.value.clone(), key.span);
                        entries.push(Entry { key, value: node });
                    }
                },
            },
            Value::Null | Value::Scalar { .. } => {}
        }
        Ok(())
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), Stop> {
        self.nodes += more;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        self.diagnostics.push(
            Diagnostic::error(
                "yaml-size",
                span,
                "this file grows too large when its aliases are written out",
            )
            .label(format!("more than {MAX_NODES} values by here"))
            .help("aliases of aliases multiply: write out the few values that are needed"),
        );
        Err(Stop)
    }

    /// Where the lines of a text stand that are written in several, as far as they are written as
    /// they are meant.
    fn pieces(
        &self,
        text: &str,
        span: &saphyr_parser::Span,
        lines: &[&str],
    ) -> Option<Box<[Piece]>> {
        let first = span.start.line();
        if span.end.line() <= first {
            return None;
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        for (index, line) in lines.iter().enumerate().skip(first.saturating_sub(1)) {
            let rest = text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            // On the first line a key may stand before it, and a quotation mark.
            let begin = if index + 1 == first {
                span.start.col()
            } else {
                0
            };
            let tail = line
                .char_indices()
                .nth(begin)
                .map_or("", |(at, _)| &line[at..]);
            let written = tail.trim_start_matches(|c: char| {
                c.is_whitespace() || (begin > 0 && matches!(c, '"' | '\''))
            });
            let indent = begin + tail.chars().count() - written.chars().count();
            let written = written.trim_end();
            let written = match rest.starts_with(written) {
                true => written,
                false => written.trim_end_matches(['"', '\'']).trim_end(),
            };
            if rest.is_empty() || !rest.starts_with(written) {
                break;
            }
            if !written.is_empty() {
                let span = self.at(index + 1, indent, written.chars().count());
                pieces.push(Piece { from: at, span });
                at += written.len();
            }
        }
        (!pieces.is_empty()).then(|| pieces.into_boxed_slice())
    }

    fn span(&self, span: &saphyr_parser::Span) -> Span {
        let one_line = span.start.line() == span.end.line();
        let len = if one_line {
            span.end.col().saturating_sub(span.start.col())
        } else {
            1
        };
        self.at(span.start.line(), span.start.col(), len.max(1))
    }

    fn at(&self, line: usize, column: usize, len: usize) -> Span {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            line: small(line).saturating_add(self.first_line - 1),
            column: small(column).saturating_add(1),
            len: small(len),
        }
    }

    fn syntax_error(&mut self, error: &saphyr_parser::ScanError) {
        let mark = error.marker();
        let span = self.at(mark.line(), mark.col(), 1);
        let mut found = Diagnostic::error("yaml-syntax", span, "this is not valid YAML")
            .label(error.info().to_string());
        if error.info().contains("tab") {
            found = found.help("indent with spaces: YAML does not allow tabs");
        } else {
            found = found.help(
                "look at the indentation of this line and the one above; text with `: `, ` #`, `{` or `[` in it needs quotes",
            );
        }
        self.diagnostics.push(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> (Option<Node>, Vec<&'static str>) {
        let mut found = Vec::new();
        let node = parse(text, FileNo(0), 1, &mut found);
        (node, found.iter().map(|d| d.code).collect())
    }

    #[test]
    fn keeps_positions() {
        let (node, none) = codes("a: 1\nlist:\n  - {b: 'x'}\n");
        assert!(none.is_empty());
        let node = node.unwrap();
        let Value::List(items) = &node.get("list").unwrap().value else {
            panic!()
        };
        let b = items[0].get("b").unwrap();
        assert_eq!((b.span.line, b.span.column, b.span.len), (3, 9, 3));
    }

    #[test]
    fn bounds_what_a_file_can_cost() {
        let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_string(), |text, i| {
            let ten = vec![format!("*a{}", i - 1); 10].join(",");
            format!("{text}a{i}: &a{i} [{ten}]\n")
        });
        assert_eq!(codes(&bomb).1, ["yaml-size"]);
        assert_eq!(
            codes(&format!(
                "{}1{}",
                "[".repeat(MAX_DEPTH),
                "]".repeat(MAX_DEPTH)
            ))
            .1,
            [""; 0]
        );
        assert_eq!(codes(&"[".repeat(MAX_DEPTH + 1)).1, ["yaml-depth"]);
        assert_eq!(codes("a: &x [*x]").1.len(), 1);
        assert_eq!(codes("a: 1\na: 2").1, ["duplicate-key"]);
        assert_eq!(codes("a: [1").1, ["yaml-syntax"]);
        assert_eq!(codes("a: 1\n---\nb: 2").1, ["yaml-documents"]);
        assert!(codes("").0.is_none());
    }
}
