//! The whole package: every entity by name, and how it is loaded.
//!
//! Loading never stops at the first mistake and never fails: it returns what could be read,
//! together with every diagnostic. A package may be put in force only without errors.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Condition};
use crate::budget_policy::ErrorBudgetPolicy;
use crate::change::{ChangeSignal, ChangeSource};
use crate::check::{self, Check};
use crate::comms::{Comms, Template, TemplateHead};
use crate::component::{Component, Journey};
use crate::decode::{AnyRef, Cx, Decode, record};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::domains::Fleet;
use crate::escalation::EscalationPolicy;
use crate::evidence::{Evidence, EvidenceFile, Exception};
use crate::expression;
use crate::flow::Flow;
use crate::forward;
use crate::gauge::{self, Gauge};
use crate::id::Id;
use crate::kind::{Entity, Kind, Subject};
use crate::launch::{self, ChecklistItem, FORMAT, Header};
use crate::maintenance::{self, Maintenance};
use crate::material::Material;
use crate::overlay::Overlay;
use crate::reconciliation::Reconciliation;
use crate::risk::FailureMode;
use crate::runbook::{self, Runbook, RunbookHead};
use crate::scenario::{self, Scenario};
use crate::schedule::Schedule;
use crate::skew::{self, Skew};
use crate::slo::{Sli, Slo};
use crate::source::Source;
use crate::support::Support;
use crate::team::{Person, Role, Team};
use crate::text::{Digest, EVIDENCE, FileNo, PackageText, Span, Spanned};
use crate::yaml::{self, Node, Value};

/// Entities of one kind, by name.
pub type Table<T> = BTreeMap<Id, T>;

/// An ops package, decoded.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Package {
    pub digest: Option<Digest>,
    /// The files' paths; a [`FileNo`] is a rank in this list.
    pub paths: Vec<String>,
    pub header: Option<Header>,
    pub people: Table<Person>,
    pub roles: Table<Role>,
    pub teams: Table<Team>,
    pub schedules: Table<Schedule>,
    pub escalation_policies: Table<EscalationPolicy>,
    pub components: Table<Component>,
    pub journeys: Table<Journey>,
    pub sources: Table<Source>,
    pub flows: Table<Flow>,
    pub checks: Table<Check>,
    pub gauges: Table<Gauge>,
    pub skews: Table<Skew>,
    pub slos: Table<Slo>,
    pub alerts: Table<Alert>,
    pub changes: Table<ChangeSource>,
    pub error_budget_policies: Table<ErrorBudgetPolicy>,
    pub failure_modes: Table<FailureMode>,
    pub comms: Option<Comms>,
    pub scenarios: Table<Scenario>,
    pub runbooks: Table<Runbook>,
    pub templates: Table<Template>,
    pub expiring: Table<Material>,
    pub checklist: Table<ChecklistItem>,
    pub reconciliations: Table<Reconciliation>,
    pub fleets: Table<Fleet>,
    pub maintenance: Table<Maintenance>,
    pub support: Option<Support>,
    pub evidence: Vec<Evidence>,
    pub exceptions: Vec<Exception>,
    /// What each entity is called in evidence, and the digest of what was written about it.
    pub digests: BTreeMap<Subject, String>,
}

record! {
    /// A file of a package. Any file may hold any of these; by convention each has its own.
    pub struct PackageFile as "a package file" {
        /// The package as a whole; exactly one file has it.
        pub package: Option<Spanned<Header>>,
        /// People.
        pub people: Vec<Person>,
        /// Roles.
        pub roles: Vec<Role>,
        /// Teams.
        pub teams: Vec<Team>,
        /// Schedules.
        pub schedules: Vec<Schedule>,
        /// Escalation policies.
        pub escalation_policies: Vec<EscalationPolicy>,
        /// Components.
        pub components: Vec<Component>,
        /// Journeys.
        pub journeys: Vec<Journey>,
        /// Sources.
        pub sources: Vec<Source>,
        /// Flows.
        pub flows: Vec<Flow>,
        /// Checks.
        pub checks: Vec<Check>,
        /// Gauges.
        pub gauges: Vec<Gauge>,
        /// Skews.
        pub skews: Vec<Skew>,
        /// SLOs.
        pub slos: Vec<Slo>,
        /// Alerts.
        pub alerts: Vec<Alert>,
        /// What counts as a change.
        pub changes: Vec<ChangeSource>,
        /// What is agreed to happen when an error budget is used up.
        pub error_budget_policies: Vec<ErrorBudgetPolicy>,
        /// Failure modes.
        pub failure_modes: Vec<FailureMode>,
        /// How customers are told; exactly one file has it.
        pub comms: Option<Spanned<Comms>>,
        /// Scenarios.
        pub scenarios: Vec<Scenario>,
        /// What expires.
        pub expiring: Vec<Material>,
        /// What is done before, at and after the launch.
        pub checklist: Vec<ChecklistItem>,
        /// Two sides that have to hold the same records.
        pub reconciliations: Vec<Reconciliation>,
        /// Fleets of domains that customers bring along.
        pub fleets: Vec<Fleet>,
        /// Times at which trouble is expected.
        pub maintenance: Vec<Maintenance>,
        /// How support works; exactly one file has it.
        pub support: Option<Spanned<Support>>,
    }
}

