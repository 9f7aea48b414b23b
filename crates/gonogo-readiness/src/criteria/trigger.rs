//! What has to be absent for a criterion not to apply, and whether it is.

use gonogo_model::component::{ComponentKind, Dependency, DependencyKind, Moves};
use gonogo_model::{Kind, Package, Subject};

macro_rules! triggers {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal: $phrase:literal => $present:expr;)*) => {
        /// What has to be absent for a criterion not to apply.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Trigger {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Trigger {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in `not_applicable`.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it is, in a sentence: "a datastore".
            pub fn phrase(self) -> &'static str {
                match self { $(Self::$variant => $phrase,)* }
            }

            /// The first thing in the package that is of this sort.
            pub fn present(self, package: &Package) -> Option<Subject> {
                match self { $(Self::$variant => ($present)(package),)* }
            }
        }
    };
}

triggers! {
    /// A datastore of one's own.
    Datastore = "datastore": "a datastore" => |p| of_kind(p, ComponentKind::Datastore);
    /// Somebody else's product.
    Vendor = "vendor": "a vendor" => |p| of_kind(p, ComponentKind::Vendor);
    /// Something that runs now and then.
    Job = "job": "a job" => |p| of_kind(p, ComponentKind::Job);
    /// Configuration or data that is pushed.
    ConfigFeed = "config-feed": "a config feed" => |p| of_kind(p, ComponentKind::ConfigFeed);
    /// Something people work with.
    Tool = "tool": "a tool" => |p| of_kind(p, ComponentKind::Tool);
    /// A journey that moves money.
    Money = "money": "a journey that moves money" => |p| moves(p, &[Moves::Money]);
    /// A journey that moves money or data.
    MoneyOrData = "money-or-data": "a journey that moves money or data" => |p| moves(p, &[Moves::Money, Moves::Data]);
    /// A dependency that one can do without for a while.
    SoftDependency = "soft-dependency": "a soft dependency" => soft;
    /// A limit of a component.
    Limit = "limit": "a limit" => |p: &Package| component(p, |c| !c.limits.is_empty());
    /// A feature that can be switched off.
    Feature = "feature": "a feature of the launch" => |p: &Package| {
        let launch = p.header.as_ref()?.launch.as_ref()?;
        (!launch.features.is_empty()).then_some(Subject::Package)
    };
    /// Something that is deployed.
    Deployable = "deployable": "something that is deployed" => |p: &Package| component(p, |c| {
        matches!(c.kind, ComponentKind::Service | ComponentKind::Job | ComponentKind::ConfigFeed)
    });
    /// A job, or something else that has to be alone.
    Singleton = "singleton": "a job, or something that has to be alone" => |p: &Package| component(p, |c| {
        c.kind == ComponentKind::Job || c.concurrency == Some(1)
    });
    /// A step of a runbook that changes something for good.
    DestructiveStep = "destructive-step": "a destructive step" => |p: &Package| {
        use gonogo_model::runbook::StepKind;
        let destroys = |r: &&gonogo_model::runbook::Runbook| {
            r.sections.iter().flat_map(|s| &s.steps).any(|s| s.kind == StepKind::Destructive)
        };
        let found = p.runbooks.values().find(destroys)?;
        Some(Subject::Entity(Kind::Runbook, found.id.value.clone()))
    };
    /// A redundancy: a group of which some have to work.
    Redundancy = "redundancy": "a group of which some have to work" => |p: &Package| {
        needing(p, |d| d.group.is_some())
    };
}

fn component(
    package: &Package,
    is: impl Fn(&gonogo_model::component::Component) -> bool,
) -> Option<Subject> {
    let found = package.components.values().find(|c| is(c))?;
    Some(Subject::Entity(Kind::Component, found.id.value.clone()))
}

fn of_kind(package: &Package, kind: ComponentKind) -> Option<Subject> {
    component(package, |c| c.kind == kind)
}

fn moves(package: &Package, what: &[Moves]) -> Option<Subject> {
    let found = package
        .journeys
        .values()
        .find(|j| j.moves.iter().any(|m| what.contains(m)))?;
    Some(Subject::Entity(Kind::Journey, found.id.value.clone()))
}

fn soft(package: &Package) -> Option<Subject> {
    needing(package, |d| d.kind == DependencyKind::Soft)
}

/// The first component, or else journey, that has a dependency of some sort.
fn needing(package: &Package, is: impl Fn(&Dependency) -> bool) -> Option<Subject> {
    component(package, |c| c.depends_on.iter().any(&is)).or_else(|| {
        let mut journeys = package.journeys.values();
        let found = journeys.find(|j| j.depends_on.iter().any(&is))?;
        Some(Subject::Entity(Kind::Journey, found.id.value.clone()))
    })
}
