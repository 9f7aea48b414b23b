//! What makes a package that loads a package that works at three in the morning.
//!
//! One rule is one file; its doc comment is its manual page. A rule reads the package and says
//! what it found; it never looks at anything else.

mod self_dependency;

use gonogo_model::{Diagnostic, Package};

/// A rule: its code and how it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The code of its findings.
    pub code: &'static str,
    /// The manual page.
    pub source: &'static str,
    ask: fn(&Package, &mut Vec<Diagnostic>),
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
    self_dependency,
}

/// What all rules find.
pub fn all(package: &Package) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in RULES {
        (rule.ask)(package, &mut found);
    }
    found
}
