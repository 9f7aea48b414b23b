//! What hangs on a component, found once.
//!
//! A criterion asks for each of thousands of components which alerts tell of it; looking
//! through all alerts each time would make a large package slow to judge. Everything is in
//! order of name.

use std::collections::BTreeMap;

use gonogo_model::alert::Alert;
use gonogo_model::risk::FailureMode;
use gonogo_model::runbook::Runbook;
use gonogo_model::{Id, Package};

/// What hangs on each component.
#[derive(Debug)]
pub(super) struct Index<'p> {
    /// The alerts that tell of it.
    pub alerts: BTreeMap<&'p Id, Vec<&'p Alert>>,
    /// The ways for it to go wrong.
    pub failure_modes: BTreeMap<&'p Id, Vec<&'p FailureMode>>,
    /// The runbooks that cover it.
    pub runbooks: BTreeMap<&'p Id, Vec<&'p Runbook>>,
}

impl<'p> Index<'p> {
    /// Of a package.
    pub fn new(package: &'p Package) -> Self {
        let mut index = Self {
            alerts: BTreeMap::new(),
            failure_modes: BTreeMap::new(),
            runbooks: BTreeMap::new(),
        };
        for alert in package.alerts.values() {
            if let Some(component) = alert.component(package) {
                let found = index.alerts.entry(&component.id.value).or_default();
                found.push(alert);
            }
        }
        for mode in package.failure_modes.values() {
            let found = index.failure_modes.entry(&mode.component.id).or_default();
            found.push(mode);
        }
        for runbook in package.runbooks.values() {
            for component in &runbook.head.covers {
                let found = index.runbooks.entry(&component.id).or_default();
                found.push(runbook);
            }
        }
        index
    }
}