/// What loading gives.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All that could be read.
    pub package: Package,
    /// Every mistake, in order of file and line.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// May it be put in force?
    pub fn is_sound(&self) -> bool {
        self.diagnostics
            .iter()
            .all(|d| d.severity != Severity::Error)
    }
}

/// Loads a package from its text.
pub fn load(text: &PackageText) -> Loaded {
    load_with(text, &Overlay::default())
}

/// Loads a package with some values replaced.
pub fn load_with(text: &PackageText, overlay: &Overlay) -> Loaded {
    let mut loader = Loader::default();
    loader.package.digest = Some(text.digest());
    loader.package.paths = text.files.keys().cloned().collect();
    let mut trees = Vec::new();
    for (number, (path, content)) in text.files.iter().enumerate() {
        let file = FileNo(u32::try_from(number).unwrap_or(u32::MAX));
        match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("yaml" | "yml") if !path.starts_with(EVIDENCE) => {
                let content = content.strip_prefix('\u{feff}').unwrap_or(content);
                trees.extend(yaml::parse(content, file, 1, &mut loader.cx.diagnostics));
            }
            Some("yaml" | "yml") => {
                let content = content.strip_prefix('\u{feff}').unwrap_or(content);
                if let Some(tree) = yaml::parse(content, file, 1, &mut loader.cx.diagnostics) {
                    loader.evidence(&tree);
                }
            }
            Some("md") if path.starts_with("runbooks/") => loader.runbook(path, content, file),
            Some("md") if path.starts_with("comms/templates/") => {
                loader.template(path, content, file);
            }
            _ => {}
        }
    }
    overlay.apply(&mut trees, &mut loader.cx.diagnostics);
    for tree in &trees {
        loader.file(tree);
    }
    loader.finish()
}

#[derive(Default)]
struct Loader {
    package: Package,
    cx: Cx,
    refs: Vec<AnyRef>,
    header_span: Option<Span>,
    comms_span: Option<Span>,
    support_span: Option<Span>,
}

impl Loader {
    fn file(&mut self, tree: &Node) {
        let Some(file) = PackageFile::decode(tree, &mut self.cx) else {
            return;
        };
        file.each_ref(&mut |r| self.refs.push(r));
        if let Some(header) = file.package {
            once("package", &mut self.header_span, header.span, &mut self.cx);
            let format = &header.value.format;
            if format.value != FORMAT {
                self.cx.push(
                    Diagnostic::error(
                        "format-version",
                        format.span,
                        format!("this release reads format {FORMAT}, the package is of format {}", format.value),
                    )
                    .label("not known here")
                    .help(format!("write `format: {FORMAT}`, or use the release that the package was written for")),
                );
            }
            self.package.header.get_or_insert(header.value);
        }
        if let Some(comms) = file.comms {
            once("comms", &mut self.comms_span, comms.span, &mut self.cx);
            self.package.comms.get_or_insert(comms.value);
        }
        if let Some(support) = file.support {
            once(
                "support",
                &mut self.support_span,
                support.span,
                &mut self.cx,
            );
            self.package.support.get_or_insert(support.value);
        }
        let (p, cx) = (&mut self.package, &mut self.cx);
        insert(&mut p.people, file.people, cx);
        insert(&mut p.roles, file.roles, cx);
        insert(&mut p.teams, file.teams, cx);
        insert(&mut p.schedules, file.schedules, cx);
        insert(&mut p.escalation_policies, file.escalation_policies, cx);
        insert(&mut p.components, file.components, cx);
        insert(&mut p.journeys, file.journeys, cx);
        insert(&mut p.sources, file.sources, cx);
        insert(&mut p.flows, file.flows, cx);
        insert(&mut p.checks, file.checks, cx);
        insert(&mut p.gauges, file.gauges, cx);
        insert(&mut p.skews, file.skews, cx);
        insert(&mut p.slos, file.slos, cx);
        insert(&mut p.alerts, file.alerts, cx);
        insert(&mut p.changes, file.changes, cx);
        insert(&mut p.error_budget_policies, file.error_budget_policies, cx);
        insert(&mut p.failure_modes, file.failure_modes, cx);
        insert(&mut p.scenarios, file.scenarios, cx);
        insert(&mut p.expiring, file.expiring, cx);
        insert(&mut p.checklist, file.checklist, cx);
        insert(&mut p.reconciliations, file.reconciliations, cx);
        insert(&mut p.fleets, file.fleets, cx);
        insert(&mut p.maintenance, file.maintenance, cx);
        digests(tree, &mut p.digests);
    }

