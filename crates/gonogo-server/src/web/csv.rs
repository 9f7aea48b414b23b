//! Tables as comma-separated values (RFC 4180), for spreadsheets.

/// A cell, quoted where it has to be, and such that no spreadsheet takes it for a formula.
pub fn cell(text: &str) -> String {
    // Spreadsheets skip blanks before a formula, and take the wide signs for the narrow ones.
    let risky = text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if risky {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        assert_eq!(cell("a.example"), "a.example");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        for formula in ["=cmd()", "+1", "-1", "@sum", " =cmd()", "\t=1", "＝cmd()"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("\n=1"), "\"'\n=1\"");
    }
}
