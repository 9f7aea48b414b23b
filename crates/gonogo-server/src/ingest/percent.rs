//! Percent-decoding, once and strictly.
//!
//! Invariant: the result is valid UTF-8, so an overlong encoding such as `%C0%A0` is refused
//! and cannot smuggle a character past a check.

/// Decodes `%xy`; `None` for an unfinished escape or for bytes that are not UTF-8.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.extend(super::secret::unhex(digits)?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// The first value of a field in an `application/x-www-form-urlencoded` body.
pub(super) fn form_value(body: &[u8], name: &str) -> Option<String> {
    body.split(|byte| *byte == b'&').find_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&pair[..at], &pair[at + 1..]);
        (key == name.as_bytes()).then(|| {
            let spaced: Vec<u8> = value
                .iter()
                .map(|byte| if *byte == b'+' { b' ' } else { *byte })
                .collect();
            decode(&spaced)
        })?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once_and_strictly() {
        let decode = |text: &str| decode(text.as_bytes());
        let euro = "Euro%20%E2%82%AC%20%F0%9F%98%80";
        assert_eq!(decode(euro).as_deref(), Some("Euro € 😀"));
        assert_eq!(decode("%2541%7e"), Some("%41~".into()));
        for bad in ["%C0%A0", "%", "%2", "%g0", "%ED%A0%80", "%+1", "%\u{e9}"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn finds_a_form_value() {
        let form = b"a=b&payload=%7B%22a+b%22%3A1%7D&payload=2&c";
        assert_eq!(form_value(form, "payload").as_deref(), Some("{\"a b\":1}"));
        assert_eq!(form_value(form, "c"), None);
        assert_eq!(form_value(b"payload=%FF", "payload"), None);
        assert_eq!(form_value(b"", "payload"), None);
    }
}
