//! Conditions on events in CEL: `where: data.object.amount > 100000 && livemode`.
//!
//! The `cel` crate reads them; what remains of its tree is a small one of our own, in which
//! every node is known, numbers are exact and nothing loops, so that deciding costs at most as
//! much as the expression is long. Fields have the names that they have everywhere else in a
//! package. Invariant: a [`Where`] that exists is within the limits and has only known nodes.

mod check;
mod fields;
mod known;
mod read;
mod refused;
mod schema;
mod uses;
mod wish;

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::decode::{Cx, Decode, Definitions};
use crate::diagnostic::Diagnostic;
use crate::text::Span;
use crate::yaml::{self, Node, Piece};

pub(crate) use check::mistakes;
pub use schema::{EventSchema, FieldSchema, FieldType};
pub use uses::{Use, uses};

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 1000;
/// The deepest nesting of an expression's parts.
pub const MAX_DEPTH: usize = 32;
/// The deepest nesting of its brackets.
pub const MAX_NESTING: usize = 16;

/// A condition on events.
#[derive(Clone, Debug)]
pub struct Where {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub root: Part,
    /// Where the whole of it stands.
    pub span: Span,
    /// Does each character of it stand where `span` says?
    exact: bool,
    /// Where its lines stand, where it has several.
    pieces: Box<[Piece]>,
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub expr: Expr,
    /// Which bytes of the text it is.
    pub at: Range<usize>,
}

/// What a part of an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A value that is written there.
    Literal(Literal),
    /// A field of the event, by its path.
    Field(String),
    /// Something of the envelope.
    Event(Attribute),
    /// Is there such a field?
    Has(String),
    /// Does the event say what it is about?
    HasSubject,
    /// Not.
    Not(Box<Part>),
    /// The same number, the other way.
    Minus(Box<Part>),
    /// Both.
    And(Box<Part>, Box<Part>),
    /// Any of the two.
    Or(Box<Part>, Box<Part>),
    /// How two values stand to each other.
    Compare(Compare, Box<Part>, Box<Part>),
    /// A sum, a difference, and so on.
    Calculate(Calculate, Box<Part>, Box<Part>),
    /// Is it one of these?
    In(Box<Part>, Vec<Literal>),
    /// What a text has in it.
    Text(TextTest, Box<Part>, Box<Part>),
    /// How many characters a text has.
    Size(Box<Part>),
    /// A text in RFC 3339, or seconds since 1970, as a time.
    Timestamp(Box<Part>),
}

/// A value that is written in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number with decimal places.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// A time: `timestamp("2026-11-23T09:00:00Z")`.
    Time(Timestamp),
}

/// What an envelope has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `event.id`
    Id,
    /// `event.type`
    Type,
    /// `event.subject`
    Subject,
    /// `event.source`
    Source,
    /// `event.time`
    Time,
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calculate {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, of whole numbers, towards zero.
    Divide,
    /// `%`
    Remainder,
}

/// What a text may have in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// At its begin.
    StartsWith,
    /// At its end.
    EndsWith,
    /// Anywhere.
    Contains,
}

impl Attribute {
    /// All of them, by the names that they have in an expression.
    pub const ALL: [(&'static str, Self); 5] = [
        ("id", Self::Id),
        ("type", Self::Type),
        ("subject", Self::Subject),
        ("source", Self::Source),
        ("time", Self::Time),
    ];

    /// The name in an expression.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, attribute)| *attribute == self);
        named.map_or("id", |(name, _)| name)
    }
}

impl Where {
    /// Reads an expression that stands in no file.
    pub fn parse(text: &str) -> Result<Self, String> {
        read::read(text)
            .map(|root| Self {
                text: text.to_owned(),
                root,
                span: Span::default(),
                exact: false,
                pieces: Box::default(),
            })
            .map_err(|mistake| mistake.message)
    }

    /// The paths of the fields that it looks at.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.root.each(&mut |part| {
            if let Expr::Field(path) | Expr::Has(path) = &part.expr {
                fields.insert(path.as_str());
            }
        });
        fields
    }

    /// Where a part of it stands in its file, as far as that can be said.
    pub(crate) fn place(&self, at: &Range<usize>) -> Span {
        if let Some(span) = in_pieces(&self.text, &self.pieces, at) {
            return span;
        }
        place(&self.text, self.span, self.exact, at)
    }

    /// The text of a part.
    pub(crate) fn quoted(&self, at: &Range<usize>) -> &str {
        self.text.get(at.clone()).unwrap_or(&self.text)
    }
}

impl Part {
    /// Shows itself and everything in it.
    pub fn each<'p>(&'p self, visit: &mut dyn FnMut(&'p Part)) {
        visit(self);
        match &self.expr {
            Expr::Literal(_) | Expr::Field(_) | Expr::Event(_) | Expr::Has(_) => {}
            Expr::HasSubject => {}
            Expr::Not(one)
            | Expr::Minus(one)
            | Expr::In(one, _)
            | Expr::Size(one)
            | Expr::Timestamp(one) => one.each(visit),
            Expr::And(one, other)
            | Expr::Or(one, other)
            | Expr::Compare(_, one, other)
            | Expr::Calculate(_, one, other)
            | Expr::Text(_, one, other) => {
                one.each(visit);
                other.each(visit);
            }
        }
    }
}

/// Where some bytes of a text stand. Text in quotes begins after the first of them; where
/// characters are written otherwise than they are meant, the whole stands for its parts.
fn place(text: &str, whole: Span, exact: bool, at: &Range<usize>) -> Span {
    let (Some(before), Some(inside)) = (text.get(..at.start), text.get(at.clone())) else {
        return whole;
    };
    if !exact {
        return whole;
    }
    let count = |s: &str| u32::try_from(s.chars().count()).unwrap_or(u32::MAX);
    let quote = u32::from(whole.len > count(text));
    Span {
        column: whole.column + quote + count(before),
        len: count(inside).max(1),
        ..whole
    }
}

/// Where some bytes of a text over several lines stand, up to the end of their first line.
fn in_pieces(text: &str, pieces: &[Piece], at: &Range<usize>) -> Option<Span> {
    let piece = pieces.iter().rev().find(|piece| piece.from <= at.start)?;
    let count = |s: &str| u32::try_from(s.chars().count()).unwrap_or(u32::MAX);
    let before = count(text.get(piece.from..at.start)?);
    let left = piece.span.len.checked_sub(before)?;
    Some(Span {
        column: piece.span.column + before,
        len: count(text.get(at.clone())?).min(left).max(1),
        ..piece.span
    })
}

impl Decode for Where {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        let yaml::Value::Scalar { text, quoted } = &node.value else {
            cx.wrong_type(node, "an expression");
            return None;
        };
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let quotes = if *quoted { 2 } else { 0 };
        let exact = !text.contains('\n') && node.span.len == length.saturating_add(quotes);
        let pieces = node.pieces.clone().unwrap_or_default();
        match read::read(text) {
            Ok(root) => Some(Self {
                text: text.clone(),
                root,
                span: node.span,
                exact,
                pieces,
            }),
            Err(mistake) => {
                let span = in_pieces(text, &pieces, &mistake.at)
                    .unwrap_or_else(|| place(text, node.span, exact, &mistake.at));
                let mut found = Diagnostic::error("expression", span, mistake.message);
                found.label = mistake.label;
                found.help = mistake.help;
                cx.push(found);
                None
            }
        }
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": ["string", "boolean"], "maxLength": MAX_LENGTH})
    }
}

#[cfg(test)]
mod tests;