    fn evidence(&mut self, tree: &Node) {
        if let Some(file) = EvidenceFile::decode(tree, &mut self.cx) {
            file.each_ref(&mut |r| self.refs.push(r));
            self.package.evidence.extend(file.evidence);
            self.package.exceptions.extend(file.exceptions);
        }
    }

    fn runbook(&mut self, path: &str, content: &str, file: FileNo) {
        let Some((id, head, body, line)) = self.markdown::<RunbookHead>(path, content, file) else {
            return;
        };
        let subject = Subject::Entity(Kind::Runbook, id.value.clone());
        self.package
            .digests
            .entry(subject)
            .or_insert_with(|| text_digest(content));
        let sections = runbook::sections(&body, file, line, &mut self.cx.diagnostics);
        insert(
            &mut self.package.runbooks,
            vec![Runbook {
                id,
                head,
                sections,
                body,
            }],
            &mut self.cx,
        );
    }

    fn template(&mut self, path: &str, content: &str, file: FileNo) {
        let Some((id, head, body, line)) = self.markdown::<TemplateHead>(path, content, file)
        else {
            return;
        };
        let subject = Subject::Entity(Kind::Template, id.value.clone());
        self.package
            .digests
            .entry(subject)
            .or_insert_with(|| text_digest(content));
        let text = body.trim_start();
        let above = body[..body.len() - text.len()].matches('\n').count();
        let body_span = Span {
            file,
            line: line + u32::try_from(above).unwrap_or(0),
            column: 1,
            len: 1,
        };
        let template = Template {
            id,
            head,
            body: body.trim().to_string(),
            body_span,
        };
        insert(&mut self.package.templates, vec![template], &mut self.cx);
    }

    /// Reads a Markdown file: its name as id, its front matter, its body and the body's line.
    fn markdown<T: Decode>(
        &mut self,
        path: &str,
        content: &str,
        file: FileNo,
    ) -> Option<(Spanned<Id>, T, String, u32)> {
        let span = Span {
            file,
            line: 1,
            column: 1,
            len: 1,
        };
        let name = path
            .rsplit('/')
            .next()
            .unwrap_or(path)
            .trim_end_matches(".md");
        let id = match Id::parse(name) {
            Ok(value) => Spanned { value, span },
            Err(why) => {
                let found = Diagnostic::error(
                    "bad-value",
                    span,
                    format!("the name of this file is not an id: {why}"),
                );
                self.cx
                    .push(found.help("rename the file: its name without `.md` is its id"));
                return None;
            }
        };
        let Some((yaml, body, line)) = runbook::front_matter(content) else {
            let found = Diagnostic::error("front-matter", span, "this file has no front matter");
            self.cx.push(found.label("expected `---` here").help(
                "begin the file with a line `---`, the fields such as `title:`, and a line `---`",
            ));
            return None;
        };
        let tree = yaml::parse(yaml, file, 2, &mut self.cx.diagnostics)?;
        let head = T::decode(&tree, &mut self.cx)?;
        head.each_ref(&mut |r| self.refs.push(r));
        Some((id, head, body.replace("\r\n", "\n"), line))
    }

