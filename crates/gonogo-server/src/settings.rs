//! Values from outside the package: environment variables and files, read when needed.
//!
//! Invariant: a resolved value never goes into the journal, a log or a page.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::setting::{Part, Setting};

/// Where `${env:NAME}` and `${file:PATH}` are read from.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Values that stand in for environment variables, for demonstrations and tests.
    instead: Arc<BTreeMap<String, String>>,
}

impl Outside {
    /// The environment, with some variables replaced.
    pub fn with(instead: BTreeMap<String, String>) -> Self {
        Self {
            instead: Arc::new(instead),
        }
    }

    /// The value of a setting, or which reference cannot be read.
    pub fn resolve(&self, setting: &Setting) -> Result<String, String> {
        setting.resolve(|part| self.read(part))
    }

    /// The value of a setting that is kept as text.
    pub fn resolve_text(&self, text: &str) -> Result<String, String> {
        self.resolve(&Setting::parse(text)?)
    }

    fn read(&self, part: &Part) -> Option<String> {
        match part {
            Part::Text(text) => Some(text.clone()),
            Part::Env(name) => self
                .instead
                .get(name)
                .cloned()
                .or_else(|| std::env::var(name).ok())
                .filter(|value| !value.is_empty()),
            Part::File(path) => {
                let text = std::fs::read_to_string(path).ok()?;
                Some(text.strip_suffix('\n').unwrap_or(&text).to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_not_set() {
        let outside = Outside::with(BTreeMap::from([
            ("A".to_string(), "x".to_string()),
            ("EMPTY".to_string(), String::new()),
        ]));
        assert_eq!(outside.resolve_text("${env:A}!").unwrap(), "x!");
        assert_eq!(
            outside.resolve_text("${env:EMPTY}").unwrap_err(),
            "${env:EMPTY} is not set"
        );
    }
}
