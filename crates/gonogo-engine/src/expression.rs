//! Deciding expressions over events.
//!
//! A field that is missing, or of another type than the expression takes it for, makes neither
//! a yes nor a no. Invariant: deciding allocates nothing, loops over nothing but lists that are
//! written in the expression, and says the same every time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use gonogo_model::decimal::{Decimal, ONE};
use gonogo_model::event::{Event, Scalar};
use gonogo_model::expression::{
    Attribute, Calculate, Compare, Expr, Literal, Part, TextTest, Where,
};
use jiff::Timestamp;

use crate::flow::matches;

/// Why an expression could not be decided for an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Undecided<'w> {
    /// The event has no such field.
    Missing(&'w str),
    /// A part of the expression takes a value for something that it is not.
    NotA(&'w Part, &'static str),
    /// Two values of different kinds are compared.
    Incomparable(&'w Part),
    /// A number became too large.
    TooLarge(&'w Part),
    /// Something is divided by nothing.
    DividedByZero(&'w Part),
}

/// What an event means to a matcher.
#[derive(Clone, Copy, Debug)]
pub enum Match<'w> {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// Nobody can say.
    Undecided(&'w Where, Undecided<'w>),
}

/// Does an event match, apart from its source and type?
pub fn asks<'w>(
    only: &BTreeMap<String, Vec<String>>,
    r#where: Option<&'w Where>,
    event: &Event,
) -> Match<'w> {
    if !matches(only, event) {
        return Match::No;
    }
    let Some(asked) = r#where else {
        return Match::Yes;
    };
    match decide(asked, event) {
        Ok(true) => Match::Yes,
        Ok(false) => Match::No,
        Err(why) => Match::Undecided(asked, why),
    }
}

/// Does an expression hold for an event?
pub fn decide<'w>(asked: &'w Where, event: &Event) -> Result<bool, Undecided<'w>> {
    truth(&asked.root, event)
}

#[derive(Clone, Copy, Debug)]
enum Value<'v> {
    Null,
    Bool(bool),
    Whole(i64),
    Decimal(Decimal),
    Text(&'v str),
    Time(Timestamp),
}

fn truth<'w>(part: &'w Part, event: &Event) -> Result<bool, Undecided<'w>> {
    match &part.expr {
        // As in CEL, one side is enough where it decides, whatever the other is.
        Expr::And(one, other) => match (truth(one, event), truth(other, event)) {
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Err(why), _) | (_, Err(why)) => Err(why),
            _ => Ok(true),
        },
        Expr::Or(one, other) => match (truth(one, event), truth(other, event)) {
            (Ok(true), _) | (_, Ok(true)) => Ok(true),
            (Err(why), _) | (_, Err(why)) => Err(why),
            _ => Ok(false),
        },
        Expr::Not(one) => truth(one, event).map(|holds| !holds),
        Expr::Has(path) => Ok(event.fields.contains_key(path)),
        Expr::HasSubject => Ok(event.subject.is_some()),
        Expr::Compare(how, one, other) => {
            let (left, right) = (value(one, event)?, value(other, event)?);
            compared(*how, left, right).ok_or(Undecided::Incomparable(part))
        }
        Expr::In(one, list) => {
            let sought = value(one, event)?;
            let mut undecided = None;
            for literal in list {
                match equal(sought, of_literal(literal)) {
                    Some(true) => return Ok(true),
                    Some(false) => {}
                    None => undecided = Some(Undecided::Incomparable(part)),
                }
            }
            undecided.map_or(Ok(false), Err)
        }
        Expr::Text(how, one, other) => {
            let (text, sought) = (text(one, event)?, text(other, event)?);
            Ok(match how {
                TextTest::StartsWith => text.starts_with(sought),
                TextTest::EndsWith => text.ends_with(sought),
                TextTest::Contains => text.contains(sought),
            })
        }
        _ => match value(part, event)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Undecided::NotA(part, "true or false")),
        },
    }
}

