//! From a YAML tree to typed values, keeping every mistake instead of the first.
//!
//! A type says once, through [`record!`], [`words!`] or [`choice!`], which fields it has and
//! what they mean. Reading it, checking for unknown keys, finding its references and
//! describing it as JSON Schema all come from that one declaration.

use std::collections::BTreeMap;

use serde_json::json;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::id::Id;
use crate::kind::Kind;
use crate::text::{Span, Spanned};
use crate::yaml::{Node, Value};

/// What decoding carries along: the mistakes found so far.
#[derive(Debug, Default)]
pub struct Cx {
    /// All of them, in the order found.
    pub diagnostics: Vec<Diagnostic>,
}

impl Cx {
    /// Notes a mistake; decoding goes on.
    pub fn push(&mut self, found: Diagnostic) {
        self.diagnostics.push(found);
    }

    /// Notes that something else stands where `wanted` was expected.
    pub fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let found = Diagnostic::error(
            "wrong-type",
            node.span,
            format!("expected {wanted}, found {}", node.shape()),
        );
        self.push(found.label(format!("expected {wanted}")));
    }
}

/// A reference as the loader sees it: which kind of entity, which name, written where.
#[derive(Clone, Debug)]
pub struct AnyRef {
    /// The kind of entity it points to.
    pub kind: Kind,
    /// The name.
    pub id: Id,
    /// Where it was written.
    pub span: Span,
}

/// The definitions a schema has collected, by name.
pub type Definitions = BTreeMap<String, serde_json::Value>;

/// A type that a package can hold.
pub trait Decode: Sized {
    /// Reads a node, noting each mistake; `None` when no value can be made of it.
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self>;

    /// The value of a field that is not written; `None` when it has to be.
    fn missing() -> Option<Self> {
        None
    }

    /// Shows each reference inside to `visit`.
    fn each_ref(&self, _visit: &mut dyn FnMut(AnyRef)) {}

    /// What it looks like, as JSON Schema (draft 7, the one that editors know best).
    fn schema(definitions: &mut Definitions) -> serde_json::Value;

    /// How a value is written in a file, for the defaults of a schema; `None` where that takes
    /// more than a scalar.
    fn written(&self) -> Option<serde_json::Value> {
        None
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        match node.value {
            Value::Null => Some(None),
            _ => T::decode(node, cx).map(Some),
        }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        self.iter().for_each(|inner| inner.each_ref(visit));
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        nullable(T::schema(definitions))
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        T::decode(node, cx).map(Self::new)
    }

    fn missing() -> Option<Self> {
        T::missing().map(Self::new)
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        self.as_ref().each_ref(visit);
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }
}

/// Nothing after the colon means that it is not written.
fn nullable(mut schema: serde_json::Value) -> serde_json::Value {
    let null = json!("null");
    match schema.get_mut("type") {
        Some(serde_json::Value::Array(types)) if types.contains(&null) => return schema,
        Some(serde_json::Value::Array(types)) => {
            types.push(null);
            return schema;
        }
        Some(one) => {
            *one = json!([one, "null"]);
            return schema;
        }
        None => {}
    }
    if let Some(words) = schema.get_mut("enum").and_then(|e| e.as_array_mut()) {
        words.push(serde_json::Value::Null);
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            // All are read before any is given up, so that each mistake is found.
            Value::List(items) => Some(items.iter().filter_map(|n| T::decode(n, cx)).collect()),
            Value::Null => Some(Vec::new()),
            _ => {
                cx.wrong_type(node, "a list");
                None
            }
        }
    }

    fn missing() -> Option<Self> {
        Some(Vec::new())
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        self.iter().for_each(|inner| inner.each_ref(visit));
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        // Nothing after the colon is an empty list.
        json!({"type": ["array", "null"], "items": T::schema(definitions)})
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            cx.wrong_type(node, "a mapping");
            return None;
        };
        let read = |e: &crate::yaml::Entry, cx: &mut Cx| {
            Some((e.key.value.clone(), T::decode(&e.value, cx)?))
        };
        Some(entries.iter().filter_map(|e| read(e, cx)).collect())
    }

    fn missing() -> Option<Self> {
        Some(BTreeMap::new())
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        self.values().for_each(|inner| inner.each_ref(visit));
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        json!({"type": "object", "additionalProperties": T::schema(definitions)})
    }
}

