//! What is told to whom, how soon, and who has to approve it.

use crate::alert::Severity;
use crate::component::Component;
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::team::Role;
use crate::text::{Span, Spanned};

record! {
    /// How customers are told.
    pub struct Comms as "communication" {
        /// The public status page.
        pub status_page: Option<StatusPage>,
        /// What is promised, per severity.
        pub rules: Vec<CommsRule>,
    }
}

record! {
    /// The public status page.
    pub struct StatusPage as "a status page" {
        /// Its title.
        pub name: String,
        /// Where customers find it.
        pub url: Option<String>,
        /// Where customers write to.
        pub support: Option<String>,
        /// What it is served from: never what it tells about.
        pub hosted_on: Option<Ref<Component>>,
    }
}

record! {
    /// What is promised to customers for incidents of a severity.
    pub struct CommsRule as "a communication rule" {
        /// The severity it is for.
        pub severity: Spanned<Severity>,
        /// How soon the first update is due, from when the incident opened.
        pub first_update: Duration,
        /// How soon each next one is due.
        pub cadence: Duration,
        /// Who has to approve an update.
        pub approval: Approval = Approval::Person,
        /// Who writes them.
        pub owner: Ref<Role>,
        /// Who is asked when the owner is late.
        pub backup: Option<Ref<Role>>,
        /// How late an update may be before the backup is paged.
        pub overdue_after: Duration = Duration::from_mins(3),
        /// The template of each state.
        pub templates: Vec<Ref<Template>>,
    }
}

words! {
    /// Who has to approve an update before customers see it.
    pub enum Approval as "an approval" {
        /// Nobody: the template of the first state goes out when the incident opens.
        Automatic = "automatic",
        /// Somebody: a draft is ready when it is due.
        Person = "person",
    }
}

words! {
    /// What customers are told about where an incident stands.
    pub enum PublicState as "a public state" {
        /// It is being looked at.
        Investigating = "investigating",
        /// The cause is known.
        Identified = "identified",
        /// It is mended and being watched.
        Monitoring = "monitoring",
        /// It is over.
        Resolved = "resolved",
    }
}

/// A message to customers, from `comms/templates/*.md`.
#[derive(Clone, Debug)]
pub struct Template {
    /// The name of this entry: the file's name without `.md`.
    pub id: Spanned<Id>,
    /// The front matter.
    pub head: TemplateHead,
    /// The text, with `{journeys}`, `{components}`, `{since}`, `{next_update}` to fill in.
    pub body: String,
    /// Where the text begins.
    pub body_span: Span,
}
entity!(Template, Template);

/// The words a template may have in braces.
pub const PLACEHOLDERS: &[&str] = &["journeys", "components", "since", "next_update", "impact"];

record! {
    /// The front matter of a template.
    pub struct TemplateHead as "a template" {
        /// The state it announces.
        pub state: PublicState,
        /// The headline customers see.
        pub title: Spanned<String>,
    }
}
