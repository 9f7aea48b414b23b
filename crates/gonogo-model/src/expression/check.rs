//! Is an expression about fields that are there, and does it compare what can be compared?
//!
//! What a schema does not tell is not guessed: it agrees with everything, and is looked at when
//! an event comes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::fields::{Fields, Lookup, near};
use super::schema::FieldType;
use super::uses::{Use, uses};
use super::{Attribute, Calculate, Compare, Expr, Literal, Part};
use crate::decode::list_of;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::package::Package;
use crate::source::Source;

/// How many fields or values a way out names.
const NAMED: usize = 8;

/// What a part is, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Number,
    Text,
    /// A text that is a time, before `timestamp(…)` makes one of it.
    TimeText,
    Time,
    Null,
    Unknown,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::TimeText | Self::Time => "a time",
            Self::Null => "nothing",
            Self::Unknown => "unknown",
        }
    }
}

/// What is wrong with the expressions of a package.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    let mut said: BTreeSet<(&str, &str)> = BTreeSet::new();
    for used in uses(package) {
        let Some(source) = package.sources.get(used.source) else {
            continue;
        };
        let fields = Fields::of(source, &used);
        let mut checker = Checker {
            used: &used,
            fields: &fields,
            found,
        };
        checker.whole();
        let open = fields.open.iter().filter(|_| !used.of.fields().is_empty());
        for event in open {
            // One sentence for each type of event, however many ask about it.
            if said.insert((source.id.as_str(), event)) {
                found.push(no_schema(&used, source, event));
            }
        }
    }
}

fn no_schema(used: &Use<'_>, source: &Source, event: &str) -> Diagnostic {
    let first = used.of.fields().into_iter().next().unwrap_or("data.amount");
    let whole = 0..used.of.text.len();
    let shown = if event.is_empty() { "*" } else { event };
    let about = match event {
        "" => format!("the source `{}` has no schema", source.id.value),
        _ => format!(
            "the source `{}` has no schema for `{event}`",
            source.id.value
        ),
    };
    Diagnostic::warning("expression-without-schema", used.of.place(&whole), about)
        .label("nobody checks these fields before an event comes")
        .help(format!(
            "declare them at the source: `schema: {{\"{shown}\": {{{first}: int}}}}` (string, int, number, bool, timestamp, list or map)"
        ))
        .related(source.id.span, "this source")
}

struct Checker<'c, 'p> {
    used: &'c Use<'p>,
    fields: &'c Fields<'p>,
    found: &'c mut Vec<Diagnostic>,
}

impl Checker<'_, '_> {
    fn whole(&mut self) {
        let root = &self.used.of.root;
        let before = self.found.len();
        let kind = self.kind(root);
        if self.found.len() == before {
            self.is_condition(root, kind, "`where` says yes or no");
        }
    }

