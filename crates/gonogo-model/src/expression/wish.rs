//! Fields with which an expression says what it is wished to say, for events that are made up.
//!
//! Best effort: comparisons of a field with a written value, joined in any way. Whoever makes an
//! event of it looks whether it matches.

use std::collections::BTreeMap;

use super::{Compare, Expr, Literal, Part, TextTest, Where};
use crate::event::Scalar;

impl Where {
    /// Fields with which it holds, or does not.
    pub fn wish(&self, holds: bool) -> BTreeMap<String, Scalar> {
        let mut fields = BTreeMap::new();
        wish(&self.root, holds, &mut fields);
        fields
    }
}

fn wish(part: &Part, holds: bool, fields: &mut BTreeMap<String, Scalar>) {
    match (&part.expr, holds) {
        (Expr::And(one, other), true) | (Expr::Or(one, other), false) => {
            wish(one, holds, fields);
            wish(other, holds, fields);
        }
        // What is asked first is mostly whether there is such a field: the rest turns.
        (Expr::And(_, other), false) => wish(other, false, fields),
        (Expr::Or(one, _), true) => wish(one, true, fields),
        (Expr::Not(one), _) => wish(one, !holds, fields),
        (Expr::Field(path), _) => set(fields, path, Scalar::Bool(holds)),
        (Expr::Has(path), true) => {
            let value = fields.entry(path.clone());
            value.or_insert_with(|| Scalar::Text("rehearsal".into()));
        }
        (Expr::In(one, list), _) => {
            if let (Expr::Field(path), Some(first)) = (&one.expr, list.first()) {
                let value = if holds { scalar(first) } else { none_of(list) };
                set(fields, path, value);
            }
        }
        (Expr::Text(how, one, other), _) => {
            if let (Expr::Field(path), Expr::Literal(Literal::Text(text))) =
                (&one.expr, &other.expr)
            {
                let known = match fields.get(path) {
                    Some(Scalar::Text(known)) => known.clone(),
                    _ => String::new(),
                };
                let value = match (holds, how) {
                    (false, _) => "none-of-it".to_owned(),
                    (true, TextTest::StartsWith) => format!("{text}{known}"),
                    (true, TextTest::EndsWith | TextTest::Contains) => format!("{known}{text}"),
                };
                set(fields, path, Scalar::Text(value));
            }
        }
        (Expr::Compare(how, one, other), _) => match (&one.expr, &other.expr) {
            (Expr::Field(path), Expr::Literal(literal)) => {
                compare(*how, path, literal, holds, fields);
            }
            (Expr::Literal(literal), Expr::Field(path)) => {
                compare(turned(*how), path, literal, holds, fields);
            }
            _ => {}
        },
        _ => {}
    }
}

fn none_of(list: &[Literal]) -> Scalar {
    let numbers = list.iter().filter_map(|literal| match literal {
        Literal::Whole(number) => Some(*number),
        _ => None,
    });
    match numbers.max() {
        Some(largest) => Scalar::Int(largest.saturating_add(1)),
        None => Scalar::Text("none-of-them".into()),
    }
}

fn compare(
    how: Compare,
    path: &str,
    literal: &Literal,
    holds: bool,
    fields: &mut BTreeMap<String, Scalar>,
) {
    let how = if holds { how } else { opposite(how) };
    let step = match how {
        Compare::Equal | Compare::AtMost | Compare::AtLeast => 0,
        Compare::Greater | Compare::NotEqual => 1,
        Compare::Less => -1,
    };
    let value = match literal {
        Literal::Whole(number) => Scalar::Int(number.saturating_add(step)),
        Literal::Decimal(number) => {
            let whole = crate::decimal::Decimal::from_whole(step);
            Scalar::Text(number.plus(whole).to_string())
        }
        Literal::Bool(value) if step == 0 => Scalar::Bool(*value),
        Literal::Bool(value) => Scalar::Bool(!*value),
        Literal::Text(text) if step > 0 => Scalar::Text(format!("{text}-other")),
        Literal::Null if step != 0 => Scalar::Text("rehearsal".into()),
        other => scalar(other),
    };
    set(fields, path, value);
}

fn set(fields: &mut BTreeMap<String, Scalar>, path: &str, value: Scalar) {
    fields.insert(path.to_owned(), value);
}

fn scalar(literal: &Literal) -> Scalar {
    match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(value) => Scalar::Bool(*value),
        Literal::Whole(value) => Scalar::Int(*value),
        Literal::Decimal(value) => Scalar::Text(value.to_string()),
        Literal::Text(text) => Scalar::Text(text.clone()),
        Literal::Time(time) => Scalar::Text(time.to_string()),
    }
}

fn turned(how: Compare) -> Compare {
    match how {
        Compare::Less => Compare::Greater,
        Compare::AtMost => Compare::AtLeast,
        Compare::Greater => Compare::Less,
        Compare::AtLeast => Compare::AtMost,
        same => same,
    }
}

fn opposite(how: Compare) -> Compare {
    match how {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::AtLeast,
        Compare::AtMost => Compare::Greater,
        Compare::Greater => Compare::AtMost,
        Compare::AtLeast => Compare::Less,
    }
}
