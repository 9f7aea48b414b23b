//! A value in an answer: a number or a word at a path, a header, a whole text.

use gonogo_model::decimal::{Decimal, NoNumber};
use gonogo_model::event::{Scalar, field_at};
use reqwest::header::HeaderMap;

use crate::ask::{Trouble, code};

/// The longest text that can be a value, in bytes.
pub const VALUE_BYTES_MAX: usize = 1024;

/// The number at a path of a JSON document; a text that is a number counts.
pub(super) fn number(body: &[u8], path: &str) -> Result<Decimal, Trouble> {
    let found = at(body, path)?;
    Decimal::of(&found).map_err(|why| no_number(&format!("`{path}`"), why))
}

/// Why something is no number, said of it by name.
pub(super) fn no_number(what: &str, why: NoNumber) -> Trouble {
    Trouble::unreadable(match why {
        NoNumber::Text => format!("{what} is not a number"),
        NoNumber::NaN => format!("{what} is NaN"),
        NoNumber::TooLarge => format!("{what} is infinite or too large"),
    })
}

/// The word at a path of a JSON document.
pub(super) fn word(body: &[u8], path: &str) -> Result<String, Trouble> {
    let found = at(body, path)?.as_key();
    let word = found.ok_or_else(|| Trouble::unreadable(format!("`{path}` is null")))?;
    short(&word)
}

/// A header.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Result<String, Trouble> {
    let found = headers.get(name).and_then(|v| v.to_str().ok());
    let found =
        found.ok_or_else(|| Trouble::unreadable(format!("the answer has no header `{name}`")))?;
    short(found)
}

/// The whole of a text.
pub(super) fn text(body: &[u8]) -> Result<String, Trouble> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Trouble::unreadable("the answer is not text in UTF-8"))?;
    let text = text.trim();
    // A page for signing in, or the application itself, answers 200 for every address.
    if text.starts_with('<') {
        return Err(Trouble::unreadable(
            "the answer is a page in HTML, not a value",
        ));
    }
    short(text)
}

fn at(body: &[u8], path: &str) -> Result<Scalar, Trouble> {
    let body: serde_json::Value = serde_json::from_slice(body)
        .map_err(|_| Trouble::unreadable("the answer is not whole JSON"))?;
    field_at(&body, path)
        .ok_or_else(|| Trouble::unreadable(format!("the answer has no value at `{path}`")))
}

fn short(text: &str) -> Result<String, Trouble> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Trouble::unreadable("the value is empty"));
    }
    if text.len() > VALUE_BYTES_MAX {
        let detail = format!("the value has more than {VALUE_BYTES_MAX} bytes");
        return Err(Trouble::new(code::TOO_MANY, detail));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_nothing_else_is_one() {
        let body = br#"{"queue":{"age":0.1,"text":" 12.50 ","big":1e30,"none":null,"yes":true,"list":[7]}}"#;
        let read = |path| number(body, path).map_err(|t| t.detail);
        assert_eq!(read("queue.age"), Ok(Decimal::parse("0.1").unwrap()));
        assert_eq!(read("queue.text"), Ok(Decimal::parse("12.5").unwrap()));
        assert_eq!(read("queue.list.0"), Ok(Decimal::from_whole(7)));
        for (path, why) in [
            ("queue.none", "`queue.none` is not a number"),
            ("queue.yes", "`queue.yes` is not a number"),
            ("queue.big", "`queue.big` is infinite or too large"),
            ("queue.list", "the answer has no value at `queue.list`"),
            ("queue.gone", "the answer has no value at `queue.gone`"),
        ] {
            assert_eq!(read(path), Err(why.to_owned()));
        }
        let cut = number(b"{\"age\": 1", "age").unwrap_err();
        assert_eq!(cut.detail, "the answer is not whole JSON");
    }

    #[test]
    fn words_are_trimmed_and_a_page_is_not_one() {
        assert_eq!(text(b" v1.2\n").unwrap(), "v1.2");
        assert_eq!(word(br#"{"v":{"n":3}}"#, "v.n").unwrap(), "3");
        for bad in [&b"<!doctype html>"[..], b" \n", b"\xff"] {
            assert_eq!(text(bad).unwrap_err().code, code::UNREADABLE);
        }
        let long = vec![b'x'; VALUE_BYTES_MAX + 1];
        assert_eq!(text(&long).unwrap_err().code, code::TOO_MANY);
        assert_eq!(text(&long[1..]).unwrap().len(), VALUE_BYTES_MAX);
        let mut headers = HeaderMap::new();
        headers.insert("x-version", "7".parse().unwrap());
        assert_eq!(header(&headers, "X-Version").unwrap(), "7");
        assert!(header(&headers, "etag").is_err());
    }
}
