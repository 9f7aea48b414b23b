//! Text that must not be printed, and the scrubbing of errors that might repeat it.
//!
//! Addresses are credentials here: whoever knows a Slack webhook URL or an ntfy topic can
//! post to it. Invariant: nothing in this folder puts the content of a [`SecretString`]
//! into an error, a log line or a `Debug` form.

use std::fmt;

use reqwest::Url;
use serde::Deserialize;

/// The shortest part of a URL worth hiding; shorter ones are words such as `in` or `v1`.
const MIN_SCRUBBED_LEN: usize = 4;

const REDACTED: &str = "[redacted]";

/// Text that shows as `[redacted]` wherever it is printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretString(String);

impl SecretString {
    /// The text itself, for the one place that has to put it on the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The part of a URL that may be shown: scheme, host and an unusual port.
pub fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or("-");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// Removes from `text` whatever of `url` beyond its origin, or of `secrets`, it repeats.
///
/// Servers like to quote the path of a request in their refusals, and the path is the secret.
pub fn scrub(text: &str, url: &Url, secrets: &[&str]) -> String {
    let mut parts: Vec<String> = vec![url.as_str().to_owned(), url.path().to_owned()];
    parts.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    parts.extend(url.query().map(str::to_owned));
    parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    parts.push(url.username().to_owned());
    parts.extend(url.password().map(str::to_owned));
    parts.retain(|part| part.len() >= MIN_SCRUBBED_LEN);
    let secrets = secrets.iter().flat_map(|secret| secret.split_whitespace());
    parts.extend(secrets.map(str::to_owned));
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
        .iter()
        .fold(text.to_owned(), |text, part| text.replace(part, REDACTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_quotes_the_path_is_scrubbed() {
        let url = Url::parse("https://user:pass1@hooks.example.com/in/s3cr3t?key=abcd").unwrap();
        let answer = "Cannot POST /in/s3cr3t?key=abcd for user:pass1 with whsec_x";
        let shown = scrub(answer, &url, &["whsec_x whsec_y"]);
        for secret in ["s3cr3t", "abcd", "pass1", "whsec_x"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.starts_with("Cannot POST"));
    }

    #[test]
    fn the_origin_keeps_no_credentials() {
        let url = Url::parse("https://user:pass@ntfy.example.com:8443/topic?x=1").unwrap();
        assert_eq!(origin(&url), "https://ntfy.example.com:8443");
    }
}