    fn finish(mut self) -> Loaded {
        if self.package.header.is_none() && self.header_span.is_none() {
            let found = Diagnostic::new(
                "no-package",
                Severity::Error,
                None,
                "no file of this directory says `package:`",
            );
            self.cx.push(found.help("`gonogo.yaml` has to have it: `package: {format: 1, id: …, name: …, operators: …}`"));
        }
        for reference in &self.refs {
            if let Some(found) = unresolved(&self.package, reference) {
                self.cx.diagnostics.push(found);
            }
        }
        forward::add_edges(&mut self.package);
        let mut diagnostics = self.cx.diagnostics;
        gauge::mistakes(&self.package, &mut diagnostics);
        skew::mistakes(&self.package, &mut diagnostics);
        check::mistakes(&self.package, &mut diagnostics);
        launch::mistakes(&self.package, &mut diagnostics);
        maintenance::mistakes(&self.package, &mut diagnostics);
        expression::mistakes(&self.package, &mut diagnostics);
        scenario::mistakes(&self.package, &mut diagnostics);
        diagnostics.sort_by_key(|d| {
            d.span
                .map_or((FileNo(0), 0, 0), |s| (s.file, s.line, s.column))
        });
        Loaded {
            package: self.package,
            diagnostics,
        }
    }
}

/// Notes the digest of every entity of a file, and of its sections that stand once.
fn digests(tree: &Node, digests: &mut BTreeMap<Subject, String>) {
    for (section, subject) in [
        ("package", Subject::Package),
        ("comms", Subject::Comms),
        ("support", Subject::Support),
    ] {
        if let Some(node) = tree.get(section) {
            digests.entry(subject).or_insert_with(|| node.digest());
        }
    }
    for kind in Kind::ALL {
        let section = kind.section().and_then(|name| tree.get(name));
        let Some(Value::List(items)) = section.map(|node| &node.value) else {
            continue;
        };
        for item in items {
            let id = item.get("id").and_then(|node| match &node.value {
                Value::Scalar { text, .. } => Id::parse(text).ok(),
                _ => None,
            });
            if let Some(id) = id {
                let subject = Subject::Entity(*kind, id);
                digests.entry(subject).or_insert_with(|| item.digest());
            }
        }
    }
}

/// The digest of a Markdown file, whatever its line ends are.
fn text_digest(content: &str) -> String {
    let text = content.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    yaml::short_digest(text.trim_end().as_bytes())
}

fn once(what: &str, first: &mut Option<Span>, span: Span, cx: &mut Cx) {
    match first {
        None => *first = Some(span),
        Some(first) => cx.push(
            Diagnostic::error(
                "duplicate-section",
                span,
                format!("`{what}` stands in two files"),
            )
            .label("again")
            .related(*first, "first here"),
        ),
    }
}

fn insert<T: Entity>(table: &mut Table<T>, found: Vec<T>, cx: &mut Cx) {
    for entity in found {
        let id = entity.id().clone();
        if let Some(first) = table.get(&id.value) {
            cx.push(
                Diagnostic::error(
                    "duplicate-id",
                    id.span,
                    format!("there are two of the {} `{}`", T::KIND.word(), id.value),
                )
                .label("declared again")
                .related(first.id().span, "first declared here")
                .help("rename one of them, or take one away"),
            );
            continue;
        }
        table.insert(id.value, entity);
    }
}

fn unresolved(package: &Package, reference: &AnyRef) -> Option<Diagnostic> {
    if package.has(reference.kind, &reference.id) {
        return None;
    }
    let known = package.names(reference.kind);
    let word = reference.kind.word();
    let mut found = Diagnostic::error(
        "unknown-reference",
        reference.span,
        format!("there is no {word} `{}`", reference.id),
    )
    .label(format!("no such {word}"));
    let near = did_you_mean(reference.id.as_str(), known.iter().map(|id| id.as_str()));
    let elsewhere = Kind::ALL
        .iter()
        .find(|kind| package.has(**kind, &reference.id));
    found = match (near, elsewhere) {
        (Some(near), _) => found.help(format!("did you mean `{near}`?")),
        (None, Some(kind)) => found.help(format!(
            "`{}` is a {}, and this needs a {word}",
            reference.id,
            kind.word()
        )),
        (None, None) if known.is_empty() => {
            found.help(format!("the package declares no {word} yet"))
        }
        (None, None) => found.help(format!(
            "declare it, or name one of the {} there are",
            known.len()
        )),
    };
    Some(found)
}