fn value<'v, 'w: 'v>(part: &'w Part, event: &'v Event) -> Result<Value<'v>, Undecided<'w>> {
    Ok(match &part.expr {
        Expr::Literal(literal) => of_literal(literal),
        Expr::Field(path) => match event.fields.get(path) {
            Some(Scalar::Null) => Value::Null,
            Some(Scalar::Bool(value)) => Value::Bool(*value),
            Some(Scalar::Int(value)) => Value::Whole(*value),
            Some(Scalar::Text(text)) => Value::Text(text),
            None => return Err(Undecided::Missing(path)),
        },
        Expr::Event(Attribute::Id) => Value::Text(&event.id),
        Expr::Event(Attribute::Type) => Value::Text(&event.kind),
        Expr::Event(Attribute::Source) => Value::Text(event.source.as_str()),
        Expr::Event(Attribute::Time) => Value::Time(event.time),
        Expr::Event(Attribute::Subject) => match &event.subject {
            Some(subject) => Value::Text(subject),
            None => return Err(Undecided::Missing("event.subject")),
        },
        Expr::Minus(one) => match number(one, event)? {
            Value::Whole(number) => {
                Value::Whole(number.checked_neg().ok_or(Undecided::TooLarge(part))?)
            }
            Value::Decimal(number) => Value::Decimal(Decimal::ZERO.minus(number)),
            _ => return Err(Undecided::NotA(one, "a number")),
        },
        Expr::Calculate(how, one, other) => {
            calculated(part, *how, number(one, event)?, number(other, event)?)?
        }
        Expr::Size(one) => {
            let count = text(one, event)?.chars().count();
            Value::Whole(i64::try_from(count).unwrap_or(i64::MAX))
        }
        Expr::Timestamp(one) => match value(one, event)? {
            Value::Time(time) => Value::Time(time),
            Value::Text(text) => match text.parse() {
                Ok(time) => Value::Time(time),
                Err(_) => return Err(Undecided::NotA(one, "a time")),
            },
            Value::Whole(seconds) => match Timestamp::from_second(seconds) {
                Ok(time) => Value::Time(time),
                Err(_) => return Err(Undecided::NotA(one, "a time")),
            },
            _ => return Err(Undecided::NotA(one, "a time")),
        },
        Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::Has(_)
        | Expr::HasSubject
        | Expr::Compare(..)
        | Expr::In(..)
        | Expr::Text(..) => Value::Bool(truth(part, event)?),
    })
}

fn of_literal(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Whole(value) => Value::Whole(*value),
        Literal::Decimal(value) => Value::Decimal(*value),
        Literal::Text(text) => Value::Text(text),
        Literal::Time(time) => Value::Time(*time),
    }
}

fn text<'v, 'w: 'v>(part: &'w Part, event: &'v Event) -> Result<&'v str, Undecided<'w>> {
    match value(part, event)? {
        Value::Text(text) => Ok(text),
        _ => Err(Undecided::NotA(part, "text")),
    }
}

fn number<'v, 'w: 'v>(part: &'w Part, event: &'v Event) -> Result<Value<'v>, Undecided<'w>> {
    let found = value(part, event)?;
    as_number(found).ok_or(Undecided::NotA(part, "a number"))
}

/// A number. What is not a whole one comes as the text that was sent: see [`Scalar`].
fn as_number(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Whole(_) | Value::Decimal(_) => Some(value),
        // A whole number in here is text that looks like one, and the sender means it as text.
        Value::Text(text) if text.contains(['.', 'e', 'E']) || text.len() > 18 => {
            Decimal::parse(text).ok().map(Value::Decimal)
        }
        _ => None,
    }
}

/// In billionths, as decimals are: of every whole number too.
fn billionths(value: Value<'_>) -> Option<i128> {
    match value {
        Value::Whole(number) => Some(i128::from(number) * ONE),
        Value::Decimal(number) => Some(number.billionths()),
        _ => None,
    }
}

