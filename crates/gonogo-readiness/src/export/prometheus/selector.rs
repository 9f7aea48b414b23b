//! What is read of a PromQL expression: whether it is a plain selector, and which series it picks.
//!
//! Only as much as is needed to write a range behind it and to make up series for a test.
//! Invariant: whatever is not understood in full is "not plain", and never guessed at.

use regex::Regex;

/// A selector without a range: a name and matchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub name: String,
    pub matchers: Vec<Matcher>,
}

/// A label and what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    pub label: String,
    pub how: How,
    pub value: String,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Is,
    IsNot,
    Fits,
    FitsNot,
}

/// Labels of a series, its name apart.
pub(super) type Labels = Vec<(String, String)>;

impl Selector {
    /// A plain selector; nothing, where the text is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let rest = rest.trim();
        let mut matchers = Vec::new();
        if !rest.is_empty() {
            let mut inside = rest.strip_prefix('{')?.strip_suffix('}')?.trim();
            while !inside.is_empty() {
                let (matcher, after) = Matcher::parse(inside)?;
                matchers.push(matcher);
                let after = after.trim_start();
                inside = match after.strip_prefix(',') {
                    Some(more) => more.trim_start(),
                    None if after.is_empty() => after,
                    None => return None,
                };
            }
        }
        Some(Self {
            name: name.to_string(),
            matchers,
        })
    }

    /// Does it pick a series of its name with these labels?
    pub fn picks(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|m| {
            let value = labels.iter().find(|(label, _)| *label == m.label);
            m.takes(value.map_or("", |(_, value)| value))
        })
    }

    /// Labels that it picks; nothing, where they cannot be made up.
    pub fn example(&self) -> Option<Labels> {
        let mut labels = Labels::new();
        for matcher in &self.matchers {
            let value = match matcher.how {
                How::Is => matcher.value.clone(),
                How::Fits => text_that_fits(&matcher.value)?,
                How::IsNot | How::FitsNot if matcher.takes("") => continue,
                How::IsNot | How::FitsNot => "something".into(),
            };
            if !value.is_empty() && !labels.iter().any(|(label, _)| *label == matcher.label) {
                labels.push((matcher.label.clone(), value));
            }
        }
        self.picks(&labels).then_some(labels)
    }

    /// Labels that it picks and the other one, of the same name, does not.
    pub fn example_without(&self, other: &Self) -> Option<Labels> {
        let base = self.example()?;
        other.matchers.iter().find_map(|matcher| {
            let value = match matcher.how {
                How::Is | How::Fits => "something".to_string(),
                How::IsNot => matcher.value.clone(),
                How::FitsNot => text_that_fits(&matcher.value)?,
            };
            let mut labels: Labels = base.clone();
            labels.retain(|(label, _)| *label != matcher.label);
            labels.push((matcher.label.clone(), value));
            (self.picks(&labels) && !other.picks(&labels)).then_some(labels)
        })
    }
}

impl Matcher {
    /// The matcher that a text begins with, and what follows it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        let (label, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let (how, rest) = [
            ("=~", How::Fits),
            ("!~", How::FitsNot),
            ("!=", How::IsNot),
            ("=", How::Is),
        ]
        .into_iter()
        .find_map(|(sign, how)| Some((how, rest.strip_prefix(sign)?.trim_start())))?;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()? {
                    (_, c @ ('\\' | '"' | '\'')) => value.push(c),
                    _ => return None,
                },
                c if c == quote => {
                    let label = label.to_string();
                    let matcher = Self { label, how, value };
                    return (!matcher.label.is_empty()).then_some((matcher, &rest[at + 1..]));
                }
                c => value.push(c),
            }
        }
        None
    }

    fn takes(&self, value: &str) -> bool {
        let fits =
            || Regex::new(&format!("^(?s:{})$", self.value)).is_ok_and(|r| r.is_match(value));
        match self.how {
            How::Is => value == self.value,
            How::IsNot => value != self.value,
            How::Fits => fits(),
            How::FitsNot => !fits(),
        }
    }
}

/// A text that fits a simple expression: its first alternative, with a digit for every `.`.
fn text_that_fits(expression: &str) -> Option<String> {
    let first = expression
        .split('|')
        .next()?
        .trim_matches(['(', ')', '^', '$']);
    let simple = first.replace(".*", "").replace(".+", "x").replace('.', "0");
    let fits = Regex::new(&format!("^(?s:{expression})$")).ok()?;
    (!simple.is_empty() && fits.is_match(&simple)).then_some(simple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_selector_is_read() {
        let read = |text| Selector::parse(text).map(|s| s.matchers.len());
        assert_eq!(read("up"), Some(0));
        assert_eq!(read("up{}"), Some(0));
        assert_eq!(read(r#"a:b_total{code!~"5..", x='}"', }"#), Some(2));
        for other in [
            "",
            "up[5m]",
            "up offset 5m",
            "sum(up)",
            "a + b",
            "1",
            r#"{__name__="up"}"#,
            r#"up{a="b}"#,
            r#"up{a="b" c="d"}"#,
            r#"up{="b"}"#,
            "up{a=~`b`}",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn series_are_made_up_that_one_picks_and_the_other_does_not() {
        let good = Selector::parse(r#"http_requests_total{job="api",code!~"5.."}"#).unwrap();
        let all = Selector::parse(r#"http_requests_total{job="api"}"#).unwrap();
        let one = good.example().unwrap();
        assert!(good.picks(&one) && all.picks(&one));
        let bad = all.example_without(&good).unwrap();
        assert!(!good.picks(&bad) && all.picks(&bad));
        assert_eq!(all.example_without(&all), None);
        let hard = Selector::parse(r#"x{a=~"[0-9]{3}"}"#).unwrap();
        assert_eq!(hard.example(), None);
    }
}