impl Package {
    /// Is there an entity of this kind and name?
    pub fn has(&self, kind: Kind, id: &Id) -> bool {
        match kind {
            Kind::Person => self.people.contains_key(id),
            Kind::Role => self.roles.contains_key(id),
            Kind::Team => self.teams.contains_key(id),
            Kind::Schedule => self.schedules.contains_key(id),
            Kind::EscalationPolicy => self.escalation_policies.contains_key(id),
            Kind::Component => self.components.contains_key(id),
            Kind::Journey => self.journeys.contains_key(id),
            Kind::Source => self.sources.contains_key(id),
            Kind::Flow => self.flows.contains_key(id),
            Kind::Check => self.checks.contains_key(id),
            Kind::Gauge => self.gauges.contains_key(id),
            Kind::Skew => self.skews.contains_key(id),
            Kind::Slo => self.slos.contains_key(id),
            Kind::Alert => self.alerts.contains_key(id),
            Kind::FailureMode => self.failure_modes.contains_key(id),
            Kind::Runbook => self.runbooks.contains_key(id),
            Kind::Template => self.templates.contains_key(id),
            Kind::Scenario => self.scenarios.contains_key(id),
            Kind::Material => self.expiring.contains_key(id),
            Kind::ChecklistItem => self.checklist.contains_key(id),
            Kind::Reconciliation => self.reconciliations.contains_key(id),
            Kind::Change => self.changes.contains_key(id),
            Kind::ErrorBudgetPolicy => self.error_budget_policies.contains_key(id),
            Kind::Fleet => self.fleets.contains_key(id),
            Kind::Maintenance => self.maintenance.contains_key(id),
        }
    }

    /// The names of all entities of a kind, in order.
    pub fn names(&self, kind: Kind) -> Vec<&Id> {
        match kind {
            Kind::Person => self.people.keys().collect(),
            Kind::Role => self.roles.keys().collect(),
            Kind::Team => self.teams.keys().collect(),
            Kind::Schedule => self.schedules.keys().collect(),
            Kind::EscalationPolicy => self.escalation_policies.keys().collect(),
            Kind::Component => self.components.keys().collect(),
            Kind::Journey => self.journeys.keys().collect(),
            Kind::Source => self.sources.keys().collect(),
            Kind::Flow => self.flows.keys().collect(),
            Kind::Check => self.checks.keys().collect(),
            Kind::Gauge => self.gauges.keys().collect(),
            Kind::Skew => self.skews.keys().collect(),
            Kind::Slo => self.slos.keys().collect(),
            Kind::Alert => self.alerts.keys().collect(),
            Kind::FailureMode => self.failure_modes.keys().collect(),
            Kind::Runbook => self.runbooks.keys().collect(),
            Kind::Template => self.templates.keys().collect(),
            Kind::Scenario => self.scenarios.keys().collect(),
            Kind::Material => self.expiring.keys().collect(),
            Kind::ChecklistItem => self.checklist.keys().collect(),
            Kind::Reconciliation => self.reconciliations.keys().collect(),
            Kind::Change => self.changes.keys().collect(),
            Kind::ErrorBudgetPolicy => self.error_budget_policies.keys().collect(),
            Kind::Fleet => self.fleets.keys().collect(),
            Kind::Maintenance => self.maintenance.keys().collect(),
        }
    }

    /// The fields that SLOs, changes, alerts and expressions need of a source's events, besides
    /// those of flows.
    pub fn fields_watched<'p>(&'p self, source: &Id) -> BTreeSet<&'p str> {
        let mut fields = BTreeSet::new();
        for slo in self.slos.values() {
            if let Sli::Events(e) = &slo.sli
                && e.source.id == *source
            {
                fields.extend(e.fields());
            }
        }
        for change in self.changes.values() {
            if let ChangeSignal::Events(e) = &change.told_by
                && e.source.id == *source
            {
                fields.extend(e.fields());
            }
        }
        for alert in self.alerts.values() {
            if let Condition::NoEvents(c) = &alert.when
                && c.source.id == *source
            {
                fields.extend(c.only.keys().map(String::as_str));
            }
        }
        let asked = expression::uses(self).into_iter();
        let asked = asked.filter(|u| u.source == source);
        fields.extend(asked.flat_map(|u| u.of.fields()));
        fields
    }

    /// The package's own name.
    pub fn name(&self) -> &str {
        self.header
            .as_ref()
            .map_or("a package without a name", |h| h.name.as_str())
    }

    /// The path of a file.
    pub fn path(&self, file: FileNo) -> &str {
        self.paths.get(file.0 as usize).map_or("?", String::as_str)
    }
}