    fn kind(&mut self, part: &Part) -> Kind {
        match &part.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Field(path) => self.field(part, path, true),
            Expr::Has(path) => {
                self.field(part, path, false);
                Kind::Bool
            }
            Expr::HasSubject => Kind::Bool,
            Expr::Event(Attribute::Time) => Kind::Time,
            Expr::Event(_) => Kind::Text,
            Expr::Not(one) => {
                let kind = self.kind(one);
                self.is_condition(one, kind, "`!` turns a yes into a no");
                Kind::Bool
            }
            Expr::And(one, other) | Expr::Or(one, other) => {
                for side in [one, other] {
                    let kind = self.kind(side);
                    self.is_condition(side, kind, "`&&` and `||` join conditions");
                }
                Kind::Bool
            }
            Expr::Minus(one) => {
                let kind = self.kind(one);
                self.is(one, kind, Kind::Number, "only a number has a negative");
                Kind::Number
            }
            Expr::Calculate(how, one, other) => self.calculated(*how, one, other),
            Expr::Compare(how, one, other) => {
                self.compared(*how, part, one, other);
                Kind::Bool
            }
            Expr::In(one, list) => {
                self.listed(one, list);
                Kind::Bool
            }
            Expr::Text(_, one, other) => {
                for side in [one, other] {
                    let kind = self.kind(side);
                    self.is(side, kind, Kind::Text, "only text has other text in it");
                }
                Kind::Bool
            }
            Expr::Size(one) => {
                let kind = self.kind(one);
                self.is(
                    one,
                    kind,
                    Kind::Text,
                    "`size` counts the characters of a text",
                );
                Kind::Number
            }
            Expr::Timestamp(one) => {
                let kind = self.kind(one);
                if !matches!(kind, Kind::TimeText | Kind::Number) {
                    self.is(
                        one,
                        kind,
                        Kind::Text,
                        "a time is made of text or of seconds",
                    );
                }
                Kind::Time
            }
        }
    }

    fn field(&mut self, part: &Part, path: &str, as_value: bool) -> Kind {
        match self.fields.look_up(path) {
            Lookup::Open => Kind::Unknown,
            Lookup::Missing => {
                let what = self.unknown_field(part, path);
                self.found.push(what);
                Kind::Unknown
            }
            Lookup::Inner if as_value => {
                let text = format!("`{path}` is no value: it has fields of its own");
                let inside = format!("{path}.");
                let names = self.fields.names();
                let inner: Vec<&str> = names
                    .into_iter()
                    .filter(|name| name.starts_with(&inside))
                    .take(NAMED)
                    .collect();
                let help = format!("look at one of them: {}", list_of(&inner));
                self.say("expression-type", &part.at, text, "a map", &[help]);
                Kind::Unknown
            }
            Lookup::Inner => Kind::Unknown,
            Lookup::Found(field) => {
                let lacking = self.fields.without(path);
                if !lacking.is_empty() && as_value && !self.asks_for(path) {
                    let text = format!("not all of these events have `{path}`");
                    let label = format!("{} has none", list_of(&lacking));
                    let help =
                        format!("of those it could never be decided: write `has({path}) && …`");
                    let place = self.used.of.place(&part.at);
                    self.found.push(
                        Diagnostic::warning("expression-field-missing", place, text)
                            .label(label)
                            .help(help),
                    );
                }
                match field.map(|f| f.kind) {
                    None => Kind::Unknown,
                    Some(FieldType::Map | FieldType::List) if as_value => {
                        let text = format!("`{path}` is no value that can be compared");
                        let help =
                            "look at one of the values in it: `items[0].price`, `metadata.team`";
                        self.say(
                            "expression-type",
                            &part.at,
                            text,
                            "a list or a map",
                            &[help.into()],
                        );
                        Kind::Unknown
                    }
                    Some(kind) => of_field(kind),
                }
            }
        }
    }

    /// Does the expression itself ask whether there is such a field?
    fn asks_for(&self, path: &str) -> bool {
        let mut asks = false;
        self.used.of.root.each(&mut |part| {
            asks |= matches!(&part.expr, Expr::Has(asked) if asked == path);
        });
        asks
    }

    fn unknown_field(&self, part: &Part, path: &str) -> Diagnostic {
        let types: Vec<&str> = self.fields.known.keys().copied().take(NAMED).collect();
        let text = format!("{} has no field `{path}`", list_of(&types));
        let place = self.used.of.place(&part.at);
        let found = Diagnostic::error("expression-field", place, text).label("no such field");
        let names = self.fields.names();
        match near(path, &names) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => {
                let some: Vec<&str> = names.into_iter().take(NAMED).collect();
                found
                    .help(format!("known are {} and others", list_of(&some)))
                    .help("or declare it at the source, under `schema`")
            }
        }
    }

    fn compared(&mut self, how: Compare, whole: &Part, one: &Part, other: &Part) {
        let (left, right) = (self.kind(one), self.kind(other));
        let equal = matches!(how, Compare::Equal | Compare::NotEqual);
        if left == Kind::Unknown || right == Kind::Unknown {
            return;
        }
        if left == Kind::Null || right == Kind::Null {
            if !equal {
                let text = "nothing is neither more nor less than anything".to_owned();
                let help = "write `== null` or `!= null`".to_owned();
                self.say(
                    "expression-type",
                    &whole.at,
                    text,
                    "compared with `null`",
                    &[help],
                );
            }
            return;
        }
        let time = |kind| matches!(kind, Kind::Time | Kind::TimeText);
        if time(left) || time(right) {
            return self.times(equal, (one, left), (other, right));
        }
        if left != right {
            let text = format!("{} is compared with {}", left.words(), right.words());
            let mut help = Vec::new();
            if let (Kind::Text, Expr::Literal(Literal::Whole(n))) = (left, &other.expr) {
                help.push(format!("if the sender sends text, write `\"{n}\"`"));
            } else if let (Kind::Number, Expr::Literal(Literal::Text(t))) = (left, &other.expr)
                && t.parse::<i64>().is_ok()
            {
                help.push(format!("numbers have no quotes: write `{t}`"));
            } else {
                help.push("compare it with a value of its own kind".to_owned());
            }
            let label = format!("{} and {} are never equal", left.words(), right.words());
            self.say("expression-type", &whole.at, text, &label, &help);
            return;
        }
        if left == Kind::Bool && !equal {
            let text = "true is neither more nor less than false".to_owned();
            let help = "write the condition by itself, or with `!` before it".to_owned();
            self.say("expression-type", &whole.at, text, "true or false", &[help]);
            return;
        }
        if equal {
            for (field, value) in [(one, other), (other, one)] {
                if let Expr::Literal(literal) = &value.expr {
                    self.is_allowed(field, literal, &value.at);
                }
            }
        }
    }

    /// At least one of two values is a time.
    fn times(&mut self, equal: bool, one: (&Part, Kind), other: (&Part, Kind)) {
        let (left, right) = (one.1, other.1);
        let texts = left != Kind::Time && right != Kind::Time;
        if (left == Kind::Time && right == Kind::Time) || (equal && texts) {
            return;
        }
        let Some((side, kind)) = [one, other].into_iter().find(|(_, k)| *k != Kind::Time) else {
            return;
        };
        let written = self.used.of.quoted(&side.at);
        let label = match kind {
            Kind::TimeText => "this is the text of one".to_owned(),
            kind => format!("this is {}", kind.words()),
        };
        let help = format!("write `timestamp({written})`");
        let text = "times are compared with times".to_owned();
        self.say("expression-type", &side.at, text, &label, &[help]);
    }

    fn listed(&mut self, one: &Part, list: &[Literal]) {
        let kind = self.kind(one);
        for literal in list {
            let of = of_literal(literal);
            let text_of_time = kind == Kind::TimeText && of == Kind::Text;
            if kind == Kind::Unknown || of == Kind::Null || text_of_time {
                continue;
            }
            if of != kind {
                let text = format!("{} is looked for among {}", kind.words(), of.words());
                let label = format!("this is {}", kind.words());
                let help = "write values of the same kind into the list".to_owned();
                self.say("expression-type", &one.at, text, &label, &[help]);
                return;
            }
            if !self.is_allowed(one, literal, &one.at) {
                return;
            }
        }
    }

    /// Is it a value that the field may have?
    fn is_allowed(&mut self, field: &Part, literal: &Literal, at: &Range<usize>) -> bool {
        let Expr::Field(path) = &field.expr else {
            return true;
        };
        let Lookup::Found(Some(known)) = self.fields.look_up(path) else {
            return true;
        };
        let written = match literal {
            Literal::Text(text) => text.clone(),
            Literal::Whole(number) => number.to_string(),
            _ => return true,
        };
        if known.allowed.is_empty() || known.allowed.contains(&written) {
            return true;
        }
        let allowed: Vec<&str> = known.allowed.iter().map(String::as_str).collect();
        let same = |a: &&&str| a.eq_ignore_ascii_case(&written);
        let near = allowed.iter().find(same).copied();
        let help = match near.or_else(|| did_you_mean(&written, allowed.iter().copied())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", list_of(&allowed)),
        };
        let text = format!("`{path}` is never `{written}`");
        self.say(
            "expression-value",
            at,
            text,
            "not a value that it has",
            &[help],
        );
        false
    }

    fn calculated(&mut self, how: Calculate, one: &Part, other: &Part) -> Kind {
        for side in [one, other] {
            let kind = self.kind(side);
            self.is(side, kind, Kind::Number, "only numbers are calculated with");
        }
        let by_zero = matches!(how, Calculate::Divide | Calculate::Remainder)
            && other.expr == Expr::Literal(Literal::Whole(0));
        if by_zero {
            let text = "nothing can be divided by 0".to_owned();
            let help = "divide by another number".to_owned();
            self.say("expression-type", &other.at, text, "never decided", &[help]);
        }
        Kind::Number
    }

    fn is_condition(&mut self, part: &Part, kind: Kind, why: &str) {
        if matches!(kind, Kind::Bool | Kind::Unknown) {
            return;
        }
        let written = self.used.of.quoted(&part.at).to_owned();
        let help = match kind {
            Kind::Number => format!("compare it: `{written} > 0`"),
            Kind::Text | Kind::TimeText => format!("compare it: `{written} == \"…\"`"),
            _ => "compare it with something".to_owned(),
        };
        let text = format!("{why}, and this is {}", kind.words());
        self.say("expression-type", &part.at, text, "no condition", &[help]);
    }

    fn is(&mut self, part: &Part, kind: Kind, wanted: Kind, why: &str) {
        let text_of_time = wanted == Kind::Text && kind == Kind::TimeText;
        if kind == wanted || kind == Kind::Unknown || text_of_time {
            return;
        }
        let label = format!("this is {}", kind.words());
        let help = format!("put {} here", wanted.words());
        self.say("expression-type", &part.at, why.to_owned(), &label, &[help]);
    }

    fn say(
        &mut self,
        code: &'static str,
        at: &Range<usize>,
        text: String,
        label: &str,
        help: &[String],
    ) {
        let mut found = Diagnostic::error(code, self.used.of.place(at), text).label(label);
        found.help = help.to_vec();
        self.found.push(found);
    }
}

fn of_field(kind: FieldType) -> Kind {
    match kind {
        FieldType::Text => Kind::Text,
        FieldType::Int | FieldType::Number => Kind::Number,
        FieldType::Bool => Kind::Bool,
        FieldType::Timestamp => Kind::TimeText,
        FieldType::List | FieldType::Map => Kind::Unknown,
    }
}

fn of_literal(literal: &Literal) -> Kind {
    match literal {
        Literal::Null => Kind::Null,
        Literal::Bool(_) => Kind::Bool,
        Literal::Whole(_) | Literal::Decimal(_) => Kind::Number,
        Literal::Text(_) => Kind::Text,
        Literal::Time(_) => Kind::Time,
    }
}
