//! What looks like a secret, so that it is found in a package and never shown.
//!
//! Only shapes that providers document for their live credentials: what is found here is one,
//! and what is not found may still be one.

use std::borrow::Cow;
use std::ops::Range;

/// The code of findings whose place holds a secret, whatever its shape.
pub const CODE: &str = "secret-in-package";

/// A shape: how it begins, how many characters follow at least, and what it is called.
const SHAPES: &[(&str, usize, &str)] = &[
    ("whsec_", 16, "a webhook signing secret"),
    ("sk_live_", 16, "a live Stripe key"),
    ("rk_live_", 16, "a live Stripe key"),
    ("hooks.slack.com/services/T", 16, "a Slack webhook URL"),
    ("xoxb-", 16, "a Slack token"),
    ("xoxp-", 16, "a Slack token"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("AKIA", 16, "an AWS access key"),
    ("AIza", 30, "a Google API key"),
    ("tk_", 29, "an ntfy token"),
];

/// A secret on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its bytes.
    pub at: Range<usize>,
    /// What it looks like.
    pub what: &'static str,
    /// How many of its bytes are the same for everybody, and tell its owner what to look for.
    known: usize,
}

/// The secrets on one line, from left to right.
pub fn on_line(line: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = SHAPES
        .iter()
        .flat_map(|shape| of_shape(line, shape))
        .chain(private_key(line))
        .chain(passwords(line))
        .collect();
    found.sort_by_key(|s| (s.at.start, std::cmp::Reverse(s.at.end)));
    let mut end = 0;
    found.retain(|s| {
        let apart = s.at.start >= end;
        end = end.max(s.at.end);
        apart
    });
    found
}

/// Text with everything on it that looks like a secret struck out, byte for byte.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        for secret in on_line(line) {
            let at = begin + secret.at.start + secret.known..begin + secret.at.end;
            out = Cow::Owned(strike(&out, at));
        }
        begin += line.len();
    }
    out
}

/// Text with these bytes struck out. No byte moves.
pub fn strike(text: &str, at: Range<usize>) -> String {
    [&text[..at.start], &"*".repeat(at.len()), &text[at.end..]].concat()
}

fn of_shape(line: &str, shape: &(&str, usize, &'static str)) -> Vec<Secret> {
    let (prefix, least, what) = *shape;
    let begins = line.match_indices(prefix).map(|(start, _)| start);
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '+' | '=');
    begins
        .filter_map(|start| {
            let in_a_word =
                line[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let tail = &line[start + prefix.len()..];
            let len = tail.find(|c| !inside(c)).unwrap_or(tail.len());
            let at = start..start + prefix.len() + len;
            let known = prefix.len();
            (len >= least && !in_a_word).then_some(Secret { at, what, known })
        })
        .collect()
}

fn private_key(line: &str) -> Option<Secret> {
    let start = line.find("-----BEGIN ")?;
    let end = start + line[start..].find("PRIVATE KEY-----")? + "PRIVATE KEY-----".len();
    Some(Secret {
        at: start..end,
        what: "a private key",
        known: end - start,
    })
}

/// The password of `scheme://user:password@host`.
fn passwords(line: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(scheme) = line[from..].find("://") {
        let start = from + scheme + 3;
        from = start;
        let stop = |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`' | '}' | '<');
        let tail = &line[start..];
        let authority = &tail[..tail.find(stop).unwrap_or(tail.len())];
        let Some((user, _)) = authority.rsplit_once('@') else {
            continue;
        };
        let Some((name, password)) = user.split_once(':') else {
            continue;
        };
        if password.is_empty() || password.starts_with(['$', '{', '<', '*', '.', '…']) {
            continue;
        }
        let at = start + name.len() + 1;
        found.push(Secret {
            at: at..at + password.len(),
            what: "a password in a URL",
            known: 0,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(line: &str) -> Vec<&'static str> {
        on_line(line).iter().map(|s| s.what).collect()
    }

    #[test]
    fn finds_credentials_and_leaves_references_alone() {
        assert_eq!(
            what(&format!("k: {}{}", "sk_li", "ve_0123456789abcdef")),
            ["a live Stripe key"]
        );
        assert_eq!(
            what("whsec_AAAAAAAAAAAAAAAA, whsec_BBBBBBBBBBBBBBBB").len(),
            2
        );
        assert_eq!(
            what("postgres://app:hunter2@db.example/x"),
            ["a password in a URL"]
        );
        assert_eq!(what("-----BEGIN RSA PRIVATE KEY-----"), ["a private key"]);
        for fine in [
            "whsec_...",
            "secrets: [\"${env:STRIPE_SECRET}\"]",
            "postgres://app:${env:PASSWORD}@db.example/x",
            "https://example.com/a:b@c",
            "https://hooks.slack.com/services/T.../B.../...",
            "task_0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(what(fine), [""; 0], "{fine}");
        }
    }

    #[test]
    fn strikes_out_without_moving_a_byte() {
        let line = "a: whsec_0123456789abcdef # ä\n";
        let masked = mask(line);
        assert_eq!(masked, "a: whsec_**************** # ä\n");
        assert_eq!(mask("x://u:hunter2@h"), "x://u:*******@h");
        assert!(matches!(mask("nothing here"), Cow::Borrowed(_)));
    }
}
