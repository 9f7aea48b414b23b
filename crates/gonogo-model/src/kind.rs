//! The kinds of entity a package declares, and typed references between them.

use std::fmt;
use std::marker::PhantomData;

use crate::decode::{AnyRef, Cx, Decode, Definitions, scalar};
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
    Gauge,
    Skew,
    Slo,
    Alert,
    FailureMode,
    Runbook,
    Template,
    Scenario,
    Material,
    ChecklistItem,
    Reconciliation,
    Change,
    ErrorBudgetPolicy,
    Fleet,
    Maintenance,
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
        Self::Gauge,
        Self::Skew,
        Self::Slo,
        Self::Alert,
        Self::FailureMode,
        Self::Runbook,
        Self::Template,
        Self::Scenario,
        Self::Material,
        Self::ChecklistItem,
        Self::Reconciliation,
        Self::Change,
        Self::ErrorBudgetPolicy,
        Self::Fleet,
        Self::Maintenance,
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
            Self::Gauge => "gauge",
            Self::Skew => "skew",
            Self::Slo => "SLO",
            Self::Alert => "alert",
            Self::FailureMode => "failure mode",
            Self::Runbook => "runbook",
            Self::Template => "template",
            Self::Scenario => "scenario",
            Self::Material => "expiring material",
            Self::ChecklistItem => "checklist item",
            Self::Reconciliation => "reconciliation",
            Self::Change => "change",
            Self::ErrorBudgetPolicy => "error budget policy",
            Self::Fleet => "fleet",
            Self::Maintenance => "maintenance window",
        }
    }

    /// The word as part of a subject: `escalation-policy`, `slo`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::EscalationPolicy => "escalation-policy",
            Self::Slo => "slo",
            Self::FailureMode => "failure-mode",
            Self::Material => "expiring",
            Self::ChecklistItem => "checklist-item",
            Self::ErrorBudgetPolicy => "error-budget-policy",
            Self::Maintenance => "maintenance",
            other => other.word(),
        }
    }

    /// The section of a package file that declares it; none, where a file is one.
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Self::Person => "people",
            Self::Role => "roles",
            Self::Team => "teams",
            Self::Schedule => "schedules",
            Self::EscalationPolicy => "escalation_policies",
            Self::Component => "components",
            Self::Journey => "journeys",
            Self::Source => "sources",
            Self::Flow => "flows",
            Self::Check => "checks",
            Self::Gauge => "gauges",
            Self::Skew => "skews",
            Self::Slo => "slos",
            Self::Alert => "alerts",
            Self::FailureMode => "failure_modes",
            Self::Scenario => "scenarios",
            Self::Material => "expiring",
            Self::ChecklistItem => "checklist",
            Self::Reconciliation => "reconciliations",
            Self::Change => "changes",
            Self::ErrorBudgetPolicy => "error_budget_policies",
            Self::Fleet => "fleets",
            Self::Maintenance => "maintenance",
            Self::Runbook | Self::Template => return None,
        })
    }
}

/// What a criterion, or evidence for it, is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The package as a whole: its header and its launch.
    Package,
    /// How customers are told: `comms`.
    Comms,
    /// How support works: `support`.
    Support,
    /// One entity: `component/billing-ledger`.
    Entity(Kind, Id),
}

impl Subject {
    /// Parses `component/billing-ledger`, `package`, `comms` or `support`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "package" => return Ok(Self::Package),
            "comms" => return Ok(Self::Comms),
            "support" => return Ok(Self::Support),
            _ => {}
        }
        let wrong = || {
            format!(
                "`{text}` is not a subject: write a kind and a name, such as `component/billing`, or `package`"
            )
        };
        let (kind, id) = text.split_once('/').ok_or_else(wrong)?;
        let kind = Kind::ALL.iter().find(|k| k.slug() == kind);
        Ok(Self::Entity(*kind.ok_or_else(wrong)?, Id::parse(id)?))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package => f.write_str("package"),
            Self::Comms => f.write_str("comms"),
            Self::Support => f.write_str("support"),
            Self::Entity(kind, id) => write!(f, "{}/{id}", kind.slug()),
        }
    }
}

impl Decode for Subject {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a subject", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": "string", "pattern": "^(package|comms|support|[a-z-]+/[a-z0-9][a-z0-9._-]*)$"})
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
