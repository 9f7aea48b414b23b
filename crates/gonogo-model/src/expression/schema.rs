//! Which fields the events of a source have, and of what type: said in the package, or known.

use std::collections::BTreeMap;

use crate::decode::{Cx, Decode, Definitions, record, words};
use crate::yaml::{self, Node};

/// The fields of a type of event, by path.
pub type EventSchema = BTreeMap<String, FieldSchema>;

/// What a field holds: `int`, or `{type: string, enum: [open, paid]}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSchema {
    /// Its type.
    pub kind: FieldType,
    /// The values that it may have; any, where none are written.
    pub allowed: Vec<String>,
}

words! {
    /// What a field holds.
    pub enum FieldType as "a type of field" {
        /// Text.
        Text = "string",
        /// A whole number.
        Int = "int",
        /// Any number.
        Number = "number",
        /// True or false.
        Bool = "bool",
        /// A time in RFC 3339.
        Timestamp = "timestamp",
        /// A list; its items have paths of their own (`items.0`).
        List = "list",
        /// A map; what is in it has paths of its own.
        Map = "map",
    }
}

record! {
    /// What a field holds, with the values that it may have.
    pub struct FieldDetails as "a field" {
        /// Its type.
        pub r#type: FieldType,
        /// The values that it may have.
        pub r#enum: Vec<String>,
    }
}

impl FieldSchema {
    /// A field that may have any value of a type.
    pub fn of(kind: FieldType) -> Self {
        Self {
            kind,
            allowed: Vec::new(),
        }
    }
}

impl Decode for FieldSchema {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            yaml::Value::Map(_) => FieldDetails::decode(node, cx).map(|details| Self {
                kind: details.r#type,
                allowed: details.r#enum,
            }),
            _ => FieldType::decode(node, cx).map(Self::of),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        let word = FieldType::schema(definitions);
        let details = FieldDetails::schema(definitions);
        serde_json::json!({"anyOf": [word, details]})
    }
}
