//! Text → the parts of an expression, by the grammar of the `cel` crate.
//!
//! Its tree may have loops, types and macros in it; whatever is not on the list here is refused
//! in words that say what to write instead.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr as Cel, LiteralValue, SourceInfo};
use cel::parser::Parser;

use super::refused::{Mistake, no_attribute, syntax, too_deep, word_len};
use super::{
    Attribute, Calculate, Compare, Expr, Literal, MAX_DEPTH, MAX_LENGTH, MAX_NESTING, Part,
    TextTest,
};
use crate::decimal::Decimal;
use crate::diagnostic::did_you_mean;

/// The name under which a field is found whose path is no CEL name: `fields["a-b.c"]`.
const FIELDS: &str = "fields";
/// How deep the grammar may go by itself: more than brackets can be nested.
const GRAMMAR_DEPTH: u16 = 96;
/// The longest path of a field.
const MAX_PATH: usize = 200;
/// What can be called.
const FUNCTIONS: [&str; 6] = [
    "startsWith",
    "endsWith",
    "contains",
    "size",
    "has",
    "timestamp",
];
/// What the grammar calls its loops.
const LOOPS: [&str; 9] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "map",
    "filter",
    "transformList",
    "transformMap",
    "sortBy",
];

/// Reads an expression.
pub(super) fn read(text: &str) -> Result<Part, Mistake> {
    within_limits(text)?;
    let parser = Parser::new().max_recursion_depth(GRAMMAR_DEPTH);
    let (tree, places) = parser
        .parse_with_source_info(text)
        .map_err(|errors| syntax(text, &errors))?;
    let reader = Reader { text, places };
    reader.part(&tree, 0)
}

/// Before the grammar sees it: neither long nor deep.
fn within_limits(text: &str) -> Result<(), Mistake> {
    if text.trim().is_empty() {
        return Err(Mistake::new(0..text.len(), "this expression is empty", "nothing here")
            .help("leave `where` out, or write what has to hold: `livemode && data.object.amount > 100`"));
    }
    if text.len() > MAX_LENGTH {
        return Err(Mistake::new(
            MAX_LENGTH..text.len(),
            "this expression is too long",
            format!("{} bytes; {MAX_LENGTH} are read", text.len()),
        )
        .help("compare with lists of values in `only`, and write the rest here"));
    }
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' | b'?' => depth += 1,
            b')' | b']' | b'}' => depth = depth.max(1) - 1,
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(too_deep(at..at + 1));
        }
    }
    Ok(())
}

struct Reader<'t> {
    text: &'t str,
    places: SourceInfo,
}