impl<T: Decode> Decode for Spanned<T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        T::decode(node, cx).map(|value| Self {
            value,
            span: node.span,
        })
    }

    fn missing() -> Option<Self> {
        None
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        self.value.each_ref(visit);
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }

    fn written(&self) -> Option<serde_json::Value> {
        self.value.written()
    }
}

/// A scalar that is read from its text by a parser whose error is one sentence.
pub fn scalar<T>(
    node: &Node,
    cx: &mut Cx,
    wanted: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let Value::Scalar { text, .. } = &node.value else {
        cx.wrong_type(node, wanted);
        return None;
    };
    match parse(text) {
        Ok(value) => Some(value),
        Err(why) => {
            cx.push(
                Diagnostic::error("bad-value", node.span, why).label(format!("expected {wanted}")),
            );
            None
        }
    }
}

impl Decode for String {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "text", |text| Ok(text.to_string()))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        // What stands without quotes is text all the same.
        json!({"type": ["string", "number", "boolean"]})
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(json!(self))
    }
}

impl Decode for bool {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "true or false", |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("`{other}` is neither `true` nor `false`")),
        })
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        json!({"type": "boolean"})
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(json!(self))
    }
}

macro_rules! decode_number {
    ($($ty:ty),*) => {$(
        impl Decode for $ty {
            fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
                scalar(node, cx, "a number", |text| {
                    text.parse().map_err(|_| format!("`{text}` is not a number that fits here"))
                })
            }

            fn schema(_: &mut Definitions) -> serde_json::Value {
                json!({"type": "integer", "minimum": <$ty>::MIN, "maximum": <$ty>::MAX})
            }

            fn written(&self) -> Option<serde_json::Value> {
                Some(json!(self))
            }
        }
    )*};
}
decode_number!(u8, u16, u32, u64, i64);

impl Decode for Id {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "an id", Id::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        // `2026` is an id, and a number to whoever reads YAML without knowing that.
        json!({
            "type": ["string", "integer"],
            "pattern": "^[a-z0-9][a-z0-9._-]*$",
            "patternErrorMessage": "an id is made of a-z, 0-9, `-`, `_` and `.`, and begins with a letter or a digit",
            "maxLength": crate::id::MAX_ID_LEN,
            "minimum": 0,
        })
    }
}

/// Reads the fields of one mapping and then says which keys nobody asked for.
pub struct MapReader<'n, 'c> {
    node: &'n Node,
    entries: &'n [crate::yaml::Entry],
    what: &'static str,
    asked: Vec<&'static str>,
    cx: &'c mut Cx,
}

impl<'n, 'c> MapReader<'n, 'c> {
    /// Begins to read a mapping that holds `what` ("a component").
    pub fn new(node: &'n Node, what: &'static str, cx: &'c mut Cx) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self {
                node,
                entries,
                what,
                asked: Vec::new(),
                cx,
            }),
            _ => {
                cx.wrong_type(node, &format!("{what}, as a mapping"));
                None
            }
        }
    }

    /// The value of a field, or its default where it is not written.
    pub fn field<T: Decode>(
        &mut self,
        name: &'static str,
        default: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        if let Some(entry) = self.entries.iter().find(|e| e.key.value == name) {
            return T::decode(&entry.value, self.cx);
        }
        let value = default();
        if value.is_none() {
            self.cx.push(
                Diagnostic::error(
                    "missing-field",
                    self.node.span,
                    format!("{} needs `{name}`", self.what),
                )
                .label(format!("no `{name}` here")),
            );
        }
        value
    }

    /// Says which keys were not asked for.
    pub fn finish(self) {
        for entry in self.entries {
            let key = entry.key.value.as_str();
            if self.asked.contains(&key) {
                continue;
            }
            let mut found = Diagnostic::error(
                "unknown-field",
                entry.key.span,
                format!("{} has no field `{key}`", self.what),
            )
            .label("not known here");
            found = match did_you_mean(key, self.asked.iter().copied()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(format!("it can have {}", list_of(&self.asked))),
            };
            self.cx.push(found);
        }
    }
}