fn calculated<'w>(
    part: &'w Part,
    how: Calculate,
    one: Value<'_>,
    other: Value<'_>,
) -> Result<Value<'w>, Undecided<'w>> {
    let too_large = Undecided::TooLarge(part);
    if let (Value::Whole(one), Value::Whole(other)) = (one, other) {
        if other == 0 && matches!(how, Calculate::Divide | Calculate::Remainder) {
            return Err(Undecided::DividedByZero(part));
        }
        let result = match how {
            Calculate::Add => one.checked_add(other),
            Calculate::Subtract => one.checked_sub(other),
            Calculate::Multiply => one.checked_mul(other),
            Calculate::Divide => one.checked_div(other),
            Calculate::Remainder => one.checked_rem(other),
        };
        return result.map(Value::Whole).ok_or(too_large);
    }
    let (Some(one), Some(other)) = (billionths(one), billionths(other)) else {
        return Err(too_large);
    };
    let exact = match how {
        Calculate::Add => one.checked_add(other),
        Calculate::Subtract => one.checked_sub(other),
        Calculate::Multiply => one.checked_mul(other).map(|product| product / ONE),
        Calculate::Divide | Calculate::Remainder => {
            return Err(Undecided::NotA(part, "made of whole numbers only"));
        }
    };
    let exact = exact.ok_or(too_large)?;
    let kept = Decimal::from_billionths(exact);
    if kept.billionths() == exact {
        Ok(Value::Decimal(kept))
    } else {
        Err(too_large)
    }
}

fn compared(how: Compare, one: Value<'_>, other: Value<'_>) -> Option<bool> {
    Some(match how {
        Compare::Equal => equal(one, other)?,
        Compare::NotEqual => !equal(one, other)?,
        Compare::Less => order(one, other)?.is_lt(),
        Compare::AtMost => order(one, other)?.is_le(),
        Compare::Greater => order(one, other)?.is_gt(),
        Compare::AtLeast => order(one, other)?.is_ge(),
    })
}

fn equal(one: Value<'_>, other: Value<'_>) -> Option<bool> {
    match (one, other) {
        (Value::Null, Value::Null) => Some(true),
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Bool(one), Value::Bool(other)) => Some(one == other),
        _ => order(one, other).map(Ordering::is_eq),
    }
}

fn order(one: Value<'_>, other: Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Whole(one), Value::Whole(other)) => Some(one.cmp(&other)),
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Time(one), Value::Time(other)) => Some(one.cmp(&other)),
        (Value::Null | Value::Bool(_) | Value::Time(_), _)
        | (_, Value::Null | Value::Bool(_) | Value::Time(_)) => None,
        _ => {
            let (one, other) = (as_number(one)?, as_number(other)?);
            Some(billionths(one)?.cmp(&billionths(other)?))
        }
    }
}

impl fmt::Display for Undecided<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "`{path}` is missing"),
            Self::NotA(part, what) => write!(f, "{} is not {what}", Named(part)),
            Self::Incomparable(part) => write!(f, "{} are of different kinds", Named(part)),
            Self::TooLarge(part) => write!(f, "{} is too large a number", Named(part)),
            Self::DividedByZero(part) => write!(f, "{} divides by 0", Named(part)),
        }
    }
}

/// A part by the fields in it: what they hold is nobody's business here.
struct Named<'w>(&'w Part);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<String> = Vec::new();
        self.0.each(&mut |part| match &part.expr {
            Expr::Field(path) => names.push(format!("`{path}`")),
            Expr::Event(attribute) => names.push(format!("`event.{}`", attribute.name())),
            _ => {}
        });
        names.dedup();
        match (&self.0.expr, &names[..]) {
            (_, []) => f.write_str("a written value"),
            (Expr::Compare(..) | Expr::In(..), [one]) => {
                write!(f, "{one} and what it is compared with")
            }
            (_, names) => f.write_str(&names.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests;
