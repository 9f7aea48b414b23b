//! A value that may come from outside the package: `${env:NAME}` and `${file:PATH}`.
//!
//! The package itself never holds a secret. References stay unresolved in the journal and in
//! every export; only the server reads them, at the moment of use.

use std::fmt;

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::Node;

/// Text with references in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    parts: Vec<Part>,
}

/// A piece of a [`Setting`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, without a final line break.
    File(String),
}

impl Setting {
    /// Parses text with `${env:NAME}` and `${file:PATH}` inside.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find("${") {
            let (before, tail) = rest.split_at(begin);
            let end = tail.find('}').ok_or("`${` has no closing `}`")?;
            let inside = &tail[2..end];
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            parts.push(match inside.split_once(':') {
                Some(("env", name)) if is_variable(name) => Part::Env(name.into()),
                Some(("file", path)) if !path.is_empty() => Part::File(path.into()),
                _ => return Err(format!(
                    "`${{{inside}}}` is not known here: write `${{env:NAME}}` or `${{file:PATH}}`"
                )),
            });
            rest = &tail[end + 1..];
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Self { parts })
    }

    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// The pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text, when it refers to nothing outside.
    pub fn as_plain(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The whole value, with `read` giving what each reference stands for.
    ///
    /// The error names the references that could not be read, never a value.
    pub fn resolve(&self, read: impl Fn(&Part) -> Option<String>) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                other => out.push_str(&read(other).ok_or_else(|| format!("{other} is not set"))?),
            }
        }
        Ok(out)
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Env(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{path}}}"),
        }
    }
}

/// As written, references unresolved.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| part.fmt(f))
    }
}

impl Decode for Setting {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "text", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": ["string", "number", "boolean"],
            "pattern": "^([^$]|\\$(?!\\{)|\\$\\{(env:[A-Za-z0-9_]+|file:[^}]+)\\})*$",
        })
    }
}

/// A [`Setting`] that has to stay out of the package: a reference and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef(pub Setting);

impl Decode for SecretRef {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        let setting = scalar(node, cx, "a reference to a secret", Setting::parse)?;
        if setting
            .parts
            .iter()
            .any(|p| matches!(p, Part::Text(t) if !t.is_empty()))
        {
            // A code of its own, so that nothing ever shows what stands there.
            let found = Diagnostic::error(
                "secret-in-package",
                node.span,
                "a secret never stands in a package",
            );
            cx.push(
                found
                    .label("expected a reference to a secret")
                    .help("write `${env:NAME}` or `${file:PATH}` in its place")
                    .help("then replace it at its provider: it has been written down"),
            );
            return None;
        }
        Some(Self(setting))
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": "string", "pattern": "^(\\$\\{(env|file):[^}]+\\})+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_references_and_names_what_is_missing() {
        let setting = Setting::parse("https://x.example/${env:TOKEN}/y").unwrap();
        let read =
            |part: &Part| matches!(part, Part::Env(n) if n == "TOKEN").then(|| "t0".to_string());
        assert_eq!(setting.resolve(read).unwrap(), "https://x.example/t0/y");
        assert_eq!(setting.to_string(), "https://x.example/${env:TOKEN}/y");
        assert_eq!(
            setting.resolve(|_| None).unwrap_err(),
            "${env:TOKEN} is not set"
        );
        assert!(Setting::parse("${envTOKEN}").is_err());
        assert!(Setting::parse("${env:A").is_err());
    }
}