impl Reader<'_> {
    fn part(&self, tree: &IdedExpr, depth: usize) -> Result<Part, Mistake> {
        if depth > MAX_DEPTH {
            return Err(too_deep(self.own(tree)));
        }
        let own = self.own(tree);
        let part = |expr, at| Ok(Part { expr, at });
        match &tree.expr {
            Cel::Literal(value) => {
                let (literal, at) = self.literal(value, own)?;
                part(Expr::Literal(literal), at)
            }
            Cel::Ident(_) => self.field(tree, false),
            Cel::Select(select) => self.field(tree, select.test),
            Cel::Call(call) if call.func_name == "_[_]" => self.field(tree, false),
            Cel::Call(call) => self.call(call, own, depth),
            Cel::Comprehension(_) => Err(self.a_loop(own)),
            Cel::List(_) => {
                Err(
                    Mistake::new(own, "a list can only stand after `in`", "a list here")
                        .help("write `status in [\"open\", \"paid\"]`"),
                )
            }
            Cel::Map(_) | Cel::Struct(_) => Err(Mistake::new(
                own,
                "maps and messages cannot be made here",
                "not known here",
            )
            .help("compare the fields one by one, joined by `&&`")),
            Cel::Unspecified => Err(Mistake::new(own, "this is no expression", "cannot be read")),
        }
    }

    fn call(&self, call: &CallExpr, own: Range<usize>, depth: usize) -> Result<Part, Mistake> {
        let inner = |tree: &IdedExpr| self.part(tree, depth + 1).map(Box::new);
        let name = call.func_name.as_str();
        let expr = match (name, &call.target, &call.args[..]) {
            ("!_", None, [one]) => Expr::Not(inner(one)?),
            ("-_", None, [one]) => Expr::Minus(inner(one)?),
            ("_&&_", None, [one, other]) => Expr::And(inner(one)?, inner(other)?),
            ("_||_", None, [one, other]) => Expr::Or(inner(one)?, inner(other)?),
            ("@in", None, [one, list]) => Expr::In(inner(one)?, self.list(list)?),
            (_, None, [one, other]) if compare(name).is_some() => {
                let compare = compare(name).unwrap_or(Compare::Equal);
                Expr::Compare(compare, inner(one)?, inner(other)?)
            }
            (_, None, [one, other]) if calculate(name).is_some() => {
                let calculate = calculate(name).unwrap_or(Calculate::Add);
                Expr::Calculate(calculate, inner(one)?, inner(other)?)
            }
            ("size", Some(of), []) => Expr::Size(inner(of)?),
            ("size", None, [of]) => Expr::Size(inner(of)?),
            ("timestamp", None, [of]) => self.timestamp(of, depth)?,
            (_, Some(of), [what]) if text_test(name).is_some() => {
                let test = text_test(name).unwrap_or(TextTest::Contains);
                Expr::Text(test, inner(of)?, inner(what)?)
            }
            _ => return Err(self.unknown_call(call, own)),
        };
        let at = self.whole(&expr, own, name);
        Ok(Part { expr, at })
    }

    fn unknown_call(&self, call: &CallExpr, own: Range<usize>) -> Mistake {
        let name = call.func_name.as_str();
        if name == "_?_:_" {
            return Mistake::new(own, "`? :` is not known here", "not known here")
                .help("write `a && b || !a && c` instead of `a ? b : c`");
        }
        // The grammar places a call at its parenthesis; its name stands before.
        let before = self.text.get(..own.start).unwrap_or_default().trim_end();
        let at = match before.strip_suffix(name) {
            Some(rest) => rest.len()..before.len(),
            None => own.clone(),
        };
        if LOOPS.contains(&name) {
            return self.a_loop(at);
        }
        if FUNCTIONS.contains(&name) {
            let (message, help) = match name {
                "has" => ("`has` asks for one field", "write `has(data.object.id)`"),
                "size" => ("`size` asks for one text", "write `size(name) > 3`"),
                "timestamp" => (
                    "`timestamp` asks for one value",
                    "write `timestamp(\"2026-11-23T09:00:00Z\")`",
                ),
                _ => (
                    "a text is asked what it has in it",
                    "write `branch.startsWith(\"release/\")`",
                ),
            };
            return Mistake::new(at, message, "not used like this").help(help);
        }
        let found = Mistake::new(
            at,
            format!("there is no function `{name}` here"),
            "not known here",
        );
        if name == "matches" {
            return found.help("regular expressions are not read: use `startsWith`, `endsWith`, `contains` or a list with `in`");
        }
        if name == "now" {
            return found.help("an expression knows no clock, so that it says the same whenever it is asked: compare with `event.time`");
        }
        match did_you_mean(name, FUNCTIONS) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(
                "known are `startsWith`, `endsWith`, `contains`, `size`, `has` and `timestamp`",
            ),
        }
    }

    fn a_loop(&self, own: Range<usize>) -> Mistake {
        // The grammar places a macro at its parenthesis.
        let before = self.text.get(..own.start).unwrap_or_default();
        let start = before
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        let at = match self.text.get(own.clone()) {
            Some(word) if LOOPS.contains(&word) => own,
            _ if start < own.start => start..own.start,
            _ => own,
        };
        Mistake::new(
            at,
            "an expression cannot go through lists",
            "`all`, `exists`, `map` and `filter` are not known here",
        )
        .help("look at one of its items: `items[0].price > 100`; what has to be counted belongs into the event")
    }

    fn timestamp(&self, of: &IdedExpr, depth: usize) -> Result<Expr, Mistake> {
        let inside = self.part(of, depth + 1)?;
        match &inside.expr {
            Expr::Literal(Literal::Text(text)) => match text.parse() {
                Ok(time) => Ok(Expr::Literal(Literal::Time(time))),
                Err(_) => Err(Mistake::new(
                    inside.at,
                    format!("`{text}` is not an instant"),
                    "no time in RFC 3339",
                )
                .help("write it with its offset: `2026-11-23T09:00:00Z`")),
            },
            Expr::Field(_) | Expr::Event(_) => Ok(Expr::Timestamp(Box::new(inside))),
            _ => Err(Mistake::new(
                inside.at,
                "`timestamp` is made of a text or of a field",
                "neither of them",
            )
            .help("write `timestamp(\"2026-11-23T09:00:00Z\")`")),
        }
    }

    fn list(&self, tree: &IdedExpr) -> Result<Vec<Literal>, Mistake> {
        let Cel::List(list) = &tree.expr else {
            let at = self.own(tree);
            return Err(Mistake::new(at, "after `in` stands a list of values", "no list")
                .help("write `status in [\"open\", \"paid\"]`; whether a text has another in it says `name.contains(\"x\")`"));
        };
        let value = |item: &IdedExpr| match &item.expr {
            Cel::Literal(value) => self.literal(value, self.own(item)).map(|(value, _)| value),
            _ => Err(Mistake::new(
                self.own(item),
                "a list holds written values only",
                "no value",
            )
            .help("compare with fields one by one, joined by `||`")),
        };
        list.elements.iter().map(value).collect()
    }

    /// A path of names and numbers.
    fn field(&self, tree: &IdedExpr, test: bool) -> Result<Part, Mistake> {
        let (mut names, mut at) = (Vec::new(), self.own(tree));
        self.path(tree, &mut names, &mut at)?;
        at = match test {
            true => self.called(self.own(tree), "has"),
            false => self.stretch(at),
        };
        let expr = match (names.first().map(String::as_str), names.len()) {
            (Some("event"), 2) => {
                let name = names[1].as_str();
                let known = Attribute::ALL.iter().find(|(n, _)| *n == name);
                match (known, test) {
                    (Some((_, Attribute::Subject)), true) => Expr::HasSubject,
                    (Some(_), true) => Expr::Literal(Literal::Bool(true)),
                    (Some((_, attribute)), false) => Expr::Event(*attribute),
                    (None, _) => return Err(no_attribute(at, name)),
                }
            }
            (Some("event"), _) => {
                return Err(no_attribute(at, &names[1..].join(".")));
            }
            (Some(FIELDS), 2..) => field(names[1..].join("."), test),
            (Some(FIELDS), _) => {
                return Err(
                    Mistake::new(at, "`fields` is asked for one path", "no path")
                        .help("write `fields[\"line-items.0.price\"]`"),
                );
            }
            _ => field(names.join("."), test),
        };
        if let Expr::Field(path) | Expr::Has(path) = &expr
            && (path.len() > MAX_PATH || path.is_empty())
        {
            return Err(Mistake::new(
                at,
                "no field has such a path",
                "too long, or empty",
            ));
        }
        Ok(Part { expr, at })
    }

    fn path(
        &self,
        tree: &IdedExpr,
        names: &mut Vec<String>,
        at: &mut Range<usize>,
    ) -> Result<(), Mistake> {
        let own = self.own(tree);
        *at = at.start.min(own.start)..at.end.max(own.end);
        match &tree.expr {
            Cel::Ident(name) => names.push(name.trim_start_matches('.').to_owned()),
            Cel::Select(select) => {
                self.path(&select.operand, names, at)?;
                names.push(select.field.clone());
            }
            Cel::Call(call) if call.func_name == "_[_]" && call.args.len() == 2 => {
                self.path(&call.args[0], names, at)?;
                let index = &call.args[1];
                let own = self.own(index);
                at.end = at.end.max(own.end);
                match &index.expr {
                    Cel::Literal(LiteralValue::String(name)) => names.push(name.inner().to_owned()),
                    Cel::Literal(LiteralValue::Int(number)) if *number.inner() >= 0 => {
                        names.push(number.inner().to_string());
                    }
                    _ => {
                        return Err(Mistake::new(
                            own,
                            "in brackets stands a written name or number",
                            "neither of them",
                        )
                        .help("write `items[0].price` or `labels[\"kind\"]`"));
                    }
                }
            }
            _ => {
                return Err(
                    Mistake::new(own, "only events have fields", "no field of an event")
                        .help("write a path: `data.object.amount`"),
                );
            }
        }
        Ok(())
    }

    fn literal(
        &self,
        value: &LiteralValue,
        own: Range<usize>,
    ) -> Result<(Literal, Range<usize>), Mistake> {
        // A minus is part of the number, and stands before the place that the grammar gives.
        let before = self.text.get(..own.start).unwrap_or_default().trim_end();
        let at = |negative: bool| match before.strip_suffix('-') {
            Some(rest) if negative => rest.len()..own.end,
            _ => own.clone(),
        };
        Ok(match value {
            LiteralValue::Null => (Literal::Null, own),
            LiteralValue::Boolean(value) => (Literal::Bool(*value.inner()), own),
            LiteralValue::Int(value) => {
                let value = *value.inner();
                (Literal::Whole(value), at(value < 0))
            }
            LiteralValue::String(value) => (Literal::Text(value.inner().to_owned()), own),
            LiteralValue::Double(value) => {
                let at = at(*value.inner() < 0.0);
                let written = self.text.get(at.clone()).unwrap_or_default();
                let exact: String = written.chars().filter(|c| !c.is_whitespace()).collect();
                match Decimal::parse(&exact) {
                    Ok(number) => (Literal::Decimal(number), at),
                    Err(_) => {
                        return Err(Mistake::new(
                            at,
                            format!("`{written}` is too large a number"),
                            "nothing is compared with this",
                        ));
                    }
                }
            }
            LiteralValue::UInt(_) => {
                return Err(Mistake::new(
                    own,
                    "numbers are written without `u`",
                    "with a `u`",
                ));
            }
            LiteralValue::Bytes(_) => {
                return Err(Mistake::new(own, "an event has text and no bytes", "bytes")
                    .help("leave the `b` before the quotes out"));
            }
        })
    }

    /// The place of a node by itself: of an operator its sign, of a call its parenthesis.
    fn own(&self, tree: &IdedExpr) -> Range<usize> {
        let length = self.text.len();
        let Some((start, stop)) = self.places.offset_for(tree.id) else {
            return 0..length;
        };
        let start = usize::try_from(start).unwrap_or(0).min(length);
        let end = usize::try_from(stop).unwrap_or(length).saturating_add(1);
        let end = end.clamp(start, length);
        match self.text.get(start..end) {
            Some(_) => start..end,
            None => 0..length,
        }
    }

    /// From the first of its parts to the last; of a call, from its name to its end.
    fn whole(&self, expr: &Expr, own: Range<usize>, name: &str) -> Range<usize> {
        let own = match self.text.get(own.clone()) {
            Some("(") => self.called(own, name),
            _ => own,
        };
        match expr {
            Expr::Not(one) | Expr::Minus(one) => own.start.min(one.at.start)..one.at.end,
            Expr::In(one, _) => {
                let list = self.text.get(own.end..).and_then(|rest| rest.find('['));
                let end = list.map_or(own.end, |open| self.close(own.end + open));
                one.at.start..end
            }
            Expr::And(one, other)
            | Expr::Or(one, other)
            | Expr::Compare(_, one, other)
            | Expr::Calculate(_, one, other) => one.at.start..other.at.end.max(one.at.start),
            Expr::Text(_, one, _) | Expr::Size(one) => own.start.min(one.at.start)..own.end,
            _ => own,
        }
    }

    /// From the name of a function, which stands before its parenthesis, to its end.
    fn called(&self, parenthesis: Range<usize>, name: &str) -> Range<usize> {
        let before = self
            .text
            .get(..parenthesis.start)
            .unwrap_or_default()
            .trim_end();
        let start = before
            .strip_suffix(name)
            .map_or(parenthesis.start, str::len);
        start..self.close(parenthesis.start)
    }

    /// The end of what a bracket opens.
    fn close(&self, open: usize) -> usize {
        let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
        for (at, c) in self.text.char_indices().skip_while(|(at, _)| *at < open) {
            match (quote, c) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(q), c) if q == c => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        self.text.len()
    }

    /// Of a path the grammar gives places of dots: goes on to the end of the last name.
    fn stretch(&self, at: Range<usize>) -> Range<usize> {
        let rest = |from: usize| self.text.get(from..).unwrap_or_default();
        let mut end = at.end;
        if self.text.get(..end).is_some_and(|t| t.ends_with('.')) {
            let blank = rest(end).len() - rest(end).trim_start().len();
            end += blank;
            end += word_len(rest(end));
        }
        if self
            .text
            .get(at.start..end)
            .is_some_and(|t| t.contains('['))
            && rest(end).trim_start().starts_with(']')
        {
            end += rest(end).find(']').map_or(0, |close| close + 1);
        }
        at.start..end
    }
}

fn field(path: String, test: bool) -> Expr {
    match test {
        true => Expr::Has(path),
        false => Expr::Field(path),
    }
}

fn compare(name: &str) -> Option<Compare> {
    Some(match name {
        "_==_" => Compare::Equal,
        "_!=_" => Compare::NotEqual,
        "_<_" => Compare::Less,
        "_<=_" => Compare::AtMost,
        "_>_" => Compare::Greater,
        "_>=_" => Compare::AtLeast,
        _ => return None,
    })
}

fn calculate(name: &str) -> Option<Calculate> {
    Some(match name {
        "_+_" => Calculate::Add,
        "_-_" => Calculate::Subtract,
        "_*_" => Calculate::Multiply,
        "_/_" => Calculate::Divide,
        "_%_" => Calculate::Remainder,
        _ => return None,
    })
}

fn text_test(name: &str) -> Option<TextTest> {
    Some(match name {
        "startsWith" => TextTest::StartsWith,
        "endsWith" => TextTest::EndsWith,
        "contains" => TextTest::Contains,
        _ => return None,
    })
}
