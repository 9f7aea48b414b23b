//! What makes a package that loads a package that works at three in the morning.
//!
//! One rule is one file; its doc comment is its manual page. A rule reads the package and says
//! what it found; it never looks at anything else.

mod alert_without_component;
mod alert_without_runbook;
mod availability_above_dependencies;
mod burn_can_never_fire;
mod certificate_alert_needs_tls_check;
mod check_unwatched;
mod comms_rule_without_template;
mod delivery_without_forward;
mod dependency_cycle;
mod domains_page_not_ours;
mod duplicate_public_name;
mod escalation_empty_step;
mod flow_alert_missing;
mod forward_in_the_path;
mod google_source_without_account;
mod issuer_outage_untold;
mod maintenance_too_wide;
mod page_without_waking_channel;
mod person_single_point;
mod placeholder_people;
mod policy_with_nobody;
mod recovery_loop;
mod redundancy_shares_cause;
mod registration_alert_needs_registration_check;
mod risks_mostly_hardware;
mod risks_without_change;
mod rota_of_one;
mod runbook_dead_link;
pub(crate) mod runbook_missing_sections;
mod same_person_twice;
mod scenario_inject_unknown;
mod secret_in_package;
mod self_dependency;
mod slo_without_budget;
mod source_alerts_unowned;
mod source_silent_without_bound;
mod template_placeholder_unknown;
mod template_wording;
mod tier_inversion;
mod triggered;
mod watched;

use gonogo_model::{Diagnostic, Package, PackageText};

use crate::graph::Graph;

/// What a rule may look at.
#[derive(Debug)]
pub struct Subject<'p> {
    /// The package, with every reference resolved.
    pub package: &'p Package,
    /// Its text, for what is only in the text.
    pub text: &'p PackageText,
    /// Its dependency graph.
    pub graph: &'p Graph<'p>,
}

/// A rule: its code, its manual page, and how it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The code of its findings.
    pub code: &'static str,
    /// The file that it stands in, whose doc comment is the manual page.
    source: &'static str,
    ask: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// The manual page, as Markdown.
    pub fn manual(&self) -> String {
        manual_of(self.source)
    }

    /// What this rule finds.
    pub fn ask(&self, subject: &Subject<'_>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        (self.ask)(subject, &mut found);
        found
    }
}

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        /// Every rule, in order of its code.
        pub const RULES: &[Rule] = &[$(Rule {
            code: $module::CODE,
            source: include_str!(concat!(stringify!($module), ".rs")),
            ask: $module::ask,
        }),*];
    };
}

rules! {
    alert_without_component,
    alert_without_runbook,
    availability_above_dependencies,
    burn_can_never_fire,
    certificate_alert_needs_tls_check,
    check_unwatched,
    comms_rule_without_template,
    delivery_without_forward,
    dependency_cycle,
    domains_page_not_ours,
    duplicate_public_name,
    escalation_empty_step,
    flow_alert_missing,
    forward_in_the_path,
    google_source_without_account,
    issuer_outage_untold,
    maintenance_too_wide,
    page_without_waking_channel,
    person_single_point,
    placeholder_people,
    policy_with_nobody,
    recovery_loop,
    redundancy_shares_cause,
    registration_alert_needs_registration_check,
    risks_mostly_hardware,
    risks_without_change,
    rota_of_one,
    runbook_dead_link,
    runbook_missing_sections,
    same_person_twice,
    scenario_inject_unknown,
    secret_in_package,
    self_dependency,
    slo_without_budget,
    source_alerts_unowned,
    source_silent_without_bound,
    template_placeholder_unknown,
    template_wording,
    tier_inversion,
}

/// The doc comment at the head of a file, as Markdown.
pub(crate) fn manual_of(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut page: String = lines
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// What all rules find in a package that loaded whole.
pub fn all(package: &Package, text: &PackageText) -> Vec<Diagnostic> {
    let graph = Graph::new(package);
    let subject = Subject {
        package,
        text,
        graph: &graph,
    };
    RULES.iter().flat_map(|rule| rule.ask(&subject)).collect()
}

/// What is found in a package's text alone, however little of it could be read.
pub fn of_text(text: &PackageText) -> Vec<Diagnostic> {
    let package = Package::default();
    let graph = Graph::new(&package);
    let subject = Subject {
        package: &package,
        text,
        graph: &graph,
    };
    let mut found = Vec::new();
    secret_in_package::ask(&subject, &mut found);
    found
}
