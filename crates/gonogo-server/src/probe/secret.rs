//! Text that must not be seen: header values with tokens in them.
//!
//! It exists so that a spec can be printed while debugging. Invariant: the only way to the
//! text is [`SecretString::expose`], so a search for that word finds every use.

use std::fmt;

/// A text that prints as `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(String);

impl SecretString {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::SecretString;

    #[test]
    fn debug_never_shows_the_text() {
        let secret = SecretString::new("Bearer abc");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.expose(), "Bearer abc");
    }
}