/// Names in a sentence: `a`, `b` and `c`.
pub fn list_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Reads the single key of a mapping that says which of several shapes follows.
pub fn one_key<'n>(
    node: &'n Node,
    cx: &mut Cx,
    what: &str,
    known: &[&str],
) -> Option<(&'n Spanned<String>, &'n Node)> {
    let Value::Map(entries) = &node.value else {
        cx.wrong_type(node, &format!("{what}: one of {}", list_of(known)));
        return None;
    };
    let [entry] = &entries[..] else {
        cx.push(
            Diagnostic::error(
                "one-of",
                node.span,
                format!("{what} is exactly one of {}", list_of(known)),
            )
            .label(format!("{} keys here", entries.len())),
        );
        return None;
    };
    if !known.contains(&entry.key.value.as_str()) {
        let mut found = Diagnostic::error(
            "one-of",
            entry.key.span,
            format!("{what} cannot be `{}`", entry.key.value),
        )
        .label("not known here");
        found = match did_you_mean(&entry.key.value, known.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(format!("it is one of {}", list_of(known))),
        };
        cx.push(found);
        return None;
    }
    Some((&entry.key, &entry.value))
}

/// Puts a definition into a schema once and returns the pointer to it.
pub fn define(
    definitions: &mut Definitions,
    name: &str,
    make: impl FnOnce(&mut Definitions) -> serde_json::Value,
) -> serde_json::Value {
    if !definitions.contains_key(name) {
        // The place is taken first, so that a type that holds itself ends.
        definitions.insert(name.to_string(), serde_json::Value::Null);
        let made = make(definitions);
        definitions.insert(name.to_string(), made);
    }
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A field's name in files: one that Rust keeps for itself (`where`) is written `r#where` there.
pub fn unraw(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Doc comment lines as one description.
pub fn description(lines: &[&str]) -> String {
    lines
        .iter()
        .map(|l| l.trim())
        .collect::<Vec<_>>()
        .join(" ")
        .trim()
        .to_string()
}

/// The description of each word and of its aliases, in the order of the words.
pub fn each_described(words: &[(&[&str], String)]) -> Vec<String> {
    let each = |(names, text): &(&[&str], String)| vec![text.clone(); names.len()];
    words.iter().flat_map(each).collect()
}

/// Declares a mapping: its fields, their defaults, and what they mean.
///
/// A field without a default has to be written unless its type says otherwise (`Option`,
/// `Vec`). Doc comments become the descriptions of the JSON Schema.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident as $what:literal {
            $( $(#[doc = $fdoc:literal])+ pub $field:ident : $ty:ty $(= $default:expr)? ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            $( $(#[doc = $fdoc])+ pub $field: $ty, )*
        }

        impl $crate::decode::Decode for $name {
            fn decode(node: &$crate::yaml::Node, cx: &mut $crate::decode::Cx) -> Option<Self> {
                let mut map = $crate::decode::MapReader::new(node, $what, cx)?;
                $( let $field = map.field::<$ty>(
                    $crate::decode::unraw(stringify!($field)),
                    || $crate::decode::record!(@default $ty $(, $default)?),
                ); )*
                map.finish();
                Some(Self { $( $field: $field? ),* })
            }

            fn each_ref(&self, visit: &mut dyn FnMut($crate::decode::AnyRef)) {
                $( $crate::decode::Decode::each_ref(&self.$field, visit); )*
                let _ = visit;
            }

            fn schema(definitions: &mut $crate::decode::Definitions) -> serde_json::Value {
                $crate::decode::define(definitions, stringify!($name), |definitions| {
                    let mut properties = serde_json::Map::new();
                    let mut required: Vec<&str> = Vec::new();
                    $(
                        let mut property = <$ty as $crate::decode::Decode>::schema(definitions);
                        if let Some(object) = property.as_object_mut() {
                            object.insert(
                                "description".into(),
                                $crate::decode::description(&[$($fdoc),+]).into(),
                            );
                            if let Some(default) = $crate::decode::record!(@written $ty $(, $default)?) {
                                object.insert("default".into(), default);
                            }
                        }
                        properties.insert($crate::decode::unraw(stringify!($field)).into(), property);
                        if $crate::decode::record!(@required $ty $(, $default)?) {
                            required.push($crate::decode::unraw(stringify!($field)));
                        }
                    )*
                    serde_json::json!({
                        "type": "object",
                        "description": $crate::decode::description(&[$($doc),+]),
                        "properties": properties,
                        "required": required,
                        "additionalProperties": false,
                    })
                })
            }
        }
    };
    (@default $ty:ty) => { <$ty as $crate::decode::Decode>::missing() };
    (@default $ty:ty, $default:expr) => { Some($default) };
    (@written $ty:ty) => { None::<serde_json::Value> };
    (@written $ty:ty, $default:expr) => {{
        let default: $ty = $default;
        $crate::decode::Decode::written(&default)
    }};
    (@required $ty:ty) => { <$ty as $crate::decode::Decode>::missing().is_none() };
    (@required $ty:ty, $default:expr) => { false };
}
pub(crate) use record;

/// Declares a closed set of words, each with what it means.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident as $what:literal {
            $( $(#[doc = $vdoc:literal])+ $variant:ident = $word:literal $(| $alias:literal)* ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[doc = $vdoc])+ #[serde(rename = $word)] $variant, )*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in files, URLs and databases.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// The one that a word names.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $( $word $(| $alias)* => Some(Self::$variant), )* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(node: &$crate::yaml::Node, cx: &mut $crate::decode::Cx) -> Option<Self> {
                let known = [$($word),*];
                let word = $crate::decode::scalar(node, cx, $what, |text| Ok(text.to_string()))?;
                if let Some(found) = Self::from_word(&word) {
                    return Some(found);
                }
                let mut found = $crate::diagnostic::Diagnostic::error(
                    "unknown-word",
                    node.span,
                    format!("`{word}` is not {}", $what),
                )
                .label("not known here");
                found = match $crate::diagnostic::did_you_mean(&word, known) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("it is one of {}", $crate::decode::list_of(&known))),
                };
                cx.push(found);
                None
            }

            fn schema(_: &mut $crate::decode::Definitions) -> serde_json::Value {
                serde_json::json!({
                    "enum": [$($word $(, $alias)*),*],
                    "enumDescriptions": $crate::decode::each_described(&[$((
                        &[$word $(, $alias)*],
                        $crate::decode::description(&[$($vdoc),+]),
                    )),*]),
                })
            }

            fn written(&self) -> Option<serde_json::Value> {
                Some(self.word().into())
            }
        }
    };
}
pub(crate) use words;

