//! The kinds of entity a package declares, and typed references between them.

use std::fmt;
use std::marker::PhantomData;

use crate::decode::{AnyRef, Cx, Decode, Definitions};
use crate::id::Id;
use crate::text::{Span, Spanned};
use crate::yaml::Node;

/// A kind of entity. The word is what people and messages call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Person,
    Role,
    Team,
    Schedule,
    EscalationPolicy,
    Component,
    Journey,
    Source,
    Flow,
    Check,
    Slo,
    Alert,
    FailureMode,
    Runbook,
    Template,
    Scenario,
}

impl Kind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Person,
        Self::Role,
        Self::Team,
        Self::Schedule,
        Self::EscalationPolicy,
        Self::Component,
        Self::Journey,
        Self::Source,
        Self::Flow,
        Self::Check,
        Self::Slo,
        Self::Alert,
        Self::FailureMode,
        Self::Runbook,
        Self::Template,
        Self::Scenario,
    ];

    /// "escalation policy"
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Role => "role",
            Self::Team => "team",
            Self::Schedule => "schedule",
            Self::EscalationPolicy => "escalation policy",
            Self::Component => "component",
            Self::Journey => "journey",
            Self::Source => "source",
            Self::Flow => "flow",
            Self::Check => "check",
            Self::Slo => "SLO",
            Self::Alert => "alert",
            Self::FailureMode => "failure mode",
            Self::Runbook => "runbook",
            Self::Template => "template",
            Self::Scenario => "scenario",
        }
    }
}

/// Something with a name that references can point to.
pub trait Entity {
    /// What kind it is.
    const KIND: Kind;

    /// Its name and where that was declared.
    fn id(&self) -> &Spanned<Id>;
}

/// Declares that a record with an `id` field is an entity.
macro_rules! entity {
    ($ty:ty, $kind:ident) => {
        impl $crate::kind::Entity for $ty {
            const KIND: $crate::kind::Kind = $crate::kind::Kind::$kind;

            fn id(&self) -> &$crate::text::Spanned<$crate::id::Id> {
                &self.id
            }
        }
    };
}
pub(crate) use entity;

/// A reference to an entity of one kind, by name. Loading proves that it resolves.
pub struct Ref<T> {
    /// The name.
    pub id: Id,
    /// Where it was written.
    pub span: Span,
    to: PhantomData<fn() -> T>,
}

impl<T> Ref<T> {
    /// A reference that did not come from a file.
    pub fn new(id: Id, span: Span) -> Self {
        Self {
            id,
            span,
            to: PhantomData,
        }
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self::new(self.id.clone(), self.span)
    }
}

impl<T> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "→{}", self.id)
    }
}

impl<T: Entity> Decode for Ref<T> {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        Id::decode(node, cx).map(|id| Self::new(id, node.span))
    }

    fn each_ref(&self, visit: &mut dyn FnMut(AnyRef)) {
        visit(AnyRef {
            kind: T::KIND,
            id: self.id.clone(),
            span: self.span,
        });
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        Id::schema(definitions)
    }
}
