//! Matchers as people and `amtool` write them: `severity=~"critical|page"`.
//!
//! Invariant: an expression that is taken here compiles within the engine's bound.

use std::fmt;

use gonogo_engine::external::is_pattern;
use gonogo_engine::input::Matcher;

use super::super::MAX_LABEL_BYTES;

/// The most matchers of a silence or a query.
pub const MATCHERS_MAX: usize = 64;

/// Why a matcher cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatcherMistake(String);

impl fmt::Display for MatcherMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads one matcher: a name, `=`, `!=`, `=~` or `!~`, and a value that may be quoted.
pub fn parse_matcher(text: &str) -> Result<Matcher, MatcherMistake> {
    let bad = || MatcherMistake(format!("bad matcher format: {}", shortened(text)));
    let trimmed = text.trim();
    let (name, rest) = match trimmed.strip_prefix('"') {
        Some(quoted) => {
            let end = closing_quote(quoted).ok_or_else(bad)?;
            (
                unquoted(&quoted[..end]).ok_or_else(bad)?,
                &quoted[end + 1..],
            )
        }
        None => {
            let end = trimmed.find(['=', '!']).ok_or_else(bad)?;
            (trimmed[..end].trim_end().to_owned(), &trimmed[end..])
        }
    };
    if name.is_empty() || name.contains(|c: char| c.is_control() || ",{}\"~".contains(c)) {
        return Err(bad());
    }
    let rest = rest.trim_start();
    let signs = [
        ("=~", true, true),
        ("!~", true, false),
        ("!=", false, false),
        ("=", false, true),
    ];
    let (value, regex, equal) = signs
        .into_iter()
        .find_map(|(sign, regex, equal)| Some((rest.strip_prefix(sign)?, regex, equal)))
        .ok_or_else(bad)?;
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(quoted) => {
            let end = closing_quote(quoted).filter(|end| end + 1 == quoted.len());
            unquoted(&quoted[..end.ok_or_else(bad)?])
        }
        None => unquoted(value),
    };
    let matcher = Matcher {
        name,
        value: value.ok_or_else(bad)?,
        regex,
        equal,
    };
    mistake(&matcher).map_or(Ok(matcher), |said| Err(MatcherMistake(said)))
}

/// Reads several matchers, separated by commas or lines, in braces or without.
pub fn parse_list(text: &str) -> Result<Vec<Matcher>, MatcherMistake> {
    let text = text.trim();
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c: char| {
        let ends = !quoted && matches!(c, ',' | '\n' | '\r');
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        ends
    });
    parts
        .filter(|part| !part.trim().is_empty())
        .map(parse_matcher)
        .collect()
}

/// Is the value an expression that can be read?
pub(super) fn is_regex(matcher: &Matcher) -> bool {
    is_pattern(&matcher.value)
}

/// What is wrong with a matcher.
pub(super) fn mistake(matcher: &Matcher) -> Option<String> {
    if matcher.name.is_empty() {
        return Some("invalid label name \"\"".into());
    }
    if matcher.name.len().max(matcher.value.len()) > MAX_LABEL_BYTES {
        return Some(format!("a matcher of more than {MAX_LABEL_BYTES} bytes"));
    }
    if matcher.regex && !is_pattern(&matcher.value) {
        let value = shortened(&matcher.value);
        return Some(format!("invalid regular expression {value:?}"));
    }
    None
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// The text without its escapes; `None` where a quote stands without one.
fn unquoted(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    Some(out)
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, bool, bool) {
        let m = parse_matcher(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (m.name, m.value, m.regex, m.equal)
    }

    fn of(name: &str, value: &str, regex: bool, equal: bool) -> (String, String, bool, bool) {
        (name.into(), value.into(), regex, equal)
    }

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        assert_eq!(read("a=b"), of("a", "b", false, true));
        assert_eq!(read(" a != \"b c\" "), of("a", "b c", false, false));
        assert_eq!(read("a=~\"x|y.*\""), of("a", "x|y.*", true, true));
        assert_eq!(read("a!~x"), of("a", "x", true, false));
        assert_eq!(read("a="), of("a", "", false, true));
        assert_eq!(
            read(r#"a="\"q\" \n \\ \d""#),
            of("a", "\"q\" \n \\ \\d", false, true)
        );
        assert_eq!(read(r#""a b"="c""#), of("a b", "c", false, true));
        assert_eq!(read("a==b"), of("a", "=b", false, true));
    }

    #[test]
    fn what_is_no_matcher_is_refused() {
        for bad in [
            "", "a", "=b", "a=\"b", "a=b\"", "a=\"b\"c", "\"a=b", "a=~\"(\"", "a~b",
        ] {
            assert!(parse_matcher(bad).is_err(), "{bad}");
        }
        let long = format!("a={}", "x".repeat(MAX_LABEL_BYTES));
        assert!(parse_matcher(&long).is_ok());
        assert!(parse_matcher(&format!("{long}x")).is_err());
    }

    #[test]
    fn a_list_is_separated_outside_of_quotes_only() {
        let list = parse_list("{a=\"b,c\", d!=\"\\\",\",\ne=~f}").unwrap();
        let values: Vec<_> = list.iter().map(|m| m.value.as_str()).collect();
        assert_eq!(values, ["b,c", "\",", "f"]);
        assert_eq!(parse_list(" {} "), Ok(Vec::new()));
    }
}