/// Declares a value that is exactly one of several shapes, each under its own key.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident as $what:literal {
            $( $(#[doc = $vdoc:literal])+ $variant:ident($ty:ty) = $key:literal ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub enum $name {
            $( $(#[doc = $vdoc])+ $variant($ty), )*
        }

        impl $name {
            /// The key that it stands under.
            pub fn key(&self) -> &'static str {
                match self { $( Self::$variant(_) => $key, )* }
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(node: &$crate::yaml::Node, cx: &mut $crate::decode::Cx) -> Option<Self> {
                let (key, value) = $crate::decode::one_key(node, cx, $what, &[$($key),*])?;
                match key.value.as_str() {
                    $( $key => <$ty as $crate::decode::Decode>::decode(value, cx).map(Self::$variant), )*
                    _ => None,
                }
            }

            fn each_ref(&self, visit: &mut dyn FnMut($crate::decode::AnyRef)) {
                match self { $( Self::$variant(inner) => $crate::decode::Decode::each_ref(inner, visit), )* }
            }

            fn schema(definitions: &mut $crate::decode::Definitions) -> serde_json::Value {
                $crate::decode::define(definitions, stringify!($name), |definitions| {
                    let shapes: Vec<serde_json::Value> = vec![$({
                        let mut shape = <$ty as $crate::decode::Decode>::schema(definitions);
                        if let Some(object) = shape.as_object_mut() {
                            let text = $crate::decode::description(&[$($vdoc),+]);
                            object.insert("description".into(), text.into());
                        }
                        serde_json::json!({
                            "type": "object",
                            "title": $key,
                            "description": $crate::decode::description(&[$($vdoc),+]),
                            "properties": {$key: shape},
                            "required": [$key],
                            "additionalProperties": false,
                        })
                    }),*];
                    serde_json::json!({
                        "description": $crate::decode::description(&[$($doc),+]),
                        "oneOf": shapes,
                    })
                })
            }
        }
    };
}
pub(crate) use choice;
